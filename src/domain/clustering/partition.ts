/**
 * Splits what one part of the system sent without a long pause into stories. Alerts that began in the same breath and
 * fit together are taken as one; then the two groups that fit best are joined, again and again, while their mean
 * log-odds, and what their likely roots say, speak for it; last, strays are put out. A pure function of its members.
 */
import { agglomerate, type Group, type GroupWeights, mostByRoots, partsOf } from "./agglomeration.ts";
import type { Roots } from "./root-votes.ts";
import { type StrayMember, type StrayWeights, withoutStrays } from "./strays.ts";

export interface PartitionWeights extends GroupWeights {
  readonly crowding: number;
  readonly strays: StrayWeights;
}

/** What is asked of the members. */
export interface PartitionQuestions<Member> {
  /** Log-odds that two belong together; the order does not matter. */
  readonly scoreOf: (a: Member, b: Member) => number;
  /** What one votes for as the root. */
  readonly rootsOf: (member: Member) => Roots;
  /** Whether people said that two are not one story; null when nobody ruled on any of them. */
  readonly areApart: ((a: Member, b: Member) => boolean) | null;
}

const breathMs = 2_000;
const longestBreathMs = 4_000;
/** A session of this many alerts is most often one story: fewer are often a coincidence, more are often several. */
const usualMembers = 8;

/**
 * @param members - in order of start.
 * @returns groups of indices, each in order of start, groups by their first member.
 */
export function partition<Member extends StrayMember>(
  members: readonly Member[],
  asked: PartitionQuestions<Member>,
  weights: PartitionWeights,
): readonly (readonly number[])[] {
  const stories: (readonly number[])[] = [];
  const joined = joinedOf(members, asked, weights);
  if (joined === null) return alone(members.length);
  for (const group of joined)
    if (group.members.length === 1) stories.push(group.members);
    else for (const story of withoutStrays(group.members, members, weights.strays)) stories.push(story);
  return areInOrder(stories) ? stories : stories.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
}

/** The groups as they stand before strays are put out of them; null when no two members fit. */
export function joinedOf<Member extends StrayMember>(
  members: readonly Member[],
  asked: PartitionQuestions<Member>,
  weights: PartitionWeights,
): readonly Group[] | null {
  const raisedThreshold = thresholdFor(members.length, weights);
  if (!canAnyJoin({ members, asked, weights, threshold: raisedThreshold })) return null;
  const groups = breathsOf({ members, asked, threshold: weights.threshold });
  const { rivalRoots, sharedRoot, bulk } = weights;
  const raised = { threshold: raisedThreshold, rivalRoots, sharedRoot, bulk };
  return agglomerate(groups, sumsOf(groups, members, asked), raised, barsOf(groups, members, asked));
}

/** Whether each begins before the next, as most do. */
function areInOrder(stories: readonly (readonly number[])[]): boolean {
  for (let place = 1; place < stories.length; place += 1)
    if ((stories[place - 1]?.[0] ?? 0) > (stories[place]?.[0] ?? 0)) return false;
  return true;
}

/** A group for each of so many members. */
function alone(count: number): readonly (readonly number[])[] {
  const groups: (readonly number[])[] = [];
  for (let index = 0; index < count; index += 1) groups.push(single(index));
  return groups;
}

/** The group of one member; the same list each time. */
function single(index: number): readonly number[] {
  for (let next = singles.length; next <= index; next += 1) singles.push([next]);
  return singles[index] ?? [index];
}

const singles: (readonly number[])[] = [];

/**
 * Whether any two members score high enough for a breath, or for a group with all that their roots could add to it. In
 * most sessions none do, and nothing else needs to be asked.
 */
function canAnyJoin<Member extends StrayMember>({
  members,
  asked,
  weights,
  threshold,
}: Joining<Member>): boolean {
  const most = mostByRoots(weights);
  for (let i = 0; i < members.length; i += 1) {
    const early = memberAt(members, i);
    for (let j = i + 1; j < members.length; j += 1) {
      const late = memberAt(members, j);
      const score = asked.scoreOf(early, late);
      if (score + most > threshold) return true;
      if (score > weights.threshold && late.at - early.at <= longestBreathMs) return true;
    }
  }
  return false;
}

interface Joining<Member> {
  readonly members: readonly Member[];
  readonly asked: PartitionQuestions<Member>;
  readonly weights: PartitionWeights;
  /** What a mean score must exceed in a session of this many. */
  readonly threshold: number;
}

