import { withoutTakenBack } from "../domain/chat/pin.ts";
import { type PostmortemFacts, rolloutsNamed } from "../domain/incident/postmortem.ts";
import type { Incident } from "../domain/incident.ts";
import { standingVerdicts } from "../domain/learning/feedback.ts";
import type { StoreSlices } from "../ports/store.ts";

/** What is read at most of one incident. */
const maxAlerts = 500;
const maxEntries = 1_000;
const maxSaid = 500;
const maxRollouts = 50;

/** All that the report of an incident is written from. */
export async function readPostmortem(
  incident: Incident,
  store: Pick<StoreSlices, "incidents" | "explanations" | "feedback" | "rollouts">,
  { nameOf, now }: Pick<PostmortemFacts, "nameOf" | "now">,
): Promise<PostmortemFacts> {
  const { incidents, explanations, feedback, rollouts } = store;
  const { id } = incident;
  const alerts = await incidents.alerts(id, maxAlerts);
  const entries = await incidents.timeline(id, maxEntries + 1);
  const told = withoutTakenBack(entries.slice(-maxEntries));
  // What was pinned has the time at which it was said.
  const timeline = told.toSorted((a, b) => a.at.getTime() - b.at.getTime() || a.id - b.id);
  const evidence = await explanations.evidence(id);
  const explanation = await explanations.find(id);
  const said = await feedback.ofIncidents([id], maxSaid);
  const children = await incidents.children([id]);
  const named = rolloutsNamed(timeline, evidence).slice(-maxRollouts);
  const found = await Promise.all(named.map((number) => rollouts.find(number)));
  return {
    incident,
    alerts,
    timeline,
    isTimelineCut: entries.length > maxEntries,
    evidence,
    explanation,
    verdicts: standingVerdicts(said),
    rollouts: found.filter((rollout) => rollout !== null).sort((a, b) => a.id - b.id),
    children: children.map((child) => child.id),
    nameOf,
    now,
  };
}
