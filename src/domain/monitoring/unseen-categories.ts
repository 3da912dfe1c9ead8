/**
 * Values of categories that the reference does not know. Some are to be expected of any feature with rare categories:
 * about as large a share as that of the categories the reference saw exactly once.
 * @see https://doi.org/10.1093/biomet/40.3-4.237 (Good: the population frequencies of species)
 */
import { type CategoricalHistogram, sizeOf } from "./histogram.ts";
import type { CheckResult } from "./measured.ts";
import { checkRise } from "./proportion.ts";

const floor = 0.01;

export function checkUnseenCategories(
  reference: CategoricalHistogram,
  current: CategoricalHistogram,
): CheckResult {
  // Categories that were counted together may be the very ones that are new now.
  if (reference.other > 0)
    return {
      kind: "not_enough",
      check: "unseen_categories",
      because: "the reference does not name all of its categories",
    };
  const once = [...reference.counts.values()].filter((count) => count === 1).length;
  const unseen = [...current.counts]
    .filter(([name]) => (reference.counts.get(name) ?? 0) === 0)
    .reduce((total, [, count]) => total + count, 0);
  return checkRise(
    "unseen_categories",
    floor,
    { seen: once, among: sizeOf(reference) },
    { seen: unseen, among: sizeOf(current) },
  );
}
