/** Values outside of the bins, which reach as far as the values of the reference did. */
import type { OrderedBins } from "./bins.ts";
import type { CheckResult } from "./measured.ts";
import { checkRise } from "./proportion.ts";

const floor = 0.01;
/**
 * The least and the greatest value of the reference are the limits themselves: the next value lies beyond one of them
 * as often as two of the reference did.
 */
const extremes = 2;

export function checkOutOfRange({ reference, current, n, m }: OrderedBins): CheckResult {
  const outside = (counts: readonly number[]) => (counts[0] ?? 0) + (counts.at(-1) ?? 0);
  return checkRise(
    "out_of_range",
    floor,
    { seen: Math.min(n, outside(reference) + extremes), among: n },
    { seen: outside(current), among: m },
  );
}
