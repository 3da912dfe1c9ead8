/**
 * How long the parts of a system usually pause between alerts. What is not known yet of one part, because little was
 * watched, is taken from what the others do. Bounded, and asked only for what is older than a minute, so that the order
 * of the last seconds' arrival does not matter.
 */
import { createBoundedKeys } from "./bounded-keys.ts";
import { createTally, createTallyBook } from "./tally.ts";

export interface UsualPauses {
  /** @param component - null for an alert outside the topology: it only says that somebody was watching. */
  record(component: string | null, at: number): void;
  /**
   * Mean pause between alerts of a component in the two hours before `at`, ms; infinite when it had none. What is
   * missing of the first hour is imagined to be as busy as the parts of the system are that were seen, where these are
   * many, and else to be silent.
   */
  meanPauseMs(component: string, at: number): number;
  /** Components let go so far, to keep within the limit. */
  dropped(): number;
}

const minuteMs = 60_000;
const latelyMs = 7_200_000;
const buckets = latelyMs / minuteMs + 2;
/** Imagined watching at a fresh start, so that the first storm is not taken for what is usual. */
const leastWatchedMs = 3_600_000;
/** The same for all parts together, of which fewer than this say nothing of one another. */
const leastTogetherMs = 300_000;
const fewestParts = 20;
/** Share of minutes with an alert above which it no longer says how many there were. */
const mostBusy = 0.95;

/** @param maxComponents - most components remembered; those that have not fired for longest go first. */
export function createUsualPauses(maxComponents: number): UsualPauses {
  const counts = createTallyBook(minuteMs, buckets);
  const components = createBoundedKeys(maxComponents, counts.clear);
  /** Of the first hour: components by when they first fired, and the minutes in which any one fired. */
  const parts = createTally(minuteMs, buckets);
  const busyMinutes = createTally(minuteMs, buckets);
  let first = Number.POSITIVE_INFINITY;

  /**
   * Alerts per ms of a part of this system, as far as can be told: by the minutes with an alert, not by the alerts, so
   * that a storm in one part says little of the others.
   */
  function usualRate(at: number): number {
    const [from, until] = [at - latelyMs, at - minuteMs];
    const seen = parts.between(from, until);
    if (seen < fewestParts) return 0;
    const minutes = (seen * Math.max(leastTogetherMs, at - first)) / minuteMs;
    return -Math.log(1 - Math.min(mostBusy, busyMinutes.between(from, until) / minutes)) / minuteMs;
  }

  return {
    record(component, at) {
      if (at < first) first = at;
      if (component === null) return;
      if (at - first < leastWatchedMs && components.find(component) === -1) parts.add(at);
      const isFirstOfMinute = counts.add(components.recall(component), at);
      if (isFirstOfMinute && at - first < leastWatchedMs) busyMinutes.add(at);
    },
    meanPauseMs(component, at) {
      const place = components.find(component);
      const count = place === -1 ? 0 : counts.between(place, at - latelyMs, at - minuteMs);
      if (count === 0) return Number.POSITIVE_INFINITY;
      const watchedMs = Math.min(latelyMs, Math.max(0, at - first));
      if (watchedMs >= leastWatchedMs) return watchedMs / count;
      return leastWatchedMs / (count + (leastWatchedMs - watchedMs) * usualRate(at));
    },
    dropped: components.dropped,
  };
}
