import { z } from "zod";
import { alertTimelineAlt } from "../src/domain/alert/timeline.ts";
import type { EntryChart } from "../src/domain/incident/entry-view.ts";
import type { PostmortemFacts } from "../src/domain/incident/postmortem.ts";
import { postmortemView } from "../src/domain/incident/postmortem-view.ts";
import { incidentView } from "../src/domain/incident/view.ts";
import { type CommandContext, defineCommand } from "../src/ports/command.ts";
import { readAlertTimeline } from "../src/queries/alert-timeline.ts";
import { readPostmortem } from "../src/queries/postmortem.ts";
import { findIncident, nameOf, suggestIncidents } from "./_lookup.ts";

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
    const facts = await readPostmortem(incident, context.store, {
      nameOf: (person) => nameOf(context.people, person),
      now: context.now,
    });
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
