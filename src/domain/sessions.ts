/**
 * What is alive in each part of the system. A cell is one topology component, or one service outside the topology, or
 * alerts that name no service; its sessions are runs of alerts without a long pause; a session's groups are stories.
 */
import type { Alert } from "./alert.ts";
import type { Member } from "./partition.ts";
import type { SeenAlert } from "./signal.ts";

/** A live alert. The alert may be replaced by a newer report of the same firing. */
export interface LiveAlert extends Member {
  seen: SeenAlert;
  /** Counts arrivals in its cell; only names the alert in caches. */
  readonly serial: number;
  /** The pause after it that ends its session: shorter where alerts come all the time. */
  readonly pauses: Pauses;
  incidentId: number | null;
  /** Pair scores with alerts of its cell that arrived earlier, by how many arrivals earlier. */
  scores: (number | undefined)[];
}

/** A story within one session. */
export interface Story {
  readonly cell: string;
  readonly members: readonly LiveAlert[];
  readonly first: number;
  readonly last: number;
  /** Key of the first member: what other stories know it by. */
  readonly key: string;
}

export interface Session {
  readonly members: readonly LiveAlert[];
  /** How many alerts it has in its cell, with those that are no longer weighed. */
  readonly count: number;
  readonly stories: readonly Story[];
  readonly first: number;
  readonly last: number;
  /** An alert that starts until then belongs to the session. */
  readonly reach: number;
}

export interface Cell {
  readonly key: string;
  /** In order of start, then of key. */
  members: LiveAlert[];
  sessions: Session[];
  arrivals: number;
  /** Start of the earliest member that is new or whose end is news; infinite when there is none. */
  changedFrom: number;
  /** Members whose end became known since the sessions were last told. */
  readonly stale: Set<LiveAlert>;
}

export interface Pauses {
  readonly gapMs: number;
  readonly firingGapMs: number;
}

/** Most alerts of one session that are weighed against one another; older ones stay where they were put. */
export const maxSessionMembers = 40;

/** Puts an alert in its place in the order of start. */
export function insertMember(cell: Cell, member: LiveAlert): void {
  let index = cell.members.length;
  while (index > 0 && isBefore(member, cell.members[index - 1])) index -= 1;
  cell.members.splice(index, 0, member);
}

function isBefore(a: LiveAlert, b: LiveAlert | undefined): boolean {
  if (b === undefined) return false;
  return a.at < b.at || (a.at === b.at && a.seen.key < b.seen.key);
}

/** How long after an alert's start another may follow: longer while it fires. */
export function reachOf(alert: Alert, at: number, { gapMs, firingGapMs }: Pauses): number {
  const end = alert.endsAt?.getTime() ?? Number.POSITIVE_INFINITY;
  return Math.max(at + gapMs, Math.min(end, at + firingGapMs));
}

/** In a part of the system that is never quiet, a pause of this share of the usual one ends a session. */
const usualPauses = 0.5;
const shortestGapMs = 5_000;

/** The configured pauses, shortened where alerts usually follow one another faster than that. */
export function pausesFor(meanPauseMs: number, { gapMs, firingGapMs }: Pauses): Pauses {
  const ratio = Math.min(1, Math.max(shortestGapMs, usualPauses * meanPauseMs) / gapMs);
  // Where alerts come all the time, some alert always fires: that one still does says nothing.
  return ratio === 1 ? { gapMs, firingGapMs } : { gapMs: gapMs * ratio, firingGapMs: gapMs * ratio };
}

/** Cuts a cell's members into runs, each with the time until which it can be joined. */
export function runsOf(
  members: readonly LiveAlert[],
): { readonly members: LiveAlert[]; readonly reach: number }[] {
  const runs: { members: LiveAlert[]; reach: number }[] = [];
  for (const member of members) {
    const reach = reachOf(member.seen.alert, member.at, member.pauses);
    const last = runs.at(-1);
    if (last !== undefined && member.at <= last.reach) {
      last.members.push(member);
      last.reach = Math.max(last.reach, reach);
    } else runs.push({ members: [member], reach });
  }
  return runs;
}