/** What a mean score must exceed in a session of so many members. */
export function thresholdFor(count: number, { threshold, crowding }: PartitionWeights): number {
  return threshold + crowding * Math.abs(Math.log2(count / usualMembers));
}

/** What breaths are made of. */
interface Breathing<Member> {
  readonly members: readonly Member[];
  readonly asked: PartitionQuestions<Member>;
  /** What a member's mean score with a breath must exceed. */
  readonly threshold: number;
}

/** Groups of alerts that began together; one that fits none of its breath begins its own. */
function breathsOf<Member extends StrayMember>(breathing: Breathing<Member>): Group[] {
  const { members, asked } = breathing;
  const breaths: Group[] = [];
  for (let index = 0; index < members.length; index += 1) {
    const member = memberAt(members, index);
    const roots = asked.rootsOf(member);
    const home = breathOf(member, breaths, breathing);
    if (home === -1) breaths.push({ members: single(index), parts: noParts, roots });
    else breaths[home] = withMember(memberAt(breaths, home), index, roots);
  }
  return breaths;
}

const noParts: readonly Roots[] = [];

function withMember(group: Group, index: number, roots: Roots): Group {
  return { members: group.members.concat(index), parts: partsOf(group).concat(roots), roots: null };
}

/** Index of the latest breath that a member began in and fits, or -1. */
function breathOf<Member extends StrayMember>(
  member: Member,
  breaths: readonly Group[],
  { members, asked, threshold }: Breathing<Member>,
): number {
  for (let near = breaths.length - 1; near >= 0; near -= 1) {
    const breath = breaths[near];
    // Breaths are in order of their first alert: those before this one began even longer ago.
    if (breath === undefined || member.at - firstOf(breath, members) > longestBreathMs) return -1;
    if (member.at - lastOf(breath, members) > breathMs) continue;
    const { areApart } = asked;
    if (areApart !== null && breath.members.some((other) => areApart(member, memberAt(members, other))))
      continue;
    let sum = 0;
    for (const other of breath.members) sum += asked.scoreOf(member, memberAt(members, other));
    if (sum / breath.members.length > threshold) return near;
  }
  return -1;
}

function firstOf(breath: Group, members: readonly StrayMember[]): number {
  return memberAt(members, breath.members[0] ?? -1).at;
}

function lastOf(breath: Group, members: readonly StrayMember[]): number {
  return memberAt(members, breath.members[breath.members.length - 1] ?? -1).at;
}

/** @throws RangeError when there is none of that index. */
export function memberAt<Member>(members: readonly Member[], index: number): Member {
  const member = members[index];
  if (member === undefined) throw new RangeError(`member ${index} of ${members.length}`);
  return member;
}

/** Room for the sums, used again by the next partition. */
let room = new Float64Array(1_024);

/** Sum of the scores between any two groups, as a square; only the part above the diagonal is filled. */
function sumsOf<Member>(
  groups: readonly Group[],
  members: readonly Member[],
  { scoreOf }: PartitionQuestions<Member>,
): Float64Array {
  const size = groups.length;
  if (size * size > room.length) room = new Float64Array(size * size);
  for (let i = 0; i < size; i += 1)
    for (let j = i + 1; j < size; j += 1) {
      let sum = 0;
      for (const left of groups[i]?.members ?? [])
        for (const right of groups[j]?.members ?? [])
          sum += scoreOf(memberAt(members, left), memberAt(members, right));
      room[i * size + j] = sum;
    }
  return room;
}

/** Which groups may not be joined, as a square like that of the sums; null when any may. */
function barsOf<Member>(
  groups: readonly Group[],
  members: readonly Member[],
  { areApart }: PartitionQuestions<Member>,
): Uint8Array | null {
  if (areApart === null) return null;
  const size = groups.length;
  const bars = new Uint8Array(size * size);
  const isAnyApart = (a: Group | undefined, b: Group | undefined) =>
    a?.members.some((left) =>
      b?.members.some((right) => areApart(memberAt(members, left), memberAt(members, right))),
    ) === true;
  for (let i = 0; i < size; i += 1)
    for (let j = i + 1; j < size; j += 1) bars[i * size + j] = isAnyApart(groups[i], groups[j]) ? 1 : 0;
  return bars;
}
