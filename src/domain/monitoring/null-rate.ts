import { type FeatureProfile, sizeOf } from "./histogram.ts";
import type { CheckResult } from "./measured.ts";
import { checkRise, type Share } from "./proportion.ts";

/** One row in a hundred more without a value. */
const floor = 0.01;

/** Whether a feature is missing more often than it was. */
export function checkNullRate(reference: FeatureProfile, current: FeatureProfile): CheckResult {
  return checkRise("null_rate", floor, shareOf(reference), shareOf(current));
}

function shareOf({ nulls, histogram }: FeatureProfile): Share {
  return { seen: nulls, among: nulls + sizeOf(histogram) };
}
