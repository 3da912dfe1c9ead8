/**
 * Fits the weights of the ranking to incidents whose cause is known: a conditional logit over the answers that the
 * ranking weighs, pulled towards the weights that serve. Where only the service or only the change is known, all pairs
 * with it are right.
 */
import type { Weights } from "../weights.ts";
import { type Choice, choiceOf, judge, namedWeights } from "./cause-choices.ts";
import { climb, type Values } from "./climb.ts";
import type { LabelledCause } from "./labels.ts";

const mostWeight = 10;

export function fitCauses(rows: readonly LabelledCause[], champion: Weights): Weights["causes"] {
  const choices = rows.flatMap((row) => choiceOf(row, champion) ?? []);
  // People confirm what they were shown: how often it is something else cannot be learned from that.
  const { elsewhere: _, ...start } = namedWeights(champion.causes);
  const { elsewhere } = champion.causes;
  const found = climb(start, (weights) => gradientOf(choices, { ...weights, elsewhere }), mostWeight);
  const taken = (name: string, before: number) => found[name] ?? before;
  const { service, change, noChange, changed, changeDistance } = champion.causes;
  return {
    ...champion.causes,
    service: renewed("service", service, found),
    change: renewed("change", change, found),
    noChange: taken("noChange", noChange),
    changed: taken("changed", changed),
    changeDistance: taken("changeDistance", changeDistance),
  };
}

function renewed(prefix: string, before: Values, found: Values): Record<string, number> {
  return Object.fromEntries(
    Object.entries(before).map(([name, value]) => [name, found[`${prefix}:${name}`] ?? value]),
  );
}

/** Of the log-likelihood of what was right. */
function gradientOf(choices: readonly Choice[], weights: Values): ReadonlyMap<string, number> {
  const gradient = new Map<string, number>();
  for (const choice of choices) {
    const pushes = pushesOn(choice, weights);
    for (const [place, { units }] of choice.parts.entries())
      for (const name of Object.keys(units))
        gradient.set(name, (gradient.get(name) ?? 0) + (pushes[place] ?? 0) * (units[name] ?? 0));
  }
  return gradient;
}

/** By part, how much the log-likelihood grows with its score. */
function pushesOn(choice: Choice, weights: Values): Float64Array {
  const { probabilities, right } = judge(choice, weights);
  const pushes = new Float64Array(choice.parts.length);
  if (right === 0) return pushes;
  for (const [place, { parts }] of choice.candidates.entries()) {
    const probability = probabilities[place] ?? 0;
    const push = (choice.areRight[place] ? probability / right : 0) - probability;
    for (const part of parts) pushes[part] = (pushes[part] ?? 0) + choice.sharpness * push;
  }
  return pushes;
}
