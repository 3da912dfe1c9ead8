/**
 * Live updates: every open page has a stream of server-sent events with its own place in the order of revisions. One
 * pump reads what is new and gives each stream what it may see, so that a reconnect, another replica's message and a
 * local one all take the same way.
 */
import type { ServerResponse } from "node:http";
import type { ConsoleMessage, ConsoleMessages } from "../../../ports/console.ts";
import type { Clock, Log } from "../../../ports/observability.ts";
import { toWire } from "./wire.ts";

export interface FeedOptions {
  readonly messages: ConsoleMessages;
  readonly clock: Clock;
  readonly log: Log;
  /** How far triage lags behind what was received, ms; null when unknown. */
  readonly lagMs: () => number | null;
  /** How often to ask for what other replicas wrote, ms. */
  readonly pollMs: number;
  /** How often each page hears that all is well, ms. */
  readonly statusMs: number;
  readonly maxStreams: number;
  readonly maxStreamsPerSession: number;
  /** A page that has this much unread is cut off, bytes; it reconnects and catches up. */
  readonly maxUnreadBytes: number;
}

export interface Subscription {
  readonly sessionId: string;
  /** Told to the page, which may have been left open while its browser became someone else. */
  readonly personId: string | null;
  /** What the page has seen; null for everything up to now. */
  readonly since: number | null;
  readonly expiresAt: Date;
  readonly response: ServerResponse;
}

export interface Feed {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Something was just written here: look now. */
  poke(): void;
  /** Null when there is room for one more stream, else why not. */
  room(sessionId: string): "too_many" | "too_many_of_yours" | null;
  /** Takes over the response, whose head is written. */
  subscribe(subscription: Subscription): void;
  streamCount(): number;
}

interface Stream {
  readonly response: ServerResponse;
  readonly sessionId: string;
  readonly expiresAt: Date;
  /** Null until the pump has placed it at the newest revision. */
  revision: number | null;
}

const batchSize = 200;
/** A page further behind than this loads its state anew. */
const maxCatchUp = 1_000;
const maxRounds = 50;

export function createFeed(options: FeedOptions): Feed {
  const streams = new Set<Stream>();
  let isRunning = false;
  let pumping: Promise<void> | null = null;
  let isPokedAgain = false;
  let isStoreAway = false;
  let timers: NodeJS.Timeout[] = [];
  let watch: { stop(): Promise<void> } | null = null;

  async function start(): Promise<void> {
    isRunning = true;
    timers = [setInterval(poke, options.pollMs), setInterval(sendStatus, options.statusMs)];
    try {
      watch = await options.messages.watch(poke);
    } catch (error) {
      options.log.warn(
        { err: error },
        "console: cannot listen to other replicas; asking every so often instead",
      );
    }
  }

  async function stop(): Promise<void> {
    isRunning = false;
    for (const timer of timers) clearInterval(timer);
    await watch?.stop();
    for (const stream of streams) stream.response.end();
    streams.clear();
    await pumping;
  }

  function room(sessionId: string): "too_many" | "too_many_of_yours" | null {
    if (!isRunning || streams.size >= options.maxStreams) return "too_many";
    const own = [...streams].filter((stream) => stream.sessionId === sessionId);
    return own.length >= options.maxStreamsPerSession ? "too_many_of_yours" : null;
  }

  function subscribe(subscription: Subscription): void {
    const { response, sessionId, personId, since, expiresAt } = subscription;
    const stream: Stream = { response, sessionId, expiresAt, revision: since };
    streams.add(stream);
    response.on("close", () => streams.delete(stream));
    response.on("error", () => streams.delete(stream));
    // Told at once, so that proxies and the page see an open stream before the first news.
    write(stream, `retry: 1000\n\n${event("hello", { person: personId })}${statusEvent()}`);
    poke();
  }

  function poke(): void {
    if (!isRunning || streams.size === 0) return;
    if (pumping !== null) {
      isPokedAgain = true;
      return;
    }
    pumping = pump().finally(() => {
      pumping = null;
      if (isPokedAgain) {
        isPokedAgain = false;
        poke();
      }
    });
  }

  async function pump(): Promise<void> {
    try {
      const newest = await options.messages.newestRevision();
      place(newest);
      for (let round = 0; isRunning && round < maxRounds && (await deliver()); round += 1) {
        // Each round moves the stream that is last ahead; what is left after them all waits for the next poll.
      }
      setStoreAway(false);
    } catch (error) {
      options.log.warn({ err: error }, "console: cannot read messages; trying again");
      setStoreAway(true);
    }
  }

  /** Puts streams that are new, too far behind or ahead of a restored database at the newest revision. */
  function place(newest: number): void {
    for (const stream of streams) {
      if (stream.revision === null) stream.revision = newest;
      else if (newest - stream.revision > maxCatchUp || stream.revision > newest) {
        stream.revision = newest;
        write(stream, event("reset", { revision: newest }, newest));
      }
    }
  }

  /** Sends the next batch to whoever lacks it; false when nobody lacks anything. */
  async function deliver(): Promise<boolean> {
    const placed = [...streams].filter((stream) => stream.revision !== null);
    if (placed.length === 0) return false;
    const from = Math.min(...placed.map((stream) => stream.revision ?? 0));
    const batch = await options.messages.changedSince(from, batchSize);
    const last = batch.at(-1);
    if (last === undefined) return false;
    const chunks = batch.map((message) => ({ message, text: messageEvent(message) }));
    for (const stream of placed) {
      const seen = stream.revision ?? 0;
      const news = chunks.filter(
        ({ message }) =>
          message.revision > seen && (message.audience === null || message.audience === stream.sessionId),
      );
      if (news.length > 0) write(stream, news.map((chunk) => chunk.text).join(""));
      stream.revision = Math.max(seen, last.revision);
    }
    return true;
  }

  function sendStatus(): void {
    const now = options.clock.now();
    for (const stream of streams) {
      if (stream.expiresAt <= now) drop(stream);
      else write(stream, statusEvent());
    }
  }

  function statusEvent(): string {
    return event("status", {
      now: options.clock.now().toISOString(),
      lagMs: options.lagMs(),
      isStoreAway,
    });
  }

  function setStoreAway(isAway: boolean): void {
    if (isAway === isStoreAway) return;
    isStoreAway = isAway;
    sendStatus();
  }

  function write(stream: Stream, text: string): void {
    if (stream.response.writableLength > options.maxUnreadBytes) {
      drop(stream);
      return;
    }
    stream.response.write(text);
  }

  function drop(stream: Stream): void {
    streams.delete(stream);
    stream.response.destroy();
  }

  return { start, stop, poke, room, subscribe, streamCount: () => streams.size };
}

function messageEvent(message: ConsoleMessage): string {
  return event("message", toWire(message), message.revision);
}

/** @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream */
function event(name: string, data: unknown, id?: number): string {
  return `event: ${name}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
