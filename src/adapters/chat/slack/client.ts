/** One call to Slack's Web API, and what came of it. Never retries: the outbox owns retry and pacing. */
import type { webApi } from "@slack/bolt";
import { wasNeverSent } from "../../../domain/chat/never-sent.ts";
import type { Log, Metrics } from "../../../ports/observability.ts";
import type { Secret } from "../../../ports/secret.ts";

/** How long one call may take. */
export const defaultCallTimeoutMs = 10_000;

/** What is known after one call. */
export type SlackAnswer =
  | {
      readonly kind: "ok";
      readonly data: Readonly<Record<string, unknown>>;
      /** What the token may do, from the header x-oauth-scopes; null when Slack did not say. */
      readonly scopes: readonly string[] | null;
    }
  /** Slack understood and said no. `needed` is a scope that the token lacks. */
  | { readonly kind: "refused"; readonly code: string; readonly needed?: string }
  | { readonly kind: "rate_limited"; readonly retryAfterMs: number }
  /** It may have happened. */
  | { readonly kind: "ambiguous"; readonly problem: string }
  /** It did not happen. */
  | { readonly kind: "unreachable"; readonly problem: string };

export interface SlackApi {
  /** With the bot token, or with the one in `args`. */
  call(method: string, args: Readonly<Record<string, unknown>>): Promise<SlackAnswer>;
  /** Posts JSON to a response_url. */
  respond(url: string, body: Readonly<Record<string, unknown>>): Promise<SlackAnswer>;
  /** Sends a file's bytes to an upload URL. */
  upload(url: string, bytes: Uint8Array): Promise<SlackAnswer>;
  /** Whether the newest call reached Slack. */
  isReachable(): boolean;
}

/**
 * Options for one client of the SDK. A fresh object at each call: Socket Mode writes retries into the one it is given
 * (measured with @slack/socket-mode 3.1.0), and the SDK's own retries post twice.
 */
export function clientOptions(
  apiUrl: string | undefined,
  logger: webApi.Logger,
  timeoutMs: number = defaultCallTimeoutMs,
): webApi.WebClientOptions {
  return {
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
    logger,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: timeoutMs,
  };
}

