/** Stands between the backend and a real server, and does what networks and proxies do. */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  type ServerResponse,
} from "node:http";
import { buffer } from "node:stream/consumers";

/** What a rule sees. */
export interface Call {
  readonly method: string;
  /** Without the query, below the prefix the proxy was given. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Header Authorization; empty when it was not sent. */
  readonly authorization: string;
}

export type Fate =
  | { readonly kind: "pass" }
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Never answered; the server never sees it. */
  | { readonly kind: "hang" }
  /** Head and half of the body, and then nothing. */
  | { readonly kind: "half_open" }
  /** The connection is cut, before or after the server has done it. */
  | { readonly kind: "cut"; readonly when: "before" | "after" }
  /** Success is reported, and the server never sees it. */
  | { readonly kind: "pretend"; readonly body?: string };

export interface FaultProxy {
  readonly url: string;
  /** Decides for each call; passes everything at first. */
  fate: (call: Call) => Fate | Promise<Fate>;
  /** Calls that the server saw, in order. */
  readonly reached: Call[];
  close(): Promise<void>;
}

/** @param prefix - left out of the paths that rules see: "/api/2.0/mlflow/". */
export async function startProxy(target: string, prefix = "/"): Promise<FaultProxy> {
  const server = createServer((incoming, response) => {
    handle(incoming, response).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const proxy: FaultProxy = {
    url: `http://127.0.0.1:${port}`,
    fate: () => ({ kind: "pass" }),
    reached: [],
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await buffer(incoming)).toString();
    const path = new URL(incoming.url ?? "/", target).pathname.replace(prefix, "");
    const { authorization = "" } = incoming.headers;
    const { headers } = incoming;
    const call = { method: incoming.method ?? "", path, headers, body, authorization };
    const fate = await proxy.fate(call);
    if (fate.kind === "hang") return;
    if (fate.kind === "answer") {
      response
        .writeHead(fate.status, { "content-type": "application/json", ...fate.headers })
        .end(fate.body ?? "{}");
      return;
    }
    if (fate.kind === "pretend") {
      response.writeHead(200, { "content-type": "application/json" }).end(fate.body ?? "{}");
      return;
    }
    if (fate.kind === "half_open") {
      response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
      response.write('{"registered_model": {"name":');
      return;
    }
    if (fate.kind === "cut" && fate.when === "before") {
      response.destroy();
      return;
    }
    proxy.reached.push(call);
    const answer = await forward(new URL(incoming.url ?? "/", target), incoming, body);
    if (fate.kind === "cut") response.destroy();
    else response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  return proxy;
}

function forward(
  url: URL,
  incoming: IncomingMessage,
  body: string,
): Promise<{ readonly status: number; readonly headers: OutgoingHttpHeaders; readonly body: Buffer }> {
  return new Promise((resolve, reject) => {
    const { host: _host, connection: _connection, ...headers } = incoming.headers;
    const outgoing = request(url, { method: incoming.method, headers }, (answer) => {
      const { "transfer-encoding": _encoding, connection: _kept, ...answered } = answer.headers;
      buffer(answer).then(
        (bytes) => resolve({ status: answer.statusCode ?? 0, headers: answered, body: bytes }),
        reject,
      );
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
