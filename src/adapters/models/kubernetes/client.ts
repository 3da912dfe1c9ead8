/** Requests to an API server: bounded in time and size, never redirected, credentials never in a message. */

import { setTimeout as sleep } from "node:timers/promises";
import { Agent, type Dispatcher, ProxyAgent, request } from "undici";
import type { z } from "zod";
import { jsonOf } from "../../../domain/text/json.ts";
import type { ClusterAccess, Credentials } from "./credentials.ts";
import { failureOf, KubernetesError, unreachable } from "./failure.ts";

/** As JSON Patch has it, RFC 6902. */
export interface PatchOperation {
  readonly op: "add" | "remove" | "replace" | "test";
  readonly path: string;
  readonly value?: unknown;
}

export interface Query {
  readonly [name: string]: string;
}

/** One object or list: "apis/apps/v1/namespaces/ml/deployments/scorer". */
export interface ObjectRequest<Data> {
  readonly path: string;
  readonly schema: z.ZodType<Data>;
  readonly query?: Query;
}

export interface KubernetesClient {
  readonly access: ClusterAccess;
  /** @throws KubernetesError */
  get<Data>(request: ObjectRequest<Data>): Promise<Data>;
  /** The answer with the server's clock, ms: what it says of times is judged by that and not by ours. */
  getWithTime<Data>(request: ObjectRequest<Data>): Promise<{ readonly data: Data; readonly nowMs: number }>;
  /** JSON Patch: whole or not at all. Unknown fields are refused, not dropped. */
  patch<Data>(request: ObjectRequest<Data>, operations: readonly PatchOperation[]): Promise<Data>;
  /** Merge Patch of the subresource `status`, which controllers take orders from. */
  mergeStatus<Data>(request: ObjectRequest<Data>, body: unknown): Promise<Data>;
  create<Data>(request: ObjectRequest<Data>, body: unknown): Promise<Data>;
  text(path: string, query: Query): Promise<string>;
  /** Lines of a watch, until the server ends it or `signal` aborts. */
  lines(path: string, query: Query, signal: AbortSignal): AsyncGenerator<string>;
}

export const fieldManager = "tocsin";
const maxBodyBytes = 16 * 1024 * 1024;
/** Asked again after 429 at most so often, and not when the server wants a longer pause: 429 says that nothing was done. */
const maxRetries = 2;
const maxRetryAfterMs = 3_000;

interface Exchange {
  readonly method: "GET" | "POST" | "PATCH";
  readonly path: string;
  readonly query: Query;
  readonly body: unknown;
  readonly contentType: string | null;
}

