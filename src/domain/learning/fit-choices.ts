/** Labelled incidents as what a fit learns from: one choice among candidates, each a row of named numbers. */

import { weighChanges } from "../causes/change-evidence.ts";
import { weighServices } from "../causes/service-evidence.ts";
import type { CauseQuestion } from "../clustering/correlation.ts";
import { createServiceGraph } from "../topology.ts";
import type { Weights } from "../weights.ts";

/** An incident whose cause a person named. */
export interface LabelledCause {
  readonly question: CauseQuestion;
  /** The right service, or null when nobody said. */
  readonly service: string | null;
  /** The right change; "none" when people said that no change was to blame; null when nobody said. */
  readonly changeId: string | null;
  readonly at: Date;
}

/** Two alerts that were near in time, what each signal said of them, and whether they turned out to be one incident. */
export interface LabelledPair {
  /** Signal name to its unweighted score. */
  readonly scores: Values;
  readonly areTogether: boolean;
  /** How much it counts: 1 for what a person said, less for what nobody objected to. Above 0. */
  readonly weight: number;
  readonly at: Date;
}

export type Values = Readonly<Record<string, number>>;

/** One question: the features of each candidate, and which of them are right. */
export interface Choice {
  readonly candidates: readonly { readonly features: Values; readonly isRight: boolean }[];
}

/** Name of the constant feature of the candidate "no change". */
export const noChange = "noChange";

/** Which service was it? Questions whose answer nobody said, or with one candidate, teach nothing and are left out. */
export function serviceChoices(rows: readonly LabelledCause[], weights: Weights): Choice[] {
  return rows.flatMap(({ question, service }) => {
    if (service === null) return [];
    const graph = createServiceGraph(question.topology, weights.clustering.hubDegree);
    const candidates = weighServices(question.alerts, graph, [service], question.kindOf).map((evidence) => ({
      features: Object.fromEntries(evidence.features.map((feature) => [feature.name, feature.value])),
      isRight: evidence.service === service,
    }));
    return candidates.length > 1 ? [{ candidates }] : [];
  });
}

/** Which change was it, or none? */
export function changeChoices(rows: readonly LabelledCause[], weights: Weights): Choice[] {
  return rows.flatMap(({ question, changeId }) => {
    if (changeId === null) return [];
    const graph = createServiceGraph(question.topology, weights.clustering.hubDegree);
    const changes = weighChanges(question.alerts, question.changes, graph).map((evidence) => ({
      features: Object.fromEntries(evidence.features.map((feature) => [feature.name, feature.value])),
      isRight: evidence.change.id === changeId || evidence.carries === changeId,
    }));
    const none = { features: { [noChange]: 1 }, isRight: changeId === "none" };
    const candidates = [...changes, none];
    return candidates.some((candidate) => candidate.isRight) && candidates.length > 1 ? [{ candidates }] : [];
  });
}

/** Scores and probabilities of each candidate, and the probability of all right ones together. */
export function judge(choice: Choice, weights: Values) {
  const scores = choice.candidates.map(({ features }) => scoreOf(features, weights));
  const top = Math.max(...scores);
  const odds = scores.map((score) => Math.exp(score - top));
  const sum = odds.reduce((a, b) => a + b, 0);
  const probabilities = odds.map((value) => value / sum);
  const right = choice.candidates.reduce(
    (total, { isRight }, i) => total + (isRight ? (probabilities[i] ?? 0) : 0),
    0,
  );
  return { scores, probabilities, right };
}

function scoreOf(features: Values, weights: Values): number {
  let score = 0;
  for (const name of Object.keys(features)) score += (features[name] ?? 0) * (weights[name] ?? 0);
  return score;
}

/** Log-odds that the two alerts of a pair are one incident. */
export function pairScore(
  pair: LabelledPair,
  clustering: Weights["clustering"],
  multipliers: Values,
): number {
  let score = -clustering.threshold;
  for (const name of Object.keys(pair.scores)) score += (pair.scores[name] ?? 0) * (multipliers[name] ?? 1);
  return score;
}

export function logistic(score: number): number {
  return 1 / (1 + Math.exp(-score));
}
