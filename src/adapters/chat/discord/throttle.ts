/**
 * Slows down new gateway sessions. Discord allows a thousand IDENTIFYs a day and then resets the bot's token, and
 * discord.js makes a new one every five seconds when sessions keep breaking. Within a process the waits grow; across
 * restarts Discord's own count of what is left slows down a crash loop.
 */

/** What is left of today's sessions. @see https://discord.com/developers/docs/events/gateway#session-start-limit-object */
export interface SessionLimit {
  readonly total: number;
  readonly remaining: number;
  readonly resetAfterMs: number;
}

export interface ThrottleOptions {
  /** Waits before the nth session within ten minutes, ms. */
  readonly backoffMs: readonly number[];
  readonly sessionLimit: () => Promise<SessionLimit | null>;
  readonly onWait: (waitMs: number) => void;
  /** Milliseconds; injected for tests. */
  readonly now?: () => number;
}

const windowMs = 10 * 60_000;
/** With fewer sessions left than this part of the total, they are spread over what is left of the day. */
const scarceRatio = 0.2;
const maxSpreadMs = 10 * 60_000;

export function createThrottle(options: ThrottleOptions) {
  const now = options.now ?? Date.now;
  let recent: number[] = [];
  let waiting = 0;

  /** Resolves when the next session may start; rejects when the signal is aborted. */
  async function waitForIdentify(_shardId: number, signal: AbortSignal): Promise<void> {
    waiting += 1;
    try {
      recent = recent.filter((at) => now() - at < windowMs);
      const own = options.backoffMs[Math.min(recent.length, options.backoffMs.length - 1)] ?? 0;
      const waitMs = Math.max(own, scarcityMs(await options.sessionLimit()));
      if (waitMs >= 1_000) options.onWait(waitMs);
      await delay(waitMs, signal);
      recent.push(now());
    } finally {
      waiting -= 1;
    }
  }

  return { waitForIdentify, isWaiting: () => waiting > 0 };
}

/** How long to wait because few sessions are left, ms. */
export function scarcityMs(limit: SessionLimit | null): number {
  if (limit === null) return 0;
  if (limit.remaining <= 0) return limit.resetAfterMs;
  if (limit.remaining >= limit.total * scarceRatio) return 0;
  return Math.min(maxSpreadMs, limit.resetAfterMs / limit.remaining);
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Error("aborted"));
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      if (signal.aborted) reject(new Error("aborted"));
      else resolve();
    }
  });
}
