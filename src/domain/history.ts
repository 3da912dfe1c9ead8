/**
 * What fired when, over the last day, bounded. Every question is asked as of a moment and looks only at what is older
 * than {@link quietMs}, so that the answer does not depend on the order in which the last minutes arrived.
 */
export interface History {
  /** Firings of a type in the day before `at`, and how many hours of that day were watched. */
  firings(type: string, at: number): { readonly count: number; readonly hours: number };
  /** How often two types fired together: `together` of the `fewer` firings of the rarer one; null when one is new. */
  coFirings(a: string, b: string, at: number): { readonly together: number; readonly fewer: number } | null;
  /** Mean pause between alerts of a component in the two hours before `at`, ms; infinite when it had none. */
  meanPauseMs(component: string, at: number): number;
  /** Alerts of any type in the two hours before `at`. */
  lately(at: number): number;
  /** Alerts of any type per hour in the day before `at`; a guess of a quiet system while little was watched. */
  alertsPerHour(at: number): number;
  /** How often the entity fired while the component was in trouble, and how often chance alone would have. */
  affinity(
    entity: string,
    component: string,
    at: number,
  ): { readonly together: number; readonly expected: number };
  /** Rarity of a label value among recent alerts, as the natural logarithm of one over its share. */
  rarity(label: string, value: string, at: number): number;
}

/** A {@link History} that can be added to. */
export interface RecordedHistory extends History {
  record(sighting: {
    readonly type: string;
    readonly entity: string | null;
    readonly component: string | null;
    readonly labels: Readonly<Record<string, string>>;
    readonly at: number;
  }): void;
  readonly types: number;
  readonly labelValues: number;
}

const dayMs = 86_400_000;
/** Answers never look at what is younger than this: a story in the making must not vouch for itself. */
export const quietMs = 600_000;
const coFiringMs = 200_000;
/** Times remembered per type, entity and component; the oldest go first. */
const maxTimes = 24;
const maxComponentTimes = 400;
const bucketMs = 600_000;
const buckets = dayMs / bucketMs + 2;
const minuteMs = 60_000;
const latelyMs = 7_200_000;
const latelyBuckets = latelyMs / minuteMs + 2;
/** A component with this many alerts in one bucket is in trouble. */
const troubleAlerts = 3;

/** Times in ascending order, bounded. */
type Times = number[];

/**
 * @param maxTypes - most types, entities and label values remembered; those that fired longest ago go first.
 */
export function createHistory(maxTypes: number): RecordedHistory {
  const types = new Map<string, Times>();
  const entities = new Map<string, Times>();
  const components = new Map<string, Times>();
  const componentTallies = new Map<string, Tally>();
  const values = new Map<string, Tally>();
  const all = createTally(bucketMs, buckets);
  const allLately = createTally(minuteMs, latelyBuckets);
  let first = Number.POSITIVE_INFINITY;

  return {
    record({ type, entity, component, labels, at }) {
      first = Math.min(first, at);
      all.add(at);
      allLately.add(at);
      insert(
        recall(types, type, maxTypes, () => []),
        at,
        maxTimes,
      );
      if (entity !== null)
        insert(
          recall(entities, entity, maxTypes, () => []),
          at,
          maxTimes,
        );
      if (component !== null)
        insert(
          recall(components, component, maxTypes, () => []),
          at,
          maxComponentTimes,
        );
      if (component !== null)
        recall(componentTallies, component, maxTypes, () => createTally(minuteMs, latelyBuckets)).add(at);
      for (const name of Object.keys(labels)) {
        const value = labels[name];
        if (value !== undefined && value.length <= 100 && value !== entity)
          recall(values, `${name}=${value}`, maxTypes, () => createTally(bucketMs, buckets)).add(at);
      }
    },
    firings(type, at) {
      const count = countBetween(types.get(type), at - dayMs, at - quietMs);
      return { count, hours: Math.min(dayMs, Math.max(0, at - first)) / 3_600_000 };
    },
    coFirings(a, b, at) {
      const left = types.get(a);
      const right = types.get(b);
      if (left === undefined || right === undefined || a === b) return null;
      const [from, until] = [at - dayMs, at - quietMs];
      const fewer = Math.min(countBetween(left, from, until), countBetween(right, from, until));
      return fewer === 0 ? null : { together: Math.min(fewer, countNear(left, right, from, until)), fewer };
    },
    meanPauseMs(component, at) {
      const count = componentTallies.get(component)?.between(at - latelyMs, at - minuteMs) ?? 0;
      return count === 0 ? Number.POSITIVE_INFINITY : latelyMs / count;
    },
    lately: (at) => allLately.between(at - latelyMs, at - minuteMs),
    alertsPerHour(at) {
      const hours = Math.min(dayMs, Math.max(0, at - quietMs - first)) / 3_600_000;
      return (all.between(at - dayMs, at - quietMs) + 1) / (hours + 2);
    },
    affinity(entity, component, at) {
      const times = entities.get(entity) ?? [];
      if ((times[0] ?? at) >= at - quietMs) return { together: 0, expected: 0 };
      const trouble = troubleOf(components.get(component) ?? [], at - dayMs, at - quietMs);
      const past = times.filter((time) => time > at - dayMs && time < at - quietMs);
      const together = past.filter((time) =>
        trouble.some((span) => time >= span.from - 60_000 && time <= span.until + 120_000),
      ).length;
      const watched = Math.max(3_600_000, Math.min(dayMs, at - first));
      const share = Math.min(0.5, (trouble.length * 300_000) / watched);
      return { together, expected: past.length * share };
    },
    rarity(label, value, at) {
      const total = all.between(at - dayMs, at - quietMs);
      const count = values.get(`${label}=${value}`)?.between(at - dayMs, at - quietMs) ?? 0;
      return Math.max(0, Math.log((total + 2) / (count + 1)));
    },
    get types() {
      return types.size;
    },
    get labelValues() {
      return values.size;
    },
  };
}

