/**
 * Whether a metric changed around the start of an incident: robust, so that one odd sample neither makes a change nor
 * hides one. Medians and their deviations instead of means; the moment is the split that leaves least to explain.
 */
import { type MetricPoint, type MetricWindow, median, quantile, spread } from "./series.ts";

export interface ChangeQuestion {
  readonly points: readonly MetricPoint[];
  readonly window: MetricWindow;
  /** When the first alert began, ms. */
  readonly onsetMs: number;
  /** Least difference worth a word, in the unit of the metric; see leastChange. */
  readonly floor: number;
  /** How long what is alerted on had lasted when the alert began, ms: a change may have begun so much earlier. */
  readonly holdMs: number;
}

export type MetricChange =
  | {
      readonly kind: "changed";
      readonly direction: "up" | "down";
      /** Usual value before and after; extreme after, in the direction of the change. */
      readonly before: number;
      readonly after: number;
      readonly extreme: number;
      /** Difference in usual deviations, at most {@link maxScore}. */
      readonly score: number;
      readonly beganAtMs: number;
      /** Back where it was when the window ends. */
      readonly isOver: boolean;
    }
  | { readonly kind: "steady"; readonly value: number }
  /** No samples any more. */
  | { readonly kind: "stopped"; readonly lastAtMs: number; readonly before: number; readonly score: number }
  /** No samples before. */
  | { readonly kind: "appeared"; readonly firstAtMs: number; readonly after: number; readonly score: number }
  | { readonly kind: "too little"; readonly because: string };

export const maxScore = 50;
/** Deviations from which a difference is a change. */
const tellingScore = 4;
/** Samples that must be there before and after. */
const minBefore = 8;
const minAfter = 3;
/** A change begins at most this long before the first alert, and this long after it. */
const leadMs = 45 * 60_000;
const lagMs = 5 * 60_000;
/** Share of the samples after it that lie outside of nearly all before it. */
const shareOutside = 0.6;
/** Deviations count as at least this share of the usual value before, and after. */
const ofUsual = 0.03;
const ofUsualAfter = 0.02;
/** Within so many deviations a value is usual. */
const usualDeviations = 3;
/** What was unusual for less than this, or was over for longer than that when the first alert began, is no change around it. */
const episodeMs = 90_000;
const overMs = 15 * 60_000;
/** Splits that are tried before those around the best of them. */
const coarseSplits = 50;
/** Without a sample for so many steps, and so long, it has stopped; Prometheus itself repeats the last for five minutes. */
const stoppedSteps = 4;
const stoppedMs = 60_000;
/** What a metric that stops or appears counts: much, and less than a large change. */
const presenceScore = 8;

/** Looks for a change of one series around the onset. */
export function findChange(question: ChangeQuestion): MetricChange {
  const { points, window } = question;
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined)
    return { kind: "too little", because: "there are no samples" };
  const gapMs = Math.max(stoppedMs, stoppedSteps * window.stepMs);
  if (last[0] < window.toMs - gapMs && mayBegin(question, last[0])) return stopped(points, last);
  if (first[0] > window.fromMs + gapMs && mayBegin(question, first[0]) && points.length >= minAfter)
    return appeared(points, first);
  if (points.length < minBefore + minAfter)
    return { kind: "too little", because: `there are only ${points.length} samples` };
  return stepOf(question);
}

function mayBegin({ onsetMs, holdMs }: ChangeQuestion, atMs: number): boolean {
  return atMs >= onsetMs - holdMs - leadMs && atMs <= onsetMs + lagMs;
}

function stopped(points: readonly MetricPoint[], [lastAtMs]: MetricPoint): MetricChange {
  if (points.length < minBefore)
    return { kind: "too little", because: `there are only ${points.length} samples` };
  return { kind: "stopped", lastAtMs, before: median(valuesOf(points)), score: presenceScore };
}

function appeared(points: readonly MetricPoint[], [firstAtMs]: MetricPoint): MetricChange {
  return { kind: "appeared", firstAtMs, after: median(valuesOf(points)), score: presenceScore };
}

function valuesOf(points: readonly MetricPoint[]): readonly number[] {
  return points.map(([, value]) => value);
}

function stepOf(question: ChangeQuestion): MetricChange {
  const { points } = question;
  const split = bestSplit(question);
  const lasting = split === null ? null : changeIn(question, { from: split, to: points.length });
  if (lasting !== null) return lasting;
  const episode = episodeOf(question);
  const passing = episode === null ? null : changeIn(question, episode);
  return passing ?? { kind: "steady", value: median(valuesOf(points)) };
}

