/**
 * Fits the weights of judgement to what people confirmed and what really hung together. Plain logistic regression,
 * pulled towards the weights that serve, so that little data changes little; the newest part is held out and never
 * learned from. Deterministic: the same rows give the same weights.
 */
import type { CoFirings } from "../clustering/co-firing-counts.ts";
import type { MetricComparison } from "../rollout/metric-comparison.ts";
import { type Weights, weightsSchema } from "../weights.ts";
import { fitCauses } from "./fit-causes.ts";
import { compareWeights } from "./fit-measures.ts";
import { fitPairs } from "./fit-pairs.ts";
import type { LabelledCause, LabelledPair } from "./labels.ts";

export type { LabelledCause, LabelledPair } from "./labels.ts";

export interface FitOptions {
  readonly causes: readonly LabelledCause[];
  readonly pairs: readonly LabelledPair[];
  /** What serves now: the start of the search and what is compared with. */
  readonly champion: Weights;
  /** What fired together before {@link heldOutFrom}; the champion's when there is nothing new. */
  readonly coFirings?: CoFirings;
}

export type FitResult =
  | {
      readonly kind: "fitted";
      readonly weights: Weights;
      /** On the held-out part, which neither learned from. */
      readonly comparison: readonly MetricComparison[];
      readonly learnedFrom: number;
      readonly heldOut: number;
    }
  /** `problem` names how much there is, `remedy` what to collect. */
  | { readonly kind: "too_little"; readonly problem: string; readonly remedy: string };

/** Fewest labelled incidents, or pairs, that are worth learning from. */
export const fewestCauses = 20;
export const fewestPairs = 60;
const heldOutShare = 0.3;

/** Says whether there is enough to learn from, by the numbers of labels. */
export function checkEnough(labels: { readonly causes: number; readonly pairs: number }) {
  const { causes, pairs } = labels;
  if (causes >= fewestCauses || pairs >= fewestPairs) return null;
  return {
    kind: "too_little",
    problem: `There are ${causes} incidents with a confirmed cause and ${pairs} confirmed pairs of alerts; at least ${fewestCauses} incidents or ${fewestPairs} pairs are needed.`,
    remedy:
      "Say what the causes were (cause 12 service:NAME, or the buttons under a card) and correct groupings (merge, split, move); then try again.",
  } as const;
}

/** Fits new weights and measures them against the champion on the newest rows. */
export function fitWeights(options: FitOptions): FitResult {
  const said = options.pairs.filter((pair) => pair.weight >= 1).length;
  const refusal = checkEnough({ causes: options.causes.length, pairs: said });
  if (refusal !== null) return refusal;
  const { champion } = options;
  const causes = splitByTime(options.causes);
  const pairs = splitByTime(options.pairs);
  const learnsCauses = options.causes.length >= fewestCauses;
  const learnsPairs = said >= fewestPairs;
  const weights = weightsSchema.parse({
    clustering: {
      ...champion.clustering,
      signals: learnsPairs ? fitPairs(pairs.older, champion) : champion.clustering.signals,
      coFirings: options.coFirings ?? champion.clustering.coFirings,
    },
    causes: learnsCauses ? fitCauses(causes.older, champion) : champion.causes,
  });
  return {
    kind: "fitted",
    weights,
    comparison: compareWeights({ causes: causes.newer, pairs: pairs.newer }, champion, weights),
    learnedFrom: (learnsCauses ? causes.older.length : 0) + (learnsPairs ? pairs.older.length : 0),
    heldOut: causes.newer.length + pairs.newer.length,
  };
}

/** The moment of the first row that is held out; null when there are no rows. What is learned must end before it. */
export function heldOutFrom(rows: readonly { readonly at: Date }[]): Date | null {
  return splitByTime(rows).newer[0]?.at ?? null;
}

function splitByTime<Row extends { readonly at: Date }>(rows: readonly Row[]) {
  const sorted = [...rows].sort((a, b) => a.at.getTime() - b.at.getTime());
  const cut = Math.ceil(sorted.length * (1 - heldOutShare));
  return { older: sorted.slice(0, cut), newer: sorted.slice(cut) };
}
