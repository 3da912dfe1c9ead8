import type { Labels } from "../alert.ts";

/** One sample: ms since 1970, and a finite number. What is missing is left out, never zero. */
export type MetricPoint = readonly [atMs: number, value: number];

export interface MetricSeries {
  readonly labels: Labels;
  /** In order of time. */
  readonly points: readonly MetricPoint[];
  /** Its newest samples are infinite, as of something divided by nothing, and for that not among the points. */
  readonly endsInfinite?: boolean;
}

/** What is asked for: both ends count. */
export interface MetricWindow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

/** The middle of some numbers; NaN of none. */
export function median(values: readonly number[]): number {
  // Numbers of a typed array sort without a comparison of ours, many times as fast.
  return quantile(Float64Array.from(values).sort(), 0.5);
}

/**
 * The value below which a share of them lies, interpolated.
 * @param sorted - ascending.
 * @param share - 0 to 1.
 */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)];
  const high = sorted[Math.ceil(place)];
  if (low === undefined || high === undefined) return Number.NaN;
  return low + (high - low) * (place - Math.floor(place));
}

/**
 * How far values usually lie from their middle, on the scale of a standard deviation: the larger of the median
 * absolute deviation and the interquartile range, so that a metric that is often the same value is not called exact.
 */
export function spread(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const middle = median(values);
  const sorted = Float64Array.from(values).sort();
  const deviation = 1.4826 * median(values.map((value) => Math.abs(value - middle)));
  return Math.max(deviation, (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 1.349);
}
