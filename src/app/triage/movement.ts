/** What a batch of reports or the passing of time did, before it is stored. */
import type { TrackedAlert } from "../../domain/alert/tracked.ts";
import type { Alert } from "../../domain/alert.ts";
import type { Correlation, Observation } from "../../domain/clustering/correlation.ts";
import type { IncidentEvent } from "../../domain/incident.ts";
import type { Mute } from "../../domain/suppression/mute.ts";
import { remember, type TriageMemory } from "./memory.ts";

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
