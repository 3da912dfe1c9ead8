/** Numbers that look random and are the same for the same seed, so that the same report is judged the same way twice. */

/** Evenly spread over [0, 1). @see https://prng.di.unimi.it/splitmix64.c (here with 32 bits) */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** A standard normal number. @see https://doi.org/10.1214/aoms/1177706645 (Box, Muller) */
export function normalFrom(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** How often something of probability `p` happens in `n` tries: exactly for few, by the normal curve for many. */
export function binomialFrom(random: () => number, n: number, p: number): number {
  if (n <= 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - binomialFrom(random, n, 1 - p);
  if (n * p < 30) return fewFrom(random, n, p);
  const drawn = Math.round(n * p + normalFrom(random) * Math.sqrt(n * p * (1 - p)));
  return Math.min(n, Math.max(0, drawn));
}

/** By skipping from one success to the next. */
function fewFrom(random: () => number, n: number, p: number): number {
  const scale = Math.log1p(-p);
  let count = 0;
  for (let at = 0; ; count += 1) {
    at += Math.floor(Math.log(1 - random()) / scale) + 1;
    if (at > n) return count;
  }
}

/** The counts drawn anew: as many values, each falling into a bin with the share that the bin has. */
export function resample(random: () => number, counts: readonly number[]): readonly number[] {
  let total = counts.reduce((a, b) => a + b, 0);
  let left = total;
  return counts.map((count) => {
    const drawn = total <= 0 ? 0 : binomialFrom(random, left, Math.min(1, count / total));
    total -= count;
    left -= drawn;
    return drawn;
  });
}
