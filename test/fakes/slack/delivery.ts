/** From Slack to the app, by socket or by signed HTTP, with retries for events. */
import { createHmac, randomUUID } from "node:crypto";
import type { Envelope, SocketAck, SocketHub } from "./sockets.ts";

/** One request as delivered to the app. */
export interface Delivery {
  readonly kind: Envelope["type"];
  readonly payload: Readonly<Record<string, unknown>>;
  readonly attempts: number;
  readonly isAcked: boolean;
  readonly ackPayload: unknown;
  /** What the person sees under the command or button when the app did not acknowledge in time. */
  readonly shownError: "dispatch_failed" | "operation_timeout" | null;
}

export interface CourierOptions {
  readonly sockets: SocketHub;
  readonly ackWithinMs: number;
  readonly retryDelaysMs: readonly number[];
  /** Address for HTTP mode, or null for sockets. */
  readonly requestUrl: () => string | null;
  readonly signingSecret: () => string;
  readonly now: () => number;
}

export interface Courier {
  /** Commands and interactions once; events again until they are acknowledged or Slack gives up. */
  deliver(kind: Envelope["type"], payload: Readonly<Record<string, unknown>>): Promise<Delivery>;
  deliverOnce(
    kind: Envelope["type"],
    payload: Readonly<Record<string, unknown>>,
    attempt: number,
  ): Promise<SocketAck>;
  sign(body: string, at: Date): Readonly<Record<string, string>>;
}

export function createCourier(options: CourierOptions): Courier {
  async function deliver(
    kind: Envelope["type"],
    payload: Readonly<Record<string, unknown>>,
  ): Promise<Delivery> {
    const delays = kind === "events_api" ? options.retryDelaysMs : [];
    for (let attempt = 0; ; attempt += 1) {
      const ack = await deliverOnce(kind, payload, attempt);
      const delay = delays[attempt];
      if (ack.kind === "acked" || delay === undefined) return conclude(kind, payload, attempt + 1, ack);
      await new Promise((resolve) => setTimeout(resolve, delay));
    }
  }

  function deliverOnce(
    kind: Envelope["type"],
    payload: Readonly<Record<string, unknown>>,
    attempt: number,
  ): Promise<SocketAck> {
    const target = options.requestUrl();
    if (target !== null) return post(target, kind, payload, attempt);
    const retry = { retry_attempt: attempt, retry_reason: attempt === 0 ? "" : "timeout" };
    const envelope = {
      type: kind,
      envelope_id: randomUUID(),
      payload,
      accepts_response_payload: kind !== "events_api",
      ...(kind === "events_api" ? retry : {}),
    };
    return options.sockets.send(envelope, options.ackWithinMs);
  }

  /** Commands are a form, interactions a form with `payload`, events JSON. */
  async function post(
    target: string,
    kind: Envelope["type"],
    payload: Readonly<Record<string, unknown>>,
    attempt: number,
  ): Promise<SocketAck> {
    const body = bodyOf(kind, payload);
    const isEvent = kind === "events_api";
    const retry = { "x-slack-retry-num": String(attempt), "x-slack-retry-reason": "http_timeout" };
    try {
      const response = await fetch(target, {
        method: "POST",
        headers: {
          "content-type": isEvent ? "application/json" : "application/x-www-form-urlencoded",
          ...sign(body, new Date(options.now())),
          ...(attempt === 0 ? {} : retry),
        },
        body,
        signal: AbortSignal.timeout(options.ackWithinMs),
      });
      const text = await response.text();
      if (response.status !== 200) return { kind: "closed" };
      const isJson = (response.headers.get("content-type") ?? "").startsWith("application/json");
      return { kind: "acked", payload: isJson ? JSON.parse(text) : text };
    } catch {
      return { kind: "timeout" };
    }
  }

  function sign(body: string, at: Date): Readonly<Record<string, string>> {
    const timestamp = String(Math.floor(at.getTime() / 1000));
    const digest = createHmac("sha256", options.signingSecret())
      .update(`v0:${timestamp}:${body}`)
      .digest("hex");
    return { "x-slack-request-timestamp": timestamp, "x-slack-signature": `v0=${digest}` };
  }

  return { deliver, deliverOnce, sign };
}

function bodyOf(kind: Envelope["type"], payload: Readonly<Record<string, unknown>>): string {
  if (kind === "events_api") return JSON.stringify(payload);
  if (kind === "interactive") return new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const fields = Object.entries(payload).map(([key, value]): [string, string] => [key, String(value)]);
  return new URLSearchParams(fields).toString();
}

function conclude(
  kind: Envelope["type"],
  payload: Readonly<Record<string, unknown>>,
  attempts: number,
  ack: SocketAck,
): Delivery {
  if (ack.kind === "acked")
    return { kind, payload, attempts, isAcked: true, ackPayload: ack.payload, shownError: null };
  const shownError = ack.kind === "timeout" ? "operation_timeout" : "dispatch_failed";
  return { kind, payload, attempts, isAcked: false, ackPayload: undefined, shownError };
}
