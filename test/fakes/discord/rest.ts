/** HTTP: bodies, authorization, rate limits, faults, routing. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createBuckets, type createFaults, type Fault } from "./faults.ts";
import { checkWellFormed, type UploadedFile } from "./limits.ts";
import { Refusal, refusals } from "./refusal.ts";
import type { Route } from "./routes.ts";
import type { World } from "./world.ts";

/** One request as it came, and its outcome. */
export interface Call {
  readonly method: string;
  /** Without "/api/v10". */
  readonly path: string;
  readonly body: unknown;
  readonly files: readonly UploadedFile[];
  readonly at: number;
  /** What was answered; 0 when the connection was cut or left hanging. */
  status: number;
  /** Whether it took effect. */
  isCommitted: boolean;
}

interface RestOptions {
  readonly world: World;
  readonly faults: ReturnType<typeof createFaults>;
  readonly token: () => string;
  readonly limits: { readonly perRoute: number; readonly global: number };
  readonly routes: readonly Route[];
}

export function createRest(options: RestOptions) {
  const { world, faults, routes } = options;
  const calls: Call[] = [];
  const refused: string[] = [];
  const buckets = createBuckets(world.now, options.limits);
  const timers = new Set<NodeJS.Timeout>();

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://fake");
    const path = url.pathname.replace(/^\/api\/v\d+/, "");
    const method = request.method ?? "GET";
    const raw = await readAll(request);
    const { body, files } = await parse(raw, request.headers["content-type"] ?? "");
    const call: Call = { method, path, body, files, at: world.now(), status: 0, isCommitted: false };
    calls.push(call);
    const fault = faults.take(method, path);
    const reply = (status: number, payload: unknown, headers: Record<string, string> = {}) => {
      call.status = status;
      answer(response, status, payload, headers);
      world.changed();
    };
    if (fault?.kind === "hang") return;
    if (fault?.kind === "reset") return cut(request);
    if (fault?.kind === "error")
      return reply(fault.status ?? 500, { message: "Internal Server Error", code: 0 });
    if (fault?.kind === "rate_limit")
      return limited(reply, fault.retryAfterMs ?? 200, fault.isGlobal ?? false, {});
    if (fault?.kind === "slow") await delay(fault.delayMs ?? 500);
    try {
      const { route, params } = match(method, path, request.headers.authorization);
      const allowance =
        route.auth === "none" ? null : buckets.take(`${method} ${route.name}`, params[0] ?? "");
      if (allowance?.isAllowed === false)
        return limited(reply, allowance.retryAfterMs, allowance.isGlobal, allowance.headers);
      checkWellFormed(raw.toString("latin1"));
      const result = route.handle({ params, query: url.searchParams, body, files });
      call.isCommitted = true;
      world.changed();
      if (fault !== null && fault.kind !== "slow") {
        faults.spend(fault);
        return lose(fault, request, response, reply);
      }
      if (result === null || result === undefined) return reply(204, null, { ...allowance?.headers });
      reply(200, result, { ...allowance?.headers });
    } catch (error) {
      if (!(error instanceof Refusal)) {
        refused.push(`${method} ${path}: the fake itself failed: ${String(error)}`);
        return reply(500, { message: String(error), code: 0 });
      }
      refused.push(`${method} ${path}: ${error.code} ${error.message} ${JSON.stringify(error.errors ?? "")}`);
      reply(error.status, {
        message: error.message,
        code: error.code,
        ...(error.errors === undefined ? {} : { errors: error.errors }),
      });
    }
  }

  function match(method: string, path: string, authorization: string | undefined) {
    for (const route of routes) {
      const found = route.method === method ? route.pattern.exec(path) : null;
      if (found === null) continue;
      if (route.auth === "bot" && authorization !== `Bot ${options.token()}`) throw refusals.unauthorized();
      return { route, params: found.slice(1).map(decodeURIComponent) };
    }
    throw refusals.notFound();
  }

  function delay(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        resolve();
      }, ms);
      timers.add(timer);
    });
  }

  return {
    calls,
    refused,
    handle,
    close: () => {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

type Reply = (status: number, payload: unknown, headers?: Record<string, string>) => void;

/** The request took effect, and its answer gets lost in the way the fault says. */
function lose(fault: Fault, request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  if (fault.kind === "commit_then_reset") cut(request);
  if (fault.kind === "commit_then_error")
    reply(fault.status ?? 500, { message: "Internal Server Error", code: 0 });
  if (fault.kind === "commit_then_garbage") {
    response.writeHead(200, { "content-type": "text/html" });
    response.end("<html>bad gateway</html>");
  }
}

function limited(
  reply: Reply,
  retryAfterMs: number,
  isGlobal: boolean,
  headers: Readonly<Record<string, string>>,
): void {
  const seconds = retryAfterMs / 1000;
  reply(
    429,
    { message: "You are being rate limited.", retry_after: seconds, global: isGlobal },
    {
      ...headers,
      "retry-after": `${seconds}`,
      "x-ratelimit-scope": isGlobal ? "global" : "user",
      ...(isGlobal ? { "x-ratelimit-global": "true" } : {}),
    },
  );
}

function cut(request: IncomingMessage): void {
  request.socket.resetAndDestroy();
}

function answer(
  response: ServerResponse,
  status: number,
  payload: unknown,
  headers: Record<string, string>,
): void {
  response.writeHead(status, {
    ...headers,
    ...(payload === null ? {} : { "content-type": "application/json" }),
  });
  response.end(payload === null ? undefined : JSON.stringify(payload));
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** JSON, or multipart with `payload_json` and `files[n]`. */
async function parse(
  raw: Buffer,
  contentType: string,
): Promise<{ body: unknown; files: readonly UploadedFile[] }> {
  if (raw.length === 0) return { body: undefined, files: [] };
  if (!contentType.startsWith("multipart/")) return { body: JSON.parse(raw.toString("utf8")), files: [] };
  const form = await new Response(new Uint8Array(raw), {
    headers: { "content-type": contentType },
  }).formData();
  const files: UploadedFile[] = [];
  let body: unknown;
  for (const [field, value] of form.entries()) {
    if (field === "payload_json") body = JSON.parse(String(value));
    else if (typeof value !== "string")
      files.push({ field, name: value.name, size: value.size, text: await value.text() });
  }
  return { body, files };
}
