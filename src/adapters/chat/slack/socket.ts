/**
 * Keeps Socket Mode connected. The SDK's own reconnecting is off: a reconnect that fails there is an unhandled
 * rejection that ends the process, waits five seconds where none are needed, and a rate-limit envelope crashes it
 * (measured with @slack/socket-mode 3.1.0).
 * @see https://github.com/slackapi/bolt-js/issues/2496
 */
import type { SocketModeReceiver } from "@slack/bolt";
import { z } from "zod";
import type { Log, Metrics } from "../../../ports/observability.ts";

type SocketClient = SocketModeReceiver["client"];

export interface SocketSupervisor {
  /**
   * Resolves once connected or once the first attempt has failed for a reason that may pass. Keeps trying in any case.
   * @throws Error when Slack says that the app token or the app's settings are wrong.
   */
  start(): Promise<void>;
  stop(): Promise<void>;
  isConnected(): boolean;
}

export interface SocketOptions {
  readonly client: SocketClient;
  /** Opens a connection; resolves at Slack's hello. */
  readonly connect: () => Promise<unknown>;
  /** Error code of a failed call to apps.connections.open, or null for anything else. */
  readonly codeOf: (error: unknown) => string | null;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly connectWithinMs?: number;
  readonly backoffMs?: { readonly first: number; readonly most: number };
}

/** Codes of apps.connections.open that no waiting mends. */
const wrongConfiguration: Readonly<Record<string, string>> = {
  invalid_auth: "Slack does not accept SLACK_APP_TOKEN; make one under Basic Information → App-Level Tokens",
  not_authed: "Slack got no app token; set SLACK_APP_TOKEN",
  token_revoked: "SLACK_APP_TOKEN was revoked; make a new one under Basic Information → App-Level Tokens",
  account_inactive: "the app was removed from the workspace; install it again",
  not_allowed_token_type: "SLACK_APP_TOKEN must be an app-level token (xapp-…)",
  missing_scope: "SLACK_APP_TOKEN needs the scope connections:write",
  no_permission: "SLACK_APP_TOKEN needs the scope connections:write",
  team_disabled: "the workspace is disabled",
};

/** A connection that lived shorter counts as a failed one, so that a flapping one is not hammered. */
const shortLifeMs = 2_000;
const stopWithinMs = 2_000;

/** Supervises one client; `start` may be called once. */
export function superviseSocket(options: SocketOptions): SocketSupervisor {
  const { client, log, metrics } = options;
  const backoff = options.backoffMs ?? { first: 250, most: 30_000 };
  const connectWithinMs = options.connectWithinMs ?? 15_000;
  const stopping = new AbortController();
  let isUp = false;
  let running: Promise<void> = Promise.resolve();

  guardMessages(client, log, metrics);

  function setUp(up: boolean): void {
    isUp = up;
    metrics.gauge("tocsin_chat_connected", up ? 1 : 0, { platform: "slack" });
  }

  /** One connection from attempt to end; returns how long it lived, or why it did not come to be. */
  async function connection(
    onUp: () => void,
  ): Promise<{ readonly livedMs: number } | { readonly error: unknown }> {
    let close: () => void = () => undefined;
    // Listening before connecting: a connection may end in the very turn in which it begins.
    const closed = new Promise<void>((resolve) => {
      close = resolve;
    });
    client.once("disconnected", close);
    try {
      await within(options.connect(), connectWithinMs);
    } catch (error) {
      client.off("disconnected", close);
      await abandon();
      return { error };
    }
    if (stopping.signal.aborted) {
      await abandon();
      return { livedMs: 0 };
    }
    const since = performance.now();
    setUp(true);
    onUp();
    await closed;
    setUp(false);
    return { livedMs: performance.now() - since };
  }

  /** Ends what a failed attempt may have left half open, so that it cannot come to life beside the next. */
  async function abandon(): Promise<void> {
    await within(client.disconnect(), stopWithinMs).catch((error: unknown) =>
      log.warn({ error: textOf(error) }, "slack: a half-open socket did not close"),
    );
  }

  /** What a person has to put right, when Slack has said so. */
  function problemOf(error: unknown): string | undefined {
    return wrongConfiguration[options.codeOf(error) ?? ""];
  }

  async function run(onFirst: (outcome: { readonly error: unknown } | null) => void): Promise<void> {
    let failures = 0;
    let said: string | undefined;
    while (!stopping.signal.aborted) {
      const ended = await connection(() => {
        said = undefined;
        log.info({ failures }, "slack: connected");
        onFirst(null);
      });
      if (stopping.signal.aborted) return;
      metrics.count("tocsin_chat_reconnects_total", { platform: "slack" });
      if ("error" in ended) {
        onFirst(ended);
        failures += 1;
        const problem = problemOf(ended.error);
        if (problem !== undefined && problem !== said)
          log.error({ problem }, "slack: no commands arrive until this is put right");
        said = problem;
        log.warn({ error: textOf(ended.error), failures }, "slack: could not connect; trying again");
      } else {
        failures = ended.livedMs < shortLifeMs ? failures + 1 : 0;
        log.info({ livedMs: Math.round(ended.livedMs) }, "slack: disconnected; reconnecting");
      }
      await pause(waitMs(failures, backoff), stopping.signal);
    }
  }

  return {
    start() {
      return new Promise((resolve, reject) => {
        let isFirst = true;
        running = run((outcome) => {
          // Said at the start; it is tried again all the same, since it may be put right at Slack's end.
          if (!isFirst) return;
          isFirst = false;
          const wrong = outcome === null ? undefined : problemOf(outcome.error);
          if (wrong === undefined) return resolve();
          reject(new Error(`slack: ${wrong}`, { cause: outcome?.error }));
        });
        // Stopped before the first attempt had an outcome.
        running.then(resolve, reject);
      });
    },
    async stop() {
      stopping.abort();
      await abandon();
      await within(running, stopWithinMs).catch(() => log.warn({}, "slack: the socket did not stop in time"));
    },
    isConnected: () => isUp,
  };
}

