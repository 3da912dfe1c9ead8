/** A loopback server that speaks chat completions, and misbehaves on request. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { z } from "zod";

const requestSchema = z.object({
  model: z.string(),
  messages: z.array(z.object({ role: z.string(), content: z.string() })),
  response_format: z.object({ type: z.string() }).loose(),
  max_tokens: z.number().optional(),
  max_completion_tokens: z.number().optional(),
});

/** One request as it came over the wire. */
export interface ModelRequest {
  readonly raw: string;
  readonly body: z.infer<typeof requestSchema>;
  readonly authorization: string | undefined;
}

export type Behaviour = (request: ModelRequest, response: ServerResponse) => void;

export interface ModelServer {
  readonly url: string;
  readonly requests: readonly ModelRequest[];
  behave(behaviour: Behaviour): void;
  close(): Promise<void>;
}

export async function startModelServer(): Promise<ModelServer> {
  const requests: ModelRequest[] = [];
  let current: Behaviour = (_request, response) => sendStatus(500)(_request, response);
  const server = createServer((incoming, response) => {
    receive(incoming).then(
      (request) => {
        requests.push(request);
        current(request, response);
      },
      (error: unknown) => {
        // Who went away while asking has not asked; anything else is a fault of the test's.
        if (incoming.complete) throw error;
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the model server has no port");
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    requests,
    behave(behaviour) {
      current = behaviour;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function receive(incoming: IncomingMessage): Promise<ModelRequest> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const raw = Buffer.concat(chunks).toString("utf8");
  return { raw, body: requestSchema.parse(JSON.parse(raw)), authorization: incoming.headers.authorization };
}

/** The facts that a request carries, out of its fence. */
export function factsOf(request: ModelRequest) {
  const user = request.body.messages[1]?.content ?? "";
  const match = /^The following (\d+) characters are one JSON value, the facts of the incident:\n/.exec(user);
  if (match === null) throw new Error(`no fence in ${user.slice(0, 200)}`);
  const data = user.slice(match[0].length);
  if (data.length !== Number(match[1])) throw new Error("the fence says another length than the data has");
  return factsSchema.parse(JSON.parse(data));
}

const factsSchema = z.object({
  incident: z.object({ services: z.array(z.string()) }).loose(),
  evidence: z.array(
    z.object({ n: z.number(), kind: z.string(), fact: z.string(), quote: z.string().optional() }).loose(),
  ),
  causes: z.array(z.object({ service: z.string().nullable(), evidence: z.array(z.number()) }).loose()),
});

type Claims = readonly { readonly text: string; readonly evidence: readonly number[] }[];

/** A well-formed completion with this text as its content. */
export function sendContent(
  content: string,
  more: { readonly finish?: string; readonly refusal?: string; readonly tokens?: number | null } = {},
): Behaviour {
  return (_request, response) => {
    const usage =
      more.tokens === null
        ? {}
        : { usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: more.tokens ?? 1234 } };
    const message = { role: "assistant", content, refusal: more.refusal ?? null };
    sendJson(response, 200, {
      id: "c-1",
      object: "chat.completion",
      created: 1,
      model: "test",
      choices: [{ index: 0, message, finish_reason: more.finish ?? "stop", logprobs: null }],
      ...usage,
    });
  };
}

export function sendDraft(summary: Claims, causes: Claims): Behaviour {
  return sendContent(JSON.stringify({ summary, causes }));
}

export function sendStatus(status: number, headers: Readonly<Record<string, string>> = {}): Behaviour {
  return (_request, response) =>
    sendJson(response, status, { error: { message: "no, and here is sk-secret", type: "x" } }, headers);
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

/** Never answers. */
export const hang: Behaviour = () => undefined;

/** Sends the head and half of a body, and no more. */
export const stall: Behaviour = (_request, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.write('{"choices": [');
};

/** Closes the connection without a word. */
export const reset: Behaviour = (_request, response) => {
  response.socket?.destroy();
};

/** Sends without end, until the other side closes. */
export const flood: Behaviour = (_request, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  const chunk = `"${"x".repeat(64_000)}",`;
  const pour = () => {
    while (!response.destroyed && response.write(chunk));
    if (!response.destroyed) response.once("drain", pour);
  };
  response.write('{"choices": [');
  pour();
};
