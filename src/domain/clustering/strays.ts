/**
 * Puts out of a story what only happened to fire beside it. Groups are joined by the mean of their scores, so that a
 * story of many alerts can take in one that fires now and then anyway; here each alert answers for itself.
 */
import { type EvidenceKind, firmKinds } from "../alert/evidence-kind.ts";
import type { History } from "./history.ts";
import type { SeenAlert } from "./signal.ts";
import { sharedStepMs } from "./time-step.ts";

export type StrayWeights = Readonly<Record<string, number>>;

/** What is asked of a member of a story. */
export interface StrayMember {
  readonly at: number;
  /** Log-odds that it belongs with what it is with, before that is looked at; see {@link standingOf}. */
  readonly standing: number;
}

const breathMs = 2_000;
const minuteMs = 60_000;
/** Being further ahead of the rest than this says no more. */
const mostAheadMinutes = 3;
/** Unrelated alerts in the window at which quiet says nothing. */
const usualNoise = 2;
const windowHours = 4 / 60;

/** What an alert has for it on its own: its kind, how seldom it fires alone, how quiet the system is. */
export function standingOf(seen: SeenAlert, history: Readonly<History>, weights: StrayWeights): number {
  const share = history.shareAlone(seen.type, seen.name, seen.at);
  const noise = history.alertsPerHour(seen.at) * windowHours;
  return (
    (weights["base"] ?? 0) +
    (weights["solitude"] ?? 0) * Math.log(share / (1 - share)) +
    (weights["quiet"] ?? 0) * Math.log(usualNoise / (noise + 0.1)) +
    (weights["firm"] ?? 0) * (isFirm(seen.kind) ? 1 : 0)
  );
}

function isFirm(kind: EvidenceKind): boolean {
  return firmKinds.has(kind);
}

/**
 * @param group - indices of members in order of start.
 * @returns the story without its strays, then each stray alone.
 */
export function withoutStrays(
  group: readonly number[],
  members: readonly StrayMember[],
  weights: StrayWeights,
): readonly (readonly number[])[] {
  if (group.length === 1 || !hasStray(group, members, weights)) return [group];
  const kept: number[] = [];
  const strays: number[][] = [];
  for (const [place, index] of group.entries()) {
    if (belonging(place, group, members, weights) >= 0) kept.push(index);
    else strays.push([index]);
  }
  return kept.length === 0 ? strays : [kept, ...strays];
}

function hasStray(group: readonly number[], members: readonly StrayMember[], weights: StrayWeights): boolean {
  for (let place = 0; place < group.length; place += 1)
    if (belonging(place, group, members, weights) < 0) return true;
  return false;
}

/** Log-odds that the member at a place of its story belongs to the rest of it; below zero it is put out. */
export function belonging(
  place: number,
  group: readonly number[],
  members: readonly StrayMember[],
  weights: StrayWeights,
): number {
  const member = members[group[place] ?? -1];
  if (member === undefined) return 0;
  const after = (members[group[place + 1] ?? -1]?.at ?? Number.POSITIVE_INFINITY) - member.at;
  const before = member.at - (members[group[place - 1] ?? -1]?.at ?? Number.NEGATIVE_INFINITY);
  return (
    member.standing +
    (weights["breath"] ?? 0) * (Math.min(before, after) <= breathMs ? 1 : 0) +
    (weights["ahead"] ?? 0) * (place === 0 ? minutesAhead(group, members) : 0) +
    (weights["size"] ?? 0) * Math.log2(group.length - 1)
  );
}

/** The lower of the log-odds that either of two alerts belongs to the other, the earlier one first. */
export function belongingOfTwo(early: StrayMember, late: StrayMember, weights: StrayWeights): number {
  const [both, members] = [
    [0, 1],
    [early, late],
  ] as const;
  return Math.min(belonging(0, both, members, weights), belonging(1, both, members, weights));
}

/** How long before the rest a story's first member began. */
function minutesAhead(group: readonly number[], members: readonly StrayMember[]): number {
  const first = members[group[0] ?? -1]?.at ?? 0;
  let aheadMs = Number.POSITIVE_INFINITY;
  for (let place = 1; place < group.length; place += 1) {
    const at = members[group[place] ?? -1]?.at ?? first;
    aheadMs = Math.min(aheadMs, at - first - sharedStepMs(at, first));
  }
  return Math.min(mostAheadMinutes, Math.max(0, aheadMs) / minuteMs);
}
