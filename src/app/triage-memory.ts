import type { Alert } from "../domain/alert.ts";
import { alertKey } from "../domain/alert.ts";
import type { Correlation, Correlator, Observation } from "../domain/correlation.ts";
import type { Incident } from "../domain/incident.ts";
import { matchable } from "../domain/routing.ts";
import { muteOf, type Silence } from "../domain/suppression.ts";
import { isTimedOut, mergeAlert, supersede, type TrackedAlert, timeOut } from "../domain/tracked-alert.ts";
import { settleStarts } from "./settle-starts.ts";

/** A parsed report of one alert, with the time of receipt. */
export interface Report {
  readonly alert: Alert;
  readonly receivedAt: Date;
}

/** What a batch did, before it is stored. */
export interface Movement {
  /** Alerts to store, by key. */
  readonly alerts: Map<string, TrackedAlert>;
  /** Incidents whose alerts changed in a way that a card shows. */
  readonly touched: Set<number>;
  /** Incidents in which an alert began to fire. */
  readonly kindled: Set<number>;
  /** New alerts by incident, for one line in the thread. */
  readonly joined: Map<number, string[]>;
  readonly correlation: Correlation;
}

/**
 * What the leaseholder of a scope remembers: alerts that fire or fired lately, and their incidents. It is a cache of
 * the database: whenever a commit fails it is thrown away and loaded anew.
 */
export interface TriageMemory {
  readonly alerts: Map<string, TrackedAlert>;
  readonly incidents: Map<number, Incident>;
  readonly members: Map<number, Set<string>>;
  /** Newest key of each fingerprint. */
  readonly newest: Map<string, string>;
  readonly correlator: Correlator;
}

export function createMemory(correlator: Correlator): TriageMemory {
  return { alerts: new Map(), incidents: new Map(), members: new Map(), newest: new Map(), correlator };
}

export function newMovement(): Movement {
  return {
    alerts: new Map(),
    touched: new Set(),
    kindled: new Set(),
    joined: new Map(),
    correlation: { placements: [], merges: [], splits: [] },
  };
}

/** Puts a tracked alert where it belongs in every index. */
export function remember(memory: TriageMemory, tracked: TrackedAlert): void {
  const before = memory.alerts.get(tracked.key);
  if (before !== undefined && before.incidentId !== tracked.incidentId)
    memory.members.get(before.incidentId)?.delete(tracked.key);
  memory.alerts.set(tracked.key, tracked);
  const members = memory.members.get(tracked.incidentId) ?? new Set();
  memory.members.set(tracked.incidentId, members.add(tracked.key));
  const newest = memory.newest.get(tracked.alert.fingerprint);
  const known = newest === undefined ? undefined : memory.alerts.get(newest);
  if (known === undefined || known.alert.startsAt <= tracked.alert.startsAt)
    memory.newest.set(tracked.alert.fingerprint, tracked.key);
}

/**
 * Takes reports in order of receipt: merges repeats, ends superseded firings, and lets the correlator place what is
 * new. Mutates the memory; returns what to store.
 */
export function takeReports(
  memory: TriageMemory,
  reports: readonly Report[],
  context: {
    readonly observations: readonly Observation[];
    readonly silences: readonly Silence[];
    readonly now: Date;
  },
): Movement {
  const movement = newMovement();
  const fresh = new Map<string, Report>();
  const observations: Observation[] = [...context.observations];
  for (const report of settleStarts(reports, (fingerprint) => newestOf(memory, fingerprint))) {
    const key = alertKey(report.alert);
    const known = memory.alerts.get(key) ?? movement.alerts.get(key);
    if (known === undefined) {
      observations.push(...takeNew(memory, movement, fresh, key, report));
      continue;
    }
    const merged = mergeAlert(known, report.alert, report.receivedAt);
    store(memory, movement, merged.tracked);
    const hasNews =
      merged.outcome === "resolved" ||
      merged.outcome === "revived" ||
      merged.tracked.alert.severity !== known.alert.severity;
    if (hasNews) movement.touched.add(merged.tracked.incidentId);
    if (merged.outcome === "revived") movement.kindled.add(merged.tracked.incidentId);
    if (merged.outcome === "resolved" || merged.outcome === "revived")
      observations.push({ kind: "alert", key, alert: merged.tracked.alert });
  }
  const correlation = memory.correlator.observe(observations, context.now);
  place(memory, movement, fresh, correlation, context);
  for (const key of fresh.keys()) {
    // A late report of something ended and forgotten here: it was stored when it was new, and brings no news.
    if (memory.alerts.has(key) || memory.correlator.remembers(key)) continue;
    throw new Error(`triage: the correlator did not place alert ${key}; every alert belongs to an incident`);
  }
  return { ...movement, correlation };
}

