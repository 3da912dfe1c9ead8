import type { Alert } from "../domain/alert.ts";
import type { Change } from "../domain/change.ts";
import type { Cause, CauseQuestion } from "../domain/clustering/correlation.ts";
import type { Undo } from "../domain/explanation.ts";
import { confirmedBefore, type PastIncident } from "../domain/incident/past.ts";
import { featuresOf, type IncidentFeature } from "../domain/incident/similar.ts";
import type { Incident } from "../domain/incident.ts";
import { countFeedback, standingVerdicts, type Verdict } from "../domain/learning/feedback.ts";
import type { LeftOut } from "../domain/limits.ts";
import { targetOf } from "../domain/rollout/plan.ts";
import type { Rollout } from "../domain/rollout.ts";
import type { Topology } from "../domain/topology.ts";
import type { StoreSlices } from "../ports.ts";
import { changesNearOnset } from "../queries/changes-near-onset.ts";

/** Alerts read of one incident; a storm has more, and they add nothing to an explanation. */
const maxAlerts = 500;
const maxFeedback = 2_000;
/** Words of people about one incident. */
const maxSaid = 500;
/** Newest rollouts that are told apart from those that cannot have caused it. */
const maxRollouts = 100;
/** Changes this long before the first alert are looked at. */
export const lookBackMs = 2 * 3_600_000;
/** Causes whose undoing is looked up. */
const maxUndone = 3;

/** What the store knows of an incident's causes. */
export interface IncidentFacts {
  readonly incident: Incident;
  readonly alerts: readonly { readonly key: string; readonly alert: Alert }[];
  /** False when it has more alerts than are read. */
  readonly areAllAlertsRead: boolean;
  readonly changes: readonly Change[];
  readonly topology: Topology;
  /** What it is known by, for those that come after it. */
  readonly features: readonly IncidentFeature[];
  /** Earlier incidents like it, most similar first. */
  readonly past: readonly PastIncident[];
  readonly ranking: CauseQuestion;
  /** What people say of the cause of this very incident, as far as it stands. */
  readonly verdicts: readonly Verdict[];
  /** How the rollouts among these causes can be taken back. */
  undoFor(causes: readonly Cause[]): Promise<readonly Undo[]>;
}

/** Reads the facts; null when the incident is gone, went into another, or has no alerts. */
export async function gatherFacts(
  { store, leftOut }: { readonly store: StoreSlices; readonly leftOut: LeftOut },
  incidentId: number,
  now: Date,
): Promise<IncidentFacts | null> {
  // A first card waits for this: what does not hang on anything else is read together.
  const [incident, stored, topology, said, ofThis] = await Promise.all([
    store.incidents.find(incidentId),
    store.incidents.alerts(incidentId, maxAlerts),
    store.incidents.topology(),
    store.feedback.list(maxFeedback),
    store.feedback.ofIncidents([incidentId], maxSaid),
  ]);
  const earliest = stored[0];
  if (incident === null || incident.mergedInto !== null || earliest === undefined) return null;
  leftOut.note("feedback", Number(said.length >= maxFeedback || ofThis.length >= maxSaid));
  if (stored.length >= maxAlerts)
    leftOut.note("incident_alerts", Math.max(0, incident.alertCount - stored.length));
  const alerts = stored.map(({ key, alert }) => ({ key, alert }));
  const plain = alerts.map(({ alert }) => alert);
  const asked = sinceReturn(incident, plain);
  const features = featuresOf(plain);
  const onset = new Date(Math.min(...asked.map(({ startsAt }) => startsAt.getTime())));
  const since = new Date(earliest.alert.startsAt.getTime() - lookBackMs);
  const [{ changes, isCut }, past] = await Promise.all([
    changesNearOnset(store.incidents, onset, { since, now }),
    store.similar.past({ incidentId, features }),
  ]);
  leftOut.note("nearby_changes", Number(isCut));
  const rollouts = await rolloutsOf(store, changes, leftOut);
  const feedback = countFeedback(said);
  const verdicts = standingVerdicts(ofThis);
  return {
    incident,
    alerts,
    areAllAlertsRead: alerts.length < maxAlerts,
    changes,
    topology,
    features,
    past,
    ranking: {
      alerts: asked,
      changes: suspectsOf({ incident, changes, rollouts }, asked),
      topology,
      feedback,
      confirmed: confirmedBefore(past),
      leftOut,
    },
    verdicts,
    undoFor: (causes) => undoFor(store, causes, changes),
  };
}

