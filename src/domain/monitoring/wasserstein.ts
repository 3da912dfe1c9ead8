/**
 * Wasserstein-1 distance on bins, in standard deviations of the reference: how far values moved on average.
 *
 * While nothing has changed, the difference of the two distribution functions at the limits of the bins is a Brownian
 * bridge over sqrt(nm / (n + m)), and the distance is the sum of its absolute values, each times the width of its bin.
 * Its mean is known, and by the inequality of Borell and TIS it passes its mean by u with a probability of at most
 * exp(-u² / 2s²), s² being the greatest variance of the same sum with any signs: one that never says too little,
 * without drawing samples.
 * @see https://doi.org/10.1007/978-0-387-48116-6 (Adler, Taylor: Random Fields and Geometry, theorem 2.1.1)
 */
import type { OrderedBins } from "./bins.ts";
import { type CheckResult, tooFew } from "./measured.ts";

const check = "wasserstein";
const floor = 0.1;

export function checkWasserstein(bins: OrderedBins): CheckResult {
  const { n, m } = bins;
  const because = tooFew(n, m);
  if (because !== null) return { kind: "not_enough", check, because };
  const deviation = deviationOf(bins);
  if (!(deviation > 0)) return { kind: "not_enough", check, because: "all values are in one bin" };
  const value = wasserstein(bins) / deviation;
  const { mean, spread } = whileUnchanged(bins);
  const [middle, unit] = [mean / deviation, spread / deviation];
  return {
    kind: "measured",
    check,
    value,
    floor,
    chance: value <= middle ? 1 : Math.exp(-((value - middle) ** 2) / (2 * unit * unit)),
    limitAt: (level) => middle + unit * Math.sqrt(2 * Math.log(1 / level)),
    n,
    m,
  };
}

/**
 * The distance in the unit of the values, each taken to lie in the middle of its bin, and outside of all bins at the
 * nearest limit.
 */
export function wasserstein({ reference, current, n, m, cuts }: OrderedBins): number {
  let apart = 0;
  let total = 0;
  for (const [index, width] of widths(cuts).entries()) {
    apart += (reference[index] ?? 0) / n - (current[index] ?? 0) / m;
    total += Math.abs(apart) * width;
  }
  return total;
}

/** How far the values of each bin are from those of the next. */
function widths(cuts: readonly number[]): readonly number[] {
  return cuts.map((cut, index) => {
    const [before, after] = [cuts[index - 1], cuts[index + 1]];
    const from = before === undefined ? cut : (before + cut) / 2;
    const to = after === undefined ? cut : (cut + after) / 2;
    return to - from;
  });
}

/** Mean of the distance, and the greatest deviation of its signed sums, in the unit of the values. */
function whileUnchanged({ reference, current, n, m, cuts }: OrderedBins): { mean: number; spread: number } {
  const root = Math.sqrt((n * m) / (n + m));
  const shares: number[] = [];
  let share = 0;
  for (const [index] of cuts.entries()) {
    share += ((reference[index] ?? 0) + (current[index] ?? 0)) / (n + m);
    shares.push(Math.min(1, share));
  }
  const steps = widths(cuts);
  let mean = 0;
  let variance = 0;
  // Sum of width times share over the earlier limits.
  let earlier = 0;
  for (const [index, t] of shares.entries()) {
    const width = steps[index] ?? 0;
    mean += width * Math.sqrt((2 / Math.PI) * t * (1 - t));
    variance += width * (1 - t) * (width * t + 2 * earlier);
    earlier += width * t;
  }
  return { mean: mean / root, spread: Math.sqrt(variance) / root };
}

/** Standard deviation of the reference, its values in the middle of their bins. */
function deviationOf({ reference, n, cuts }: OrderedBins): number {
  const middles = reference.map((_, index) => {
    const [from, to] = [cuts[index - 1], cuts[index]];
    return from === undefined ? (to ?? 0) : to === undefined ? from : (from + to) / 2;
  });
  const mean = middles.reduce((total, value, index) => total + (value * (reference[index] ?? 0)) / n, 0);
  const square = middles.reduce(
    (total, value, index) => total + ((value - mean) ** 2 * (reference[index] ?? 0)) / n,
    0,
  );
  return Math.sqrt(square);
}