function newestOf(memory: TriageMemory, fingerprint: string): TrackedAlert | undefined {
  const key = memory.newest.get(fingerprint);
  return key === undefined ? undefined : memory.alerts.get(key);
}

/** A key never seen: an older firing of the same fingerprint has ended with it. */
function takeNew(
  memory: TriageMemory,
  movement: Movement,
  fresh: Map<string, Report>,
  key: string,
  report: Report,
): Observation[] {
  const observations: Observation[] = [];
  const earlier = fresh.get(key);
  if (earlier !== undefined) {
    // Two reports of one new firing in one batch: the end, if either says so, wins.
    const winner = earlier.alert.status === "resolved" ? earlier : report;
    fresh.set(key, { alert: winner.alert, receivedAt: report.receivedAt });
    return winner === earlier ? [] : [{ kind: "alert", key, alert: winner.alert }];
  }
  const newest = newestOf(memory, report.alert.fingerprint);
  if (newest !== undefined && newest.endedBy === null && newest.alert.startsAt < report.alert.startsAt) {
    const ended = supersede(newest, report.alert.startsAt);
    store(memory, movement, ended);
    movement.touched.add(ended.incidentId);
    observations.push({ kind: "alert", key: ended.key, alert: ended.alert });
  }
  fresh.set(key, report);
  observations.push({ kind: "alert", key, alert: report.alert });
  return observations;
}

function store(memory: TriageMemory, movement: Movement, tracked: TrackedAlert): void {
  remember(memory, tracked);
  movement.alerts.set(tracked.key, tracked);
}

/** Puts alerts where the correlator places them; those that it places for the first time come from `fresh`. */
export function place(
  memory: TriageMemory,
  movement: Movement,
  fresh: ReadonlyMap<string, Report>,
  correlation: Correlation,
  context: { readonly silences: readonly Silence[]; readonly now: Date },
): void {
  for (const placement of correlation.placements) {
    const known = memory.alerts.get(placement.key);
    const report = fresh.get(placement.key);
    if (known === undefined && report === undefined) continue;
    const tracked =
      known === undefined && report !== undefined ? track(placement.key, report, context) : known;
    if (tracked === undefined) continue;
    if (known !== undefined && known.incidentId !== placement.incidentId)
      movement.touched.add(known.incidentId);
    store(memory, movement, { ...tracked, incidentId: placement.incidentId, reasons: placement.reasons });
    movement.touched.add(placement.incidentId);
    if (known === undefined) {
      if (tracked.endedBy === null) movement.kindled.add(placement.incidentId);
      const joined = movement.joined.get(placement.incidentId);
      if (joined === undefined) movement.joined.set(placement.incidentId, [placement.key]);
      else joined.push(placement.key);
    }
  }
}

function track(
  key: string,
  report: Report,
  context: { readonly silences: readonly Silence[]; readonly now: Date },
): TrackedAlert {
  const isOver = report.alert.status === "resolved";
  const alert =
    isOver && report.alert.endsAt === null ? { ...report.alert, endsAt: report.receivedAt } : report.alert;
  return {
    key,
    alert,
    seenAt: report.receivedAt,
    seenCount: 1,
    endedBy: isOver ? "source" : null,
    incidentId: 0,
    reasons: [],
    mutedBy: muteOf(matchable(alert), context.silences, context.now),
  };
}

/** What time alone does: alerts not heard of time out; silences begin and end. */
export function passTime(
  memory: TriageMemory,
  context: {
    readonly silences: readonly Silence[];
    readonly now: Date;
    readonly timeoutMs: (source: string) => number;
  },
): Movement {
  const movement = newMovement();
  const observations: Observation[] = [];
  for (const tracked of memory.alerts.values()) {
    if (tracked.endedBy !== null) continue;
    if (isTimedOut(tracked, context.now, context.timeoutMs(tracked.alert.source))) {
      const ended = timeOut(tracked);
      store(memory, movement, ended);
      movement.touched.add(ended.incidentId);
      observations.push({ kind: "alert", key: ended.key, alert: ended.alert });
      continue;
    }
    if (context.silences.length === 0 && tracked.mutedBy === null) continue;
    const mutedBy = muteOf(matchable(tracked.alert), context.silences, context.now);
    if (mutedBy?.id === tracked.mutedBy?.id) continue;
    store(memory, movement, { ...tracked, mutedBy });
    movement.touched.add(tracked.incidentId);
  }
  if (observations.length === 0) return movement;
  const correlation = memory.correlator.observe(observations, context.now);
  place(memory, movement, new Map(), correlation, context);
  return { ...movement, correlation };
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
    for (const key of keys) {
      const fingerprint = memory.alerts.get(key)?.alert.fingerprint;
      if (fingerprint !== undefined && memory.newest.get(fingerprint) === key)
        memory.newest.delete(fingerprint);
      memory.alerts.delete(key);
    }
    memory.members.delete(id);
    memory.incidents.delete(id);
  }
}
