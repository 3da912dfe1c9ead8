/** All checks of one window beside its reference: what has changed, by how much, and what cannot be said yet. */
import { type OrderedBins, pairBins, pairOrdered } from "./bins.ts";
import type { FeatureProfile } from "./histogram.ts";
import { holm } from "./holm.ts";
import { checkJensenShannon } from "./jensen-shannon.ts";
import { checkKolmogorovSmirnov } from "./kolmogorov-smirnov.ts";
import type { CheckName, CheckResult, Measured } from "./measured.ts";
import { checkNullRate } from "./null-rate.ts";
import { checkOutOfRange } from "./out-of-range.ts";
import { checkPerformance, type Estimate, type LabelledCounts } from "./performance.ts";
import { checkPredictionRate } from "./prediction-rate.ts";
import { checkPsi } from "./psi.ts";
import { compareSchemas, type SchemaChange } from "./schema.ts";
import { checkUnseenCategories } from "./unseen-categories.ts";
import { checkVolume } from "./volume.ts";
import { checkWasserstein } from "./wasserstein.ts";

/** What is known of a model over some time. */
export interface Profile {
  readonly features: ReadonlyMap<string, FeatureProfile>;
  /** What it answered; null when nobody says. */
  readonly prediction: FeatureProfile | null;
  readonly labels: LabelledCounts | null;
  readonly rows: number;
}

export interface JudgeOptions {
  /** Probability of any finding in one report while nothing has changed, 0 to 1. */
  readonly falseAlarmRate: number;
  /** Rows of the windows before; empty when the window is not over, so that its volume is not judged. */
  readonly rowsBefore: readonly number[];
  /** Makes the intervals the same for the same report. */
  readonly seed: number;
}

/** One check of one feature, judged among all of its report. */
export interface Judged extends Omit<Measured, "kind" | "limitAt" | "floor"> {
  /** Null for what is about the model as a whole. */
  readonly feature: string | null;
  /** What the value had to reach, given how many values and how many checks there are. */
  readonly limit: number;
  readonly isFinding: boolean;
}

export interface Judgement {
  /** Worst first: findings, then what was measured and is none. */
  readonly judged: readonly Judged[];
  readonly schema: readonly SchemaChange[];
  readonly estimate: Estimate | null;
  /** What cannot be said yet, and why. */
  readonly unsaid: readonly {
    readonly feature: string | null;
    readonly check: CheckName;
    readonly because: string;
  }[];
}

type Result = { readonly feature: string | null; readonly result: CheckResult };

/** Name under which the predictions themselves are shown. */
export const predictionName = "prediction";

/** Never says that something is well which it cannot measure: that is in `unsaid`. */
export function judgeProfile(reference: Profile, current: Profile, options: JudgeOptions): Judgement {
  const results: Result[] = [];
  for (const [feature, before] of reference.features) {
    const now = current.features.get(feature);
    if (now === undefined || now.histogram.kind !== before.histogram.kind) continue;
    for (const result of checksOf(before, now)) results.push({ feature, result });
  }
  results.push(...predictionChecks(reference.prediction, current.prediction));
  if (options.rowsBefore.length > 0)
    results.push({ feature: null, result: checkVolume(current.rows, options.rowsBefore) });
  let estimate: Estimate | null = null;
  if (reference.labels !== null && current.labels !== null) {
    const measured = checkPerformance(reference.labels, current.labels, options.seed);
    results.push({ feature: null, result: measured.result });
    ({ estimate } = measured);
  }
  return {
    ...judgeResults(results, options.falseAlarmRate),
    schema: compareSchemas(reference.features, current.features),
    estimate,
  };
}

/** Every check that goes with the kind of a feature. */
export function checksOf(before: FeatureProfile, now: FeatureProfile): readonly CheckResult[] {
  const nulls = checkNullRate(before, now);
  const [reference, current] = [before.histogram, now.histogram];
  if (reference.kind === "numeric" && current.kind === "numeric") {
    const bins = pairOrdered(reference, current);
    return bins === null ? [noBins(), nulls] : [...orderedChecks(bins), nulls];
  }
  if (reference.kind !== "categorical" || current.kind !== "categorical") return [nulls];
  const bins = pairBins(reference, current);
  if (bins === null) return [noBins(), nulls];
  return [checkPsi(bins), checkJensenShannon(bins), checkUnseenCategories(reference, current), nulls];
}

function orderedChecks(bins: OrderedBins): readonly CheckResult[] {
  return [
    checkPsi(bins),
    checkJensenShannon(bins),
    checkKolmogorovSmirnov(bins),
    checkWasserstein(bins),
    checkOutOfRange(bins),
  ];
}

function noBins(): CheckResult {
  return { kind: "not_enough", check: "psi", because: "its bins are not those of the reference" };
}

function predictionChecks(before: FeatureProfile | null, now: FeatureProfile | null): readonly Result[] {
  if (before === null || now === null || before.histogram.kind !== now.histogram.kind) return [];
  const results = checksOf(before, now).map((result) => ({ feature: predictionName, result }));
  if (before.histogram.kind !== "categorical" || now.histogram.kind !== "categorical") return results;
  const rate = checkPredictionRate(before.histogram, now.histogram);
  return [...results, { feature: predictionName, result: rate }];
}

function judgeResults(results: readonly Result[], rate: number): Pick<Judgement, "judged" | "unsaid"> {
  const measured = results.flatMap(({ feature, result }) =>
    result.kind === "measured" ? [{ feature, result }] : [],
  );
  const unsaid = results.flatMap(({ feature, result }) =>
    result.kind === "measured" ? [] : [{ feature, check: result.check, because: result.because }],
  );
  const levels = holm(
    measured.map(({ result }) => result.chance),
    rate,
  );
  const judged = measured.map(({ feature, result }, index): Judged => {
    const { check, value, chance, n, m, floor, limitAt } = result;
    const { level, isFinding } = levels[index] ?? { level: rate, isFinding: false };
    const limit = Math.max(floor, limitAt(level));
    return { feature, check, value, chance, n, m, limit, isFinding: isFinding && value >= floor };
  });
  return { judged: judged.sort(byWeight), unsaid };
}

/** Findings first, then by how far the value is beyond its limit. */
function byWeight(a: Judged, b: Judged): number {
  return (
    Number(b.isFinding) - Number(a.isFinding) ||
    b.value / b.limit - a.value / a.limit ||
    (`${a.feature} ${a.check}` < `${b.feature} ${b.check}` ? -1 : 1)
  );
}
