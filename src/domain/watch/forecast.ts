/**
 * When a metric will reach a limit: a robust line through its recent past (Theil and Sen: the median of the slopes of
 * all pairs), with an interval, or a refusal. A forecast that is wrong wakes people for nothing, so everything that is
 * no steady trend is refused: noise, sawteeth, steps, the rhythm of days.
 * @see https://doi.org/10.1080/01621459.1968.10480934 (Sen, 1968: the slope and its interval)
 */
import { type MetricPoint, median, quantile, spread } from "../metrics/series.ts";
import { turnedBefore } from "./rhythm.ts";

export interface ForecastQuestion {
  /** In order of time; the last is now. Days of them, so that what comes and goes is known for it. */
  readonly points: readonly MetricPoint[];
  /** The trend is read from so much of the newest past, ms. */
  readonly trendMs: number;
  readonly limit: number;
  /** Where the trouble is: "up" at the limit and above, "down" at the limit and below. */
  readonly direction: "up" | "down";
  /** How far ahead a forecast may look, ms. */
  readonly horizonMs: number;
}

export type Forecast =
  | {
      readonly kind: "reaches";
      /** When it will, and the 90 % interval, ms since 1970. */
      readonly atMs: number;
      readonly earliestMs: number;
      readonly latestMs: number;
      readonly perHour: number;
      readonly value: number;
    }
  /** It is at the limit already, or beyond. */
  | { readonly kind: "reached"; readonly value: number }
  /** Surely not within the horizon. */
  | { readonly kind: "clear"; readonly value: number }
  /** Nothing can be said; `because` is one plain line. */
  | { readonly kind: "refused"; readonly because: string };

const minPoints = 20;
/** Points of a fit; more are thinned out. */
const maxPoints = 120;
/** Standard normal, two-sided 90 %. */
const z = 1.645;
/** What the line leaves unexplained may be at most this share of how much the metric varies. */
const maxUnexplained = 0.3;
/** A jump against the trend of this share of the range is a reset. */
const resetShare = 0.15;
/** An interval wider than this, as a share of the time that is left, says nothing. */
const maxWidth = 1;
/** Where all of the recent past is no line, its newest part is tried, and of that again: what happens now counts. */
const nextPart = 0.6;

/** Looks ahead. */
export function forecast(question: ForecastQuestion): Forecast {
  const { points, limit, horizonMs, trendMs } = question;
  const towards = question.direction === "up" ? 1 : -1;
  const last = points.at(-1);
  if (last === undefined) return refused("there are no samples");
  const value = median(points.slice(-3).map(([, each]) => each));
  // Before all else: to see this needs no past, and no past makes it right.
  if ((value - limit) * towards >= 0) return { kind: "reached", value };
  if (points.length < minPoints) return refused(`there are only ${points.length} samples`);
  const trend = points.filter(([at]) => at > last[0] - trendMs);
  if (isOutOfReach(trend, { value, limit, horizonMs })) return { kind: "clear", value };
  const rest = sinceReset(points, towards);
  if (rest.kind === "sawtooth") return refused("it goes up and down like a saw");
  const recent = trend.slice(-rest.points.length);
  let problem = "its trend is no line";
  for (let count = recent.length; count >= minPoints; count = Math.floor(count * nextPart)) {
    const line = lineThrough(thinned(recent.slice(-count)));
    if (line === null) continue;
    const found = reach(line, { value, limit, towards, horizonMs, nowMs: last[0] });
    if (found.kind === "reaches" && turnedBefore({ points, value, limit, towards, horizonMs }))
      return refused("at this hour it was here on an earlier day, too, and turned before the limit");
    if (found.kind !== "refused") return found;
    problem = found.because;
  }
  return refused(problem);
}

/** Not even at twice the pace of all that it moved of late, up and down together. */
function isOutOfReach(
  recent: readonly MetricPoint[],
  { value, limit, horizonMs }: { readonly value: number; readonly limit: number; readonly horizonMs: number },
): boolean {
  const [first, last] = [recent[0], recent.at(-1)];
  if (first === undefined || last === undefined || recent.length < minPoints) return false;
  const values = recent.map(([, each]) => each);
  const range = Math.max(...values) - Math.min(...values);
  return Math.abs(limit - value) > (2 * range * horizonMs) / Math.max(1, last[0] - first[0]);
}

function refused(because: string): Forecast {
  return { kind: "refused", because };
}

/** At most {@link maxPoints}, evenly, the newest among them. */
function thinned(points: readonly MetricPoint[]): readonly MetricPoint[] {
  const stride = Math.ceil(points.length / maxPoints);
  return points.filter((_, index) => (points.length - 1 - index) % stride === 0);
}

/**
 * What came after the last reset, as when a disk was cleaned. More than one is a saw, whose next reset nobody knows;
 * unless it has gone beyond where it turned before.
 * @param towards - 1 when the limit is above, -1 when it is below.
 */
function sinceReset(
  points: readonly MetricPoint[],
  towards: 1 | -1,
): { readonly kind: "points"; readonly points: readonly MetricPoint[] } | { readonly kind: "sawtooth" } {
  const values = smoothed(points.map(([, value]) => value * towards));
  const resets = resetsOf(values);
  const latest = resets.at(-1) ?? 0;
  const rest = { kind: "points", points: points.slice(latest) } as const;
  if (resets.length < 2) return rest;
  const before = values.slice(0, latest);
  const highest = Math.max(...before);
  const room = (highest - Math.min(...before)) * resetShare;
  return (values.at(-1) ?? 0) > highest + room ? rest : { kind: "sawtooth" };
}

