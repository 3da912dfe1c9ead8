/** What the leaseholder of a scope remembers: which alerts there are, and where they belong. */

import type { TrackedAlert } from "../../domain/alert/tracked.ts";
import type { Correlator } from "../../domain/clustering/correlation.ts";
import { createTally, type IncidentFacts, type IncidentTally } from "../../domain/incident/facts.ts";
import type { Incident } from "../../domain/incident.ts";
import { type FlappingRule, isFlapping, shippedFlapping } from "../../domain/suppression/flapping.ts";
import type { InhibitionRule } from "../../domain/suppression/inhibition.ts";
import { createMuting, type Muting } from "../../domain/suppression.ts";

/**
 * Alerts that fire or fired lately, and their incidents. It is a cache of the database: whenever a commit fails it is
 * thrown away and loaded anew. Of an incident it holds all alerts or none; what was let go is read back when it is
 * needed (recall.ts).
 */
export interface TriageMemory {
  readonly alerts: Map<string, TrackedAlert>;
  /** Written by {@link know} alone. */
  readonly incidents: Map<number, Incident>;
  /** Incidents that are not resolved. */
  readonly open: Set<number>;
  /** Incidents that are resolved and of which nothing fires; last those that something was heard of last. */
  readonly ended: Set<number>;
  readonly members: Map<number, Set<string>>;
  /** What the members of an incident say of it; made when it is asked for, and not kept for those that are over. */
  readonly tallies: Map<number, IncidentTally>;
  /** Newest key of each fingerprint. */
  readonly newest: Map<string, string>;
  /** Keys of alerts that have not ended. */
  readonly firing: Set<string>;
  /** Keys of alerts that flap, and are held open. */
  readonly held: Set<string>;
  /** Alerts kept with an earlier firing of theirs, by the number of the incident that was to be theirs alone. */
  readonly guests: Map<number, string>;
  readonly muting: Muting;
  readonly flapping: FlappingRule;
  readonly correlator: Correlator;
  /** Version of the correlator, kept with every placement; null where it has none. */
  readonly correlatorVersion: number | null;
  readonly gone: Gone;
}

/** What was let go so as not to remember too much, and what of it was read back. */
export interface Gone {
  alerts: number;
  incidents: number;
  guests: number;
  recalled: number;
  /** When that last happened; null when all that is recent is here. */
  at: Date | null;
}

/** Alerts that no incident has yet belong to this one, which there is not. */
export const unplaced = 0;

export function createMemory(
  correlator: Correlator,
  rules: {
    readonly inhibition?: readonly InhibitionRule[];
    readonly flapping?: FlappingRule;
    readonly correlatorVersion?: () => number;
    readonly nameOf?: (person: string) => string;
  } = {},
): TriageMemory {
  const alerts = new Map<string, TrackedAlert>();
  return {
    alerts,
    incidents: new Map(),
    open: new Set(),
    ended: new Set(),
    members: new Map(),
    tallies: new Map(),
    newest: new Map(),
    firing: new Set(),
    held: new Set(),
    guests: new Map(),
    muting: createMuting(
      rules.inhibition ?? [],
      (key) => nameOf(alerts.get(key)) ?? key.slice(0, 16),
      rules.nameOf,
    ),
    flapping: rules.flapping ?? shippedFlapping,
    correlator,
    correlatorVersion: rules.correlatorVersion?.() ?? null,
    gone: { alerts: 0, incidents: 0, guests: 0, recalled: 0, at: null },
  };
}

/** "HighLatency on api" */
export function nameOf(tracked: TrackedAlert): string;
export function nameOf(tracked: TrackedAlert | undefined): string | undefined;
export function nameOf(tracked: TrackedAlert | undefined): string | undefined {
  if (tracked === undefined) return undefined;
  const { name, service } = tracked.alert;
  return service === null ? name : `${name} on ${service}`;
}

