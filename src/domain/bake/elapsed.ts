import { z } from "zod";

/**
 * Time that passed while somebody was looking. Each look adds the time since the last one, and never more than a few
 * looks can lie apart: a step of the system clock, or a night in which the bot was down, counts as next to nothing.
 */
export interface Elapsed {
  /** Time that counts, ms. */
  readonly ms: number;
  /** When somebody last looked, by the clock of whoever did (ISO 8601). */
  readonly at: string;
  /** True when a look lay before the one before it: times by that clock cannot be compared. */
  readonly wentBack: boolean;
}

const stored = z.object({ ms: z.number(), at: z.iso.datetime(), wentBack: z.boolean() });

/** What was kept of it as JSON; null when nothing was. */
export function readElapsed(kept: unknown): Elapsed | null {
  const parsed = stored.safeParse(kept);
  return parsed.success ? parsed.data : null;
}

/** Clocks of replicas differ a little; less than this is no step back, ms. */
const toleranceMs = 2_000;

export function beginElapsed(now: Date): Elapsed {
  return { ms: 0, at: now.toISOString(), wentBack: false };
}

/** @param maxStepMs - the most that one look may add. */
export function addElapsed(before: Elapsed, now: Date, maxStepMs: number): Elapsed {
  const passedMs = now.getTime() - Date.parse(before.at);
  return {
    ms: before.ms + Math.min(Math.max(passedMs, 0), maxStepMs),
    at: now.toISOString(),
    wentBack: before.wentBack || passedMs < -toleranceMs,
  };
}
