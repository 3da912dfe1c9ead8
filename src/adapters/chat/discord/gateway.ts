/**
 * The gateway connection, supervised: discord.js resumes and reconnects by itself, and where it gives up or gets
 * stuck a new client takes over. A wrong token or a refused intent is said, and tried again now and then: it may be put
 * right at Discord's end.
 */
import type { Client } from "discord.js";
import type { Log, Metrics } from "../../../ports/observability.ts";
import type { Secret } from "../../../ports/secret.ts";
import { restOptions } from "./api.ts";
import { guardShards } from "./shard-guard.ts";
import { createThrottle, type SessionLimit } from "./throttle.ts";
import { bareToken, isTokenRefusal, newToken } from "./token.ts";

type Sdk = typeof import("discord.js");

/** Waits of the supervisor, ms; tests shorten them. */
export interface GatewayTiming {
  /** How long {@link Gateway.start} waits for the first connection before it goes on in the background. */
  readonly startMs: number;
  /** Waits between logins that failed. */
  readonly loginBackoffMs: readonly number[];
  /** Waits before the nth IDENTIFY within ten minutes. */
  readonly identifyBackoffMs: readonly number[];
  /** A connection lost for this long is given up and made anew. */
  readonly stuckMs: number;
  /** Wait after Discord has refused us for a reason that a person must mend. */
  readonly refusedMs: number;
  /** How often it is asked meanwhile whether there is another token. */
  readonly tokenLookMs: number;
}

export const defaultTiming: GatewayTiming = {
  startMs: 10_000,
  loginBackoffMs: [1_000, 2_000, 5_000, 15_000, 30_000, 60_000],
  identifyBackoffMs: [0, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000],
  stuckMs: 120_000,
  refusedMs: 300_000,
  tokenLookMs: 5_000,
};

export interface GatewayOptions {
  readonly sdk: Sdk;
  readonly token: Secret;
  readonly apiUrl?: string;
  readonly timing: GatewayTiming;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Sessions that Discord still allows today, or null when it does not say. */
  readonly sessionLimit: () => Promise<SessionLimit | null>;
  /** Every INTERACTION_CREATE as Discord sent it. */
  readonly onInteraction: (data: unknown) => void;
  /** Every MESSAGE_CREATE as Discord sent it. */
  readonly onMessage: (data: unknown) => void;
  /** Every MESSAGE_REACTION_ADD and MESSAGE_REACTION_REMOVE in a server; null where nobody wants to hear of them. */
  readonly onReaction: ((data: unknown, change: "added" | "removed") => void) | null;
}

export interface Gateway {
  /**
   * Resolves when connected, or when the first attempt failed for a reason that may pass.
   * @throws Error when Discord refuses the first attempt; it is tried again nevertheless.
   */
  start(): Promise<void>;
  stop(): Promise<void>;
  isConnected(): boolean;
  /** Why Discord refuses us, until it no longer does; or null. */
  problem(): string | null;
}

/** Close codes after which reconnecting is useless. @see https://discord.com/developers/docs/topics/opcodes-and-status-codes */
const fatalCloses: Readonly<Record<number, string>> = {
  4004: "Discord refused the token",
  4010: "Discord refused the shard",
  4011: "the bot is in so many servers that Discord demands sharding",
  4012: "Discord no longer speaks this version of its gateway",
  4013: "Discord refused the intents",
  4014: "Discord refused the intents",
};
const remediesOfCloses: Readonly<Record<number, string>> = {
  4013: "this needs a newer version of the bot",
  4014: "switch the intents that it asks for on in the Developer Portal, under Bot",
};
const checkEveryMs = 5_000;
const destroyMs = 3_000;

