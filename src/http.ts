/** The HTTP door: webhooks in, health, metrics, console. */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Ingest } from "./app/ingest.ts";
import type { ConfiguredSource } from "./app/parse-delivery.ts";
import { referenceOf } from "./domain/command/reference.ts";
import { answerJson, answerRefusal, type Refusal } from "./http/answer.ts";
import { createComplaints } from "./http/complaints.ts";
import { type Denial, denialOf } from "./http/denied.ts";
import { createWebhooks } from "./http/webhooks.ts";
import type { Clock, Log, Metrics } from "./ports/observability.ts";

export { closedSources, impossibleChecks, openSources } from "./http/webhooks.ts";

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** One thing that must be so before traffic is welcome. */
export interface ReadinessCheck {
  readonly name: string;
  readonly isReady: boolean;
  /** One plain sentence. */
  readonly detail: string;
}

export interface HttpLimits {
  readonly maxBodyBytes: number;
  /** Of all bodies that are being read at once. */
  readonly maxReadingBytes: number;
  readonly headersTimeoutMs: number;
  /** For a whole request, its body included. */
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** How long requests under way may take when the server closes. */
  readonly closeTimeoutMs: number;
}

export const defaultHttpLimits: HttpLimits = {
  maxBodyBytes: 5 * 1024 * 1024,
  maxReadingBytes: 256 * 1024 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  // Longer than the idle time of the usual proxies, so that it is never we who close first.
  keepAliveTimeoutMs: 75_000,
  closeTimeoutMs: 5_000,
};

export interface HttpOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** By the name in the address. */
  readonly sources: ReadonlyMap<string, ConfiguredSource>;
  readonly ingest: Pick<Ingest, "accept" | "bury">;
  /** Everything under "/" that is nothing else. What it does not have, or all of it when null, is answered 404. */
  readonly console: ((request: IncomingMessage, response: ServerResponse) => Promise<boolean>) | null;
  /** By their first path segment, for example "slack". */
  readonly extraRoutes?: ReadonlyMap<string, RequestHandler>;
  readonly readiness: () => Promise<readonly ReadinessCheck[]>;
  /** Is told of every request that was turned away for who sent it, after it was answered. */
  readonly onDenied?: (denial: Denial) => void;
  readonly exposition: () => Promise<{ readonly contentType: string; readonly body: string }>;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpServer {
  /** Starts to listen. @returns the address under which it is reached. @throws when the address is taken. */
  listen(): Promise<string>;
  /** Takes nothing new, lets requests under way finish within the time limit, and ends streams. */
  close(): Promise<void>;
}

/** Bare node:http: measured fastest, and the routes are few. */
export function createHttpServer(options: HttpOptions): HttpServer {
  const limits: HttpLimits = { ...defaultHttpLimits, ...options.limits };
  const webhooks = createWebhooks({
    ...options,
    maxBodyBytes: limits.maxBodyBytes,
    budget: { maxBytes: limits.maxReadingBytes, heldBytes: 0 },
  });
  const { log, clock } = options;
  const complain = createComplaints({ log, clock, level: "info", what: "http: a request was refused" });
  const routes = new Map<string, RequestHandler>([
    ["healthz", (_request, response) => answerJson(response, 200, { status: "up" })],
    ["readyz", (_request, response) => answerReadiness(response, options)],
    ["metrics", (_request, response) => answerMetrics(response, options)],
    ...(options.extraRoutes ?? []),
  ]);
  /** Responses under way, to be awaited on close. */
  const open = new Set<ServerResponse>();
  let isClosing = false;
  let whenQuiet: (() => void) | null = null;

  const begin = (request: IncomingMessage, response: ServerResponse): void => {
    open.add(response);
    response.once("close", () => {
      open.delete(response);
      if (isClosing) noticeQuiet();
    });
    if (isClosing) response.setHeader("connection", "close");
    void serve(request, response);
  };
  const server = createServer(
    {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      // The default of 30 s would let slow clients stay that much longer than the limits say.
      connectionsCheckingInterval: Math.min(2_000, limits.headersTimeoutMs),
    },
    begin,
  );
  // A sender that asks before it sends its body is refused before it has sent it.
  server.on("checkContinue", begin);
  server.on("clientError", answerClientError);

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = performance.now();
    const segments = segmentsOf(request.url ?? "/");
    const route = segments === null ? "invalid" : nameOf(segments[0] ?? "");
    response.once("finish", () => {
      const denial = denialOf(request, response, { route, segments: segments ?? [] });
      if (denial !== null) options.onDenied?.(denial);
    });
    try {
      if (segments === null) refuse(response, badAddress);
      else if (route === "webhooks") await webhooks(request, response, segments.slice(1));
      else await other(route, request, response);
    } catch (error) {
      const reference = referenceOf(randomUUID());
      log.error({ error: String(error), route, reference }, "http: a request failed");
      answerRefusal(response, internal, reference);
    }
    const labels = { route, status: String(response.statusCode) };
    options.metrics.observe("tocsin_http_request_seconds", (performance.now() - startedAt) / 1000, labels);
  }

  function nameOf(segment: string): string {
    return segment === "webhooks" || routes.has(segment) ? segment : "console";
  }

  async function other(route: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.headers.expect !== undefined) response.writeContinue();
    const handler = routes.get(route);
    if (handler !== undefined) await handler(request, response);
    else if (!(await options.console?.(request, response))) refuse(response, notFound);
  }

  function refuse(response: ServerResponse, refusal: Refusal): void {
    answerRefusal(response, refusal, complain("http", refusal));
  }

  function noticeQuiet(): void {
    const isBusy = [...open].some((response) => !isStream(response));
    if (!isBusy) whenQuiet?.();
  }

  return {
    listen: () => listen(server, options),
    async close() {
      isClosing = true;
      if (!server.listening) return;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => whenQuiet?.(), limits.closeTimeoutMs);
      await new Promise<void>((resolve) => {
        whenQuiet = resolve;
        noticeQuiet();
      });
      clearTimeout(timer);
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Server-sent events end only when someone ends them. */
function isStream(response: ServerResponse): boolean {
  return String(response.getHeader("content-type") ?? "").startsWith("text/event-stream");
}

function listen(server: Server, { host, port, log }: HttpOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const bare = host.replace(/^\[(.*)\]$/, "$1");
    const fail = (cause: NodeJS.ErrnoException) =>
      reject(
        new Error(`http: cannot listen on HOST ${host}, PORT ${port}: ${listenProblem(cause)}`, { cause }),
      );
    server.once("error", fail);
    server.listen({ host: bare, port }, () => {
      server.off("error", fail);
      server.on("error", (error) => log.error({ error: String(error) }, "http: the server failed"));
      resolve(urlOf(server.address(), bare));
    });
  });
}

