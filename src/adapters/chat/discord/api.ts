/** Discord's REST API, one attempt per call: the caller owns retries and pacing, so the client must not repeat or wait. */
import type { DiscordAPIError, REST } from "discord.js";
import type { z } from "zod";
import { wasNeverSent } from "../../../domain/chat/never-sent.ts";
import type { Metrics } from "../../../ports/observability.ts";
import type { Secret } from "../../../ports/secret.ts";
import type { Upload } from "./files.ts";
import { bareToken } from "./token.ts";

type Sdk = typeof import("discord.js");

/** What went wrong with one call, in terms that a caller can act on. */
export type Failure =
  | { readonly kind: "ambiguous"; readonly problem: string }
  | { readonly kind: "rate_limited"; readonly retryAfterMs: number; readonly scope: "channel" | "platform" }
  | { readonly kind: "unreachable"; readonly problem: string }
  /** Discord said no. `code` is its JSON error code, 0 when there was none. */
  | { readonly kind: "denied"; readonly status: number; readonly code: number; readonly problem: string };

export type Reply<Body> = { readonly kind: "ok"; readonly body: Body } | Failure;

export interface Call<Body> {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** Begins with a slash; without version. */
  readonly path: `/${string}`;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly files?: readonly Upload[];
  /** What the reply must look like; anything else is ambiguous. */
  readonly schema: z.ZodType<Body>;
  /** "none" for interactions, whose token is in the path. */
  readonly auth?: "bot" | "none";
  readonly timeoutMs?: number;
}

export interface Api {
  call<Body>(call: Call<Body>): Promise<Reply<Body>>;
  /** Stops its timers. */
  close(): void;
}

/** The whole call, with queueing and reading the body, ms. */
export const callTimeoutMs = 10_000;

/** Options for discord.js that leave retries, waits and pacing to us. */
export function restOptions(apiUrl: string | undefined) {
  return {
    ...(apiUrl === undefined ? {} : { api: apiUrl.replace(/\/+$/, "").replace(/\/v\d+$/, "") }),
    retries: 0,
    timeout: callTimeoutMs,
    rejectOnRateLimit: () => true,
  };
}

export interface ApiOptions {
  readonly token: Secret;
  readonly apiUrl?: string;
  readonly metrics: Metrics;
}

export function createApi(sdk: Sdk, options: ApiOptions): Api {
  const { token } = options;
  const rest: REST = new sdk.REST(restOptions(options.apiUrl));

  async function call<Body>(request: Call<Body>): Promise<Reply<Body>> {
    const refused = token.current();
    const reply = await measured(request);
    const isOfToken = request.auth !== "none" && reply.kind === "denied" && reply.status === 401;
    // What is refused for its token has not happened: with another token it is asked once more.
    return isOfToken && (await token.hasChangedFrom(refused)) ? measured(request) : reply;
  }

  async function measured<Body>(request: Call<Body>): Promise<Reply<Body>> {
    const reply = await attempt(request);
    const method = `${request.method} ${routeOf(request.path)}`;
    options.metrics.count("tocsin_chat_calls_total", { platform: "discord", method, outcome: reply.kind });
    return reply;
  }

  async function attempt<Body>(request: Call<Body>): Promise<Reply<Body>> {
    try {
      // discord.js forgets its token at the first 401; later calls must get Discord's own word, too.
      rest.setToken(bareToken(token));
      const body = await rest.request({
        method: sdk.RequestMethod[methods[request.method]],
        fullRoute: request.path,
        auth: request.auth !== "none",
        // The client's own timeout ends with the headers; this one covers the body too.
        signal: AbortSignal.timeout(request.timeoutMs ?? callTimeoutMs),
        ...(request.query === undefined ? {} : { query: new URLSearchParams(request.query) }),
        ...(request.body === undefined ? {} : { body: request.body }),
        ...(request.files === undefined || request.files.length === 0
          ? {}
          : { files: rawFiles(request.files) }),
      });
      const parsed = request.schema.safeParse(body);
      if (parsed.success) return { kind: "ok", body: parsed.data };
      return { kind: "ambiguous", problem: "Discord answered with something that is not the expected JSON" };
    } catch (error) {
      return failureOf(sdk, error);
    }
  }

  return {
    call,
    close: () => {
      rest.clearHashSweeper();
      rest.clearHandlerSweeper();
    },
  };
}

/** A path without ids and tokens, for metrics. */
export function routeOf(path: string): string {
  return path
    .replace(/^(\/(?:interactions|webhooks)\/)[^/]*\/[^/]*/, "$1:id/:token")
    .replace(/\/\d+/g, "/:id");
}

const methods = { GET: "Get", POST: "Post", PATCH: "Patch", PUT: "Put", DELETE: "Delete" } as const;

function rawFiles(files: readonly Upload[]) {
  return files.map((file) => ({
    name: file.name,
    data: Buffer.from(file.data.buffer, file.data.byteOffset, file.data.byteLength),
    contentType: file.contentType,
  }));
}

/** Sorts an error of the client. Never names the address: it may hold an interaction's token. */
export function failureOf(sdk: Sdk, error: unknown): Failure {
  if (error instanceof sdk.RateLimitError) {
    const waits = [error.retryAfter, error.timeToReset, error.sublimitTimeout].filter(Number.isFinite);
    const isWide = error.global || error.scope === "global";
    return {
      kind: "rate_limited",
      retryAfterMs: Math.ceil(Math.max(50, ...waits)),
      scope: isWide ? "platform" : "channel",
    };
  }
  if (error instanceof sdk.DiscordAPIError) return denied(error);
  if (error instanceof sdk.HTTPError)
    return { kind: "ambiguous", problem: `Discord answered ${error.status}` };
  const code = codeOf(error);
  const text = code ?? (error instanceof Error ? error.name : "unknown error");
  if (code !== null && wasNeverSent(code))
    return { kind: "unreachable", problem: `cannot connect to Discord (${text})` };
  return { kind: "ambiguous", problem: `the connection to Discord failed half-way (${text})` };
}

function denied(error: DiscordAPIError): Failure {
  // A proxy's own words for "I gave up waiting": the request may have arrived.
  if (error.status === 408 || error.status === 425)
    return { kind: "ambiguous", problem: `Discord answered ${error.status}` };
  const code = typeof error.code === "number" ? error.code : 0;
  const problem = error.message.replace(/\s+/g, " ").slice(0, 500);
  return { kind: "denied", status: error.status, code, problem };
}

/** System error code of an error or of what caused it. */
function codeOf(error: unknown): string | null {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if ("code" in at && typeof at.code === "string") return at.code;
  }
  return null;
}
