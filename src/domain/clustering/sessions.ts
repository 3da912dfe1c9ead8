/**
 * What is alive in each part of the system. A cell is one topology component, or one service outside the topology, or
 * alerts that name no service; its sessions are runs of alerts without a long pause; a session's groups are stories.
 */
import { isBefore, type PairScores, type Seated, scoreBetween } from "./pair-scores.ts";
import type { PartKind } from "./seen-alert.ts";
import type { SeenAlert } from "./signal.ts";
import type { StrayMember } from "./strays.ts";

/** A live alert, with its place among the others: one object, because many thousands of them are alive. */
export interface LiveAlert extends SeenAlert, StrayMember, Seated {
  /** Whether its session may go on for as long as it fires; see {@link pausesFor}. */
  readonly lastsWhileFiring: boolean;
  /** Another alert that begins until then is of the same session, ms. */
  reach: number;
  incidentId: number | null;
  session: Session | null;
  /** Null while it is not weighed: new, or older than what its session still weighs. */
  story: Story | null;
  /** Its end became known since its session was last told. */
  isNews: boolean;
  /** Where the memory of alerts has it; see alert-memory.ts. */
  place: number;
}

/** A live alert that is in no session yet. Written out: spread, half of it would stand in an object of its own. */
export function createLiveAlert(
  seen: SeenAlert,
  { type, standing, pauses }: { readonly type: string; readonly standing: number; readonly pauses: Pauses },
): LiveAlert {
  return {
    key: seen.key,
    at: seen.at,
    type,
    entity: seen.entity,
    component: seen.component,
    kind: seen.kind,
    magnitude: seen.magnitude,
    names: seen.names,
    name: seen.name,
    service: seen.service,
    source: seen.source,
    severity: seen.severity,
    summary: seen.summary,
    labels: seen.labels,
    annotations: seen.annotations,
    endsAt: seen.endsAt,
    standing,
    lastsWhileFiring: pauses.firingGapMs > pauses.gapMs,
    reach: reachOf(seen, pauses),
    incidentId: null,
    session: null,
    story: null,
    seat: -1,
    isNews: false,
    place: -1,
  };
}

/** A story within one session. Never changed: another set of alerts is another story. */
export interface Story {
  readonly cell: string;
  /** In order of start. */
  readonly members: readonly LiveAlert[];
  /** Key of the first member: what other stories know it by. */
  readonly key: string;
  /** How well it fits stronger stories near it, as far as that was asked. */
  fits: Map<Story, number> | null;
}

export interface Session {
  readonly cell: Cell;
  /** In order of start, then of key. The list of a single one is also that of its story, and never changed. */
  members: LiveAlert[];
  /** An alert that starts until then belongs to the session. */
  reach: number;
  /** Reach of members that were let go because there are too many; null while none was. */
  pastReach: number | null;
  stories: readonly Story[];
  /** Made when there is a pair. */
  scores: PairScores<LiveAlert> | null;
}

export interface Cell {
  readonly kind: PartKind;
  readonly name: string;
  /** Both as one text. */
  readonly key: string;
  /** In order of start; they do not overlap. */
  readonly sessions: Session[];
  /** An alert that starts later is a session of its own; at least the reach of every session. */
  reach: number;
  /** Alerts that came into it since its sessions were last told. */
  arrived: number;
}

export interface Pauses {
  readonly gapMs: number;
  readonly firingGapMs: number;
}

/** Most alerts of one session that are weighed against one another; older ones stay where they were put. */
export const maxSessionMembers = 40;
/** Most alerts remembered of one session; the oldest go first, for a late report is hardly ever of their time. */
export const maxKeptMembers = 200;

/** How long after an alert's start another may follow: longer while it fires. */
export function reachOf(
  { at, endsAt }: Pick<SeenAlert, "at" | "endsAt">,
  { gapMs, firingGapMs }: Pauses,
): number {
  return Math.max(at + gapMs, Math.min(endsAt ?? Number.POSITIVE_INFINITY, at + firingGapMs));
}

/** In a part of the system that is never quiet, a pause of this share of the usual one ends a session. */
const usualPauses = 0.5;
const shortestGapMs = 5_000;

/** The configured pauses, shortened where alerts usually follow one another faster than that. */
export function pausesFor(meanPauseMs: number, usual: Pauses): Pauses {
  const { gapMs } = usual;
  const ratio = Math.min(1, Math.max(shortestGapMs, usualPauses * meanPauseMs) / gapMs);
  // Where alerts come all the time, some alert always fires: that one still does says nothing.
  return ratio === 1 ? usual : { gapMs: gapMs * ratio, firingGapMs: gapMs * ratio };
}

/** The alerts that are weighed: the newest ones. */
export function weighedOf({ members }: Session): readonly LiveAlert[] {
  return members.length <= maxSessionMembers ? members : members.slice(-maxSessionMembers);
}

/** When the first alert of a session or a story began. */
export function firstOf({ members }: Pick<Story, "members">): number {
  return members[0]?.at ?? Number.POSITIVE_INFINITY;
}

/** When the last alert of a session or a story began. */
export function lastOf({ members }: Pick<Story, "members">): number {
  return members[members.length - 1]?.at ?? Number.NEGATIVE_INFINITY;
}