/** Nothing at once after a good connection; then doubling, with jitter so that replicas spread. */
function waitMs(failures: number, backoff: { readonly first: number; readonly most: number }): number {
  if (failures === 0) return 0;
  const exponential = Math.min(backoff.most, backoff.first * 2 ** Math.min(failures - 1, 16));
  return exponential * (0.5 + Math.random() / 2);
}

const envelope = z.object({
  type: z.string(),
  envelope_id: z.string().optional(),
  reason: z.string().optional(),
  payload: z.object({ type: z.string().optional(), event: z.unknown() }).partial().optional(),
});

/**
 * Takes the SDK's message handler behind a guard: it is async and nobody awaits it, so whatever it throws would be an
 * unhandled rejection; and it throws for an `events_api` envelope without an event, as app_rate_limited is.
 */
function guardMessages(client: SocketClient, log: Log, metrics: Metrics): void {
  const handlers = client.listeners("ws_message");
  client.removeAllListeners("ws_message");
  client.on("ws_message", (data: unknown, isBinary: unknown) => {
    const read = envelope.safeParse(parse(data));
    if (read.success && isEventless(read.data)) {
      log.warn(
        { type: read.data.payload?.type },
        "slack: Slack sends fewer events for a while: too many came",
      );
      metrics.count("tocsin_chat_events_limited_total", { platform: "slack" });
      acknowledge(client, read.data.envelope_id, log);
      return;
    }
    if (read.success && read.data.type === "disconnect") reportDisconnect(read.data.reason, log);
    for (const handler of handlers) {
      Promise.resolve(handler(data, isBinary)).catch((error: unknown) =>
        log.error({ error: textOf(error) }, "slack: a message from the socket could not be handled"),
      );
    }
  });
}

function isEventless(message: z.infer<typeof envelope>): boolean {
  return message.type === "events_api" && typeof message.payload?.event !== "object";
}

function reportDisconnect(reason: string | undefined, log: Log): void {
  if (reason === "link_disabled")
    log.error(
      {},
      "slack: Socket Mode was switched off for the app; switch it on under Settings → Socket Mode",
    );
  else log.info({ reason }, "slack: Slack closes the socket");
}

/** The method that answers an envelope is protected in the SDK's types only. */
interface Sender {
  send(envelopeId: string, body?: unknown): Promise<void>;
}

function acknowledge(client: SocketClient, envelopeId: string | undefined, log: Log): void {
  if (envelopeId === undefined) return;
  // SocketModeClient has send(id, body) at run time (socket-mode 3.1.0, SocketModeClient.js).
  const sender = client as unknown as Sender;
  sender
    .send(envelopeId)
    .catch((error: unknown) => log.warn({ error: textOf(error) }, "slack: an envelope was not acknowledged"));
}

function parse(data: unknown): unknown {
  if (typeof data !== "string") return null;
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

/** The outcome of `work`, or a rejection after `ms`; a later rejection of `work` is of no interest then. */
async function within<Value>(work: Promise<Value>, ms: number): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no outcome within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms === 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error ?? "closed before it was open");
}
