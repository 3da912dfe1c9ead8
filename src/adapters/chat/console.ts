/**
 * The console: a chat platform that is a web page of the bot itself. Messages are rows of the store, so posting is
 * local and, by its unique key, happens exactly once; pages are told by server-sent events.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Person } from "../../domain/people/person.ts";
import type {
  Channel,
  Chat,
  ChatDoor,
  CommandRequest,
  CommandShape,
  Finding,
  FindResult,
  MessageRef,
  OutgoingMessage,
  PostResult,
} from "../../ports/chat.ts";
import type { ConsoleMessages } from "../../ports/console.ts";
import { type Clock, type Log, systemClock } from "../../ports/observability.ts";
import type { Pages } from "../../ports/page.ts";
import type { PostStore } from "../../ports/post.ts";
import { loadAssets } from "./console/assets.ts";
import { consolePlatform, createDesk, type Doorway } from "./console/desk.ts";
import { createFeed } from "./console/feed.ts";
import { createRoutes } from "./console/routes.ts";
import { createSessions } from "./console/session.ts";
import { answerKey } from "./console/wire.ts";

export interface ConsoleOptions {
  readonly messages: ConsoleMessages;
  /** To find the card of `/incidents/12`. */
  readonly posts: Pick<PostStore, "channelsOf" | "findBySubject">;
  /** Everyone configured; a person's account on platform "console" is their id. */
  readonly people: readonly Person[];
  /** Person id to sha256 (64 lowercase hex characters) of their console token. */
  readonly tokens: ReadonlyMap<string, string>;
  /** Whether the bot listens on loopback only. Then, and without tokens, nobody needs to sign in. */
  readonly isLoopback: boolean;
  /** Signs session cookies; at least 32 random bytes, the same on every replica and after a restart. */
  readonly sessionKey: Uint8Array;
  /** Ids of the configured console channels: shown although empty. */
  readonly channels: readonly string[];
  /** What there is to look at beside the channels; absent for nothing, as for doctor. */
  readonly pages?: Pages;
  /** How far triage lags behind what was received, ms; null when unknown. Shown at the top of the page. */
  readonly lagMs?: () => number | null;
  readonly log: Log;
  readonly clock?: Clock;
  /** How often to look for what other replicas wrote when nothing tells, ms. */
  readonly pollMs?: number;
  readonly maxStreams?: number;
}

