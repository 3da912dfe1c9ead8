/** How long a rollout has been under way, how often it is looked at, and when that is too long. */
import { addElapsed, beginElapsed, type Elapsed } from "../bake/elapsed.ts";
import type { Rollout } from "../rollout.ts";
import { duration } from "../view.ts";

/** The most that one look adds to the time that work has run. */
const maxLookMs = 60_000;

/** The time after one more look. Time that was looked on, not time by the clock: a clock that jumps ends nothing. */
export function lookedOn(elapsed: Elapsed | null, now: Date): Elapsed {
  return elapsed === null ? beginElapsed(now) : addElapsed(elapsed, now, maxLookMs);
}

/** A tenth of the time it has run, within limits: quick things look quick, long ones are not asked all the time. */
export function pollDelayMs(
  { elapsed }: Pick<Rollout, "elapsed">,
  limits: { readonly pollMs: number; readonly maxPollMs: number },
): number {
  const runningMs = elapsed?.ms ?? 0;
  return Math.min(limits.maxPollMs, Math.max(limits.pollMs, runningMs / 10));
}

/** What to do about a rollout that takes too long: stop it, or ask a person. */
export interface Overdue {
  readonly kind: "cancel" | "ask";
  /** One plain line. */
  readonly why: string;
}

/**
 * @param limits - `timeoutMs`: of the model, null for none. `stopMs`: how long what ran into it may take to stop.
 * `maxRunMs`: how long the bot looks on at all.
 * @returns null while it does not take too long.
 */
export function overdueOf(
  { elapsed, state, progress }: Pick<Rollout, "elapsed" | "state" | "progress">,
  limits: { readonly timeoutMs: number | null; readonly stopMs: number; readonly maxRunMs: number },
): Overdue | null {
  const ms = elapsed?.ms ?? 0;
  if (ms > limits.maxRunMs) {
    return { kind: "ask", why: "it was still running when the bot stopped watching it" };
  }
  if (limits.timeoutMs === null || ms <= limits.timeoutMs) return null;
  const why = `it took longer than ${duration(limits.timeoutMs)}`;
  if (ms > limits.timeoutMs + limits.stopMs) return { kind: "ask", why: `${why} and did not stop` };
  return state === "running" && progress.cancelProblem === null ? { kind: "cancel", why } : null;
}
