/**
 * Two-sample Kolmogorov-Smirnov on bins: the greatest difference of the shares up to a limit. Bins can only hide a
 * difference, so the probability of the unbinned statistic errs on the side of silence.
 */
import type { OrderedBins } from "./bins.ts";
import { type CheckResult, tooFew } from "./measured.ts";
import { kolmogorovLimit, kolmogorovTail } from "./probability.ts";

const check = "kolmogorov_smirnov";
const floor = 0.1;

export function checkKolmogorovSmirnov(bins: OrderedBins): CheckResult {
  const { n, m } = bins;
  const because = tooFew(n, m);
  if (because !== null) return { kind: "not_enough", check, because };
  const root = Math.sqrt((n * m) / (n + m));
  // Stephens' correction for samples that are not large.
  const scale = root + 0.12 + 0.11 / root;
  const value = kolmogorovSmirnov(bins);
  return {
    kind: "measured",
    check,
    value,
    floor,
    chance: kolmogorovTail(scale * value),
    limitAt: (level) => kolmogorovLimit(level) / scale,
    n,
    m,
  };
}

/** The statistic itself, 0 to 1. */
export function kolmogorovSmirnov({ reference, current, n, m }: OrderedBins): number {
  let greatest = 0;
  let apart = 0;
  for (const [index, count] of reference.entries()) {
    apart += count / n - (current[index] ?? 0) / m;
    greatest = Math.max(greatest, Math.abs(apart));
  }
  return greatest;
}
