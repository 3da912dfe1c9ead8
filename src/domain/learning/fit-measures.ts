/**
 * How well weights answer labelled questions, and whether the difference between two sets of weights is more than
 * chance: each question is answered by both, so the differences are resampled in pairs.
 */

import type { MetricComparison } from "../rollout/metric-comparison.ts";
import type { Weights } from "../weights.ts";
import {
  type Choice,
  changeChoices,
  judge,
  type LabelledCause,
  type LabelledPair,
  logistic,
  noChange,
  pairScore,
  serviceChoices,
  type Values,
} from "./fit-choices.ts";

/** With fewer questions an interval would look surer than it is. */
export const fewestCompared = 8;
const resamples = 1_000;

type Rows = ReadonlyMap<string, readonly number[]>;

/**
 * Answers the same questions with both sets of weights. Deterministic. Of shares of right answers (top1, top3,
 * accuracy) higher is better, of log_loss lower.
 */
export function compareWeights(
  held: { readonly causes: readonly LabelledCause[]; readonly pairs: readonly LabelledPair[] },
  champion: Weights,
  challenger: Weights,
): readonly MetricComparison[] {
  const before = answersOf(held, champion);
  const after = answersOf(held, challenger);
  return [...before].map(([name, values]) => {
    const others = after.get(name) ?? [];
    const differences = others.map((value, i) => value - (values[i] ?? 0));
    return {
      name,
      champion: mean(values),
      challenger: mean(others),
      interval: differences.length < fewestCompared ? null : intervalOf(differences),
      n: differences.length,
    };
  });
}

/** Per metric one number for each question. */
function answersOf(
  held: { readonly causes: readonly LabelledCause[]; readonly pairs: readonly LabelledPair[] },
  weights: Weights,
): Rows {
  const { service, change, noChange: none } = weights.causes;
  return new Map([
    ...answersTo("service", serviceChoices(held.causes, weights), service),
    ...answersTo("change", changeChoices(held.causes, weights), { ...change, [noChange]: none }),
    ...answersOnPairs(held.pairs, weights),
  ]);
}

function answersTo(name: string, choices: readonly Choice[], weights: Values): [string, number[]][] {
  if (choices.length === 0) return [];
  const judged = choices.map((choice) => ({ choice, ...judge(choice, weights) }));
  const ahead = judged.map(({ choice, scores }) => {
    const best = Math.max(
      ...choice.candidates.map(({ isRight }, i) => (isRight ? (scores[i] ?? 0) : Number.NEGATIVE_INFINITY)),
    );
    return scores.filter((score, i) => score >= best && choice.candidates[i]?.isRight === false).length;
  });
  return [
    [`${name}_top1`, ahead.map((count) => (count === 0 ? 1 : 0))],
    [`${name}_top3`, ahead.map((count) => (count < 3 ? 1 : 0))],
    [`${name}_log_loss`, judged.map(({ right }) => -Math.log(Math.max(right, 1e-9)))],
  ];
}

/** Only what people said is measured; what nobody objected to would flatter whatever decided it. */
function answersOnPairs(pairs: readonly LabelledPair[], { clustering }: Weights): [string, number[]][] {
  const said = pairs.filter((pair) => pair.weight >= 1);
  if (said.length === 0) return [];
  const chances = said.map((pair) => logistic(pairScore(pair, clustering, clustering.signals)));
  return [
    ["pair_accuracy", said.map((pair, i) => ((chances[i] ?? 0) > 0.5 === pair.areTogether ? 1 : 0))],
    [
      "pair_log_loss",
      said.map(
        (pair, i) => -Math.log(Math.max(pair.areTogether ? (chances[i] ?? 0) : 1 - (chances[i] ?? 0), 1e-9)),
      ),
    ],
  ];
}

/**
 * Percentile bootstrap of a mean, with a fixed sequence of random numbers so that the same data give the same interval.
 * @see https://en.wikipedia.org/wiki/Bootstrapping_(statistics)
 */
function intervalOf(values: readonly number[]): [number, number] {
  const random = sequence();
  const means = Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let i = 0; i < values.length; i += 1) sum += values[Math.floor(random() * values.length)] ?? 0;
    return sum / values.length;
  }).sort((a, b) => a - b);
  return [means[Math.floor(resamples * 0.025)] ?? 0, means[Math.ceil(resamples * 0.975) - 1] ?? 0];
}

/** Numbers in [0, 1), always the same (mulberry32). */
function sequence(): () => number {
  let state = 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