/** Finds or makes an entry and marks it as the youngest; over the limit the one untouched longest goes. */
function recall<Entry>(map: Map<string, Entry>, key: string, max: number, create: () => Entry): Entry {
  const known = map.get(key);
  if (known !== undefined) {
    map.delete(key);
    map.set(key, known);
    return known;
  }
  const made = create();
  map.set(key, made);
  if (map.size > max) {
    const oldest = map.keys().next().value;
    if (oldest !== undefined) map.delete(oldest);
  }
  return made;
}

function insert(times: Times, at: number, max: number): void {
  let index = times.length;
  while (index > 0 && (times[index - 1] ?? 0) > at) index -= 1;
  times.splice(index, 0, at);
  if (times.length > max) times.shift();
}

function countBetween(times: Times | undefined, from: number, until: number): number {
  if (times === undefined) return 0;
  let count = 0;
  for (const time of times) if (time > from && time < until) count += 1;
  return count;
}

/** How many of `left` have one of `right` within the co-firing window. */
function countNear(left: Times, right: Times, from: number, until: number): number {
  let count = 0;
  let start = 0;
  for (const time of left) {
    if (time <= from || time >= until) continue;
    while (start < right.length && (right[start] ?? 0) < time - coFiringMs) start += 1;
    const next = right[start];
    if (next !== undefined && next <= time + coFiringMs && next < until) count += 1;
  }
  return count;
}

/** Spans in which a component had at least {@link troubleAlerts} alerts with pauses of at most two minutes. */
function troubleOf(times: Times, from: number, until: number): { from: number; until: number }[] {
  const spans: { from: number; until: number; count: number }[] = [];
  for (const time of times) {
    if (time <= from || time >= until) continue;
    const last = spans.at(-1);
    if (last !== undefined && time - last.until <= 120_000) {
      last.until = time;
      last.count += 1;
    } else spans.push({ from: time, until: time, count: 1 });
  }
  return spans.filter((span) => span.count >= troubleAlerts);
}

interface Tally {
  add(at: number): void;
  between(from: number, until: number): number;
}

/** Counts per bucket; whole buckets only, so that answers are the same in any order of arrival. */
function createTally(widthMs: number, most: number): Tally {
  const counts = new Map<number, number>();
  return {
    add(at) {
      const bucket = Math.floor(at / widthMs);
      counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
      if (counts.size <= most) return;
      let oldest = bucket;
      for (const known of counts.keys()) if (known < oldest) oldest = known;
      counts.delete(oldest);
    },
    between(from, until) {
      const [low, high] = [Math.ceil(from / widthMs), Math.floor(until / widthMs)];
      let sum = 0;
      for (const [bucket, count] of counts) if (bucket >= low && bucket < high) sum += count;
      return sum;
    },
  };
}
