/**
 * Fits the weights of the ranking to incidents whose cause is known: a conditional logit over the answers that the
 * ranking weighs, pulled towards the weights that serve. Where only the service or only the change is known, all pairs
 * with it are right.
 */
import type { Weights } from "../weights.ts";
import { choiceOf, namedWeights } from "./cause-choices.ts";
import { addGradient, type ChoiceOdds, oddsOf } from "./choice-odds.ts";
import { climb, type Values } from "./climb.ts";
import type { LabelledCause } from "./labels.ts";

const mostWeight = 10;

export function fitCauses(rows: readonly LabelledCause[], champion: Weights): Weights["causes"] {
  const named = namedWeights(champion.causes);
  const names = Object.keys(named);
  const choices = rows.flatMap((row) => {
    const choice = choiceOf(row, champion);
    return choice === null ? [] : [oddsOf(choice, names)];
  });
  // People confirm what they were shown: how often it is something else cannot be learned from that.
  const { elsewhere: _, ...start } = named;
  const { elsewhere } = champion.causes;
  const gradientAt = (weights: Values) => gradientOf(choices, names, { ...weights, elsewhere });
  const found = climb(start, gradientAt, mostWeight);
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

/** Of the log-likelihood of what was right, by name. */
function gradientOf(
  choices: readonly ChoiceOdds[],
  names: readonly string[],
  weights: Values,
): ReadonlyMap<string, number> {
  const values = Float64Array.from(names, (name) => weights[name] ?? 0);
  const gradient = new Float64Array(names.length);
  for (const choice of choices) addGradient(choice, values, gradient);
  return new Map(names.map((name, place) => [name, gradient[place] ?? 0]));
}
