/** What follows from a change of an incident: the row, the line in its thread, its cards and the jobs. */
import type { Effect, NewTimelineEntry, StoreSlices } from "../../ports.ts";
import type { EffectsContext } from "./context.ts";
import { want } from "./want.ts";

/** Open incidents that are looked at again when a rollout moves. */
const maxExplained = 100;

/** Raises the revision of an incident, adds the line to its thread and edits its cards. */
export async function changeIncident(
  tx: StoreSlices,
  effect: Extract<Effect, { kind: "incident" }>,
  context: EffectsContext,
): Promise<void> {
  const incident = { ...effect.incident, revision: effect.incident.revision + 1 };
  await tx.incidents.save([incident]);
  // Whoever acknowledged it has ended the telling, and pagers hear of it.
  await tx.jobs.add({ task: "escalate", incidentId: incident.id });
  await tx.jobs.add({ task: "channel", incidentId: incident.id });
  if (incident.snoozedUntil !== null)
    await tx.jobs.add({ task: "wake", incidentId: incident.id }, { runAt: incident.snoozedUntil });
  await addLine(tx, {
    incidentId: incident.id,
    at: effect.entry.at ?? context.now,
    kind: effect.entry.kind,
    actor: context.actor,
    text: effect.entry.text,
    data: effect.entry.data ?? {},
    isPosted: effect.entry.isQuiet !== true,
  });
  const channels = await tx.posts.channelsOf("incident", incident.id);
  const cards = channels.map((target) => ({
    ...target,
    kind: "incident" as const,
    subject: incident.id,
    desiredRevision: incident.revision,
    threadOf: null,
  }));
  await want(tx, cards, context.now);
}

/** A line in the history of an incident and in the thread of each of its cards. */
export async function addLine(tx: StoreSlices, entry: NewTimelineEntry): Promise<void> {
  const [id] = await tx.incidents.addTimeline([entry]);
  if (id === undefined || !entry.isPosted) return;
  const channels = await tx.posts.channelsOf("incident", entry.incidentId);
  const lines = channels.map((target) => ({
    ...target,
    kind: "entry" as const,
    subject: id,
    desiredRevision: 1,
    threadOf: { kind: "incident" as const, subject: entry.incidentId },
  }));
  await want(tx, lines, entry.at);
}

/** Incidents that are open may have their cause only now, or their way back. */
export async function explainOpen(tx: StoreSlices): Promise<void> {
  const open = await tx.incidents.list({ states: ["open", "acknowledged"], limit: maxExplained });
  await tx.jobs.addAll(open.map(({ id }) => ({ task: "explain", incidentId: id })));
}
