/**
 * How well a model did, from labels that came later, beside how it did on the reference. Only counts are needed: a
 * confusion matrix, scores by label, or errors. Intervals come from drawing the counts anew.
 */
import { sum } from "./histogram.ts";
import { type CheckResult, tooFew } from "./measured.ts";
import { normalLimit, normalTail } from "./probability.ts";
import { createRandom, resample } from "./random.ts";

/** What became known of predictions once their labels did. */
export type LabelledCounts =
  /** Rows are labels, columns predictions, in the same order; at least two. */
  | { readonly kind: "confusion"; readonly counts: readonly (readonly number[])[] }
  /** Scores of a binary model: for each bin, rising, how many of either label. */
  | { readonly kind: "scores"; readonly positives: readonly number[]; readonly negatives: readonly number[] }
  /** Prediction minus label: bins as of a histogram. */
  | { readonly kind: "errors"; readonly edges: readonly number[]; readonly counts: readonly number[] };

export interface Estimate {
  readonly metric: "accuracy" | "f1" | "roc_auc" | "mae";
  readonly value: number;
  /** Of the reference. */
  readonly reference: number;
  /** Where the value lies with 95 % confidence. */
  readonly low: number;
  readonly high: number;
  /** How much worse, as a share of the reference; negative when better. */
  readonly lossRatio: number;
  /** How much worse, as a share of the reference, is surely measured: the lower end of the 95 % interval of the loss. */
  readonly sureLossRatio: number;
}

const resamples = 1_000;
/** A loss of less than two in a hundred is of no consequence. */
const floor = 0.02;
const check = "performance";

/** One metric of the reference and of now; the result's value is the loss as a share of the reference. */
export function checkPerformance(
  reference: LabelledCounts,
  current: LabelledCounts,
  seed: number,
): { readonly result: CheckResult; readonly estimate: Estimate | null } {
  const [n, m] = [sum(cellsOf(reference)), sum(cellsOf(current))];
  const because =
    tooFew(n, m) ?? (isComparable(reference, current) ? null : "labels of the reference are of another form");
  const none = (why: string) => ({
    result: { kind: "not_enough", check, because: why } as const,
    estimate: null,
  });
  if (because !== null) return none(because);
  const metric = metricOf(current);
  const [before, now] = [measure(reference), measure(current)];
  if (!Number.isFinite(before) || !Number.isFinite(now) || before === 0)
    return none(`${metric} is not defined: a label or a class is missing`);
  const { values, losses } = drawn(reference, current, seed);
  const lossRatio = lossOf(metric, before, now);
  const spread = deviation(losses);
  const estimate: Estimate = {
    metric,
    value: now,
    reference: before,
    low: quantile(values, 0.025),
    high: quantile(values, 0.975),
    lossRatio,
    sureLossRatio: quantile(losses, 0.025),
  };
  return {
    result: {
      kind: "measured",
      check,
      value: Math.max(0, lossRatio),
      floor,
      chance: spread > 0 ? normalTail(lossRatio / spread) : lossRatio > 0 ? 0 : 1,
      limitAt: (level) => spread * normalLimit(level),
      n,
      m,
    },
    estimate,
  };
}

function metricOf({ kind }: LabelledCounts): Estimate["metric"] {
  return kind === "confusion" ? "f1" : kind === "scores" ? "roc_auc" : "mae";
}

/** Of an error more is worse, of all others less. */
function lossOf(metric: Estimate["metric"], before: number, now: number): number {
  return (metric === "mae" ? now - before : before - now) / before;
}

function isComparable(a: LabelledCounts, b: LabelledCounts): boolean {
  return a.kind === b.kind && (a.kind === "errors" || cellsOf(a).length === cellsOf(b).length);
}

/** Reference and current are drawn anew together, so that what both do not know is in the interval. */
function drawn(reference: LabelledCounts, current: LabelledCounts, seed: number) {
  const random = createRandom(seed);
  const metric = metricOf(current);
  const values: number[] = [];
  const losses: number[] = [];
  for (let round = 0; round < resamples; round += 1) {
    const before = measure(withCells(reference, resample(random, cellsOf(reference))));
    const now = measure(withCells(current, resample(random, cellsOf(current))));
    if (!Number.isFinite(before) || !Number.isFinite(now) || before === 0) continue;
    values.push(now);
    losses.push(lossOf(metric, before, now));
  }
  return { values: values.sort((a, b) => a - b), losses: losses.sort((a, b) => a - b) };
}

/** Macro F1, area under the curve, or mean absolute error; NaN where it is not defined. */
export function measure(counts: LabelledCounts): number {
  switch (counts.kind) {
    case "confusion":
      return macroF1(counts.counts);
    case "scores":
      return areaUnderCurve(counts.positives, counts.negatives);
    case "errors":
      return meanError(counts.edges, counts.counts);
  }
}

/** Mean of the F1 of all classes that occur as a label or a prediction. */
function macroF1(counts: readonly (readonly number[])[]): number {
  const scores = counts.flatMap((row, index) => {
    const labelled = sum(row);
    const predicted = sum(counts.map((other) => other[index] ?? 0));
    return labelled + predicted === 0 ? [] : [(2 * (row[index] ?? 0)) / (labelled + predicted)];
  });
  return scores.length === 0 ? Number.NaN : sum(scores) / scores.length;
}

/** Probability that a positive scores higher than a negative; half where they share a bin. */
function areaUnderCurve(positives: readonly number[], negatives: readonly number[]): number {
  let [below, pairs] = [0, 0];
  for (const [index, positive] of positives.entries()) {
    const negative = negatives[index] ?? 0;
    pairs += positive * (below + negative / 2);
    below += negative;
  }
  return pairs / (sum(positives) * below);
}

function meanError(edges: readonly number[], counts: readonly number[]): number {
  const total = counts.reduce(
    (all, count, index) => all + count * Math.abs(((edges[index] ?? 0) + (edges[index + 1] ?? 0)) / 2),
    0,
  );
  return total / sum(counts);
}

function cellsOf(counts: LabelledCounts): readonly number[] {
  if (counts.kind === "confusion") return counts.counts.flat();
  return counts.kind === "scores" ? [...counts.positives, ...counts.negatives] : counts.counts;
}

function withCells(like: LabelledCounts, cells: readonly number[]): LabelledCounts {
  switch (like.kind) {
    case "confusion": {
      const size = like.counts.length;
      return {
        kind: "confusion",
        counts: like.counts.map((_, row) => cells.slice(row * size, (row + 1) * size)),
      };
    }
    case "scores": {
      const bins = like.positives.length;
      return { kind: "scores", positives: cells.slice(0, bins), negatives: cells.slice(bins) };
    }
    case "errors":
      return { ...like, counts: cells };
  }
}

function deviation(values: readonly number[]): number {
  const mean = sum(values) / Math.max(1, values.length);
  return Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / Math.max(1, values.length - 1));
}

/** @param values - rising. */
function quantile(values: readonly number[], share: number): number {
  return values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? Number.NaN;
}
