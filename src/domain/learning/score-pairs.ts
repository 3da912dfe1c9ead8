/**
 * What each signal says of pairs of alerts, asked of a correlator that has seen the day before them and nothing later. It
 * takes up to a second for a busy day, and all of a retrain's minutes.
 */
import { createKindOf, type KindRule } from "../alert/evidence-kind.ts";
import type { Correlator } from "../clustering/correlation.ts";
import { shippedSignals } from "../clustering/shipped-signals.ts";
import { createCorrelator } from "../clustering.ts";
import type { Weights } from "../weights.ts";
import type { LabelledPair } from "./labels.ts";

/** What the correlator judges by that is asked what each signal said. */
export interface Judge {
  readonly weights: Weights;
  /** The operator's rules for kinds of evidence. */
  readonly evidenceKinds: readonly KindRule[];
}

/** Plain data, so that it can be handed to another thread. */
export interface PairWork {
  readonly judge: Judge;
  /** What there was to see from a day before the first of the pairs to the last. */
  readonly scene: Parameters<Correlator["restore"]>[0];
  /** Keys of alerts. */
  readonly pairs: readonly (readonly [string, string])[];
}

/** By place, the scores of the pairs; null for those that the correlator could not have weighed. */
export type PairScores = readonly (LabelledPair["scores"] | null)[];

export function scorePairs({ judge: { weights, evidenceKinds }, scene, pairs }: PairWork): PairScores {
  // Every signal counts once, so that the reasons of a comparison are the signals' own scores.
  const clustering = { ...weights.clustering, signals: {} };
  const kindOf = createKindOf(evidenceKinds);
  const correlator = createCorrelator({ weights: { ...weights, clustering }, kindOf });
  correlator.restore(scene);
  return pairs.map(([a, b]) => rawScores(correlator, a, b));
}

const signalNames = new Set(shippedSignals.map((signal) => signal.name));

function rawScores(correlator: Correlator, a: string, b: string): LabelledPair["scores"] | null {
  const comparison = correlator.compare(a, b);
  if (comparison === null) return null;
  const own = comparison.reasons.filter((reason) => signalNames.has(reason.signal));
  return Object.fromEntries(own.map(({ signal, score }) => [signal, score]));
}
