/**
 * The stream of live updates, and what the page says of it. Connects again by itself with growing pauses; an open
 * page that hears nothing for a while does not trust its connection. A page long out of sight gives its connection
 * back, for a browser has only six per site, and looks now and then instead.
 * @import { WireMessage } from "./api.js"
 */

/**
 * @typedef {{ now: string, lagMs: number | null, isStoreAway: boolean }} BotStatus
 * @typedef {{ kind: "connecting" } | { kind: "live", status: BotStatus | null } | { kind: "lost", retryAt: number }
 *   | { kind: "asleep" }} LiveState
 * @typedef {object} LiveHandlers
 * @property {(message: WireMessage) => void} message
 * @property {(state: LiveState) => void} state
 * @property {(person: string | null) => void} hello
 * @property {() => Promise<number>} reload - loads the page's state anew; returns its revision; rejects when it cannot.
 * @property {() => Promise<void>} peek - looks for news while the page is out of sight.
 */

const silenceMs = 16_000;
const sleepAfterMs = 60_000;
const peekEveryMs = 30_000;
const pausesMs = [1_000, 2_000, 4_000, 8_000, 15_000];

/** @param {LiveHandlers} handlers */
export function createLive(handlers) {
  /** @type {EventSource | null} */
  let source = null;
  let revision = 0;
  let failures = 0;
  let isWanted = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let watchdog;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let pending;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let sleeping;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let peeking;

  /** @param {number} since */
  function start(since) {
    stop();
    isWanted = true;
    revision = since;
    open();
  }

  function stop() {
    isWanted = false;
    close();
  }

  function close() {
    source?.close();
    source = null;
    clearTimeout(watchdog);
    clearTimeout(pending);
    clearTimeout(sleeping);
    clearInterval(peeking);
  }

  function open() {
    close();
    const opened = new EventSource(`/events?since=${revision}`);
    source = opened;
    listen();
    opened.addEventListener("hello", (event) => handlers.hello(JSON.parse(event.data).person));
    opened.addEventListener("status", (event) => {
      failures = 0;
      listen();
      handlers.state({ kind: "live", status: JSON.parse(event.data) });
    });
    opened.addEventListener("message", (event) => {
      listen();
      revision = Math.max(revision, Number(event.lastEventId));
      handlers.message(JSON.parse(event.data));
    });
    opened.addEventListener("reset", () => void reload());
    opened.addEventListener("error", lose);
    if (document.hidden) sleepLater();
  }

  /** Something was heard: the connection is good for a while longer. */
  function listen() {
    clearTimeout(watchdog);
    watchdog = setTimeout(lose, silenceMs);
  }

  function lose() {
    if (!isWanted) return;
    close();
    const pause = pausesMs[Math.min(failures, pausesMs.length - 1)] ?? 15_000;
    const waitMs = pause * (0.8 + Math.random() * 0.4);
    failures += 1;
    handlers.state({ kind: "lost", retryAt: Date.now() + waitMs });
    pending = setTimeout(() => void reload(), waitMs);
  }

  /** A stream cannot say why it failed; asking for the state can, and catches up with everything missed. */
  async function reload() {
    if (!isWanted) return;
    close();
    handlers.state({ kind: "connecting" });
    try {
      revision = await handlers.reload();
    } catch {
      // The page shows what is wrong; the next attempt comes after a pause.
      lose();
      return;
    }
    if (isWanted) open();
  }

  function sleepLater() {
    clearTimeout(sleeping);
    sleeping = setTimeout(() => {
      if (!isWanted || !document.hidden) return;
      close();
      handlers.state({ kind: "asleep" });
      peeking = setInterval(() => void handlers.peek().catch(() => undefined), peekEveryMs);
    }, sleepAfterMs);
  }

  document.addEventListener("visibilitychange", () => {
    if (!isWanted) return;
    if (document.hidden) sleepLater();
    else if (source === null) void reload();
    else clearTimeout(sleeping);
  });
  addEventListener("online", () => isWanted && source === null && void reload());

  return { start, stop, retry: () => void reload() };
}