export interface SlackApiOptions {
  readonly sdk: typeof webApi;
  /** Without a token of its own. */
  readonly client: webApi.WebClient;
  readonly botToken: Secret;
  /** Another bot token is used from now on. */
  readonly onNewToken: () => Promise<void>;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Codes after which Slack wants another token. */
export const tokenCodes: ReadonlySet<string> = new Set([
  "invalid_auth",
  "not_authed",
  "token_revoked",
  "token_expired",
  "account_inactive",
  "not_allowed_token_type",
]);

/** Codes after which another token, if there is one by now, may be allowed what this one is not. */
const worthAnotherToken: ReadonlySet<string> = new Set([...tokenCodes, "missing_scope"]);

/** Wraps the SDK's client so that every outcome is a value. */
export function createSlackApi(options: SlackApiOptions): SlackApi {
  const { sdk, client, botToken, log, metrics } = options;
  let reachable = false;

  async function measured(method: string, attempt: () => Promise<SlackAnswer>): Promise<SlackAnswer> {
    const answer = await attempt();
    reachable = answer.kind !== "unreachable";
    metrics.count("tocsin_chat_calls_total", { platform: "slack", method, outcome: answer.kind });
    if (answer.kind !== "ok") log.debug({ method, answer }, "slack: a call did not succeed");
    return answer;
  }

  function attempt(method: string, args: Readonly<Record<string, unknown>>): Promise<SlackAnswer> {
    return measured(method, async () => {
      try {
        return readResult(await client.apiCall(method, { ...args }));
      } catch (error) {
        return classify(sdk, error);
      }
    });
  }

  /** What is refused for its token has not happened: with another token it is asked once more. */
  async function asBot(method: string, args: Readonly<Record<string, unknown>>): Promise<SlackAnswer> {
    const token = botToken.current();
    const answer = await attempt(method, { ...args, token });
    if (answer.kind !== "refused" || !worthAnotherToken.has(answer.code)) return answer;
    if (!(await botToken.hasChangedFrom(token))) return answer;
    await options.onNewToken();
    return attempt(method, { ...args, token: botToken.current() });
  }

  return {
    call: (method, args) => ("token" in args ? attempt(method, args) : asBot(method, args)),
    respond: (url, body) =>
      measured("response_url", () => send(url, JSON.stringify(body), "application/json")),
    upload: (url, bytes) => measured("upload", () => send(url, bytes, "application/octet-stream")),
    isReachable: () => reachable,
  };
}

function readResult(result: webApi.WebAPICallResult): SlackAnswer {
  return { kind: "ok", data: { ...result }, scopes: result.response_metadata?.scopes ?? null };
}

const ambiguousCodes: ReadonlySet<string> = new Set([
  "fatal_error",
  "internal_error",
  "service_unavailable",
  "request_timeout",
  "timeout",
]);
const rateCodes: ReadonlySet<string> = new Set(["ratelimited", "rate_limited", "message_limit_exceeded"]);
const withoutRetryAfterMs = 30_000;

/** From an error of the SDK to what is known. */
export function classify(sdk: typeof webApi, error: unknown): SlackAnswer {
  if (error instanceof sdk.WebAPIRateLimitedError) return rateLimited(error.retryAfter);
  if (error instanceof sdk.WebAPIPlatformError) return classifyCode(error.data);
  if (error instanceof sdk.WebAPIHTTPError)
    return classifyStatus(error.statusCode, new Headers(error.headers));
  if (error instanceof sdk.WebAPIRequestError) return classifyNetwork(error.original);
  // The SDK throws a bare Error for a 429 without a Retry-After that it can read.
  if (error instanceof Error && error.message.startsWith("Retry header")) return rateLimited(null);
  return { kind: "ambiguous", problem: error instanceof Error ? error.message : String(error) };
}

function rateLimited(seconds: number | null): SlackAnswer {
  return {
    kind: "rate_limited",
    retryAfterMs: seconds === null ? withoutRetryAfterMs : Math.max(1, seconds) * 1000,
  };
}

function classifyCode(data: webApi.WebAPICallResult & { readonly error: string }): SlackAnswer {
  const code = data.error;
  if (rateCodes.has(code)) return rateLimited(data.response_metadata?.retryAfter ?? null);
  // A gateway's error page arrives here as the whole "code": nothing is known then.
  if (typeof code !== "string" || !/^[a-z0-9_]{1,80}$/.test(code))
    return { kind: "ambiguous", problem: "Slack's answer was not JSON; is there a gateway in between?" };
  if (ambiguousCodes.has(code)) return { kind: "ambiguous", problem: `Slack answered "${code}"` };
  const needed = "needed" in data ? data.needed : undefined;
  return typeof needed === "string" ? { kind: "refused", code, needed } : { kind: "refused", code };
}

/** 4xx comes from a gateway before Slack, so nothing was posted; 5xx may have been. */
function classifyStatus(status: number, headers: Headers): SlackAnswer {
  if (status === 429) {
    const seconds = Number.parseInt(headers.get("retry-after") ?? "", 10);
    return rateLimited(Number.isNaN(seconds) ? null : seconds);
  }
  const problem = `HTTP ${status}`;
  return status >= 500 || status === 408
    ? { kind: "ambiguous", problem }
    : { kind: "unreachable", problem: `${problem}; is SLACK_API_URL or a proxy wrong?` };
}

function classifyNetwork(error: Error): SlackAnswer {
  const codes = codesOf(error, 0);
  const wasSent = codes.length === 0 || !codes.every(wasNeverSent);
  const problem = codes[0] ?? (error.name === "TimeoutError" ? "no answer in time" : error.message);
  return wasSent ? { kind: "ambiguous", problem } : { kind: "unreachable", problem };
}

/** fetch wraps the cause, and tries several addresses at once. */
function codesOf(error: unknown, depth: number): readonly string[] {
  if (!(error instanceof Error) || depth > 5) return [];
  if (error instanceof AggregateError) return error.errors.flatMap((part) => codesOf(part, depth + 1));
  const inner = codesOf(error.cause, depth + 1);
  if (inner.length > 0) return inner;
  return "code" in error && typeof error.code === "string" ? [error.code] : [];
}

async function send(url: string, body: string | Uint8Array, contentType: string): Promise<SlackAnswer> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": contentType },
      // A copy on a plain ArrayBuffer, which is what fetch's type asks for.
      body: typeof body === "string" ? body : new Uint8Array(body),
      redirect: "error",
      signal: AbortSignal.timeout(defaultCallTimeoutMs),
    });
    const text = await response.text();
    if (response.status === 200) return { kind: "ok", data: { text }, scopes: null };
    if (response.status === 429 || response.status >= 500 || response.status === 408)
      return classifyStatus(response.status, response.headers);
    return { kind: "refused", code: `http_${response.status}` };
  } catch (error) {
    return classifyNetwork(error instanceof Error ? error : new Error(String(error)));
  }
}
