/** Incidents whose cause is known: because people confirmed it, or because what was rolled back ended them. */

import type { CauseQuestion } from "../domain/clustering/correlation.ts";
import { confirmedBefore } from "../domain/incident/past.ts";
import { featuresOf } from "../domain/incident/similar.ts";
import { countFeedback, standingByIncident } from "../domain/learning/feedback.ts";
import type { LabelledCause } from "../domain/learning/fitting.ts";
import { confirmedCause, isRefused } from "../domain/learning/known-cause.ts";
import type { Topology } from "../domain/topology.ts";
import type { Feedback, Store } from "../ports.ts";

/** Newest rows that are learned from. */
const maxFeedback = 5_000;
export const maxIncidents = 1_000;
const maxAlerts = 200;
const maxChanges = 500;
const maxRollbacks = 500;
const lookBackMs = 2 * 3_600_000;

/** What people said an incident was: a service, a change, or both. */
interface Label {
  readonly service: string | null;
  readonly changeId: string | null;
  readonly at: Date;
}

/** An incident whose cause is known and whose alerts are still kept. */
export interface KnownCause extends Label {
  readonly incidentId: number;
  readonly alertCount: number;
}

export interface KnownCauses {
  /** Oldest first. */
  readonly causes: readonly KnownCause[];
  /** Older incidents with a known cause, which are too many to learn from. */
  readonly leftOut: number;
}

/** Which incidents there are to learn causes from: the newest 1,000. */
export async function knownCauses(store: Store): Promise<KnownCauses> {
  const labels = [...heeded(await rolledBack(store), await store.feedback.list(maxFeedback))].sort(
    ([, a], [, b]) => a.at.getTime() - b.at.getTime(),
  );
  const causes: KnownCause[] = [];
  for (const [incidentId, label] of labels.slice(-maxIncidents)) {
    const { length: alertCount } = await store.incidents.alerts(incidentId, maxAlerts);
    if (alertCount > 0) causes.push({ ...label, incidentId, alertCount });
  }
  return { causes, leftOut: Math.max(0, labels.length - maxIncidents) };
}

/** These incidents as the ranking saw them, one after the other: together they may not fit into memory. */
export async function* labelledCauses(
  store: Store,
  known: readonly KnownCause[],
): AsyncGenerator<LabelledCause> {
  const feedback = await store.feedback.list(maxFeedback);
  const topology = await store.incidents.topology();
  for (const { incidentId, service, changeId, at } of known) {
    const question = await questionOf(store, incidentId, { feedback, topology });
    if (question !== null) yield { question, service, changeId, at };
  }
}

/** What people say in the end comes before what a rollback tells, and a rollback tells nothing of a cause that they refuse. */
function heeded(rollbacks: ReadonlyMap<number, Label>, feedback: readonly Feedback[]): Map<number, Label> {
  const labels = new Map(rollbacks);
  for (const [incidentId, standing] of standingByIncident(feedback)) {
    const confirmed = confirmedCause(standing);
    const rollback = rollbacks.get(incidentId);
    if (confirmed !== null) {
      const { service, changeId, at } = confirmed;
      labels.set(incidentId, { service, changeId, at });
    } else if (rollback !== undefined && isRefused(rollback, standing)) labels.delete(incidentId);
  }
  return labels;
}

/** Deploys that were undone for an incident which then ended: what was undone was to blame. */
async function rolledBack(store: Store): Promise<Map<number, Label>> {
  const labels = new Map<number, Label>();
  for (const rollback of await store.rollouts.list({ states: ["succeeded"], limit: maxRollbacks })) {
    const { kind, incidentId, model, environment, from } = rollback.plan;
    if (kind !== "rollback" || incidentId === null || rollback.finishedAt === null) continue;
    const incident = await store.incidents.find(incidentId);
    if (incident?.resolvedAt === null || incident === null || incident.resolvedAt < rollback.finishedAt)
      continue;
    const window = await store.incidents.changesBetween(
      new Date(incident.startedAt.getTime() - lookBackMs),
      rollback.finishedAt,
      maxChanges,
    );
    const deploys = await store.rollouts.list({ model, environment, states: ["succeeded"], limit: 50 });
    const blamed = deploys.find(
      (one) => one.plan.kind === "deploy" && one.plan.to === from && one.id < rollback.id,
    );
    const change = window.find((one) => one.rolloutId !== null && one.rolloutId === blamed?.id);
    if (change !== undefined)
      labels.set(incidentId, { service: change.service, changeId: change.id, at: rollback.finishedAt });
  }
  return labels;
}

/** The question as it stood: what was said or confirmed later would give the answer away. */
async function questionOf(
  store: Store,
  incidentId: number,
  { feedback, topology }: { readonly feedback: readonly Feedback[]; readonly topology: Topology },
): Promise<CauseQuestion | null> {
  const alerts = (await store.incidents.alerts(incidentId, maxAlerts)).map((stored) => stored.alert);
  const starts = alerts.map((alert) => alert.startsAt.getTime());
  if (starts.length === 0) return null;
  const first = new Date(Math.min(...starts));
  const changes = await store.incidents.changesBetween(
    new Date(first.getTime() - lookBackMs),
    new Date(Math.max(...starts)),
    maxChanges,
  );
  const earlier = feedback.filter((said) => said.at < first);
  const past = await store.similar.past({ incidentId, features: featuresOf(alerts), asOf: first });
  return { alerts, changes, topology, feedback: countFeedback(earlier), confirmed: confirmedBefore(past) };
}
