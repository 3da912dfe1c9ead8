/**
 * A choice as plain numbers, side by side in memory: a fit asks hundreds of times what weights say of hundreds of
 * thousands of candidates, hence the loops.
 */
import type { Choice } from "./cause-choices.ts";

/** Lists of different lengths, one after the other: that of place i is `items` from `starts[i]` to `starts[i + 1]`. */
interface Lists {
  readonly starts: Int32Array;
  readonly items: Int32Array;
}

/** A choice among candidates whose scores are sums of parts, which are sums of units of weights. */
export interface ChoiceOdds {
  /** By part, places of the weights that it has units of, and how many. */
  readonly weights: Lists;
  readonly units: Float64Array;
  /** By part, what no weight multiplies. */
  readonly fixed: Float64Array;
  /** By candidate, its parts. */
  readonly parts: Lists;
  readonly areRight: readonly boolean[];
  readonly sharpness: number;
}

/** @param names - of the weights, in the order in which their values will be given. */
export function oddsOf(choice: Choice, names: readonly string[]): ChoiceOdds {
  const placeOf = new Map(names.map((name, place) => [name, place]));
  // A weight without a value counts nothing.
  const units = choice.parts.map((part) =>
    Object.entries(part.units).flatMap(([name, value]) => {
      const place = placeOf.get(name);
      return place === undefined ? [] : [{ place, value }];
    }),
  );
  return {
    weights: listsOf(units.map((part) => part.map(({ place }) => place))),
    units: Float64Array.from(units.flatMap((part) => part.map(({ value }) => value))),
    fixed: Float64Array.from(choice.parts, ({ fixed }) => fixed),
    parts: listsOf(choice.candidates.map(({ parts }) => parts)),
    areRight: choice.areRight,
    sharpness: choice.sharpness,
  };
}

function listsOf(lists: readonly (readonly number[])[]): Lists {
  const starts = new Int32Array(lists.length + 1);
  for (const [place, list] of lists.entries()) starts[place + 1] = (starts[place] ?? 0) + list.length;
  return { starts, items: Int32Array.from(lists.flat()) };
}

/** What weights say of a choice: the probability of each candidate, and of all right ones together. */
export function judge({ parts, areRight, ...odds }: ChoiceOdds, values: Float64Array) {
  const worths = worthsOf(odds, values);
  const { starts, items } = parts;
  const probabilities = new Float64Array(areRight.length);
  let top = Number.NEGATIVE_INFINITY;
  for (let place = 0; place < probabilities.length; place += 1) {
    const end = starts[place + 1] ?? 0;
    let score = 0;
    for (let at = starts[place] ?? 0; at < end; at += 1) score += worths[items[at] ?? 0] ?? 0;
    probabilities[place] = score;
    top = Math.max(top, score);
  }
  let [sum, right] = [0, 0];
  for (let place = 0; place < probabilities.length; place += 1) {
    const value = Math.exp((probabilities[place] ?? 0) - top);
    probabilities[place] = value;
    sum += value;
    if (areRight[place]) right += value;
  }
  for (let place = 0; place < probabilities.length; place += 1)
    probabilities[place] = (probabilities[place] ?? 0) / sum;
  return { probabilities, right: right / sum };
}

/** By part, its share of a score. */
function worthsOf(
  { weights, units, fixed, sharpness }: Omit<ChoiceOdds, "parts" | "areRight">,
  values: Float64Array,
): Float64Array {
  const { starts, items } = weights;
  const worths = new Float64Array(fixed.length);
  for (let part = 0; part < worths.length; part += 1) {
    const end = starts[part + 1] ?? 0;
    let sum = 0;
    for (let at = starts[part] ?? 0; at < end; at += 1)
      sum += (units[at] ?? 0) * (values[items[at] ?? 0] ?? 0);
    worths[part] = sharpness * ((fixed[part] ?? 0) + sum);
  }
  return worths;
}

/** Adds to a gradient, by weight, how the log-likelihood of what was right grows with it. */
export function addGradient(odds: ChoiceOdds, values: Float64Array, gradient: Float64Array): void {
  const pushes = pushesOn(odds, values);
  const { starts, items } = odds.weights;
  for (let part = 0; part < pushes.length; part += 1) {
    const end = starts[part + 1] ?? 0;
    for (let at = starts[part] ?? 0; at < end; at += 1) {
      const weight = items[at] ?? 0;
      gradient[weight] = (gradient[weight] ?? 0) + (pushes[part] ?? 0) * (odds.units[at] ?? 0);
    }
  }
}

/** By part, how much the log-likelihood grows with its score. */
function pushesOn(odds: ChoiceOdds, values: Float64Array): Float64Array {
  const { probabilities, right } = judge(odds, values);
  const pushes = new Float64Array(odds.fixed.length);
  if (right === 0) return pushes;
  const { starts, items } = odds.parts;
  for (let place = 0; place < probabilities.length; place += 1) {
    const probability = probabilities[place] ?? 0;
    const push = odds.sharpness * ((odds.areRight[place] ? probability / right : 0) - probability);
    const end = starts[place + 1] ?? 0;
    for (let at = starts[place] ?? 0; at < end; at += 1) {
      const part = items[at] ?? 0;
      pushes[part] = (pushes[part] ?? 0) + push;
    }
  }
  return pushes;
}