/** Indexes of samples: the first of a stretch, and the first after it. */
interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Whether the values of a stretch differ from all before it; null when they do not. */
function changeIn(question: ChangeQuestion, { from: split, to: end }: Stretch): MetricChange | null {
  const values = valuesOf(question.points);
  const before = values.slice(0, split);
  const after = values.slice(split, end);
  const [from, to] = [median(before), median(after)];
  const scale = scaleOf(before, to, question.floor);
  const score = Math.abs(to - from) / scale;
  const direction = to > from ? "up" : "down";
  if (score < tellingScore || outside(before, after, direction) < shareOutside) return null;
  const isUsual = (value: number) => Math.abs(value - from) <= usualDeviations * scale;
  const sorted = [...after].sort((a, b) => a - b);
  const newest = after.slice(-Math.max(minAfter, Math.ceil(after.length / 4)));
  return {
    kind: "changed",
    direction,
    before: from,
    after: to,
    extreme: quantile(sorted, direction === "up" ? 0.98 : 0.02),
    score: Math.min(maxScore, score),
    beganAtMs: beginning(question, split, isUsual),
    isOver: end < values.length || newest.every(isUsual),
  };
}

/**
 * A stretch that was unusual and is over: too short for a split, whose other side is mostly as before. The first of its
 * direction, since one like those before is none; null when there is none around the onset.
 */
function episodeOf(question: ChangeQuestion): Stretch | null {
  const { points, onsetMs, floor } = question;
  const values = valuesOf(points);
  const usual = median(values);
  const room = usualDeviations * scaleOf(values, usual, floor);
  const timeOf = (index: number) => points[index]?.[0] ?? 0;
  for (const towards of [1, -1]) {
    const first = stretches(values.map((value) => (value - usual) * towards > room)).find(
      ({ from, to }) => to - from >= minAfter && timeOf(to - 1) - timeOf(from) >= episodeMs,
    );
    if (first === undefined || first.from < minBefore || first.to === points.length) continue;
    const isAround = mayBegin(question, timeOf(first.from)) && timeOf(first.to) >= onsetMs - overMs;
    if (isAround) return first;
  }
  return null;
}

/** Where it holds without a break. */
function stretches(holds: readonly boolean[]): readonly Stretch[] {
  const starts = holds.flatMap((is, index) => (is && holds[index - 1] !== true ? [index] : []));
  return starts.map((from) => {
    const length = holds.slice(from).indexOf(false);
    return { from, to: length === -1 ? holds.length : from + length };
  });
}

/** Deviation before the change; never so small that noise would count. */
function scaleOf(before: readonly number[], after: number, floor: number): number {
  return Math.max(
    spread(before),
    ofUsual * Math.abs(median(before)),
    ofUsualAfter * Math.abs(after),
    // The least difference worth a word must itself be told from nothing.
    floor / tellingScore,
    Number.MIN_VALUE,
  );
}

/** The split at which the values differ least from the medians of their sides; null when none is allowed. */
function bestSplit(question: ChangeQuestion): number | null {
  const { points, onsetMs } = question;
  const values = Float64Array.from(valuesOf(points));
  const distance = (split: number) => Math.abs((points[split]?.[0] ?? 0) - onsetMs);
  const allowed = Array.from({ length: values.length }, (_, split) => split).filter((split) => {
    const isWithin = mayBegin(question, points[split]?.[0] ?? 0);
    return isWithin && split >= minBefore && split <= values.length - minAfter;
  });
  // Every few first, then all around the best of them: the cost falls towards the change from both sides.
  const stride = Math.max(1, Math.floor(allowed.length / coarseSplits));
  const coarse = cheapest(
    values,
    allowed.filter((_, index) => index % stride === 0),
    distance,
  );
  if (coarse === null) return null;
  return cheapest(
    values,
    allowed.filter((split) => Math.abs(split - coarse) <= stride),
    distance,
  );
}

/** Of equal splits the one nearest to the alert: before a flat line ends, every split is as good. */
function cheapest(
  values: Float64Array,
  splits: readonly number[],
  distance: (split: number) => number,
): number | null {
  let best: { readonly split: number; readonly cost: number } | null = null;
  for (const split of splits) {
    const cost = unexplained(values.slice(0, split)) + unexplained(values.slice(split));
    if (best === null || cost < best.cost || (cost === best.cost && distance(split) < distance(best.split)))
      best = { split, cost };
  }
  return best?.split ?? null;
}

/** Sum of the distances to the median. */
function unexplained(values: Float64Array): number {
  // Numbers sort without a comparison of ours, many times as fast.
  const sorted = values.slice().sort();
  const middle = quantile(sorted, 0.5);
  let sum = 0;
  for (const value of sorted) sum += Math.abs(value - middle);
  return sum;
}

function outside(before: readonly number[], after: readonly number[], direction: "up" | "down"): number {
  const sorted = [...before].sort((a, b) => a - b);
  const edge = quantile(sorted, direction === "up" ? 0.95 : 0.05);
  const beyond = after.filter((value) => (direction === "up" ? value > edge : value < edge));
  return beyond.length / after.length;
}

/** A ramp is split in its middle; it began where values were last usual. A split too early is moved on likewise. */
function beginning({ points }: ChangeQuestion, split: number, isUsual: (value: number) => boolean): number {
  let index = split;
  while (index < points.length - 1 && isUsual(points[index]?.[1] ?? 0)) index += 1;
  while (index > 0 && !isUsual(points[index - 1]?.[1] ?? 0)) index -= 1;
  return points[index]?.[0] ?? 0;
}
