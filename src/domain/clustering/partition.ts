/**
 * Splits what one part of the system sent without a long pause into stories. Alerts that began in the same breath and
 * fit together are taken as one; then the two groups that fit best are joined, again and again, while their mean
 * log-odds, and what their likely roots say, speak for it; last, strays are put out. A pure function of its members.
 */
import { agglomerate, type Group, type GroupWeights } from "./agglomeration.ts";
import type { Roots } from "./root-votes.ts";
import { type StrayMember, type StrayWeights, withoutStrays } from "./strays.ts";

export interface PartitionWeights extends GroupWeights {
  readonly crowding: number;
  readonly strays: StrayWeights;
}

/** A number for two members, by their index; the order does not matter. */
export type PairScore = (a: number, b: number) => number;
/** Whether people said that two members, by their index, are not one story. */
export type AreApart = (a: number, b: number) => boolean;

/** What is asked of the members, by their index. */
export interface PartitionQuestions {
  /** Log-odds that two belong together. */
  readonly scoreOf: PairScore;
  /** What one votes for as the root. */
  readonly rootsOf: (index: number) => Roots;
  /** Null when nobody ruled on any of them. */
  readonly areApart: AreApart | null;
}

const breathMs = 2_000;
const longestBreathMs = 4_000;
/** A session of this many alerts is most often one story: fewer are often a coincidence, more are often several. */
const usualMembers = 8;

/**
 * @param members - in order of start.
 * @returns groups of indices, each in order of start, groups by their first member.
 */
export function partition(
  members: readonly StrayMember[],
  asked: PartitionQuestions,
  weights: PartitionWeights,
): readonly (readonly number[])[] {
  if (members.length === 1) return [[0]];
  const { scoreOf, areApart } = asked;
  const groups = breathsOf(members, asked, weights);
  const { rivalRoots, sharedRoot, bulk } = weights;
  const raised = { threshold: thresholdFor(members.length, weights), rivalRoots, sharedRoot, bulk };
  const joined = agglomerate(groups, sumsOf(groups, scoreOf), raised, barsOf(groups, areApart));
  const stories: (readonly number[])[] = [];
  for (const group of joined) stories.push(...withoutStrays(group.members, members, weights.strays));
  return stories.length === 1 ? stories : stories.sort(([a = 0], [b = 0]) => a - b);
}

/** What a mean score must exceed in a session of so many members. */
export function thresholdFor(count: number, { threshold, crowding }: PartitionWeights): number {
  return threshold + crowding * Math.abs(Math.log2(count / usualMembers));
}

/** Groups of alerts that began together; one that fits none of its breath begins its own. */
function breathsOf(
  members: readonly StrayMember[],
  { scoreOf, rootsOf, areApart }: PartitionQuestions,
  { threshold }: PartitionWeights,
): Group[] {
  const breaths: { readonly indices: number[]; readonly first: number; last: number }[] = [];
  for (let index = 0; index < members.length; index += 1) {
    const at = members[index]?.at ?? 0;
    let home: (typeof breaths)[number] | undefined;
    for (let near = breaths.length - 1; near >= 0 && home === undefined; near -= 1) {
      const breath = breaths[near];
      // Breaths are in order of their first alert: those before this one began even longer ago.
      if (breath === undefined || at - breath.first > longestBreathMs) break;
      if (at - breath.last > breathMs) continue;
      if (areApart !== null && breath.indices.some((other) => areApart(index, other))) continue;
      if (sumWith(index, breath.indices, scoreOf) / breath.indices.length > threshold) home = breath;
    }
    if (home === undefined) breaths.push({ indices: [index], first: at, last: at });
    else {
      home.indices.push(index);
      home.last = at;
    }
  }
  return breaths.map(({ indices }) => {
    const parts = indices.map(rootsOf);
    return { members: indices, parts, roots: parts.length === 1 ? (parts[0] ?? null) : null };
  });
}

/** Room for the sums, used again by the next partition. */
let room = new Float64Array(1_024);

/** Sum of the scores between any two groups, as a square; only the part above the diagonal is filled. */
function sumsOf(groups: readonly Group[], scoreOf: PairScore): Float64Array {
  const size = groups.length;
  if (size * size > room.length) room = new Float64Array(size * size);
  const sums = room;
  for (let i = 0; i < size; i += 1)
    for (let j = i + 1; j < size; j += 1)
      sums[i * size + j] = sumOfScores(groups[i]?.members ?? [], groups[j]?.members ?? [], scoreOf);
  return sums;
}

/** Which groups may not be joined, as a square like that of the sums; null when any may. */
function barsOf(groups: readonly Group[], areApart: AreApart | null): Uint8Array | null {
  if (areApart === null) return null;
  const size = groups.length;
  const bars = new Uint8Array(size * size);
  for (let i = 0; i < size; i += 1)
    for (let j = i + 1; j < size; j += 1)
      bars[i * size + j] = isAnyApart(groups[i]?.members ?? [], groups[j]?.members ?? [], areApart) ? 1 : 0;
  return bars;
}

function isAnyApart(a: readonly number[], b: readonly number[], areApart: AreApart | null): boolean {
  if (areApart === null) return false;
  return a.some((left) => b.some((right) => areApart(left, right)));
}

function sumOfScores(a: readonly number[], b: readonly number[], scoreOf: PairScore): number {
  if (a.length === 1 && b.length === 1) return scoreOf(a[0] ?? 0, b[0] ?? 0);
  let sum = 0;
  for (const left of a) for (const right of b) sum += scoreOf(left, right);
  return sum;
}

function sumWith(index: number, others: readonly number[], scoreOf: PairScore): number {
  let sum = 0;
  for (const other of others) sum += scoreOf(index, other);
  return sum;
}
