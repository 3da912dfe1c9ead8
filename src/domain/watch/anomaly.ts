/**
 * Whether a metric is where it usually is: the median and its deviation at the same hour of the week where there are
 * weeks to look back on, of the same hour of the day where there are days, else of all that there is.
 */
import { type MetricPoint, median, quantile, spread } from "../metrics/series.ts";
import { createLocalClock } from "./local-clock.ts";

export interface Expected {
  readonly middle: number;
  /** On the scale of a standard deviation; above zero. */
  readonly deviation: number;
}

export interface Baseline {
  /** What it was made from. */
  readonly season: "week" | "day" | "none";
  /** Samples it was made from. */
  readonly count: number;
  at(ms: number): Expected;
}

export type BaselineResult =
  | { readonly kind: "baseline"; readonly baseline: Baseline }
  | { readonly kind: "too little"; readonly because: string };

export interface BaselineOptions {
  /** Least deviation, in the unit of the metric: smaller differences are never odd. */
  readonly floor: number;
  /** Counts vary with their square root: a spread of their own for rare and frequent hours. */
  readonly scale: "plain" | "count";
  /** IANA name: hours of the day and of the week are those of the people there, whose clocks change. */
  readonly timezone: string;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const weekMs = 7 * dayMs;
/** Weeks and days that must have been seen for a season. */
const minWeeks = 3;
const minDays = 4;
const minPoints = 60;
/** A season explains something when what it leaves is at most this share of the whole. */
const worthwhile = 0.85;
/** Deviations count as at least this share of what is usual. */
const ofUsual = 0.03;

/**
 * Learns what is usual. What was odd in the past does little harm: medians do not move for it.
 * @param points - the past, in order of time, without what is judged by it.
 */
export function learnBaseline(points: readonly MetricPoint[], options: BaselineOptions): BaselineResult {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length < minPoints)
    return { kind: "too little", because: `there are only ${points.length} samples of the past` };
  const localOf = createLocalClock(options.timezone);
  const scaled = points.map(([at, value]): MetricPoint => [localOf(at), toScale(value, options.scale)]);
  const spanMs = last[0] - first[0];
  const plain = bucketsOf(scaled, options.scale, { periodMs: 1, count: 1 });
  const seasons = [
    ...(spanMs >= minWeeks * weekMs
      ? [
          {
            season: "week" as const,
            buckets: bucketsOf(scaled, options.scale, { periodMs: weekMs, count: 168 }),
          },
        ]
      : []),
    ...(spanMs >= minDays * dayMs
      ? [
          {
            season: "day" as const,
            buckets: bucketsOf(scaled, options.scale, { periodMs: dayMs, count: 24 }),
          },
        ]
      : []),
  ];
  const best = seasons.find(({ buckets }) => buckets.residual <= worthwhile * plain.residual);
  const chosen = best ?? { season: "none" as const, buckets: plain };
  const at = (ms: number) => expectedOf(chosen.buckets, localOf(ms), options);
  return { kind: "baseline", baseline: { season: chosen.season, count: points.length, at } };
}

function toScale(value: number, scale: BaselineOptions["scale"]): number {
  // Anscombe's transform: of counts, whatever their size, the deviation becomes about one.
  return scale === "count" ? 2 * Math.sqrt(Math.max(0, value) + 0.375) : value;
}

interface Buckets {
  readonly periodMs: number;
  readonly middles: readonly number[];
  readonly deviations: readonly number[];
  /** Usual distance of samples from what is expected. */
  readonly residual: number;
}

/** Samples of a bucket that its own deviation needs. */
const minOwn = 12;

/** @param points - by local time. @param season - with a period of 1 and one bucket for none. */
function bucketsOf(
  points: readonly MetricPoint[],
  scale: BaselineOptions["scale"],
  season: { readonly periodMs: number; readonly count: number },
): Buckets {
  const { periodMs, count } = season;
  const bucketOf = (ms: number) => Math.floor(((ms % periodMs) / periodMs) * count);
  const values: number[][] = Array.from({ length: count }, () => []);
  for (const [at, value] of points) values[bucketOf(at)]?.push(value);
  const whole = median(points.map(([, value]) => value));
  const middles = values.map((own) => (own.length === 0 ? whole : median(own)));
  const residuals: number[][] = Array.from({ length: count }, () => []);
  // From the line between hours, not from the hour's middle: a steep hour is not a wild one.
  for (const [at, value] of points) residuals[bucketOf(at)]?.push(value - middleAt(middles, periodMs, at));
  const deviationOf = scale === "count" ? quartileSpread : spread;
  const residual = deviationOf(residuals.flat());
  // An hour that was seen a few times seems steadier than it is.
  const deviations = residuals.map((own) =>
    Math.max(own.length < minOwn ? residual : deviationOf(own), residual / 2),
  );
  return { periodMs, middles, deviations, residual };
}

/** Of counts the median deviation is a whole step, however rare they are; quartiles come nearer. */
function quartileSpread(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 1.349;
}

/** Between the middles of two hours the value goes over from one to the other: no step at full hours. */
function middleAt(middles: readonly number[], periodMs: number, ms: number): number {
  const { low, high, share } = placeOf(middles.length, periodMs, ms);
  return (middles[low] ?? 0) * (1 - share) + (middles[high] ?? 0) * share;
}

function placeOf(count: number, periodMs: number, ms: number) {
  const place = count === 1 ? 0 : ((ms % periodMs) / periodMs) * count - 0.5;
  const low = (Math.floor(place) + count) % count;
  return { low, high: (low + 1) % count, share: place - Math.floor(place) };
}

function expectedOf(
  { periodMs, middles, deviations }: Buckets,
  ms: number,
  options: BaselineOptions,
): Expected {
  const { low, high } = placeOf(middles.length, periodMs, ms);
  const middle = middleAt(middles, periodMs, ms);
  const deviation = Math.max(deviations[low] ?? 0, deviations[high] ?? 0);
  const least = options.scale === "count" ? 1 : Math.max(options.floor, ofUsual * Math.abs(middle));
  return { middle, deviation: Math.max(deviation, least, Number.MIN_VALUE) };
}

/** How odd a value is, in deviations; negative below what is usual. */
export function oddness(value: number, expected: Expected, scale: BaselineOptions["scale"]): number {
  return (toScale(value, scale) - expected.middle) / expected.deviation;
}

/** What is usual, in the unit of the metric, with its bounds at one deviation. */
export function usual({ middle, deviation }: Expected, scale: BaselineOptions["scale"]) {
  const back = (value: number) => (scale === "count" ? Math.max(0, (value / 2) ** 2 - 0.375) : value);
  return {
    middle: back(middle),
    low: back(Math.max(scale === "count" ? 0 : -Infinity, middle - deviation)),
    high: back(middle + deviation),
  };
}
