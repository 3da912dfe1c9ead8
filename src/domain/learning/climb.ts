/** The search for weights: Adam with fixed steps on a penalised likelihood, so that the same rows give the same weights. */

export type Values = Readonly<Record<string, number>>;

/** How hard a weight is pulled to where it starts: as this many rows saying it is right. */
const pull = 2;
const steps = 300;
const stepSize = 0.05;

/**
 * @param start - where the search begins and what it is pulled to; a weight without a name here is not looked for.
 * @param gradientOf - of the log-likelihood.
 * @returns weights between `least` and `most`, rounded to four digits.
 */
export function climb(
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
