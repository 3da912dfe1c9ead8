/**
 * Joins the two groups that fit best, again and again, until none fit. The exact fit of two groups needs their likely
 * roots, which is slow; so an upper bound stands for it until it is the best there is, and only then is it worked out.
 */
import { addVotes, type Roots, rivalRoots, rootsOf, sharedRoot, type Votes } from "./root-votes.ts";

/** Members by their index, with what they vote for as the root. */
export interface Group {
  /** Ascending. */
  readonly members: readonly number[];
  /** Votes whose sum is the group's; of no interest once its roots are known. */
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
  const [left, right] = [rootsOfGroup(a), rootsOfGroup(b)];
  const shared = sharedRoot(left, right);
  return {
    mean: sumOfScores / (a.members.length * b.members.length),
    bulk: weights.bulk * Math.log2(Math.min(a.members.length, b.members.length)),
    sharedRoot: weights.sharedRoot * shared,
    rivalRoots: weights.rivalRoots * rivalRoots(left, right, shared),
  };
}

/** What the roots of two groups can add to their fit at most. */
export function mostByRoots({ sharedRoot, rivalRoots }: GroupWeights): number {
  return Math.max(0, sharedRoot) + Math.max(0, rivalRoots);
}

/** The likely roots of a group. */
export function rootsOfGroup(group: Group): Roots {
  group.roots ??= rootsOf(group.parts.reduce(addVotes));
  return group.roots;
}

/** Room for one agglomeration at a time, used again by the next: thousands a second would each leave theirs behind. */
interface Room {
  /** Groups on a side of the squares. */
  size: number;
  fits: Float64Array;
  isExact: Uint8Array;
  /** The best fit of each group with one after it, and which one that is. */
  rowBest: Float64Array;
  rowBestAt: Int32Array;
  /** Groups that are left, in order; the first `count` places. */
  left: Int32Array;
  count: number;
}

const room: Room = roomFor(32);

function roomFor(size: number): Room {
  return {
    size,
    fits: new Float64Array(size * size),
    isExact: new Uint8Array(size * size),
    rowBest: new Float64Array(size),
    rowBestAt: new Int32Array(size),
    left: new Int32Array(size),
    count: 0,
  };
}

/** What is being joined. */
interface Work {
  readonly groups: Group[];
  readonly sums: Float64Array;
  readonly bars: Uint8Array | null;
  readonly weights: GroupWeights;
  /** See {@link mostByRoots}. */
  readonly mostByRoots: number;
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
  const work: Work = { groups: start.slice(), sums, bars, weights, mostByRoots: mostByRoots(weights) };
  makeRoom(start.length);
  for (let i = 0; i < room.size; i += 1) for (let j = i + 1; j < room.size; j += 1) bound(work, i, j);
  for (let i = 0; i < room.size; i += 1) findRowBest(i);
  for (;;) {
    const i = bestRow(weights.threshold);
    if (i === -1) return groupsLeft(work);
    const j = room.rowBestAt[i] ?? 0;
    if (room.isExact[i * room.size + j] === 1) join(work, i, j);
    else {
      measure(work, i, j);
      findRowBest(i);
    }
  }
}

function makeRoom(size: number): void {
  if (size > room.left.length) Object.assign(room, roomFor(size));
  room.size = size;
  room.count = size;
  for (let index = 0; index < size; index += 1) room.left[index] = index;
}

/** The first of the groups with the best fit above the threshold, or -1. */
function bestRow(threshold: number): number {
  let best = threshold;
  let row = -1;
  for (let index = 0; index < room.count; index += 1) {
    const k = room.left[index] ?? 0;
    const fit = room.rowBest[k] ?? 0;
    if (fit > best) [best, row] = [fit, k];
  }
  return row;
}

function groupsLeft({ groups }: Work): Group[] {
  const left: Group[] = [];
  for (let index = 0; index < room.count; index += 1) {
    const group = groups[room.left[index] ?? 0];
    if (group !== undefined) left.push(group);
  }
  return left;
}

