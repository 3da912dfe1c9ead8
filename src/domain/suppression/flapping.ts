/**
 * Flapping: an alert that fires and ends again and again. From the firing that reaches the limit on it is held open:
 * its ends and new firings are counted and change nothing else, until it has been quiet for a while. Time is what the
 * source says (starts and ends), so that it does not matter when a report arrives.
 */

/** When an alert counts as flapping; `flapping` in tocsin.yaml. */
export interface FlappingRule {
  /** So many firings of one fingerprint ... */
  readonly firings: number;
  /** ... within this long, ms. */
  readonly windowMs: number;
  /** It has settled when it neither fired nor ended for this long, ms. */
  readonly quietMs: number;
}

/** A fault that comes back twice is not rare; a third time within half an hour, few people want to be told. */
export const shippedFlapping: FlappingRule = { firings: 4, windowMs: 1_800_000, quietMs: 900_000 };

/** How an alert came and went lately. */
export interface Flapping {
  /** Starts of its firings within `windowMs` before the newest, oldest first; at most {@link maxStarts}. */
  readonly starts: readonly Date[];
  readonly windowMs: number;
  /** Since when it is held open; null while its firings are merely counted. */
  readonly since: Date | null;
  /** Firings since it began to flap, those that made it so included; zero while they are merely counted. */
  readonly count: number;
  /** The end of the newest firing, as the source told it; null while that fires, and while nothing is held. */
  readonly endedAt: Date | null;
}

/** More starts than this within the window are not remembered one by one. */
export const maxStarts = 100;

/** The first firing of a fingerprint, for all we know. */
export function firstFiring(startsAt: Date, rule: FlappingRule): Flapping {
  return { starts: [startsAt], windowMs: rule.windowMs, since: null, count: 0, endedAt: null };
}

/** One more firing. It begins to flap with it when {@link isFlapping} of the result, and not of what was before. */
export function countFiring(before: Flapping, startsAt: Date, rule: FlappingRule): Flapping {
  if (before.starts.some((start) => start.getTime() === startsAt.getTime())) return before;
  const newest = newestStart(before);
  const isNewest = newest === null || startsAt > newest;
  const from = (isNewest ? startsAt : newest).getTime() - rule.windowMs;
  const starts = [...before.starts, startsAt]
    .filter((start) => start.getTime() > from)
    .sort((a, b) => a.getTime() - b.getTime())
    .slice(-maxStarts);
  const isHeld = before.since !== null;
  const begins = !isHeld && starts.length >= rule.firings;
  return {
    starts,
    windowMs: rule.windowMs,
    since: begins ? startsAt : before.since,
    count: begins ? starts.length : before.count + (isHeld ? 1 : 0),
    endedAt: isNewest ? null : before.endedAt,
  };
}

/** The source says that the firing with this start has ended; only the end of the newest one counts. */
export function endFiring(before: Flapping, startsAt: Date, endsAt: Date): Flapping {
  const isNewest = newestStart(before)?.getTime() === startsAt.getTime();
  return before.since !== null && isNewest && before.endedAt === null
    ? { ...before, endedAt: endsAt }
    : before;
}

/** It is held open no longer. Its firings go on being counted, so that it may soon flap again. */
export function settleDown(before: Flapping): Flapping {
  return { ...before, since: null, count: 0, endedAt: null };
}

/** True when it is held open. */
export function isFlapping(flapping: Flapping | undefined): flapping is Flapping & { readonly since: Date } {
  return flapping !== undefined && flapping.since !== null;
}

/** True when an alert that is held open has neither fired nor ended for so long that it has settled. */
export function isQuiet(flapping: Flapping, at: Date, rule: FlappingRule): boolean {
  const last = flapping.endedAt ?? newestStart(flapping);
  return last !== null && at.getTime() - last.getTime() >= rule.quietMs;
}

/** Start of its newest firing; null only of one that never fired. */
export function newestStart(flapping: Flapping): Date | null {
  return flapping.starts.at(-1) ?? null;
}

/** "flapping: 7 times in 30 min" */
export function flappingText({ starts, windowMs }: Flapping): string {
  const times = starts.length >= maxStarts ? `at least ${maxStarts} times` : `${starts.length} times`;
  return `flapping: ${times} in ${Math.round(windowMs / 60_000)} min`;
}
