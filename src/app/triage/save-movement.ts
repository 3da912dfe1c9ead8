/** Stores what a batch did. */
import type { TrackedAlert } from "../../domain/alert/tracked.ts";
import type { Route } from "../../domain/chat/routing.ts";
import { subscriptionRoute } from "../../domain/chat/subscription.ts";
import type { Incident } from "../../domain/incident.ts";
import type { Job, NewTimelineEntry, StoreSlices, TimelineRevision } from "../../ports.ts";
import { linesFor, noteHeld } from "../incident-lines.ts";
import type { TriageMemory } from "./memory.ts";
import { isTurn, moveIncident, touchedBy } from "./move-incident.ts";
import type { Movement } from "./movement.ts";
import { type Leader, wantPosts } from "./want-posts.ts";

/** Stores what a batch did: alerts, incidents, lines of their timelines, posts and jobs. Returns the incidents as stored. */
export async function saveMovement(
  tx: StoreSlices,
  leader: Leader,
  movement: Movement,
  step: {
    readonly now: Date;
    readonly routes: readonly Route[];
    /** What is to be done beside for an incident that changed. */
    readonly follow: (incidentId: number) => readonly Job[];
    /** Whether anybody is to be told while nobody acknowledges. */
    readonly escalates: boolean;
  },
): Promise<readonly Incident[]> {
  const { memory } = leader;
  const merges = new Map(movement.correlation.merges.map((merge) => [merge.from, merge.into]));
  const touched = touchedBy(movement);
  // One connection carries these out in this order; none has to wait for the answer to the one before.
  const [, , , found] = await Promise.all([
    tx.incidents.saveAlerts([...movement.alerts.values()]),
    tx.incidents.hearAlerts([...movement.heard.values()]),
    tx.incidents.moveParts(movedWithParts(memory, movement)),
    touched.length === 0 ? [] : tx.incidents.findManyForUpdate(touched),
  ]);
  if (touched.length === 0) return [];
  // People change incidents too: the rows are read again under lock, and only what alerts decide is written.
  const rows = new Map(found.map((incident) => [incident.id, incident]));
  const saved: Incident[] = [];
  const entries: NewTimelineEntry[] = [];
  const revised: TimelineRevision[] = [];
  for (const id of touched) {
    const stepped = moveIncident(memory, rows, id, { merges, movement, now: step.now });
    if (stepped === null) continue;
    saved.push(stepped.incident);
    const lines = linesFor(leader, stepped, movement, step.now);
    entries.push(...lines.added);
    revised.push(...lines.revised);
    if (step.escalates && isTurn(stepped)) await tx.jobs.add({ task: "escalate", incidentId: id });
  }
  if (saved.length === 0) return [];
  const subjects = saved.map(({ id }) => id);
  const [, ids, , subscriptions, known] = await Promise.all([
    tx.incidents.save(saved),
    tx.incidents.addTimeline(entries),
    tx.incidents.reviseTimeline(revised),
    tx.subscriptions.list(null),
    tx.posts.channelsOfMany("incident", subjects),
  ]);
  noteHeld(leader, entries, ids);
  const added = entries.flatMap((entry, index) => {
    const id = ids[index];
    return id === undefined ? [] : [{ ...entry, id }];
  });
  const lines = [...added, ...revised].filter(({ isPosted }) => isPosted);
  const routes = [...step.routes, ...subscriptions.map(subscriptionRoute)];
  const alerts = movement.alerts.values();
  await wantPosts(tx, leader, { saved, lines, alerts, known, routes, follow: step.follow, now: step.now });
  return saved;
}

/** Alerts that went to another incident and have parts, which are not in memory, to follow them. */
function movedWithParts(memory: TriageMemory, { correlation }: Movement): readonly TrackedAlert[] {
  return correlation.placements
    .filter(({ previousIncidentId }) => previousIncidentId !== null)
    .flatMap(({ key }) => memory.alerts.get(key) ?? [])
    .filter((tracked) => tracked.flapping !== undefined);
}
