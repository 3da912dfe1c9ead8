/** HTTP mode: Slack calls us. A receiver for Bolt that is a request handler of the bot's own server. */
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { App, Receiver } from "@slack/bolt";
import { referenceOf, referTo } from "../../../domain/command/reference.ts";
import type { Log } from "../../../ports/observability.ts";
import type { Secret } from "../../../ports/secret.ts";

/** Slack's own bodies stay far below. */
const largestBodyBytes = 1_000_000;
const readWithinMs = 5_000;
/** How far the sender's clock may be from ours, either way. */
export const clockToleranceSeconds = 300;

export type SignatureCheck = "valid" | "missing" | "stale" | "invalid";

/**
 * Checks Slack's v0 signature over the raw bytes, in constant time. Timestamps too far in the past and, unlike Bolt's
 * own check, in the future are refused.
 * @see https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export function checkSignature(request: {
  readonly secret: string;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
  readonly body: Uint8Array;
  readonly now: Date;
}): SignatureCheck {
  const { secret, timestamp, signature, body, now } = request;
  if (timestamp === undefined || signature === undefined) return "missing";
  if (!/^\d{1,12}$/.test(timestamp)) return "invalid";
  if (Math.abs(now.getTime() / 1000 - Number(timestamp)) > clockToleranceSeconds) return "stale";
  const expected = createHmac("sha256", secret).update(`v0:${timestamp}:`).update(body).digest();
  const given = Buffer.from(/^v0=([0-9a-f]{64})$/.exec(signature)?.[1] ?? "", "hex");
  return given.length === expected.length && timingSafeEqual(given, expected) ? "valid" : "invalid";
}

export interface HttpReceiver extends Receiver {
  /** Mount at POST /slack/events; wants the request unread. */
  readonly handler: RequestListener;
}

export interface HttpReceiverOptions {
  readonly signingSecret: Secret;
  readonly log: Log;
  readonly now: () => Date;
}

/** A receiver whose server is not its own. What Bolt does not acknowledge is answered 503, so that Slack retries. */
export function createHttpReceiver({ signingSecret, log, now }: HttpReceiverOptions): HttpReceiver {
  let app: App | null = null;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== "POST") return answer(response, 405, "POST only");
    const body = await readBody(request);
    if (body === null) return answer(response, 413, "too large or too slow");
    const check = await checkSender(request, body);
    if (check !== "valid") {
      const reference = referenceOf(randomUUID());
      log.warn(
        { check, reference },
        "slack: a request without a valid signature was refused; is SLACK_SIGNING_SECRET right?",
      );
      return answer(response, 401, referTo(`signature ${check}`, reference));
    }
    const payload = parsePayload(body, headerOf(request, "content-type") ?? "");
    if (payload === null) return answer(response, 400, "neither JSON nor a form with a payload");
    if (payload["type"] === "url_verification")
      return answerJson(response, { challenge: payload["challenge"] });
    if (payload["ssl_check"] !== undefined) return answer(response, 200, "");
    await dispatch(payload, request, response);
  }

  /** By the secret in use, or by the one that has taken its place. */
  async function checkSender(request: IncomingMessage, body: Uint8Array): Promise<SignatureCheck> {
    const check = (secret: string) =>
      checkSignature({
        secret,
        timestamp: headerOf(request, "x-slack-request-timestamp"),
        signature: headerOf(request, "x-slack-signature"),
        body,
        now: now(),
      });
    const secret = signingSecret.current();
    const first = check(secret);
    if (first !== "invalid" || !(await signingSecret.hasChangedFrom(secret))) return first;
    return check(signingSecret.current());
  }

  async function dispatch(
    payload: Record<string, unknown>,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const retry = Number.parseInt(headerOf(request, "x-slack-retry-num") ?? "", 10);
    const reason = headerOf(request, "x-slack-retry-reason");
    await app?.processEvent({
      body: payload,
      ack: async (text?: unknown) => acknowledge(response, text),
      ...(Number.isNaN(retry) ? {} : { retryNum: retry }),
      ...(reason === undefined ? {} : { retryReason: reason }),
    });
    if (!response.headersSent) answer(response, 503, "not saved; please retry");
  }

  return {
    init: (created: App) => {
      app = created;
    },
    // The bot's own server listens; nothing to open or close here.
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    handler: (request, response) => {
      serve(request, response).catch((error: unknown) => {
        log.error(
          { error: error instanceof Error ? error.message : String(error) },
          "slack: a request failed",
        );
        if (!response.headersSent) answer(response, 503, "please retry");
      });
    },
  };
}

function acknowledge(response: ServerResponse, body: unknown): void {
  if (response.headersSent) return;
  if (typeof body === "object" && body !== null) answerJson(response, body);
  else answer(response, 200, typeof body === "string" ? body : "");
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(text);
}

function answerJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** The raw bytes, or null when there are too many or they do not come. */
async function readBody(request: IncomingMessage): Promise<Uint8Array | null> {
  const timer = setTimeout(() => request.destroy(), readWithinMs);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of request) {
      // Without an encoding set, an IncomingMessage yields Buffers.
      const bytes = chunk as Uint8Array;
      size += bytes.length;
      if (size > largestBodyBytes) return null;
      chunks.push(bytes);
    }
    return Buffer.concat(chunks);
  } finally {
    clearTimeout(timer);
  }
}

/** Events are JSON; slash commands a form; interactions a form with JSON in `payload`. */
function parsePayload(body: Uint8Array, contentType: string): Record<string, unknown> | null {
  const text = Buffer.from(body).toString("utf8");
  if (contentType.startsWith("application/json")) return parseObject(text);
  const form = new URLSearchParams(text);
  const payload = form.get("payload");
  if (payload !== null) return parseObject(payload);
  const fields = Object.fromEntries(form);
  return Object.keys(fields).length === 0 ? null : fields;
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    // An object from JSON has string keys and unknown values.
    return isObject ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