/** The chat, and what the bot's HTTP server mounts. */
export interface Console extends Chat {
  /** Answers a request whose path is the console's; false, having done nothing, for every other. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

/** Private answers are removed after this long: they are for whoever asked, then. */
const privateLifetimeMs = 24 * 3_600_000;
const pruneEveryMs = 3_600_000;

/**
 * Loads the page and prepares the console; it answers from {@link Chat.start} on.
 * @throws when the page's files are missing or the session key is too short.
 */
export async function createConsole(options: ConsoleOptions): Promise<Console> {
  const { messages, log } = options;
  const clock = options.clock ?? systemClock;
  const lagMs = options.lagMs ?? (() => null);
  const sessions = createSessions({ ...options, key: options.sessionKey });
  const desk = createDesk(options);
  const feed = createFeed({
    messages,
    clock,
    log,
    lagMs,
    pollMs: options.pollMs ?? 1_000,
    statusMs: 5_000,
    maxStreams: options.maxStreams ?? 500,
    maxStreamsPerSession: 20,
    maxUnreadBytes: 4_000_000,
  });
  let doorway: Doorway | null = null;
  let pruning: NodeJS.Timeout | null = null;
  const assets = await loadAssets();
  const handle = createRoutes({
    assets,
    desk,
    feed,
    sessions,
    people: options.people,
    pages: options.pages ?? null,
    doorway: () => doorway,
    lagMs,
    clock,
    log,
  });

  async function start(door: ChatDoor, commands: readonly CommandShape[]): Promise<void> {
    doorway = { door, commands };
    await feed.start();
    pruning = setInterval(() => void prune(), pruneEveryMs);
    pruning.unref();
  }

  async function stop(): Promise<void> {
    doorway = null;
    if (pruning !== null) clearInterval(pruning);
    await feed.stop();
  }

  async function post(channel: Channel, message: OutgoingMessage): Promise<PostResult> {
    try {
      const id = await messages.add({
        key: message.key,
        channel: channel.id,
        threadOf: threadIdOf(message.thread),
        audience: null,
        view: message.view,
        at: clock.now(),
      });
      feed.poke();
      return { kind: "posted", ref: refTo(channel, id) };
    } catch (error) {
      return { kind: "ambiguous", problem: problemOf(error) };
    }
  }

  async function edit(ref: MessageRef, message: OutgoingMessage): Promise<PostResult> {
    try {
      const isThere = await messages.edit(Number(ref.data["id"]), message.view, clock.now());
      feed.poke();
      return isThere ? { kind: "posted", ref } : { kind: "missing", problem: "the message is gone" };
    } catch (error) {
      return { kind: "ambiguous", problem: problemOf(error) };
    }
  }

  async function find(channel: Channel, key: string): Promise<FindResult> {
    try {
      const found = await messages.findByKey(key);
      return found === null ? { kind: "absent" } : { kind: "found", ref: refTo(channel, found.id) };
    } catch (error) {
      return { kind: "blind", problem: problemOf(error) };
    }
  }

  /** A second answer to the same request replaces the first, so that a repeated attempt does not show twice. */
  async function answer(
    request: CommandRequest,
    view: CommandAnswer,
    visibility: "private" | "public",
  ): Promise<void> {
    const audience = visibility === "private" ? request.reply["session"] : null;
    if (audience === undefined || request.channel === null) return;
    const key = answerKey(request.key, request.reply["key"] ?? "");
    try {
      const before = await messages.findByKey(key);
      if (before !== null) await messages.edit(before.id, view, clock.now());
      else {
        const thread = Number(request.reply["thread"] ?? Number.NaN);
        const threadOf = Number.isSafeInteger(thread) ? thread : null;
        const channel = request.channel.id;
        await messages.add({ key, channel, threadOf, audience, view, at: clock.now() });
      }
      feed.poke();
    } catch (error) {
      log.error({ err: error, request: request.key }, "console: an answer could not be kept");
    }
  }

  async function prune(): Promise<void> {
    try {
      await messages.prunePrivate(new Date(clock.now().getTime() - privateLifetimeMs), 1_000);
    } catch (error) {
      log.warn({ err: error }, "console: cannot remove old private answers; trying again in an hour");
    }
  }

  async function check(): Promise<readonly Finding[]> {
    return [checkSignIn(options, sessions.mode)];
  }

  return {
    platform: consolePlatform,
    channelPaceMs: 0,
    settleMs: 0,
    start,
    stop,
    post,
    edit,
    find,
    answer,
    check,
    isConnected: () => doorway !== null,
    handle,
  };
}

type CommandAnswer = OutgoingMessage["view"];

function checkSignIn(options: ConsoleOptions, mode: "open" | "token"): Finding {
  const subject = "console";
  if (mode === "open") {
    return { status: "ok", subject, text: "open to this machine only; people say who they are" };
  }
  const count = options.tokens.size;
  if (count > 0) {
    return { status: "ok", subject, text: `${count} ${count === 1 ? "person" : "people"} can sign in` };
  }
  return {
    status: "failure",
    subject,
    text: "reachable from other machines, and nobody has a console token, so nobody can sign in",
    remedy:
      "Put the sha256 of a random token into tocsin.yaml as people.<id>.console, or set HOST=127.0.0.1.",
  };
}

function refTo(channel: Channel, id: number): MessageRef {
  return { channel, data: { id: String(id) } };
}

function threadIdOf(thread: MessageRef | undefined): number | null {
  const id = Number(thread?.data["id"] ?? Number.NaN);
  return Number.isSafeInteger(id) ? id : null;
}

function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