/** Puts a tracked alert where it belongs in every index. */
export function remember(memory: TriageMemory, tracked: TrackedAlert): void {
  const { key, incidentId, alert } = tracked;
  const before = memory.alerts.get(key);
  memory.alerts.set(key, tracked);
  if (before?.incidentId === incidentId) memory.tallies.get(incidentId)?.change(before, tracked);
  else {
    if (before !== undefined) leave(memory, before);
    enter(memory, tracked);
  }
  if (tracked.endedBy === null) memory.firing.add(key);
  else memory.firing.delete(key);
  if (isFlapping(tracked.flapping)) memory.held.add(key);
  else memory.held.delete(key);
  const newest = newestOf(memory, alert.fingerprint);
  if (newest === undefined || newest.alert.startsAt <= alert.startsAt)
    memory.newest.set(alert.fingerprint, key);
  memory.muting.note(tracked);
  // Something was heard of it: it is the last to be let go.
  if (memory.ended.delete(incidentId)) memory.ended.add(incidentId);
}

/**
 * Takes note of an incident as it is stored, after its alerts. One that is over and has no alerts, since they went into
 * another, is not remembered.
 */
export function know(memory: TriageMemory, incident: Incident): void {
  const { id, state, firingCount } = incident;
  memory.open.delete(id);
  memory.ended.delete(id);
  memory.incidents.set(id, incident);
  if (state !== "resolved") memory.open.add(id);
  else if (!memory.members.has(id)) memory.incidents.delete(id);
  else if (firingCount === 0) {
    memory.ended.add(id);
    // It weighs more than an alert, and is seldom asked for again.
    memory.tallies.delete(id);
  }
}

function enter({ members, tallies }: TriageMemory, tracked: TrackedAlert): void {
  const { key, incidentId } = tracked;
  const joined = members.get(incidentId);
  if (joined === undefined) members.set(incidentId, new Set([key]));
  else joined.add(key);
  tallies.get(incidentId)?.change(null, tracked);
}

function leave({ members, tallies }: TriageMemory, tracked: TrackedAlert): void {
  const { key, incidentId } = tracked;
  const left = members.get(incidentId);
  left?.delete(key);
  if (left?.size !== 0) tallies.get(incidentId)?.change(tracked, null);
  else {
    members.delete(incidentId);
    tallies.delete(incidentId);
  }
}

/** What the alerts of an incident say of it; null when it has none. */
export function factsOf(memory: TriageMemory, incidentId: number): IncidentFacts | null {
  if (incidentId === unplaced || !memory.members.has(incidentId)) return null;
  return tallyOf(memory, incidentId).facts(() => membersOf(memory, incidentId));
}

function tallyOf(memory: TriageMemory, incidentId: number): IncidentTally {
  const known = memory.tallies.get(incidentId);
  if (known !== undefined) return known;
  const tally = createTally();
  for (const member of membersOf(memory, incidentId)) tally.change(null, member);
  memory.tallies.set(incidentId, tally);
  return tally;
}

/** Alerts of an incident. */
export function* membersOf(memory: TriageMemory, incidentId: number): Generator<TrackedAlert> {
  for (const key of memory.members.get(incidentId) ?? []) {
    const tracked = memory.alerts.get(key);
    if (tracked !== undefined) yield tracked;
  }
}

/** Remembers no longer. */
export function drop(memory: TriageMemory, key: string): void {
  const tracked = memory.alerts.get(key);
  if (tracked === undefined) return;
  leave(memory, tracked);
  memory.alerts.delete(key);
  memory.firing.delete(key);
  memory.held.delete(key);
  memory.muting.forget(key);
  if (memory.newest.get(tracked.alert.fingerprint) === key) memory.newest.delete(tracked.alert.fingerprint);
}

/** The newest firing of a fingerprint. */
export function newestOf(memory: TriageMemory, fingerprint: string): TrackedAlert | undefined {
  const key = memory.newest.get(fingerprint);
  return key === undefined ? undefined : memory.alerts.get(key);
}
