/** Fits how much each signal counts to pairs of alerts: logistic regression, pulled towards the weights that serve. */
import type { Weights } from "../weights.ts";
import { climb, type Values } from "./climb.ts";
import type { LabelledPair } from "./labels.ts";

const mostMultiplier = 5;

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

export function fitPairs(
  rows: readonly LabelledPair[],
  { clustering }: Weights,
): Weights["clustering"]["signals"] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.scores)))].sort();
  const start = Object.fromEntries(names.map((name) => [name, clustering.signals[name] ?? 1]));
  return climb(
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
    mostMultiplier,
    0,
  );
}
