/**
 * Alerts that flap are held open: their further firings and ends are counted on the one alert that is remembered, and
 * each is stored as a part of it, so that nothing is lost and nothing else moves.
 */

import { supersede, type TrackedAlert } from "../domain/alert/tracked.ts";
import { type Alert, alertKey } from "../domain/alert.ts";
import type { Observation } from "../domain/clustering/correlation.ts";
import {
  countFiring,
  endFiring,
  type Flapping,
  firstFiring,
  flappingText,
  isFlapping,
  isQuiet,
  newestStart,
  settleDown,
} from "../domain/suppression/flapping.ts";
import { duration, moment } from "../domain/view.ts";
import type { Firing } from "./settle-starts.ts";
import { nameOf, newestOf, type TriageMemory } from "./triage/memory.ts";
import { append, type Gathering, keep, type Movement, type Report } from "./triage/movement.ts";

/** What sources last said of a fingerprint, whether or not the alert is held open. */
export function newestFiring(memory: TriageMemory, fingerprint: string): Firing | undefined {
  const tracked = newestOf(memory, fingerprint);
  if (tracked === undefined) return undefined;
  const { flapping, alert, endedBy } = tracked;
  const isOpen = isFlapping(flapping) ? flapping.endedAt === null : endedBy === null;
  return { startsAt: startOfNewestPart(tracked) ?? alert.startsAt, isOpen };
}

/** Null as long as it has no parts. */
function startOfNewestPart({ alert, flapping }: TrackedAlert): Date | null {
  const newest = flapping === undefined ? null : newestStart(flapping);
  return newest !== null && newest > alert.startsAt ? newest : null;
}

/** What became of a report that may speak of an alert with parts. */
export type Held =
  /** It was taken: nothing else is to be done. */
  | { readonly kind: "taken" }
  /** It is about a firing of its own, or about this one under its first start. */
  | { readonly kind: "alert"; readonly alert: Alert };

/** Takes a report that speaks of an alert with parts, if it does. */
export function takeHeld(
  memory: TriageMemory,
  movement: Movement,
  report: Report,
  { observations }: Gathering,
): Held {
  const { alert } = report;
  const own: Held = { kind: "alert", alert };
  const holder = newestOf(memory, alert.fingerprint);
  const newest = holder === undefined ? null : startOfNewestPart(holder);
  if (holder?.flapping === undefined || newest === null || alert.startsAt < holder.alert.startsAt) return own;
  const isNew = alert.startsAt > newest;
  if (!isFlapping(holder.flapping)) {
    if (isNew) return own;
    if (alert.startsAt.getTime() !== newest.getTime()) return { kind: "taken" };
    if (alert.status === "resolved" && holder.endedBy === null) keepPart(movement, holder, report);
    return { kind: "alert", alert: { ...alert, startsAt: holder.alert.startsAt } };
  }
  if (isNew && isQuiet(holder.flapping, alert.startsAt, memory.flapping)) {
    settle(memory, movement, holder, observations);
    return own;
  }
  countPart(memory, movement, { ...holder, flapping: holder.flapping }, report);
  return { kind: "taken" };
}

type WithFlapping = TrackedAlert & { readonly flapping: Flapping };

function countPart(memory: TriageMemory, movement: Movement, holder: WithFlapping, report: Report): void {
  const { alert, receivedAt } = report;
  const counted = countFiring(holder.flapping, alert.startsAt, memory.flapping);
  const flapping =
    alert.status === "resolved" ? endFiring(counted, alert.startsAt, alert.endsAt ?? receivedAt) : counted;
  const isNewest = newestStart(flapping)?.getTime() === alert.startsAt.getTime();
  const isNews = flapping !== holder.flapping;
  if (isNews && isNewest && counted !== holder.flapping) endNewestPart(movement, holder, alert.startsAt);
  keep(memory, movement, {
    ...holder,
    alert: isNewest ? heldAlert(alert, holder) : holder.alert,
    seenAt: receivedAt > holder.seenAt ? receivedAt : holder.seenAt,
    seenCount: holder.seenCount + 1,
    flapping,
  });
  if (!isNews) return;
  if (alert.startsAt > holder.alert.startsAt) keepPart(movement, holder, report);
  if (counted === holder.flapping) return;
  movement.touched.add(holder.incidentId);
  movement.redrawn.add(holder.incidentId);
}