export function createGateway(options: GatewayOptions): Gateway {
  const { sdk, timing, log, metrics, onReaction } = options;
  const throttle = createThrottle({
    backoffMs: timing.identifyBackoffMs,
    sessionLimit: options.sessionLimit,
    onWait: (waitMs) => log.warn({ waitMs }, "discord: waits before starting a new session"),
  });
  const stopping = new AbortController();
  let client: Client | null = null;
  let areShardsReady = () => false;
  /** What Discord refuses this client for, and what is said of it until another one connects. */
  let refusedFor: string | null = null;
  let refusal: string | null = null;
  /** The token that Discord refused; null while it has not. */
  let refusedToken: string | null = null;
  let refusing = new AbortController();
  let running: Promise<void> = Promise.resolve();

  function start(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        log.warn({}, "discord: not connected yet; goes on in the background");
        resolve();
      }, timing.startMs);
      const started = () => {
        clearTimeout(timer);
        resolve();
      };
      const refused = (problem: string) => {
        log.error({ problem }, "discord: refused; trying again now and then");
        reject(new Error(problem));
      };
      running = supervise(started, refused)
        .then(resolve)
        .finally(() => clearTimeout(timer));
    });
  }

  /** One client after the other until stopped. */
  async function supervise(started: () => void, refused: (problem: string) => void): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      refusedFor = null;
      refusedToken = null;
      refusing = new AbortController();
      const outcome = await connectOnce();
      if (outcome === "connected") {
        failures = 0;
        refusal = null;
        started();
        await lost();
      } else if (refusedFor === null) started();
      await discard();
      refusal = refusedFor;
      if (refusal !== null && !stopping.signal.aborted) refused(refusal);
      const backoffMs = timing.loginBackoffMs;
      const waitMs = backoffMs[Math.min(failures, backoffMs.length - 1)] ?? 60_000;
      failures += 1;
      if (refusal === null) await pause(waitMs, stopping.signal);
      else await mended();
    }
  }

  /** Resolves when it is time to try again after a refusal, and earlier when there is another token than the refused. */
  async function mended(): Promise<void> {
    const since = Date.now();
    for (
      let leftMs: number = timing.refusedMs;
      leftMs > 0;
      leftMs = timing.refusedMs - (Date.now() - since)
    ) {
      if (refusedToken !== null && (await options.token.hasChangedFrom(refusedToken))) return;
      await pause(Math.min(timing.tokenLookMs, leftMs), stopping.signal);
      if (stopping.signal.aborted) return;
    }
  }

  async function connectOnce(): Promise<"connected" | "failed"> {
    const token = options.token.current();
    const next = makeClient(token);
    client = next;
    try {
      await Promise.race([next.login(bareToken(options.token)), stuckWhileConnecting()]);
      return "connected";
    } catch (error) {
      const problem = error instanceof Error ? error.message : "unknown error";
      if (isTokenRefusal(sdk, error)) {
        refusedFor ??= `discord: Discord refused the token; ${newToken}`;
        refusedToken = token;
      }
      if (!stopping.signal.aborted) log.warn({ problem }, "discord: cannot connect");
      return "failed";
    }
  }
  return { start, stop, isConnected, problem: () => refusal ?? refusedFor };

  /** @param token - what it will log in with. */
  function makeClient(token: string): Client {
    const made = new sdk.Client({
      // Mentions and direct messages carry their content without MESSAGE_CONTENT, which is privileged and not asked for.
      intents: [
        sdk.GatewayIntentBits.Guilds,
        sdk.GatewayIntentBits.GuildMessages,
        sdk.GatewayIntentBits.DirectMessages,
        ...(onReaction === null ? [] : [sdk.GatewayIntentBits.GuildMessageReactions]),
      ],
      rest: restOptions(options.apiUrl),
      enforceNonce: true,
      allowedMentions: { parse: [] },
      waitGuildTimeout: 500,
      makeCache: sdk.Options.cacheWithLimits({
        ...sdk.Options.DefaultMakeCacheSettings,
        MessageManager: 0,
        GuildMemberManager: { maxSize: 1, keepOverLimit: (member) => member.id === member.client.user.id },
        UserManager: { maxSize: 1, keepOverLimit: (user) => user.id === user.client.user.id },
        ThreadMemberManager: 0,
        ReactionManager: 0,
      }),
      ws: {
        buildIdentifyThrottler: async () => throttle,
        buildStrategy: (manager) => {
          const guarded = guardShards(new sdk.SimpleShardingStrategy(manager), onFault);
          areShardsReady = guarded.areReady;
          return guarded.strategy;
        },
      },
    });
    made.ws.on(sdk.GatewayDispatchEvents.InteractionCreate, (data: unknown) => options.onInteraction(data));
    made.ws.on(sdk.GatewayDispatchEvents.MessageCreate, (data: unknown) => options.onMessage(data));
    if (onReaction !== null) {
      const { MessageReactionAdd, MessageReactionRemove } = sdk.GatewayDispatchEvents;
      made.ws.on(MessageReactionAdd, (data: unknown) => onReaction(data, "added"));
      made.ws.on(MessageReactionRemove, (data: unknown) => onReaction(data, "removed"));
    }
    made.on(sdk.Events.Error, (error) => onFault(error));
    made.on(sdk.Events.ShardError, (error) =>
      log.warn({ problem: error.message }, "discord: connection error"),
    );
    made.on(sdk.Events.ShardReconnecting, () => {
      metrics.count("tocsin_chat_disconnects_total", { platform: "discord" });
      log.info({}, "discord: reconnecting");
    });
    made.on(sdk.Events.ShardDisconnect, ({ code }) => {
      const reason = fatalCloses[code] ?? `the gateway closed with ${code}`;
      const remedy = code === 4004 ? newToken : remediesOfCloses[code];
      if (code === 4004) refusedToken = token;
      refusedFor ??= `discord: ${reason} (${code}); ${remedy ?? "this needs a newer version of the bot"}`;
      refusing.abort();
    });
    return made;
  }

  function onFault(error: unknown): void {
    log.warn({ problem: error instanceof Error ? error.message : "unknown" }, "discord: fault in the client");
  }

  function isConnected(): boolean {
    return client !== null && areShardsReady();
  }

  /** Resolves when the connection is beyond hope: refused, stopped, or gone for too long. */
  async function lost(): Promise<void> {
    let aliveAt = Date.now();
    while (!stopping.signal.aborted && refusedFor === null) {
      metrics.gauge("tocsin_chat_connected", isConnected() ? 1 : 0, { platform: "discord" });
      if (isConnected() || throttle.isWaiting()) aliveAt = Date.now();
      if (Date.now() - aliveAt > timing.stuckMs) {
        metrics.count("tocsin_chat_reconnects_total", { platform: "discord" });
        log.warn({}, "discord: the connection does not come back; starting a new one");
        return;
      }
      await pause(
        Math.min(checkEveryMs, timing.stuckMs),
        AbortSignal.any([stopping.signal, refusing.signal]),
      );
    }
  }

  /** discord.js waits for ever for its first connection. */
  async function stuckWhileConnecting(): Promise<never> {
    let aliveAt = Date.now();
    while (!stopping.signal.aborted && refusedFor === null && Date.now() - aliveAt <= timing.stuckMs) {
      if (throttle.isWaiting()) aliveAt = Date.now();
      await pause(Math.min(checkEveryMs, timing.stuckMs), stopping.signal);
    }
    throw new Error("no connection in time");
  }

  async function discard(): Promise<void> {
    const old = client;
    client = null;
    if (old === null) return;
    // Close frames may never come back from a dead peer.
    await Promise.race([old.destroy().catch(onFault), pause(destroyMs, null)]);
  }

  async function stop(): Promise<void> {
    stopping.abort();
    await discard();
    await running.catch(onFault);
  }
}

/** Resolves after a time or when aborted, whichever comes first. */
function pause(ms: number, signal: AbortSignal | null): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
    function done() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    }
  });
}