/**
 * The alerts whose cause is asked for. An incident that came back came back for a reason of its own, so what had ended
 * before its alerts fired anew is left out.
 * @param alerts - earliest first.
 */
function sinceReturn(incident: Incident, alerts: readonly Alert[]): readonly Alert[] {
  if (incident.reopenedCount === 0) return alerts;
  let quietFrom = Number.NEGATIVE_INFINITY;
  let first = 0;
  for (const [index, { startsAt, endsAt, status }] of alerts.entries()) {
    if (startsAt.getTime() > quietFrom) first = index;
    const until = status === "firing" || endsAt === null ? Number.POSITIVE_INFINITY : endsAt.getTime();
    quietFrom = Math.max(quietFrom, until);
  }
  return alerts.slice(first);
}

/**
 * All changes but our own rollouts that cannot have caused it: those that another had replaced before its first alert,
 * and those that were made because of it.
 */
function suspectsOf(
  {
    incident,
    changes,
    rollouts,
  }: {
    readonly incident: Incident;
    readonly changes: readonly Change[];
    /** Of these changes. */
    readonly rollouts: readonly Rollout[];
  },
  alerts: readonly Alert[],
): readonly Change[] {
  const onset = Math.min(...alerts.map(({ startsAt }) => startsAt.getTime()));
  const startOf = (rollout: Rollout) => (rollout.startedAt ?? rollout.requestedAt).getTime();
  const isReplaced = (rollout: Rollout) =>
    rollouts.some(
      (other) =>
        other.state === "succeeded" &&
        targetOf(other.plan) === targetOf(rollout.plan) &&
        startOf(other) > startOf(rollout) &&
        startOf(other) < onset,
    );
  const isRemedy = (rollout: Rollout) => rollout.plan.incidentId === incident.id && startOf(rollout) > onset;
  const cleared = new Set(
    rollouts.filter((rollout) => isReplaced(rollout) || isRemedy(rollout)).map(({ id }) => id),
  );
  return changes.filter(({ rolloutId }) => rolloutId === null || !cleared.has(rolloutId));
}

async function rolloutsOf(
  store: StoreSlices,
  changes: readonly Change[],
  leftOut: LeftOut,
): Promise<readonly Rollout[]> {
  const ids = new Set(changes.flatMap(({ rolloutId }) => (rolloutId === null ? [] : [rolloutId])));
  leftOut.note("related_rollouts", Math.max(0, ids.size - maxRollouts));
  const found = await Promise.all([...ids].slice(-maxRollouts).map((id) => store.rollouts.find(id)));
  return found.filter((rollout) => rollout !== null);
}

async function undoFor(
  store: StoreSlices,
  causes: readonly Cause[],
  changes: readonly Change[],
): Promise<readonly Undo[]> {
  const ways: Undo[] = [];
  for (const cause of causes.slice(0, maxUndone)) {
    const change = changes.find((candidate) => candidate.id === cause.changeId);
    if (change === undefined || change.rolloutId === null || ways.some((way) => way.changeId === change.id))
      continue;
    const rollout = await store.rollouts.find(change.rolloutId);
    if (rollout === null || rollout.state !== "succeeded" || rollout.plan.inverse === null) continue;
    if (await isNewest(store, rollout))
      ways.push({ changeId: change.id, title: titleOf(rollout), command: rollout.plan.inverse });
  }
  return ways;
}

/** False when something was done to the target since: then its inverse would undo that too. */
async function isNewest(store: StoreSlices, { id, plan }: Rollout): Promise<boolean> {
  const [newest] = await store.rollouts.list({
    states: ["approved", "starting", "running", "cancelling", "succeeded", "unknown"],
    model: plan.model,
    environment: plan.environment,
    limit: 1,
  });
  return newest?.id === id;
}

function titleOf({ plan }: Rollout): string {
  const target = `${plan.model} in ${plan.environment}`;
  if (plan.kind === "deploy") return `roll back ${target}${plan.from === null ? "" : ` to ${plan.from}`}`;
  return `take back the ${plan.kind} of ${target}`;
}