/** What the fit of two groups cannot exceed. `i` stands before `j` in all of these. */
function bound({ groups, sums, bars, weights, mostByRoots }: Work, i: number, j: number): void {
  const at = i * room.size + j;
  const a = groups[i]?.members.length ?? 1;
  const b = groups[j]?.members.length ?? 1;
  const isBarred = bars !== null && bars[at] === 1;
  const bulk = a === 1 || b === 1 ? 0 : weights.bulk * Math.log2(Math.min(a, b));
  room.fits[at] = isBarred ? Number.NEGATIVE_INFINITY : (sums[at] ?? 0) / (a * b) + bulk + mostByRoots;
  room.isExact[at] = 0;
}

function measure({ groups, sums, weights }: Work, i: number, j: number): void {
  const at = i * room.size + j;
  const [a, b] = [groups[i], groups[j]];
  if (a === undefined || b === undefined) return;
  const { mean, bulk, sharedRoot, rivalRoots } = fitOf(a, b, sums[at] ?? 0, weights);
  room.fits[at] = mean + bulk + rivalRoots + sharedRoot;
  room.isExact[at] = 1;
}

function findRowBest(i: number): void {
  const row = i * room.size;
  let best = Number.NEGATIVE_INFINITY;
  let bestAt = -1;
  for (let index = room.count - 1; index >= 0; index -= 1) {
    const j = room.left[index] ?? 0;
    if (j <= i) break;
    const fit = room.fits[row + j] ?? 0;
    // From the back, so that of equal ones the first wins.
    if (fit >= best) {
      best = fit;
      bestAt = j;
    }
  }
  room.rowBest[i] = best;
  room.rowBestAt[i] = bestAt;
}

/** Puts group `j` into group `i`. */
function join(work: Work, i: number, j: number): void {
  const { groups } = work;
  const [a, b] = [groups[i], groups[j]];
  if (a === undefined || b === undefined) return;
  groups[i] = {
    members: inOrder(a.members, b.members),
    parts: partsOf(a).concat(partsOf(b)),
    roots: null,
  };
  const at = room.left.indexOf(j);
  room.left.copyWithin(at, at + 1, room.count);
  room.count -= 1;
  addSums(work, i, j);
  renewRows(i, j);
}

function addSums(work: Work, i: number, j: number): void {
  const { sums, bars } = work;
  const { size } = room;
  for (let index = 0; index < room.count; index += 1) {
    const k = room.left[index] ?? 0;
    if (k === i) continue;
    const kept = k < i ? k * size + i : i * size + k;
    const gone = k < j ? k * size + j : j * size + k;
    sums[kept] = (sums[kept] ?? 0) + (sums[gone] ?? 0);
    if (bars !== null && bars[gone] === 1) bars[kept] = 1;
    bound(work, Math.min(i, k), Math.max(i, k));
  }
}

/** Finds the best anew where it was one of the two, or may be the new group. */
function renewRows(i: number, j: number): void {
  const { fits, rowBest, rowBestAt, size } = room;
  for (let index = 0; index < room.count; index += 1) {
    const k = room.left[index] ?? 0;
    if (k > j) return;
    const fit = fits[k * size + i] ?? 0;
    if (k === i || rowBestAt[k] === j || rowBestAt[k] === i) findRowBest(k);
    else if (k < i && (fit > (rowBest[k] ?? 0) || (fit === rowBest[k] && i < (rowBestAt[k] ?? 0)))) {
      rowBest[k] = fit;
      rowBestAt[k] = i;
    }
  }
}

/** Votes whose sum is the group's, as few as are known. */
export function partsOf({ parts, roots }: Group): readonly Votes[] {
  return roots === null ? parts : [roots];
}

/** Two ascending lists as one. */
function inOrder(a: readonly number[], b: readonly number[]): readonly number[] {
  const all: number[] = [];
  let next = 0;
  for (const index of a) {
    for (; next < b.length && (b[next] ?? 0) < index; next += 1) all.push(b[next] ?? 0);
    all.push(index);
  }
  for (; next < b.length; next += 1) all.push(b[next] ?? 0);
  return all;
}
