/**
 * How well weights answer labelled questions, and whether the difference between two sets of weights is more than
 * chance: each question is answered by both, so the differences are resampled in pairs.
 */

import { rankAnswers } from "../causes.ts";
import type { MetricComparison } from "../rollout/metric-comparison.ts";
import type { Weights } from "../weights.ts";
import { noChange } from "./feedback.ts";
import { logistic, pairScore } from "./fit-pairs.ts";
import { asChallenger, isSaid, type LabelledCause, type LabelledPair, rightChanges } from "./labels.ts";

/** With fewer questions an interval would look surer than it is. */
export const fewestCompared = 8;
const resamples = 1_000;
/** Of the right answer; below it a log loss says little more than that it was not expected. */
const leastChance = 1e-4;

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
  const after = answersOf({ ...held, pairs: held.pairs.map(asChallenger) }, challenger);
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
  return new Map([...answersOnCauses(held.causes, weights), ...answersOnPairs(held.pairs, weights)]);
}

/** How one answer to one question turned out. */
interface Outcome {
  /** How many other answers come before the right one. */
  readonly ahead: number;
  /** Probability of the right one. */
  readonly chance: number;
}

/** What the ranking itself, under these weights, answers to "which service" and "which change, or none". */
function answersOnCauses(rows: readonly LabelledCause[], weights: Weights): [string, number[]][] {
  const [services, changes]: [Outcome[], Outcome[]] = [[], []];
  for (const row of rows) {
    const answers = rankAnswers(row.question, weights);
    if (row.service !== null) {
      const named = answers.map(({ service, confidence }) => ({ name: service ?? "", confidence }));
      services.push(outcomeOf(named, new Set([row.service])));
    }
    const right = row.changeId === noChange ? new Set([noChange]) : rightChanges(row);
    // Without a change in reach there is nothing to choose from, and one that is not in reach cannot be chosen.
    if (row.question.changes.length === 0 || right.size === 0) continue;
    const named = answers.map(({ changeId, confidence }) => ({ name: changeId ?? noChange, confidence }));
    changes.push(outcomeOf(named, right));
  }
  return [...metricsOf("service", services), ...metricsOf("change", changes)];
}

/** @param answers - best first; what one name is answered by several times counts together. */
function outcomeOf(
  answers: readonly { readonly name: string; readonly confidence: number }[],
  right: ReadonlySet<string>,
): Outcome {
  const names = [...new Set(answers.map(({ name }) => name))];
  const place = names.findIndex((name) => right.has(name));
  const chance = answers.reduce((sum, { name, confidence }) => sum + (right.has(name) ? confidence : 0), 0);
  return { ahead: place === -1 ? names.length : place, chance };
}

function metricsOf(name: string, outcomes: readonly Outcome[]): [string, number[]][] {
  if (outcomes.length === 0) return [];
  return [
    [`${name}_top1`, outcomes.map(({ ahead }) => (ahead === 0 ? 1 : 0))],
    [`${name}_top3`, outcomes.map(({ ahead }) => (ahead < 3 ? 1 : 0))],
    [`${name}_log_loss`, outcomes.map(({ chance }) => logLoss(chance))],
  ];
}

function logLoss(chance: number): number {
  return -Math.log(Math.min(1, Math.max(chance, leastChance)));
}

/**
 * Only what people said is measured. A correction is one question, however many pairs of alerts it speaks of: they are
 * right or wrong together. What is counted of it is the mean over its pairs.
 */
function answersOnPairs(pairs: readonly LabelledPair[], { clustering }: Weights): [string, number[]][] {
  const byCorrection = new Map<number | null, { readonly hits: number[]; readonly losses: number[] }>();
  for (const pair of pairs.filter(isSaid)) {
    const chance = logistic(pairScore(pair, clustering, clustering.signals));
    const answer = byCorrection.get(pair.correction) ?? { hits: [], losses: [] };
    byCorrection.set(pair.correction, answer);
    answer.hits.push(chance > 0.5 === pair.areTogether ? 1 : 0);
    answer.losses.push(logLoss(pair.areTogether ? chance : 1 - chance));
  }
  if (byCorrection.size === 0) return [];
  const answers = [...byCorrection.values()];
  return [
    ["pair_accuracy", answers.map(({ hits }) => mean(hits))],
    ["pair_log_loss", answers.map(({ losses }) => mean(losses))],
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
