/** Incidents whose cause is known: because people confirmed it, or because what was rolled back ended them. */

import type { KindOf } from "../domain/alert/evidence-kind.ts";
import type { CauseQuestion } from "../domain/clustering/correlation.ts";
import { countFeedback, standingByIncident } from "../domain/learning/feedback.ts";
import type { LabelledCause } from "../domain/learning/fitting.ts";
import { confirmedCause, isRefused } from "../domain/learning/known-cause.ts";
import type { LeftOut } from "../domain/limits.ts";
import type { Feedback, Store } from "../ports.ts";

/** Newest rows that are learned from. */
const maxFeedback = 5_000;
const maxIncidents = 1_000;
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

/** Incidents whose cause is known, as the ranking saw them, oldest first. */
export async function labelledCauses(
  store: Store,
  kindOf: KindOf,
  leftOut?: LeftOut,
): Promise<readonly LabelledCause[]> {
  const feedback = await store.feedback.list(maxFeedback);
  const all = [...heeded(await rolledBack(store), feedback)];
  const labels = all.sort(([, a], [, b]) => a.at.getTime() - b.at.getTime()).slice(-maxIncidents);
  leftOut?.note("learned_causes", all.length - labels.length + Number(feedback.length >= maxFeedback));
  const causes: LabelledCause[] = [];
  for (const [incidentId, label] of labels) {
    const question = await questionOf(store, incidentId, feedback);
    if (question !== null) causes.push({ question: { ...question, kindOf }, ...label });
  }
  return causes;
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

/** The question as it stood: votes that came later would give the answer away. */
async function questionOf(
  store: Store,
  incidentId: number,
  feedback: readonly Feedback[],
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
  return { alerts, changes, topology: await store.incidents.topology(), feedback: countFeedback(earlier) };
}