/** Stories in order of start, then of key. */
export function byStart(a: Story, b: Story): number {
  return firstOf(a) - firstOf(b) || (a.key < b.key ? -1 : 1);
}

/**
 * Log-odds that two alerts of one session belong together; worked out once, as long as the session keeps its scores.
 * @param score - works it out for two alerts, the earlier one first.
 */
export function scoreWithin(
  a: LiveAlert,
  b: LiveAlert,
  score: (early: LiveAlert, late: LiveAlert) => number,
): number {
  const scores = a.session?.scores ?? null;
  if (scores !== null) return scoreBetween(scores, a, b, score);
  return isBefore(a, b) ? score(a, b) : score(b, a);
}

const never = Number.NEGATIVE_INFINITY;

/** A part of the system of which nothing was heard yet. */
export function createCell(kind: PartKind, name: string): Cell {
  return { kind, name, key: `${kind} ${name}`, sessions: [], reach: never, arrived: 0 };
}

/** Puts a new alert into the session it belongs to, perhaps one of its own; says which those that it joins were. */
export function insertMember(
  cell: Cell,
  member: LiveAlert,
): { readonly session: Session; readonly swallowed: readonly Session[] } {
  if (member.at > cell.reach) return { session: appendSession(cell, member), swallowed: noSessions };
  let index = cell.sessions.length - 1;
  while (index >= 0 && isBeforeSession(member, cell.sessions[index])) index -= 1;
  const before = cell.sessions[index];
  const isWithin = before !== undefined && member.at <= before.reach;
  const session = isWithin ? before : createSession(cell, [member]);
  if (isWithin) {
    if (before.members.length === 1) before.members = before.members.slice();
    insertInOrder(before.members, member);
  } else {
    index += 1;
    if (index === cell.sessions.length) cell.sessions.push(session);
    else cell.sessions.splice(index, 0, session);
  }
  member.session = session;
  session.reach = Math.max(session.reach, member.reach);
  cell.reach = Math.max(cell.reach, session.reach);
  return { session, swallowed: swallowFollowing(cell, index) };
}

/** Most alerts begin a session: to see that, no other one of the cell need be looked at. */
function appendSession(cell: Cell, member: LiveAlert): Session {
  const session = createSession(cell, [member]);
  session.reach = member.reach;
  cell.reach = member.reach;
  cell.sessions.push(session);
  member.session = session;
  return session;
}

const noStories: readonly Story[] = [];
const noSessions: readonly Session[] = [];

/** @param members - filled at once: an array that grows from nothing takes room for seventeen, and most have one. */
function createSession(cell: Cell, members: LiveAlert[]): Session {
  return { cell, members, reach: never, pastReach: null, stories: noStories, scores: null };
}

function isBeforeSession(member: LiveAlert, session: Session | undefined): boolean {
  const first = session?.members[0];
  return first !== undefined && isBefore(member, first);
}

function insertInOrder(members: LiveAlert[], member: LiveAlert): void {
  let index = members.length;
  for (let before = members[index - 1]; before !== undefined && isBefore(member, before); ) {
    index -= 1;
    before = members[index - 1];
  }
  if (index === members.length) members.push(member);
  else members.splice(index, 0, member);
}

/** Joins to a session all that begin within its reach. */
function swallowFollowing(cell: Cell, index: number): readonly Session[] {
  const session = cell.sessions[index];
  // Most are the last of their cell.
  if (session === undefined || index === cell.sessions.length - 1) return noSessions;
  const swallowed: Session[] = [];
  for (;;) {
    const next = cell.sessions[index + 1];
    if (next === undefined || (next.members[0]?.at ?? 0) > session.reach) break;
    cell.sessions.splice(index + 1, 1);
    for (const member of next.members) member.session = session;
    session.members = session.members.concat(next.members);
    session.reach = Math.max(session.reach, next.reach);
    session.stories = [...session.stories, ...next.stories];
    swallowed.push(next);
  }
  return swallowed;
}

/** Cuts a session anew after the end of one of its alerts became known; the first piece is the session itself. */
export function recut(session: Session): {
  readonly pieces: readonly Session[];
  readonly swallowed: readonly Session[];
} {
  const { cell } = session;
  const all = session.members;
  const pieces = [session];
  let piece = session;
  session.members = [];
  session.reach = session.pastReach ?? never;
  for (const member of all) {
    if (piece.members.length > 0 && member.at > piece.reach) {
      piece = createSession(cell, []);
      cell.sessions.splice(cell.sessions.indexOf(session) + pieces.length, 0, piece);
      pieces.push(piece);
    }
    piece.members.push(member);
    member.session = piece;
    piece.reach = Math.max(piece.reach, member.reach);
    cell.reach = Math.max(cell.reach, member.reach);
  }
  return { pieces, swallowed: swallowFollowing(cell, cell.sessions.indexOf(piece)) };
}

/** Lets go of the oldest alerts of a session that has too many; says which. */
export function trim(session: Session): readonly LiveAlert[] {
  if (session.members.length <= maxKeptMembers) return [];
  const gone = session.members.splice(0, session.members.length - maxKeptMembers);
  for (const { reach } of gone) session.pastReach = Math.max(session.pastReach ?? never, reach);
  return gone;
}
