/**
 * What fired when, over the last day, bounded. Every question is asked as of a moment and looks only at what is older
 * than {@link quietMs}, or than a minute where it is how busy it is, so that the answer does not depend on the order in
 * which the last minutes arrived.
 */
import type { LeftOutCounts } from "../limits.ts";
import { type Affinity, createAffinity } from "./affinity.ts";
import { createLabelValues } from "./label-values.ts";
import { createSolitude, type Solitude } from "./solitude.ts";
import { createTally, createTallyBook } from "./tally.ts";
import { createTimeBook } from "./time-book.ts";
import { createUsualPauses, type UsualPauses } from "./usual-pauses.ts";

/** Questions about the past; see {@link createHistory}. */
export interface History
  extends Pick<Solitude, "shareAlone">,
    Pick<Affinity, "affinity">,
    Pick<UsualPauses, "meanPauseMs"> {
  /** Firings of a type in the day before `at`, and how many hours of that day were watched. */
  firings(type: string, at: number): { readonly count: number; readonly hours: number };
  /** How often two types fired together: `together` of the `fewer` firings of the rarer one; null when one is new. */
  coFirings(a: string, b: string, at: number): { readonly together: number; readonly fewer: number } | null;
  /** Alerts of any type in the two hours before `at`. */
  lately(at: number): number;
  /** Alerts of any type per hour in the day before `at`; a guess of a quiet system while little was watched. */
  alertsPerHour(at: number): number;
  /** Rarity of a label value among recent alerts, as the natural logarithm of one over its share. */
  rarity(label: string, value: string, at: number): number;
  /** The same of a service as one that alerts name beside their own. */
  rarityOfName(service: string, at: number): number;
}

/** A {@link History} that can be added to. */
export interface RecordedHistory extends History {
  /** @returns the type as it is kept here: one text for all alerts of it, so that they need not each keep their own. */
  record(sighting: {
    readonly type: string;
    readonly name: string;
    readonly entity: string | null;
    readonly component: string | null;
    readonly labels: Readonly<Record<string, string>>;
    readonly names: readonly string[];
    readonly at: number;
  }): string;
  types(): number;
  labelValues(): number;
  /** What was let go to keep within the limits. */
  leftOut(): LeftOutCounts<HistoryLimit>;
}

type HistoryLimit =
  | "types"
  | "services"
  | "label_values"
  | "names"
  | "past_firings"
  | "recent_firings"
  | "learned_places";

const dayMs = 86_400_000;
/** Answers never look at what is younger than this: a story in the making must not vouch for itself. */
export const quietMs = 600_000;
const coFiringMs = 200_000;
/** Times remembered per type; the oldest go first. */
const maxTimes = 24;
const bucketMs = 600_000;
const buckets = dayMs / bucketMs + 2;
const minuteMs = 60_000;
const latelyMs = 7_200_000;
const latelyBuckets = latelyMs / minuteMs + 2;
const maxLabelLength = 100;
/** Stands for a label where services are counted that alerts name: no label has spaces. */
const namesLabel = "names of services";

/**
 * @param maxTypes - most types, entities, components and label values remembered, each; those that have not fired for
 * longest go first, for they say least about what fires now.
 */
export function createHistory(maxTypes: number): RecordedHistory {
  const types = createTimeBook(maxTypes, maxTimes, dayMs);
  const pauses = createUsualPauses(maxTypes);
  const values = createLabelValues(maxTypes, createTallyBook(bucketMs, buckets));
  const all = createTally(bucketMs, buckets);
  const allLately = createTally(minuteMs, latelyBuckets);
  const solitude = createSolitude(maxTypes, types);
  const affinity = createAffinity(maxTypes);
  let first = Number.POSITIVE_INFINITY;

  /** At a fresh start most is asked of a time before anything was seen. */
  function isNothingBefore(at: number): boolean {
    return first >= at;
  }

  function rarity(label: string, value: string, at: number): number {
    const [from, until] = [at - dayMs, at - quietMs];
    const total = all.between(from, until);
    const count = values.between(label, value, from, until);
    return Math.max(0, Math.log((total + 2) / (count + 1)));
  }

  return {
    shareAlone: solitude.shareAlone,
    affinity: affinity.affinity,
    meanPauseMs: pauses.meanPauseMs,
    record({ type, name, entity, component, labels, names, at }) {
      if (at < first) first = at;
      all.add(at);
      allLately.add(at);
      const place = types.add(type, at);
      pauses.record(component, at);
      solitude.record({ type: place, name, part: component ?? entity ?? name, at });
      affinity.record({ entity, component, at });
      for (const name in labels) {
        const value = labels[name];
        if (value !== undefined && value.length <= maxLabelLength && value !== entity)
          values.add(name, value, at);
      }
      for (const service of names) if (service.length <= maxLabelLength) values.add(namesLabel, service, at);
      return types.keyOf(place);
    },
    firings(type, at) {
      const until = at - quietMs;
      const place = isNothingBefore(until) ? null : types.find(type);
      const count = place === null ? 0 : types.countBetween(place, at - dayMs, until);
      return { count, hours: Math.min(dayMs, Math.max(0, at - first)) / 3_600_000 };
    },
    coFirings(a, b, at) {
      const [from, until] = [at - dayMs, at - quietMs];
      if (a === b || isNothingBefore(until)) return null;
      const [left, right] = [types.find(a), types.find(b)];
      if (left === null || right === null) return null;
      // Most types are new, or fire for the first time today.
      if (types.oldest(left) >= until || types.oldest(right) >= until) return null;
      const fewer = Math.min(types.countBetween(left, from, until), types.countBetween(right, from, until));
      if (fewer === 0) return null;
      const together = types.countNear(left, right, { from, until, nearMs: coFiringMs });
      return { together: Math.min(fewer, together), fewer };
    },
    lately: (at) => allLately.between(at - latelyMs, at - minuteMs),
    alertsPerHour(at) {
      const hours = Math.min(dayMs, Math.max(0, at - quietMs - first)) / 3_600_000;
      return (all.between(at - dayMs, at - quietMs) + 1) / (hours + 2);
    },
    rarity,
    rarityOfName: (service, at) => rarity(namesLabel, service, at),
    types: types.size,
    labelValues: values.size,
    leftOut() {
      const ofSolitude = solitude.leftOut();
      return {
        ...ofSolitude,
        types: types.dropped(),
        services: affinity.dropped() + pauses.dropped() + ofSolitude.services,
        label_values: values.dropped(),
        past_firings: types.forgotten() + ofSolitude.past_firings,
        learned_places: affinity.unlearned(),
      };
    },
  };
}
