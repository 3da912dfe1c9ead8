/**
 * Splits what one part of the system sent without a long pause into stories. Alerts that began in the same breath and
 * fit together are taken as one; then the two groups that fit best are joined, again and again, while their mean
 * log-odds, and what their likely roots say, speak for it. A pure function of its members.
 */
import { addVotes, compareRoots, type Roots, rootsOf, type Votes } from "./root-votes.ts";

/** A session's member: its start and what it votes for as the root. */
export interface Member {
  readonly at: number;
  readonly votes: Votes;
}

export interface PartitionWeights {
  readonly threshold: number;
  readonly rivalRoots: number;
  readonly sharedRoot: number;
  readonly bulk: number;
  readonly crowding: number;
}

const breathMs = 2_000;
const longestBreathMs = 4_000;
/** A session of this many alerts is most often one story: fewer are often a coincidence, more are often several. */
const usualMembers = 8;

interface Group {
  readonly members: number[];
  /** Worked out when first asked for: most groups are too far apart for their roots to matter. */
  readonly roots: () => Roots;
}

/**
 * @param members - in order of start.
 * @param scoreOf - log-odds that two members, by their index, belong together.
 * @returns groups of indices, each in order of start, groups by their first member.
 */
export function partition(
  members: readonly Member[],
  scoreOf: (a: number, b: number) => number,
  weights: PartitionWeights,
): readonly (readonly number[])[] {
  if (members.length === 1) return [[0]];
  const crowd = Math.abs(Math.log2(members.length / usualMembers));
  const raised = { ...weights, threshold: weights.threshold + weights.crowding * crowd };
  const groups = breathsOf(members, scoreOf, weights);
  agglomerate(groups, scoreOf, raised);
  return groups.map((group) => group.members.sort((a, b) => a - b)).sort(([a = 0], [b = 0]) => a - b);
}

/** Groups of alerts that began together; one that fits none of its breath begins its own. */
function breathsOf(
  members: readonly Member[],
  scoreOf: (a: number, b: number) => number,
  weights: PartitionWeights,
): Group[] {
  const breaths: { indices: number[]; first: number; last: number }[] = [];
  for (const [index, { at }] of members.entries()) {
    const home = breaths.findLast(
      (breath) =>
        at - breath.last <= breathMs &&
        at - breath.first <= longestBreathMs &&
        meanScore([index], breath.indices, scoreOf) > weights.threshold,
    );
    if (home === undefined) breaths.push({ indices: [index], first: at, last: at });
    else {
      home.indices.push(index);
      home.last = at;
    }
  }
  return breaths.map(({ indices }) => ({
    members: indices,
    roots: once(() => rootsOf(votesTogether(members, indices))),
  }));
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function votesTogether(members: readonly Member[], indices: readonly number[]): Votes {
  const sum = new Map<string, number>();
  for (const index of indices)
    for (const [service, vote] of members[index]?.votes ?? [])
      sum.set(service, (sum.get(service) ?? 0) + vote);
  return sum;
}

function meanScore(
  a: readonly number[],
  b: readonly number[],
  scoreOf: (a: number, b: number) => number,
): number {
  return sumOfScores(a, b, scoreOf) / (a.length * b.length);
}

function sumOfScores(
  a: readonly number[],
  b: readonly number[],
  scoreOf: (a: number, b: number) => number,
): number {
  let sum = 0;
  for (const left of a) for (const right of b) sum += scoreOf(left, right);
  return sum;
}

/** Joins in place until no two groups fit. Sums of scores are kept, so that a join adds rows instead of recounting. */
function agglomerate(
  groups: Group[],
  scoreOf: (a: number, b: number) => number,
  weights: PartitionWeights,
): void {
  const sums = groups.map((a) =>
    groups.map((b) => (a === b ? 0 : sumOfScores(a.members, b.members, scoreOf))),
  );
  const match = (i: number, j: number) => {
    const [a, b] = [groups[i], groups[j]];
    if (a === undefined || b === undefined) return Number.NEGATIVE_INFINITY;
    const mean = (sums[i]?.[j] ?? 0) / (a.members.length * b.members.length);
    const bulk = Math.log2(Math.min(a.members.length, b.members.length));
    const bare = mean + weights.bulk * bulk;
    if (bare + Math.max(0, weights.sharedRoot) + Math.max(0, weights.rivalRoots) <= weights.threshold)
      return bare;
    const { shared, rival } = compareRoots(a.roots(), b.roots());
    return bare + weights.rivalRoots * rival + weights.sharedRoot * shared;
  };
  const matches = groups.map((_a, i) => groups.map((_b, j) => (j > i ? match(i, j) : 0)));
  for (;;) {
    const best = bestOf(matches, groups.length, weights.threshold);
    if (best === null) return;
    const [i, j] = best;
    join(groups, sums, i, j);
    matches.splice(j, 1);
    for (const row of matches) row.splice(j, 1);
    for (let k = 0; k < groups.length; k += 1) {
      const row = matches[Math.min(i, k)];
      if (k !== i && row !== undefined) row[Math.max(i, k)] = match(Math.min(i, k), Math.max(i, k));
    }
  }
}

/** Puts group `j` into group `i`, which stands before it, and adds up their rows of sums. */
function join(groups: Group[], sums: number[][], i: number, j: number): void {
  const [left, right, kept, gone] = [groups[i], groups[j], sums[i], sums[j]];
  if (left === undefined || right === undefined || kept === undefined || gone === undefined) return;
  groups[i] = {
    members: [...left.members, ...right.members],
    roots: once(() => rootsOf(addVotes(left.roots().votes, right.roots().votes))),
  };
  for (const [k, row] of sums.entries()) {
    kept[k] = (kept[k] ?? 0) + (gone[k] ?? 0);
    row[i] = kept[k] ?? 0;
  }
  groups.splice(j, 1);
  sums.splice(j, 1);
  for (const row of sums) row.splice(j, 1);
}

function bestOf(
  matches: readonly (readonly number[])[],
  size: number,
  threshold: number,
): [number, number] | null {
  let best = threshold;
  let found: [number, number] | null = null;
  for (let i = 0; i < size; i += 1) {
    const row = matches[i];
    if (row === undefined) continue;
    for (let j = i + 1; j < size; j += 1) {
      const value = row[j] ?? Number.NEGATIVE_INFINITY;
      if (value > best) {
        best = value;
        found = [i, j];
      }
    }
  }
  return found;
}