/** Creates the client. Nothing is sent before the first question. */
export function createKubernetesClient(access: ClusterAccess, timeoutMs: number): KubernetesClient {
  let connection: { readonly identity: string; readonly dispatcher: Dispatcher } | null = null;

  /** Connections are kept per client certificate: a renewed one needs new connections. */
  function dispatcherFor({ certificate, key }: Credentials): Dispatcher {
    const identity = certificate ?? "";
    if (connection?.identity === identity) return connection.dispatcher;
    const connect = {
      timeout: timeoutMs,
      rejectUnauthorized: access.isVerified,
      ...(access.ca === null ? {} : { ca: access.ca }),
      ...(certificate === null || key === null ? {} : { cert: certificate, key }),
      ...(access.serverName === null ? {} : { servername: access.serverName }),
    };
    const { proxyUrl } = access;
    const dispatcher =
      proxyUrl === null ? new Agent({ connect }) : new ProxyAgent({ uri: proxyUrl, requestTls: connect });
    connection = { identity, dispatcher };
    return dispatcher;
  }

  async function send(exchange: Exchange, signal: AbortSignal) {
    const credentials = await access.credentials();
    const { method, path, query, body, contentType } = exchange;
    const target = new URL(path, access.server);
    target.search = new URLSearchParams(query).toString();
    return await request(target, {
      method,
      dispatcher: dispatcherFor(credentials),
      signal,
      headers: {
        accept: "application/json",
        "user-agent": fieldManager,
        ...(credentials.token === null ? {} : { authorization: `Bearer ${credentials.token}` }),
        ...(contentType === null ? {} : { "content-type": contentType }),
      },
      ...(contentType === null ? {} : { body: JSON.stringify(body) }),
    });
  }

  async function attempt(
    exchange: Exchange,
  ): Promise<{ status: number; headers: Dispatcher.ResponseData["headers"]; text: string }> {
    try {
      const { statusCode, headers, body } = await send(exchange, AbortSignal.timeout(timeoutMs));
      return { status: statusCode, headers, text: await textOf(body) };
    } catch (error) {
      throw unreachable(error, timeoutMs);
    }
  }

  async function exchange(asked: Exchange): Promise<{ text: string; nowMs: number }> {
    for (let tries = 0, isRenewed = false; ; tries += 1) {
      const { status, headers, text } = await attempt(asked);
      if (status >= 200 && status < 300) return { text, nowMs: serverTime(headers["date"]) };
      const failure = failureOf(status, text, `${asked.method} ${asked.path}`);
      if (status === 401 && !isRenewed) {
        // A token that was just replaced; 401 says that nothing was done.
        isRenewed = true;
        access.renew();
        continue;
      }
      const pauseMs = Number(headers["retry-after"] ?? "1") * 1_000;
      if (status !== 429 || tries >= maxRetries || !(pauseMs <= maxRetryAfterMs)) throw failure;
      await sleep(pauseMs);
    }
  }

  async function ask<Data>(
    { path, schema, query = {} }: ObjectRequest<Data>,
    { method, body = null, contentType = null }: Partial<Exchange> & Pick<Exchange, "method">,
  ): Promise<{ data: Data; nowMs: number }> {
    const { text, nowMs } = await exchange({ method, path, query, body, contentType });
    const parsed = schema.safeParse(jsonOf(text));
    if (parsed.success) return { data: parsed.data, nowMs };
    const where = parsed.error.issues[0]?.path.join(".") ?? "";
    const problem = `the answer to ${method} ${path} has another shape than expected (${where}); is it an API server?`;
    throw new KubernetesError("unclear", problem);
  }

  const strict = { fieldManager, fieldValidation: "Strict" };
  return {
    access,
    get: async (asked) => (await ask(asked, { method: "GET" })).data,
    getWithTime: (asked) => ask(asked, { method: "GET" }),
    patch: async (asked, operations) => {
      const query = { ...strict, ...asked.query };
      const contentType = "application/json-patch+json";
      return (await ask({ ...asked, query }, { method: "PATCH", body: operations, contentType })).data;
    },
    mergeStatus: async (asked, body) => {
      const target = { ...asked, path: `${asked.path}/status`, query: { ...strict, ...asked.query } };
      return (await ask(target, { method: "PATCH", body, contentType: "application/merge-patch+json" })).data;
    },
    create: async (asked, body) => {
      const query = { ...strict, ...asked.query };
      return (await ask({ ...asked, query }, { method: "POST", body, contentType: "application/json" })).data;
    },
    text: async (path, query) =>
      (await exchange({ method: "GET", path, query, body: null, contentType: null })).text,
    async *lines(path, query, signal) {
      const asked: Exchange = { method: "GET", path, query, body: null, contentType: null };
      const { statusCode, body } = await send(asked, signal).catch((error: unknown) => {
        throw unreachable(error, timeoutMs);
      });
      if (statusCode !== 200) throw failureOf(statusCode, await textOf(body), `GET ${path}`);
      yield* linesOf(body);
    },
  };
}

/** The server's clock, ms; ours where it does not say. */
function serverTime(date: string | string[] | undefined): number {
  const said = typeof date === "string" ? Date.parse(date) : Number.NaN;
  return Number.isNaN(said) ? Date.now() : said;
}

/** The text, or an error when it is longer than allowed: what is not read is not kept in memory. */
async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > maxBodyBytes)
      throw new KubernetesError("unclear", `its answer is larger than ${maxBodyBytes / 1024 / 1024} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    if (rest.length > maxBodyBytes) throw new KubernetesError("unclear", "a line of its watch is too long");
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((line) => line !== "");
  }
}
