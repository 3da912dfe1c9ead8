/**
 * Joins the two groups that fit best, again and again, until none fit. The exact fit of two groups needs their likely
 * roots, which is slow; so an upper bound stands for it until it is the best there is, and only then is it worked out.
 */
import { addVotes, compareRoots, type Roots, rootsOf, type Votes } from "./root-votes.ts";

/** Members by their index, with what they vote for as the root. */
export interface Group {
  readonly members: readonly number[];
  /** Votes whose sum is the group's. */
  readonly parts: readonly Votes[];
  /** Null until they are needed. */
  roots: Roots | null;
}

export interface GroupWeights {
  /** Two groups are joined while their fit is above it. */
  readonly threshold: number;
  readonly rivalRoots: number;
  readonly sharedRoot: number;
  readonly bulk: number;
}

/** What the fit of two groups is the sum of. */
export interface Fit {
  /** Mean score of the pairs between them. */
  readonly mean: number;
  readonly bulk: number;
  readonly sharedRoot: number;
  readonly rivalRoots: number;
}

/** How well two groups fit, term by term. */
export function fitOf(a: Group, b: Group, sumOfScores: number, weights: GroupWeights): Fit {
  const { shared, rival } = compareRoots(rootsOfGroup(a), rootsOfGroup(b));
  return {
    mean: sumOfScores / (a.members.length * b.members.length),
    bulk: weights.bulk * Math.log2(Math.min(a.members.length, b.members.length)),
    sharedRoot: weights.sharedRoot * shared,
    rivalRoots: weights.rivalRoots * rival,
  };
}

/** The likely roots of a group. */
export function rootsOfGroup(group: Group): Roots {
  group.roots ??= rootsOf(group.parts.reduce(addVotes));
  return group.roots;
}

/**
 * @param sums - sum of the pair scores of any two groups: a square with the part above its diagonal filled; used up.
 * @param bars - the same square with 1 where two groups may not be joined; null when any may.
 */
export function agglomerate(
  start: readonly Group[],
  sums: Float64Array,
  weights: GroupWeights,
  bars: Uint8Array | null,
): readonly Group[] {
  const groups = [...start];
  const size = groups.length;
  /** Groups that are left, in order. */
  const left = groups.map((_group, index) => index);
  const fits = new Float64Array(size * size);
  const isExact = new Uint8Array(size * size);
  /** The best fit of each group with one after it, and which one that is. */
  const rowBest = new Float64Array(size);
  const rowBestAt = new Int32Array(size);
  const mostByRoots = Math.max(0, weights.sharedRoot) + Math.max(0, weights.rivalRoots);

  /** `i` stands before `j` in all of these. */
  function bound(i: number, j: number): void {
    const at = i * size + j;
    const [a, b] = [groups[i]?.members.length ?? 1, groups[j]?.members.length ?? 1];
    const isBarred = bars !== null && bars[at] === 1;
    const bulk = a === 1 || b === 1 ? 0 : weights.bulk * Math.log2(Math.min(a, b));
    fits[at] = isBarred ? Number.NEGATIVE_INFINITY : (sums[at] ?? 0) / (a * b) + bulk + mostByRoots;
    isExact[at] = 0;
  }

  function measure(i: number, j: number): void {
    const at = i * size + j;
    const [a, b] = [groups[i], groups[j]];
    if (a === undefined || b === undefined) return;
    const { mean, bulk, sharedRoot, rivalRoots } = fitOf(a, b, sums[at] ?? 0, weights);
    fits[at] = mean + bulk + rivalRoots + sharedRoot;
    isExact[at] = 1;
  }

  function findRowBest(i: number): void {
    let best = Number.NEGATIVE_INFINITY;
    let bestAt = -1;
    for (let index = left.length - 1; index >= 0; index -= 1) {
      const j = left[index] ?? 0;
      if (j <= i) break;
      const fit = fits[i * size + j] ?? 0;
      // From the back, so that of equal ones the first wins.
      if (fit >= best) [best, bestAt] = [fit, j];
    }
    rowBest[i] = best;
    rowBestAt[i] = bestAt;
  }

  /** Puts group `j` into group `i`. */
  function join(i: number, j: number): void {
    const [a, b] = [groups[i], groups[j]];
    if (a === undefined || b === undefined) return;
    const parts = [...(a.roots === null ? a.parts : [a.roots]), ...(b.roots === null ? b.parts : [b.roots])];
    groups[i] = { members: [...a.members, ...b.members], parts, roots: null };
    left.splice(left.indexOf(j), 1);
    for (const k of left) {
      if (k === i) continue;
      const kept = k < i ? k * size + i : i * size + k;
      const gone = k < j ? k * size + j : j * size + k;
      sums[kept] = (sums[kept] ?? 0) + (sums[gone] ?? 0);
      if (bars !== null && bars[gone] === 1) bars[kept] = 1;
      bound(Math.min(i, k), Math.max(i, k));
    }
    for (const k of left) {
      if (k > j) break;
      const fit = fits[k * size + i] ?? 0;
      if (k === i || rowBestAt[k] === j || rowBestAt[k] === i) findRowBest(k);
      else if (k < i && (fit > (rowBest[k] ?? 0) || (fit === rowBest[k] && i < (rowBestAt[k] ?? 0)))) {
        rowBest[k] = fit;
        rowBestAt[k] = i;
      }
    }
  }

  for (let i = 0; i < size; i += 1) for (let j = i + 1; j < size; j += 1) bound(i, j);
  for (let i = 0; i < size; i += 1) findRowBest(i);
  for (;;) {
    let best = weights.threshold;
    let i = -1;
    for (const k of left) {
      const fit = rowBest[k] ?? 0;
      if (fit > best) [best, i] = [fit, k];
    }
    if (i === -1) return left.flatMap((index) => groups[index] ?? []);
    const j = rowBestAt[i] ?? 0;
    if (isExact[i * size + j] === 1) join(i, j);
    else {
      measure(i, j);
      findRowBest(i);
    }
  }
}
