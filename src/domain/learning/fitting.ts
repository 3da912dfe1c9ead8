/**
 * Fits the weights of judgement to what people confirmed and what really hung together. Plain logistic regression,
 * pulled towards the weights that serve, so that little data changes little; the newest part is held out and never
 * learned from. Deterministic: the same rows give the same weights.
 */
import { createKindOf, type KindRule } from "../alert/evidence-kind.ts";
import type { CoFirings } from "../clustering/co-firing-counts.ts";
import type { MetricComparison } from "../rollout/metric-comparison.ts";
import { type Weights, weightsSchema } from "../weights.ts";
import { fitCauses } from "./fit-causes.ts";
import { compareWeights } from "./fit-measures.ts";
import { fitPairs } from "./fit-pairs.ts";
import { countSaid, type SaidOfPairs, splitByTime, splitPairs } from "./held-out.ts";
import { asChallenger, isSaid, type LabelledCause, type LabelledPair } from "./labels.ts";

export { countSaid, heldOutFrom, type SaidOfPairs } from "./held-out.ts";
export type { LabelledCause, LabelledPair } from "./labels.ts";

export interface FitOptions {
  readonly causes: readonly LabelledCause[];
  readonly pairs: readonly LabelledPair[];
  /** What serves now: the start of the search and what is compared with. */
  readonly champion: Weights;
  /**
   * What fired together before {@link heldOutFrom}, which the `challengerScores` of the pairs count with; the champion's
   * when absent.
   */
  readonly coFirings?: CoFirings;
  /** The operator's rules for kinds of evidence, by which the questions are read; the shipped ones alone when absent. */
  readonly evidenceKinds?: readonly KindRule[];
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
/** Of fewer corrections none would be held out, and what was learned of pairs could not be measured. */
export const fewestCorrections = 4;

/** How much there is to learn from. */
export interface Labels {
  readonly causes: number;
  readonly said: SaidOfPairs;
}

/** Says whether there is enough to learn from. */
export function checkEnough({ causes, said }: Labels) {
  if (causes >= fewestCauses || areEnoughPairs(said)) return null;
  return {
    kind: "too_little",
    problem: `There are ${causes} incidents with a confirmed cause and ${said.pairs} confirmed pairs of alerts that can still be compared, from ${said.corrections} corrections; at least ${fewestCauses} incidents or ${fewestPairs} pairs are needed, the pairs from at least ${fewestCorrections} corrections.`,
    remedy:
      "Say what the causes were (cause 12 service:NAME, or the buttons under a card) and correct groupings (merge, split, move); then try again.",
  } as const;
}

export function areEnoughPairs({ pairs, corrections }: SaidOfPairs): boolean {
  return pairs >= fewestPairs && corrections >= fewestCorrections;
}

/**
 * Fits new weights and measures them against the champion on the newest rows. Weights of which there is too little to
 * learn stay as they are, the counts of what fired together with those of pairs.
 */
export function fitWeights(options: FitOptions): FitResult {
  const said = countSaid(options.pairs);
  const refusal = checkEnough({ causes: options.causes.length, said });
  if (refusal !== null) return refusal;
  const { champion } = options;
  const kindOf = createKindOf(options.evidenceKinds ?? []);
  const causes = splitByTime(
    options.causes.map((row) => ({ ...row, question: { ...row.question, kindOf } })),
  );
  const pairs = splitPairs(options.pairs);
  const learnsCauses = options.causes.length >= fewestCauses;
  const learnsPairs = areEnoughPairs(said);
  const weights = weightsSchema.parse({
    clustering: learnsPairs ? fitClustering(pairs.older, options) : champion.clustering,
    causes: learnsCauses ? fitCauses(causes.older, champion) : champion.causes,
  });
  return {
    kind: "fitted",
    weights,
    comparison: compareWeights({ causes: causes.newer, pairs: pairs.newer }, champion, weights),
    learnedFrom: (learnsCauses ? causes.older.length : 0) + (learnsPairs ? pairs.older.length : 0),
    heldOut: causes.newer.length + pairs.newer.filter(isSaid).length,
  };
}

function fitClustering(pairs: readonly LabelledPair[], { champion, coFirings }: FitOptions) {
  const { clustering } = champion;
  const signals = fitPairs(pairs.map(asChallenger), champion);
  return { ...clustering, signals, coFirings: coFirings ?? clustering.coFirings };
}
