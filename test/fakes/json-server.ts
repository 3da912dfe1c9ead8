/** A loopback HTTP server for fakes of other people's services: what it does not know is a failure of the test. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Answered {
  readonly status: number;
  /** Sent as JSON; nothing when left out. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface JsonServer {
  readonly url: string;
  /** Every question, in order. */
  readonly asked: readonly Asked[];
  /** @throws AggregateError of what was asked and the real service has not. */
  close(): Promise<void>;
}

/** @param answer - throws for what the real service does not have; the caller gets 500 and the test fails at close. */
export async function startJsonServer(answer: (asked: Asked) => Answered): Promise<JsonServer> {
  const complaints: unknown[] = [];
  const asked: Asked[] = [];
  const server = createServer((incoming, response) => {
    read(incoming)
      .then((one) => {
        asked.push(one);
        const { status, body, headers } = answer(one);
        response.writeHead(status, { "content-type": "application/json", ...headers });
        response.end(body === undefined ? "" : JSON.stringify(body));
      })
      .catch((error: unknown) => {
        // Who went away while asking has not asked.
        if (incoming.complete) complaints.push(error);
        response.writeHead(500).end();
      });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // Listening on a port: its address is no path of a socket file.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      if (complaints.length > 0) throw new AggregateError(complaints, `the fake complains: ${complaints[0]}`);
    },
  };
}

async function read(incoming: IncomingMessage): Promise<Asked> {
  const url = new URL(incoming.url ?? "/", "http://fake.invalid");
  const body = (await buffer(incoming)).toString("utf8");
  const { method = "", headers } = incoming;
  return { method, path: url.pathname, query: url.searchParams, headers, body };
}
