/**
 * Every alert that is remembered, by its key: a live one itself, of one that is no longer live the number of its
 * incident. One map for both, because each alert that comes in is asked for here and most are new.
 */
import type { LiveAlert } from "./sessions.ts";

export interface AlertMemory {
  /** The live alert, the incident of one that no longer is, or undefined. */
  find(key: string): LiveAlert | number | undefined;
  live(key: string): LiveAlert | undefined;
  /** The incident of an alert, live or not; undefined of one that is not remembered, or not placed yet. */
  incidentOf(key: string): number | undefined;
  /** Remembers a live alert. */
  add(member: LiveAlert): void;
  /** Remembers no more of a live alert than its incident, which is as it is now. */
  retire(member: LiveAlert): void;
  /** Gives an alert that is no longer live another incident. */
  put(key: string, incidentId: number): void;
  allLive(): LiveAlert[];
  /** Forgets those that came first, but no live ones, until no more than the most are left. */
  trim(): void;
  clear(): void;
  readonly size: number;
  /** Alerts forgotten so far. */
  readonly dropped: number;
}

/** @param most - alerts remembered; more than can be live. */
export function createAlertMemory(most: number): AlertMemory {
  const alerts = new Map<string, LiveAlert | number>();
  let dropped = 0;

  function live(key: string): LiveAlert | undefined {
    const known = alerts.get(key);
    return typeof known === "object" ? known : undefined;
  }

  return {
    find: (key) => alerts.get(key),
    live,
    incidentOf(key) {
      const known = alerts.get(key);
      return typeof known === "object" ? (known.incidentId ?? undefined) : known;
    },
    add(member) {
      alerts.set(member.key, member);
    },
    retire({ key, incidentId }) {
      if (incidentId === null) alerts.delete(key);
      else alerts.set(key, incidentId);
    },
    put(key, incidentId) {
      alerts.set(key, incidentId);
    },
    allLive: () => [...alerts.values()].filter((known) => typeof known === "object"),
    trim() {
      let passed = alerts.size;
      for (const [key, known] of alerts) {
        if (alerts.size <= most || passed === 0) return;
        passed -= 1;
        alerts.delete(key);
        // A live one stands behind the others from now on.
        if (typeof known === "object") alerts.set(key, known);
        else dropped += 1;
      }
    },
    clear() {
      alerts.clear();
    },
    get size() {
      return alerts.size;
    },
    get dropped() {
      return dropped;
    },
  };
}