/** Where values fell back: indexes of the first sample after each reset. */
function resetsOf(values: readonly number[]): readonly number[] {
  const sorted = Float64Array.from(values).sort();
  const range = quantile(sorted, 0.98) - quantile(sorted, 0.02);
  const steps = values.slice(1).map((value, index) => value - (values[index] ?? 0));
  const least = Math.max(resetShare * range, 6 * spread(steps));
  const falls = steps.flatMap((step, index) => (step < -least ? [index + 1] : []));
  // The smoothing spreads one reset over neighbours.
  return falls.filter((at, index) => at - (falls[index - 1] ?? Number.NEGATIVE_INFINITY) > 3);
}

/** Median of three: one odd sample is no reset. */
function smoothed(values: readonly number[]): readonly number[] {
  return values.map((value, index) => {
    const [before, after] = [values[index - 1], values[index + 1]];
    if (before === undefined || after === undefined) return value;
    return Math.max(Math.min(before, value), Math.min(Math.max(before, value), after));
  });
}

interface Line {
  readonly slope: number;
  readonly slopeLow: number;
  readonly slopeHigh: number;
  /** On the line at the newest sample. */
  readonly level: number;
  /** How far samples usually lie from the line. */
  readonly scatter: number;
}

/** The line; null when it explains too little. Slopes are per ms. */
function lineThrough(points: readonly MetricPoint[]): Line | null {
  const slopes = pairSlopes(points);
  const slope = quantile(slopes, 0.5);
  const nowMs = points.at(-1)?.[0] ?? 0;
  const level = median(points.map(([at, value]) => value + slope * (nowMs - at)));
  const residuals = points.map(([at, value]) => value - (level - slope * (nowMs - at)));
  const scatter = spread(residuals);
  const varies = spread(points.map(([, value]) => value));
  if (!(varies > 0) || scatter > maxUnexplained * varies) return null;
  const width = rankWidth(points.length, effective(residuals));
  // No real trend is quite a line: how much its halves differ is the least that the next hours may differ.
  const middle = Math.floor(points.length / 2);
  const halves = [points.slice(0, middle), points.slice(middle)].map((half) =>
    quantile(pairSlopes(half), 0.5),
  );
  return {
    slope,
    slopeLow: Math.min(quantile(slopes, Math.max(0, 0.5 - width)), ...halves),
    slopeHigh: Math.max(quantile(slopes, Math.min(1, 0.5 + width)), ...halves),
    level,
    scatter,
  };
}

/** Slopes of all pairs, ascending. */
function pairSlopes(points: readonly MetricPoint[]): Float64Array {
  const slopes = new Float64Array((points.length * (points.length - 1)) / 2);
  let index = 0;
  for (const [i, [fromMs, from]] of points.entries()) {
    for (let j = i + 1; j < points.length; j += 1) {
      const [toMs, to] = points[j] ?? [fromMs + 1, from];
      slopes[index] = (to - from) / (toMs - fromMs);
      index += 1;
    }
  }
  return slopes.sort();
}

/**
 * Half the width of the slope's interval, as a share of the sorted slopes. Samples that hang together count as fewer.
 */
function rankWidth(count: number, independent: number): number {
  const pairs = (count * (count - 1)) / 2;
  const deviation = Math.sqrt((count * (count - 1) * (2 * count + 5)) / 18);
  return Math.min(0.5, (z * deviation * Math.sqrt(count / independent)) / (2 * pairs));
}

/** How many independent samples they are worth, from how alike neighbours are. */
function effective(residuals: readonly number[]): number {
  const squares = residuals.reduce((sum, value) => sum + value * value, 0);
  if (squares === 0) return residuals.length;
  const products = residuals.slice(1).reduce((sum, value, index) => sum + value * (residuals[index] ?? 0), 0);
  const alike = Math.min(0.95, Math.max(0, products / squares));
  return Math.max(4, (residuals.length * (1 - alike)) / (1 + alike));
}

interface Reach {
  readonly value: number;
  readonly limit: number;
  /** 1 when the limit is above, -1 when it is below. */
  readonly towards: 1 | -1;
  readonly horizonMs: number;
  readonly nowMs: number;
}

function reach(line: Line, { value, limit, towards, horizonMs, nowMs }: Reach): Forecast {
  const [slow, fast] = towards > 0 ? [line.slopeLow, line.slopeHigh] : [line.slopeHigh, line.slopeLow];
  const distance = (limit - line.level) * towards;
  // Where the line is beyond the limit and the value is not, its trend is over.
  if (line.slope * towards <= 0 || distance <= 0) return { kind: "clear", value };
  const margin = z * line.scatter;
  const atMs = distance / Math.abs(line.slope);
  const earliest = Math.max(0, distance - margin) / Math.abs(fast);
  if (earliest > horizonMs) return { kind: "clear", value };
  // The slowest that is likely may not get there at all.
  const latest = slow * towards > 0 ? (distance + margin) / Math.abs(slow) : Number.POSITIVE_INFINITY;
  if (atMs > horizonMs) return { kind: "clear", value };
  if (latest - earliest > 2 * maxWidth * Math.max(atMs, horizonMs / 10))
    return refused("its trend is too uncertain to name a time");
  return {
    kind: "reaches",
    atMs: nowMs + atMs,
    earliestMs: nowMs + earliest,
    latestMs: nowMs + latest,
    perHour: line.slope * 3_600_000,
    value,
  };
}
