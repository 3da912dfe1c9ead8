/** Requests to Prometheus' HTTP API: bounded in time and size, never redirected, credentials never in a message. */

import { z } from "zod";
import { jsonOf } from "../../domain/text/json.ts";
import { redact } from "../../domain/text/redaction.ts";
import { startOf } from "../../domain/text/whole-words.ts";
import { oneLine } from "../../domain/view.ts";
import type { Unreadable } from "../../ports/metric-source.ts";

export interface PrometheusAddress {
  /** May end in a path; may hold user and password, which become a header. */
  readonly url: string;
  readonly auth:
    | { readonly kind: "bearer"; readonly token: string }
    | { readonly kind: "basic"; readonly user: string; readonly password: string }
    | null;
  /** Value of X-Scope-OrgID, for servers with tenants; null for none. */
  readonly tenant: string | null;
  /** Longest answer that is read; default 4 MiB. */
  readonly maxBodyBytes?: number;
}

export type ApiAnswer<Data> = { readonly kind: "data"; readonly data: Data } | Unreadable;

export interface PrometheusHttp {
  /** @param path - for example "api/v1/query_range". Never rejects. */
  ask<Data>(request: ApiRequest<Data>): Promise<ApiAnswer<Data>>;
}

export interface ApiRequest<Data> {
  readonly path: string;
  readonly method: "GET" | "POST";
  readonly parameters: readonly (readonly [string, string])[];
  /** Shape of "data". */
  readonly schema: z.ZodType<Data>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const defaultBodyBytes = 4 * 1024 * 1024;
/** Errors are read for their message only. */
const maxErrorBytes = 64 * 1024;

const success = z.object({ status: z.literal("success"), data: z.unknown() });
const failure = z.object({ status: z.literal("error"), errorType: z.string().optional(), error: z.string() });

/** Creates the client. Nothing is sent before the first question. */
export function createPrometheusHttp(address: PrometheusAddress): PrometheusHttp {
  const { base, headers } = prepare(address);
  const maxBodyBytes = address.maxBodyBytes ?? defaultBodyBytes;

  async function ask<Data>(request: ApiRequest<Data>): Promise<ApiAnswer<Data>> {
    const limit = limited(request.signal, request.timeoutMs);
    try {
      const response = await send(request, limit.signal);
      const problem = await problemOf(response);
      if (problem !== null) return problem;
      return read(await bodyOf(response, maxBodyBytes), request.schema);
    } catch (error) {
      return failed(error, request.timeoutMs);
    } finally {
      limit.release();
    }
  }

  function send<Data>(
    { path, method, parameters }: ApiRequest<Data>,
    signal: AbortSignal,
  ): Promise<Response> {
    const query = new URLSearchParams(parameters.map(([name, value]): [string, string] => [name, value]));
    const url = new URL(path, base);
    if (method === "GET") url.search = query.toString();
    // A redirect is never followed: it could carry the credentials to another host.
    return fetch(url, {
      method,
      headers,
      redirect: "manual",
      signal,
      ...(method === "POST" ? { body: query } : {}),
    });
  }

  return { ask };
}

/**
 * A signal that ends with another one, or after a time. `AbortSignal.any` of `AbortSignal.timeout` would be shorter, but
 * a collection of garbage may take the timeout away before it is over.
 * @see https://github.com/nodejs/node/issues/57736
 */
function limited(outer: AbortSignal, timeoutMs: number) {
  const controller = new AbortController();
  // Whoever asked has no time left, however they put it: it is not this question that took too long.
  const end = () => controller.abort(new DOMException("the asker gave up", "AbortError"));
  const timer = setTimeout(
    () => controller.abort(new DOMException(`over ${timeoutMs} ms`, "TimeoutError")),
    timeoutMs,
  );
  if (outer.aborted) end();
  outer.addEventListener("abort", end, { once: true });
  return {
    signal: controller.signal,
    release() {
      clearTimeout(timer);
      outer.removeEventListener("abort", end);
    },
  };
}

function prepare({ url, auth, tenant }: PrometheusAddress) {
  const base = new URL(url);
  const inUrl =
    base.username === ""
      ? null
      : {
          kind: "basic" as const,
          user: decodeURIComponent(base.username),
          password: decodeURIComponent(base.password),
        };
  base.username = "";
  base.password = "";
  base.search = "";
  base.hash = "";
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  return { base, headers: headersOf(auth ?? inUrl, tenant) };
}

function headersOf(auth: PrometheusAddress["auth"], tenant: string | null): Readonly<Record<string, string>> {
  const authorization =
    auth === null
      ? {}
      : auth.kind === "bearer"
        ? { authorization: `Bearer ${auth.token}` }
        : { authorization: `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString("base64")}` };
  return {
    accept: "application/json",
    ...authorization,
    ...(tenant === null ? {} : { "x-scope-orgid": tenant }),
  };
}

/** What an answer other than 2xx means; null for 2xx. */
async function problemOf(response: Response): Promise<Unreadable | null> {
  const { status } = response;
  if (status >= 200 && status < 300) return null;
  if (status >= 300 && status < 400) {
    await response.body?.cancel();
    return onServer(
      `it answered with a redirect (${status}), which is not followed; set PROMETHEUS_URL to the address itself`,
    );
  }
  const text = await bodyOf(response, maxErrorBytes).catch(() => "");
  if (status === 401 || status === 403)
    return onServer(
      `it wants other credentials (${status}); set prometheus.bearer or prometheus.basic in tocsin.yaml`,
    );
  if (status === 404)
    return onServer("it has no such address (404); PROMETHEUS_URL should end before /api/v1");
  const said = failure.safeParse(jsonOf(text));
  const message = said.success ? `: ${plain(said.data.error)}` : "";
  // 400 and 422 are about this query, 503 also: "query timed out".
  return {
    kind: "unreadable",
    because: `it answered ${status}${message}`,
    scope: said.success ? "query" : "server",
  };
}

function read<Data>(text: string, schema: z.ZodType<Data>): ApiAnswer<Data> {
  const body = success.safeParse(jsonOf(text));
  if (!body.success) {
    const said = failure.safeParse(jsonOf(text));
    if (said.success) return { kind: "unreadable", because: plain(said.data.error), scope: "query" };
    return onServer("it answered something other than Prometheus' JSON");
  }
  const data = schema.safeParse(body.data.data);
  if (data.success) return { kind: "data", data: data.data };
  const issue = data.error.issues[0];
  return onServer(`its answer has another shape than expected (data.${plain(issue?.path.join(".") ?? "")})`);
}

/** The text, or an error when it is longer than allowed: what is not read is not kept in memory. */
async function bodyOf(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new TooLargeError(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

class TooLargeError extends Error {
  override readonly name = "TooLargeError";

  constructor(maxBytes: number) {
    super(`its answer is larger than ${maxBytes / 1024 / 1024} MiB`);
  }
}

function failed(error: unknown, timeoutMs: number): Unreadable {
  if (error instanceof TooLargeError) return { kind: "unreadable", because: error.message, scope: "query" };
  if (error instanceof Error && error.name === "TimeoutError")
    return { kind: "unreadable", because: `it took longer than ${timeoutMs / 1000} s`, scope: "query" };
  if (error instanceof Error && error.name === "AbortError")
    return { kind: "unreadable", because: "there was no time left", scope: "server" };
  return onServer(`it could not be reached (${codeOf(error)})`);
}

/** "ECONNREFUSED": the code and not the message, which may hold the address. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? plain(code) : error instanceof Error ? error.name : "unknown";
}

function onServer(because: string): Unreadable {
  return { kind: "unreadable", because, scope: "server" };
}

/** What a server says may hold anything, label values among it; who hands it to a model withholds what gives orders. */
function plain(text: string): string {
  return oneLine(redact(startOf(text, 2_000)).text, 200);
}
