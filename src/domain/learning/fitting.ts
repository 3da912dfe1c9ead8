/**
 * Fits the weights of judgement to what people confirmed and what really hung together. Plain logistic regression,
 * pulled towards the weights that serve, so that little data changes little; the newest part is held out and never
 * learned from. Deterministic: the same rows give the same weights.
 */
import type { CoFirings } from "../clustering/co-firing-counts.ts";
import type { MetricComparison } from "../rollout/metric-comparison.ts";
import { type Weights, weightsSchema } from "../weights.ts";
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
import { compareWeights } from "./fit-measures.ts";

export type { LabelledCause, LabelledPair } from "./fit-choices.ts";

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
/** How hard a weight is pulled to the champion's: as this many rows saying it is right. */
const pull = 2;
const steps = 300;
const stepSize = 0.05;
const bounds = { weight: 10, multiplier: 5 };

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
  const fitted = {
    clustering: learnsPairs ? fitPairs(pairs.older, champion) : champion.clustering,
    causes: learnsCauses ? fitCauses(causes.older, champion) : champion.causes,
  };
  const weights = weightsSchema.parse({
    ...fitted,
    clustering: { ...fitted.clustering, coFirings: options.coFirings ?? champion.clustering.coFirings },
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

// ---------- one choice among candidates ----------

function choiceGradient(choices: readonly Choice[], weights: Values): Map<string, number> {
  const gradient = new Map<string, number>();
  for (const choice of choices) {
    const { probabilities, right } = judge(choice, weights);
    if (right === 0) continue;
    for (const [i, { features, isRight }] of choice.candidates.entries()) {
      const probability = probabilities[i] ?? 0;
      const pushed = (isRight ? probability / right : 0) - probability;
      for (const name of Object.keys(features))
        gradient.set(name, (gradient.get(name) ?? 0) + pushed * (features[name] ?? 0));
    }
  }
  return gradient;
}

function fitCauses(rows: readonly LabelledCause[], champion: Weights): Weights["causes"] {
  const { causes } = champion;
  const services = serviceChoices(rows, champion);
  const changes = changeChoices(rows, champion);
  const service = climb(causes.service, (weights) => choiceGradient(services, weights), bounds.weight);
  const start = { ...causes.change, [noChange]: causes.noChange };
  const fitted = climb(start, (weights) => choiceGradient(changes, weights), bounds.weight);
  const { [noChange]: none, ...change } = fitted;
  return { ...causes, service, change, noChange: none ?? causes.noChange };
}

// ---------- pairs ----------

function fitPairs(rows: readonly LabelledPair[], { clustering }: Weights): Weights["clustering"] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.scores)))].sort();
  const start = Object.fromEntries(names.map((name) => [name, clustering.signals[name] ?? 1]));
  const signals = climb(
    { ...clustering.signals, ...start },
    (multipliers) => {
      const gradient = new Map<string, number>();
      for (const row of rows) {
        const error = (row.areTogether ? 1 : 0) - logistic(pairScore(row, clustering, multipliers));
        for (const name of Object.keys(row.scores))
          gradient.set(name, (gradient.get(name) ?? 0) + row.weight * error * (row.scores[name] ?? 0));
      }
      return gradient;
    },
    bounds.multiplier,
    0,
  );
  return { ...clustering, signals };
}

// ---------- search ----------

/** Adam with fixed steps on the penalised likelihood, from the champion's weights. */
function climb(
  start: Values,
  gradientOf: (weights: Values) => ReadonlyMap<string, number>,
  most: number,
  least = -most,
): Record<string, number> {
  const weights: Record<string, number> = { ...start };
  const names = Object.keys(weights);
  const mean = new Map<string, number>();
  const square = new Map<string, number>();
  for (let step = 1; step <= steps; step += 1) {
    const gradient = gradientOf(weights);
    for (const name of names) {
      const now = weights[name] ?? 0;
      const slope = (gradient.get(name) ?? 0) - pull * (now - (start[name] ?? 0));
      mean.set(name, 0.9 * (mean.get(name) ?? 0) + 0.1 * slope);
      square.set(name, 0.999 * (square.get(name) ?? 0) + 0.001 * slope * slope);
      const direction = (mean.get(name) ?? 0) / (1 - 0.9 ** step);
      const size = Math.sqrt((square.get(name) ?? 0) / (1 - 0.999 ** step)) + 1e-8;
      weights[name] = Math.min(most, Math.max(least, now + (stepSize * direction) / size));
    }
  }
  return Object.fromEntries(names.map((name) => [name, Math.round((weights[name] ?? 0) * 1e4) / 1e4]));
}