function listenProblem(error: NodeJS.ErrnoException): string {
  if (error.code === "EADDRINUSE") return "the port is taken; stop what uses it or set another PORT";
  if (error.code === "EACCES") return "ports below 1024 need privileges; set a higher PORT";
  return `${error.message}; set HOST to an address of this machine`;
}

function urlOf(address: string | AddressInfo | null, host: string): string {
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** The decoded path segments, or null when the address is malformed. */
function segmentsOf(url: string): readonly string[] | null {
  const path = url.split("?", 1)[0] ?? "/";
  try {
    const segments = path.slice(path.startsWith("/") ? 1 : 0).split("/");
    return path.includes("%") ? segments.map(decodeURIComponent) : segments;
  } catch {
    // Not a percent-encoding: the caller answers 400.
    return null;
  }
}

async function answerReadiness(response: ServerResponse, { readiness }: HttpOptions): Promise<void> {
  const checks = await readiness();
  const isReady = checks.every((check) => check.isReady);
  const status = isReady ? 200 : 503;
  answerJson(
    response,
    status,
    { status: isReady ? "ready" : "not_ready", checks },
    isReady ? {} : { "retry-after": "5" },
  );
}

async function answerMetrics(response: ServerResponse, { exposition }: HttpOptions): Promise<void> {
  const { contentType, body } = await exposition();
  response.writeHead(200, { "content-type": contentType, "cache-control": "no-store" });
  response.end(body);
}

/** The parser's own complaints: there is no request yet, so the answer is written by hand. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || socket.destroyed) return;
  const [status, message, remedy] = clientErrors[error.code ?? ""] ?? malformed;
  const body = `${JSON.stringify({ error: status.slice(4).toLowerCase().replace(/\W+/g, "_"), message, remedy })}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

const malformed = [
  "400 Bad Request",
  "this is not an HTTP/1.1 request",
  "speak plain HTTP here; put TLS in front with a proxy",
] as const;
const clientErrors: Readonly<Record<string, readonly [string, string, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [
    "408 Request Timeout",
    "the request did not arrive whole in time",
    "send it again, faster",
  ],
  HPE_HEADER_OVERFLOW: [
    "431 Request Header Fields Too Large",
    "the headers are larger than 16 KiB",
    "send fewer or shorter headers",
  ],
};

const badAddress = {
  status: 400,
  error: "bad_address",
  message: "the address holds a broken percent-encoding",
  remedy: "encode the token in the address as UTF-8",
};
const notFound = {
  status: 404,
  error: "not_found",
  message: "there is nothing here",
  remedy:
    "the console is at /, webhooks are posted to /webhooks/<source>; see /healthz, /readyz and /metrics",
};
const internal = {
  status: 500,
  error: "internal",
  message: "the bot failed on this request",
  remedy: "send it again; the log has the cause",
};
