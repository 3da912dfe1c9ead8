import { z } from "zod";
import { alertTimelineAlt } from "../src/domain/alert/timeline.ts";
import { withoutTakenBack } from "../src/domain/chat/pin.ts";
import { type PostmortemFacts, rolloutsNamed } from "../src/domain/incident/postmortem.ts";
import { postmortemView } from "../src/domain/incident/postmortem-view.ts";
import { type EntryChart, incidentView } from "../src/domain/incident/view.ts";
import type { Incident } from "../src/domain/incident.ts";
import { standingVerdicts } from "../src/domain/learning/feedback.ts";
import { readAlertTimeline } from "../src/ports/alert-picture.ts";
import { type CommandContext, defineCommand } from "../src/ports/command.ts";
import { findIncident, nameOf, suggestIncidents } from "./_lookup.ts";

/** What is read at most of one incident. */
const maxAlerts = 500;
const maxEntries = 1_000;
const maxSaid = 500;
const maxRollouts = 50;

export default defineCommand({
  kind: "read",
  name: "incident",
  summary: "Write the report of an incident for everyone, with a file; or show its card to you",
  examples: ["incident report 12", "incident show 12"],
  options: z.object({
    what: z
      .enum(["report", "show"])
      .describe("report: what happened, as Markdown, for everyone here; show: its card, for you"),
    incident: z.number().int().positive().describe("number of the incident"),
  }),
  args: ["what", "incident"],
  action: "read",
  suggest: { incident: suggestIncidents },
  async run(options, context) {
    const incident = await findIncident(options.incident, context);
    if ("kind" in incident) return incident;
    const facts = await factsOf(incident, context);
    if (options.what === "show")
      return {
        kind: "answer",
        view: incidentView({ ...facts, models: context.models }),
        visibility: "private",
      };
    const picture = await pictureOf(facts, context);
    return { kind: "answer", view: postmortemView(facts, picture), visibility: "public" };
  },
});

/** When its alerts fired, by service. */
async function pictureOf(
  { incident, alerts }: PostmortemFacts,
  { store, charts, now }: CommandContext,
): Promise<EntryChart | null> {
  const chart = await readAlertTimeline(alerts, incident.resolvedAt ?? now, store.incidents);
  const png = chart === null ? null : await charts.alerts(chart);
  if (chart === null || png === null) return null;
  return { png, alt: alertTimelineAlt(chart), filename: `alerts-${incident.id}.png` };
}

async function factsOf(incident: Incident, context: CommandContext): Promise<PostmortemFacts> {
  const { incidents, explanations, feedback, rollouts } = context.store;
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
    nameOf: (person) => nameOf(context.people, person),
    now: context.now,
  };
}
