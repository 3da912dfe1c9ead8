/** Reports of alerts become what is remembered of them, and the correlator says where they belong. */

import { mergeAlert, supersede, type TrackedAlert } from "../domain/alert/tracked.ts";
import { alertKey, isSameAlert } from "../domain/alert.ts";
import type { Observation } from "../domain/clustering/correlation.ts";
import { hasOtherReport } from "../domain/monitoring/report.ts";
import type { MuteSettings } from "../domain/suppression.ts";
import { beginText, countOrHold, endNewestPart, newestFiring, takeHeld } from "./hold-flapping.ts";
import { reviewAllMutes, reviewMutes } from "./review-mutes.ts";
import { settleStarts } from "./settle-starts.ts";
import { drop, newestOf, type TriageMemory, unplaced } from "./triage/memory.ts";
import {
  append,
  type Gathering,
  hear,
  keep,
  type Movement,
  newGathering,
  newMovement,
  type Report,
} from "./triage/movement.ts";
import { keepTogether, type Observed, observe, place } from "./triage/placement.ts";

/** What reports did before anything is placed. */
export interface TakenReports extends Observed {
  readonly movement: Movement;
  readonly gathering: Gathering;
  /** Whether what mutes has changed. */
  readonly isSetAnew: boolean;
}

/**
 * Takes reports in order of receipt: merges repeats, ends superseded firings, holds open what flaps, and asks the
 * correlator where what is new belongs. Mutates the memory.
 */
export function takeReports(
  memory: TriageMemory,
  reports: readonly Report[],
  context: {
    readonly observations: readonly Observation[];
    readonly settings: MuteSettings;
    readonly now: Date;
  },
): TakenReports {
  const movement = newMovement();
  const gathering = newGathering(context.observations);
  const isSetAnew = memory.muting.setTo(context.settings, context.now);
  for (const report of settleStarts(reports, (fingerprint) => newestFiring(memory, fingerprint)))
    takeReport(memory, movement, gathering, report);
  const observed = observe(memory, gathering.observations, context.now, gathering.fresh);
  return { movement, gathering, isSetAnew, ...observed };
}

/**
 * Brings what was taken to where it belongs, and asks what mutes it. The incidents that alerts come from and go to are in
 * the memory, which it mutates; returns what to store.
 * @throws Error when the correlator leaves an alert without an incident.
 */
export function placeReports(memory: TriageMemory, taken: TakenReports): Movement {
  const { movement, gathering, correlation, isSetAnew } = taken;
  place(memory, movement, correlation, gathering.fresh);
  dropUnplaced(memory, movement, gathering.fresh);
  keepTogether(memory, movement, gathering.again);
  reviewMutes(memory, movement, gathering.fresh);
  if (isSetAnew) reviewAllMutes(memory, movement);
  kindle(memory, movement, gathering);
  return { ...movement, correlation };
}

function takeReport(memory: TriageMemory, movement: Movement, gathering: Gathering, report: Report): void {
  const held = takeHeld(memory, movement, report, gathering);
  if (held.kind === "taken") return;
  const { alert } = held;
  const key = alertKey(alert);
  const known = memory.alerts.get(key);
  // A sender that names no start says "all is well" again and again: an end of nothing.
  if (known === undefined && alert.status === "resolved" && alert.isStartGuessed === true) return;
  if (known === undefined) takeNew(memory, movement, gathering, key, { ...report, alert });
  else takeKnown(memory, movement, gathering, known, { ...report, alert });
}

function takeKnown(
  memory: TriageMemory,
  movement: Movement,
  gathering: Gathering,
  known: TrackedAlert,
  report: Report,
): void {
  const { tracked, outcome } = mergeAlert(known, report.alert, report.receivedAt);
  if (outcome === "repeated" && isSameAlert(known.alert, tracked.alert)) {
    hear(memory, movement, tracked);
    return;
  }
  keep(memory, movement, tracked);
  const isNews = outcome === "resolved" || outcome === "revived";
  const isTold =
    isNews || tracked.alert.severity !== known.alert.severity || hasOtherReport(tracked.alert, known.alert);
  if (isTold && tracked.incidentId !== unplaced) movement.touched.add(tracked.incidentId);
  if (outcome === "revived") gathering.revived.add(tracked.key);
  if (isNews) gathering.observations.push({ kind: "alert", key: tracked.key, alert: tracked.alert });
}

/** A key never seen: an older firing of the same fingerprint has ended with it, unless both flap. */
function takeNew(
  memory: TriageMemory,
  movement: Movement,
  gathering: Gathering,
  key: string,
  report: Report,
): void {
  const { alert } = report;
  const before = newestOf(memory, alert.fingerprint);
  const isNewer = before !== undefined && before.alert.startsAt < alert.startsAt;
  const flapping = isNewer ? countOrHold(memory, movement, before, report, gathering) : undefined;
  if (flapping === null) return;
  if (isNewer && before.endedBy === null) {
    const ended = supersede(before, alert.startsAt);
    endNewestPart(movement, before, alert.startsAt);
    keep(memory, movement, ended);
    if (ended.incidentId !== unplaced) movement.touched.add(ended.incidentId);
    gathering.observations.push({ kind: "alert", key: ended.key, alert: ended.alert });
  }
  keep(memory, movement, { ...track(key, report), ...(flapping === undefined ? {} : { flapping }) });
  gathering.fresh.add(key);
  if (flapping !== undefined && flapping.starts.length > 1 && before !== undefined)
    gathering.again.set(key, before.key);
  gathering.observations.push({ kind: "alert", key, alert });
}

function track(key: string, { alert, receivedAt }: Report): TrackedAlert {
  const isOver = alert.status === "resolved";
  return {
    key,
    alert: isOver && alert.endsAt === null ? { ...alert, endsAt: receivedAt } : alert,
    seenAt: receivedAt,
    seenCount: 1,
    endedBy: isOver ? "source" : null,
    incidentId: unplaced,
    reasons: [],
    mutedBy: null,
  };
}

/** A late report of something ended and forgotten here: it was stored when it was new, and brings no news. */
function dropUnplaced(memory: TriageMemory, movement: Movement, fresh: Set<string>): void {
  for (const key of [...(memory.members.get(unplaced) ?? [])]) {
    if (!memory.correlator.remembers(key))
      throw new Error(
        `triage: the correlator did not place alert ${key}; every alert belongs to an incident`,
      );
    drop(memory, key);
    movement.alerts.delete(key);
    fresh.delete(key);
  }
}

/** Says in which incidents something began to fire that nothing mutes, and what began to flap. */
function kindle(memory: TriageMemory, movement: Movement, { fresh, revived, begun }: Gathering): void {
  for (const key of [...fresh, ...revived]) {
    const tracked = memory.alerts.get(key);
    if (tracked?.endedBy === null && tracked.mutedBy === null) movement.kindled.add(tracked.incidentId);
  }
  for (const key of begun) {
    const tracked = memory.alerts.get(key);
    if (tracked?.flapping === undefined) continue;
    movement.touched.add(tracked.incidentId);
    const text = beginText(memory, { ...tracked, flapping: tracked.flapping });
    append(movement.told, tracked.incidentId, { kind: "flapping", text });
  }
}
