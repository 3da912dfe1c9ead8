/** Questions to other systems over HTTP, for adapters that need no SDK. */
import { z } from "zod";
import { redact } from "../domain/text/redaction.ts";
import { startOf } from "../domain/text/whole-words.ts";
import { oneLine } from "../domain/view.ts";
import {
  type HttpClient,
  HttpMishapError,
  type HttpQuestion,
  type HttpReply,
  type Mishap,
} from "../ports/http-client.ts";
import type { Clock } from "../ports/observability.ts";

const maxBodyBytes = 8 * 1024 * 1024;
/** Pause after "too often" where the server names none, and the longest that is believed, ms. */
const defaultPauseMs = 30_000;
const maxPauseMs = 3_600_000;

/** Creates the client. Nothing is sent before the first question. */
export function createHttpClient({ clock }: { readonly clock: Clock }): HttpClient {
  /** By origin: from when on it is not asked, and until when. Origins come from settings, so there are few. */
  const pauses = new Map<string, { readonly from: Date; readonly until: Date }>();

  async function ask<Data>(question: HttpQuestion<Data>): Promise<HttpReply<Data>> {
    const { who, url } = question;
    const now = clock.now();
    const pause = pauses.get(url.origin);
    // A clock that was set back would keep it waiting: then it is asked, and may say so again.
    if (pause !== undefined && pause.from <= now && now < pause.until) throw tooOften(who, pause.until, "");
    const { status, headers, text } = await exchange(question);
    if (status < 200 || status >= 300) {
      const from = clock.now();
      const problem = problemOf(question, { status, headers, text }, from);
      if (problem.mishap === "limited" && problem.retryAt !== null)
        pauses.set(url.origin, { from, until: problem.retryAt });
      throw problem;
    }
    const parsed = question.schema.safeParse(text === "" ? null : jsonOf(text));
    if (parsed.success) return { status, data: parsed.data };
    const where = parsed.error.issues[0]?.path.join(".") ?? "";
    const place = where === "" ? "" : ` (${plain(where, question)})`;
    throw new HttpMishapError(
      `${who}: its answer to ${pathOf(question)} has another shape than expected${place}; is its address right?`,
      { mishap: "unclear", status },
    );
  }

  return { ask };
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function exchange(question: HttpQuestion<unknown>): Promise<Answer> {
  const { who, method, url, headers, body, timeoutMs } = question;
  try {
    const response = await fetch(url, {
      method,
      // A redirect is never followed: it could carry the credentials to another host.
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    return { status: response.status, headers: response.headers, text: await textOf(response) };
  } catch (error) {
    const why =
      error instanceof TooLargeError
        ? error.message
        : error instanceof Error && error.name === "TimeoutError"
          ? `it took longer than ${timeoutMs / 1000} s`
          : `it could not be reached (${codeOf(error)})`;
    throw new HttpMishapError(`${who}: ${why}`, { mishap: "unclear" });
  }
}

/** What an answer other than 2xx means for what was asked. */
function problemOf(question: HttpQuestion<unknown>, answer: Answer, now: Date): HttpMishapError {
  const { who } = question;
  const { status } = answer;
  // Whoever refuses credentials may repeat them: nothing of that answer is shown.
  const told = status === 401 ? nothingSaid : messageOf(answer.text);
  const said = plain(told.message, question);
  if (isLimited(answer)) return tooOften(who, retryAt(answer.headers, now), said, status);
  const mishap = mishapOf(status);
  const remedy = question.remedies?.[status];
  const what = `${whatItDid(status, pathOf(question))}${said === "" ? "" : `: ${said}`}`;
  return new HttpMishapError(`${who}: ${what}${remedy === undefined ? "" : `; ${remedy}`}`, {
    ...{ mishap, status, said, code: plain(told.code, question) },
  });
}

function mishapOf(status: number): Mishap {
  if (status === 404 || status === 410) return "absent";
  // A conflict may be with the same question of ours, sent before: to be looked at, not believed.
  return status === 408 || status === 409 || status >= 500 ? "unclear" : "refused";
}

function whatItDid(status: number, path: string): string {
  if (status >= 300 && status < 400)
    return `it answered with a redirect (${status}), which is not followed; set the address itself`;
  switch (status) {
    case 401:
      return "it wants other credentials (401)";
    case 403:
      return "the account may not do that (403)";
    case 404:
      return `it has no ${path} (404)`;
    default:
      return `it answered ${status} to ${path}`;
  }
}

/**
 * GitHub says 403 where others say 429.
 * @see https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
 */
function isLimited({ status, headers }: Answer): boolean {
  if (status === 429) return true;
  return status === 403 && (headers.has("retry-after") || headers.get("x-ratelimit-remaining") === "0");
}

function tooOften(who: string, until: Date, said: string, status = 429): HttpMishapError {
  const when = `${until.toISOString().slice(11, 19)}Z`;
  const message = `${who}: it is asked too often (${status})${said === "" ? "" : `: ${said}`}; not asked again before ${when}`;
  return new HttpMishapError(message, { mishap: "limited", status, said, retryAt: until });
}

/** Retry-After in seconds or as a date, or x-ratelimit-reset as a Unix time. */
function retryAt(headers: Headers, now: Date): Date {
  const after = headers.get("retry-after");
  const reset = headers.get("x-ratelimit-reset");
  const named =
    after !== null && /^\d{1,9}$/.test(after)
      ? now.getTime() + Number(after) * 1_000
      : after !== null
        ? Date.parse(after)
        : reset !== null
          ? Number(reset) * 1_000
          : Number.NaN;
  const at = Number.isFinite(named) ? named : now.getTime() + defaultPauseMs;
  return new Date(Math.min(Math.max(at, now.getTime()), now.getTime() + maxPauseMs));
}

const said = z.object({
  message: z.string().optional().catch(undefined),
  detail: z
    .union([z.string(), z.array(z.object({ msg: z.string() })).transform(([first]) => first?.msg)])
    .optional()
    .catch(undefined),
  error: z.string().optional().catch(undefined),
  error_code: z.string().optional().catch(undefined),
});
const nothingSaid = { message: "", code: "" } as const;

/** What servers call their message: "message", FastAPI's "detail", or "error"; and MLflow's word for it. */
function messageOf(text: string): { readonly message: string; readonly code: string } {
  const parsed = said.safeParse(jsonOf(text));
  if (!parsed.success) return nothingSaid;
  const { message, detail, error, error_code } = parsed.data;
  return { message: message ?? detail ?? error ?? "", code: error_code ?? "" };
}

/** What a server says may hold anything; it is shown on one line, without secrets. */
function plain(text: string, { headers, url }: HttpQuestion<unknown>): string {
  let shown = startOf(text, 2_000);
  const values = [...Object.values(headers), ...url.searchParams.values()];
  for (const secret of values.flatMap((value) => [value, ...value.split(/[\s,]+/)]))
    if (secret.length >= 8) shown = shown.replaceAll(secret, "…");
  return oneLine(redact(shown).text, 200);
}

/** Without the query, which may be long. */
function pathOf({ url }: HttpQuestion<unknown>): string {
  return oneLine(url.pathname, 150);
}

/** "ECONNREFUSED": the code and not the message, which may hold the address. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  if (typeof code === "string") return oneLine(code, 60);
  return error instanceof Error ? error.name : "unknown";
}

class TooLargeError extends Error {
  override readonly name = "TooLargeError";
}

/** The text, or an error when it is longer than allowed: what is not read is not kept in memory. */
async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBodyBytes)
      throw new TooLargeError(`its answer is larger than ${maxBodyBytes / 1024 / 1024} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
