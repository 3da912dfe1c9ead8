/** What the leaseholder of a scope remembers, and what a batch of reports or the passing of time did to it. */

import type { TrackedAlert } from "../domain/alert/tracked.ts";
import type { Alert } from "../domain/alert.ts";
import type { Correlation, Correlator, Observation, Placement } from "../domain/clustering/correlation.ts";
import { createTally, type IncidentFacts, type IncidentTally } from "../domain/incident/facts.ts";
import type { Incident, IncidentEvent } from "../domain/incident.ts";
import { type FlappingRule, isFlapping, shippedFlapping } from "../domain/suppression/flapping.ts";
import type { InhibitionRule } from "../domain/suppression/inhibition.ts";
import type { Mute } from "../domain/suppression/mute.ts";
import { createMuting, type Muting } from "../domain/suppression.ts";
import { duration } from "../domain/view.ts";

/**
 * Alerts that fire or fired lately, and their incidents. It is a cache of the database: whenever a commit fails it is
 * thrown away and loaded anew.
 */
export interface TriageMemory {
  readonly alerts: Map<string, TrackedAlert>;
  readonly incidents: Map<number, Incident>;
  readonly members: Map<number, Set<string>>;
  /** What the members of an incident say of it. */
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
}

/** Alerts that no incident has yet belong to this one, which there is not. */
export const unplaced = 0;