/** What the source says of it now, as an alert that goes on. */
function heldAlert(said: Alert, holder: TrackedAlert): Alert {
  return { ...said, status: "firing", startsAt: holder.alert.startsAt, endsAt: null };
}

/**
 * Counts one more firing of a fingerprint.
 * @param before - the newest firing so far.
 * @returns how it came and went, for the new firing; null when the one before is held open with it from now on.
 */
export function countOrHold(
  memory: TriageMemory,
  movement: Movement,
  before: TrackedAlert,
  report: Report,
  { observations, revived, begun }: Gathering,
): Flapping | null {
  const { alert } = report;
  const counted = countFiring(
    before.flapping ?? firstFiring(before.alert.startsAt, memory.flapping),
    alert.startsAt,
    memory.flapping,
  );
  if (!isFlapping(counted)) return counted;
  const holder = { ...before, endedBy: null, alert: heldAlert(alert, before), flapping: counted };
  begun.add(holder.key);
  if (before.endedBy !== null) {
    revived.add(holder.key);
    observations.push({ kind: "alert", key: holder.key, alert: holder.alert });
  }
  countPart(memory, movement, holder, report);
  keepPart(movement, holder, report);
  return null;
}

/** Ends the holding of every alert that has been quiet for long enough. */
export function settleQuiet(memory: TriageMemory, movement: Movement, now: Date): Observation[] {
  const observations: Observation[] = [];
  for (const key of [...memory.held]) {
    const holder = memory.alerts.get(key);
    if (holder?.flapping === undefined || !isQuiet(holder.flapping, now, memory.flapping)) continue;
    settle(memory, movement, holder, observations);
  }
  return observations;
}

/** It ends when its source said so; one that fires on is an ordinary alert again. */
function settle(
  memory: TriageMemory,
  movement: Movement,
  holder: TrackedAlert,
  observations: Observation[],
): void {
  const { flapping } = holder;
  if (!isFlapping(flapping)) return;
  const { endedAt } = flapping;
  const settled = release(movement, endedAt === null ? holder : supersede(holder, endedAt));
  keep(memory, movement, settled);
  if (endedAt !== null) observations.push({ kind: "alert", key: settled.key, alert: settled.alert });
}

/** It is held open no longer, which its thread is told. */
export function release(movement: Movement, tracked: TrackedAlert): TrackedAlert {
  const { flapping, incidentId } = tracked;
  if (!isFlapping(flapping)) return tracked;
  const { endedAt, count, since } = flapping;
  const how = endedAt === null ? "it no longer comes and goes" : `quiet since ${moment(endedAt).text}`;
  const text = `no longer flapping: ${nameOf(tracked)}; ${count} firings since ${moment(since).text}, ${how}`;
  append(movement.told, incidentId, { kind: "settled", text });
  movement.touched.add(incidentId);
  return { ...tracked, flapping: settleDown(flapping) };
}

/** Ends the part that goes on, when the alert that it belongs to ends or fires anew. */
export function endNewestPart(movement: Movement, holder: TrackedAlert, endsAt: Date): void {
  const start = startOfNewestPart(holder);
  if (start === null || (holder.flapping?.endedAt ?? null) !== null) return;
  const alert: Alert = { ...holder.alert, startsAt: start, status: "resolved", endsAt };
  keepPart(movement, holder, { alert, receivedAt: holder.seenAt });
}

function keepPart(movement: Movement, holder: TrackedAlert, { alert, receivedAt }: Report): void {
  const isOver = alert.status === "resolved";
  const key = alertKey(alert);
  movement.alerts.set(key, {
    key,
    alert: isOver && alert.endsAt === null ? { ...alert, endsAt: receivedAt } : alert,
    seenAt: receivedAt,
    seenCount: 1,
    endedBy: isOver ? "source" : null,
    incidentId: holder.incidentId,
    reasons: [{ signal: "flapping", score: 0, because: `${nameOf(holder)} was held open while it flapped` }],
    mutedBy: holder.mutedBy,
    partOf: holder.key,
  });
}

/** The line in the thread for an alert that begins to flap. */
export function beginText(memory: TriageMemory, tracked: WithFlapping): string {
  const quiet = duration(memory.flapping.quietMs);
  return `${nameOf(tracked)} is ${flappingText(tracked.flapping)}; held open until it is quiet for ${quiet}`;
}