export function createMemory(
  correlator: Correlator,
  rules: {
    readonly inhibition?: readonly InhibitionRule[];
    readonly flapping?: FlappingRule;
    readonly correlatorVersion?: () => number;
  } = {},
): TriageMemory {
  const alerts = new Map<string, TrackedAlert>();
  return {
    alerts,
    incidents: new Map(),
    members: new Map(),
    tallies: new Map(),
    newest: new Map(),
    firing: new Set(),
    held: new Set(),
    guests: new Map(),
    muting: createMuting(rules.inhibition ?? [], (key) => nameOf(alerts.get(key)) ?? key.slice(0, 16)),
    flapping: rules.flapping ?? shippedFlapping,
    correlator,
    correlatorVersion: rules.correlatorVersion?.() ?? null,
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

/** A parsed report of one alert, with the time of receipt. */
export interface Report {
  readonly alert: Alert;
  readonly receivedAt: Date;
}

/** What a batch gathers before the correlator is asked. */
export interface Gathering {
  readonly observations: Observation[];
  /** Keys never seen before. */
  readonly fresh: Set<string>;
  /** Keys that fire again after they had ended. */
  readonly revived: Set<string>;
  /** Keys that began to flap. */
  readonly begun: Set<string>;
  /** Keys of alerts that fired not long ago, with those of the firings before. */
  readonly again: Map<string, string>;
}

export function newGathering(observations: readonly Observation[] = []): Gathering {
  return {
    observations: [...observations],
    fresh: new Set(),
    revived: new Set(),
    begun: new Set(),
    again: new Map(),
  };
}

/** What a batch did, before it is stored. */
export interface Movement {
  /** Alerts to store, by key. */
  readonly alerts: Map<string, TrackedAlert>;
  /** Alerts that were only heard of again, by key: nothing else of them is to be stored. */
  readonly heard: Map<string, TrackedAlert>;
  /** Incidents whose alerts changed in a way that a card shows. */
  readonly touched: Set<number>;
  /** Incidents in which an alert began to fire that nothing mutes. */
  readonly kindled: Set<number>;
  /** Incidents whose card shows something new although their numbers are the same. */
  readonly redrawn: Set<number>;
  /** Incidents whose threads are owed a line that was held back; their cards say it already. */
  readonly owed: Set<number>;
  /** New alerts by incident, for one line in the thread. */
  readonly joined: Map<number, string[]>;
  /** Other lines for the threads. */
  readonly told: Map<number, IncidentEvent[]>;
  /** Alerts that are muted no longer and fire on, by incident, for one line in the thread. */
  readonly unmuted: Map<number, string[]>;
  /** How many alerts became muted, by cause. */
  readonly muted: Map<Mute["by"], number>;
  readonly correlation: Correlation;
}

export function newMovement(): Movement {
  return {
    alerts: new Map(),
    heard: new Map(),
    touched: new Set(),
    kindled: new Set(),
    redrawn: new Set(),
    owed: new Set(),
    joined: new Map(),
    told: new Map(),
    unmuted: new Map(),
    muted: new Map(),
    correlation: { placements: [], merges: [], splits: [] },
  };
}

/** Appends to a list by incident. */
export function append<Item>(lists: Map<number, Item[]>, incidentId: number, item: Item): void {
  const list = lists.get(incidentId);
  if (list === undefined) lists.set(incidentId, [item]);
  else list.push(item);
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
}

function enter({ members, tallies }: TriageMemory, tracked: TrackedAlert): void {
  const { key, incidentId } = tracked;
  const joined = members.get(incidentId);
  if (joined === undefined) members.set(incidentId, new Set([key]));
  else joined.add(key);
  if (incidentId === unplaced) return;
  const tally = tallies.get(incidentId) ?? createTally();
  tallies.set(incidentId, tally);
  tally.change(null, tracked);
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
  return memory.tallies.get(incidentId)?.facts(() => membersOf(memory, incidentId)) ?? null;
}

/** Alerts of an incident. */
export function* membersOf(memory: TriageMemory, incidentId: number): Generator<TrackedAlert> {
  for (const key of memory.members.get(incidentId) ?? []) {
    const tracked = memory.alerts.get(key);
    if (tracked !== undefined) yield tracked;
  }
}

/** Remembers it, and has it stored. */
export function keep(memory: TriageMemory, movement: Movement, tracked: TrackedAlert): void {
  remember(memory, tracked);
  movement.heard.delete(tracked.key);
  movement.alerts.set(tracked.key, tracked);
}

/** Remembers that it was heard of again, and has that stored. */
export function hear(memory: TriageMemory, movement: Movement, tracked: TrackedAlert): void {
  remember(memory, tracked);
  const target = movement.alerts.has(tracked.key) ? movement.alerts : movement.heard;
  target.set(tracked.key, tracked);
}

const nothingFresh: ReadonlySet<string> = new Set();

/**
 * Moves alerts to where they belong now.
 * @param fresh - keys of those that are new in this batch.
 */
export function place(
  memory: TriageMemory,
  movement: Movement,
  { placements }: Pick<Correlation, "placements">,
  fresh: ReadonlySet<string> = nothingFresh,
): void {
  for (const placement of placements) {
    const { key, incidentId } = placement;
    if (!move(memory, movement, placement)) continue;
    if (fresh.has(key)) append(movement.joined, incidentId, key);
    const guest = memory.guests.get(incidentId);
    if (guest === undefined) continue;
    // It is not alone there any more.
    memory.guests.delete(incidentId);
    const reasons = memory.alerts.get(guest)?.reasons ?? [];
    if (guest !== key) move(memory, movement, { key: guest, incidentId, reasons });
  }
}

function move(
  memory: TriageMemory,
  movement: Movement,
  { key, incidentId, reasons }: Pick<Placement, "key" | "incidentId" | "reasons">,
): boolean {
  const known = memory.alerts.get(key);
  if (known === undefined) return false;
  if (known.incidentId !== unplaced && known.incidentId !== incidentId)
    movement.touched.add(known.incidentId);
  const { correlatorVersion } = memory;
  keep(memory, movement, {
    ...known,
    incidentId,
    reasons,
    ...(correlatorVersion === null ? {} : { correlatorVersion }),
  });
  movement.touched.add(incidentId);
  return true;
}

/** Shown for what decides beside the scores of signals, in log-odds. */
const ruleScore = 10;

/**
 * An alert that fires again soon, and would have a new incident to itself, stays with its earlier firing: whoever saw
 * that one end sees it reopened instead of a card of its own. When others join the incident that it was meant for, it
 * goes there with them.
 * @param again - keys of such alerts, with those of the firings before.
 */
export function keepTogether(
  memory: TriageMemory,
  movement: Movement,
  again: ReadonlyMap<string, string>,
): void {
  for (const [key, earlierKey] of again) {
    const [tracked, earlier] = [memory.alerts.get(key), memory.alerts.get(earlierKey)];
    if (tracked === undefined || earlier === undefined) continue;
    const { incidentId: own } = tracked;
    const isAlone = memory.members.get(own)?.size === 1 && !memory.incidents.has(own);
    if (!isAlone || own === earlier.incidentId || earlier.incidentId === unplaced) continue;
    const because = `it fired again ${duration(tracked.alert.startsAt.getTime() - earlier.alert.startsAt.getTime())} after its earlier firing`;
    const reasons = [{ signal: "again", score: ruleScore, because }];
    movement.touched.delete(own);
    movement.joined.delete(own);
    memory.guests.set(own, key);
    keep(memory, movement, { ...tracked, incidentId: earlier.incidentId, reasons });
    movement.touched.add(earlier.incidentId);
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

/** Forgets ended alerts of resolved incidents last heard of before `before`. */
export function forget(memory: TriageMemory, before: Date): void {
  for (const [id, incident] of memory.incidents) {
    if (incident.state !== "resolved") continue;
    const keys = [...(memory.members.get(id) ?? [])];
    const isOld = keys.every((key) => {
      const tracked = memory.alerts.get(key);
      return tracked === undefined || (tracked.endedBy !== null && tracked.seenAt < before);
    });
    if (!isOld) continue;
    for (const key of keys) drop(memory, key);
    memory.incidents.delete(id);
  }
  for (const [id, key] of memory.guests) if (!memory.alerts.has(key)) memory.guests.delete(id);
}
