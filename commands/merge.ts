import { z } from "zod";
import { answerView } from "../src/domain/command/answer.ts";
import { incidentLabel } from "../src/domain/learning/grouping-choices.ts";
import { choiceView } from "../src/domain/view/choice-view.ts";
import { type CommandContext, type CommandResult, defineCommand } from "../src/ports/command.ts";
import { countAlerts, groupingEffect, lockGroups, othersOpen, together } from "./_groupings.ts";
import { findIncident, incidentResource, suggestIncidents, suggestOthers } from "./_lookup.ts";

export default defineCommand({
  kind: "operate",
  name: "merge",
  summary: "Say that two incidents are one; the bot learns from it",
  examples: ["merge 12 13", "merge 12"],
  options: z.object({
    incident: z.number().int().positive().describe("number of the incident to keep"),
    other: z
      .number()
      .int()
      .positive()
      .optional()
      .describe("number of the incident that goes into it; asked for when absent"),
  }),
  args: ["incident", "other"],
  action: "annotate",
  resource: (options, context) => incidentResource(options.incident, context),
  form: { asks: ["other"] },
  suggest: { incident: suggestIncidents, other: suggestOthers },
  async run(options, context) {
    if (options.other === undefined) return await ask(options.incident, context);
    const locked = await lockGroups([options.incident, options.other], context);
    if (locked.kind === "refuse") return locked;
    const [into, from] = locked.groups;
    if (into === undefined || from === undefined) throw new Error("merge: two incidents were asked for");
    const id = into.incident.id;
    if (id === from.incident.id) {
      return {
        kind: "refuse",
        reason: "already_together",
        problem:
          options.incident === options.other
            ? `Incident ${id} is named twice.`
            : `Incidents ${options.incident} and ${options.other} are one already: ${id}.`,
        remedy: "Name two different incidents.",
        suggestions: ["incidents"],
      };
    }
    const by = context.person.name;
    const count = into.alerts.length + from.alerts.length;
    const text = `Incident ${from.incident.id} goes into ${id}, which then has ${count} alerts. Their cards show it within a second.`;
    return {
      kind: "answer",
      view: answerView(text, { tone: "good" }),
      visibility: "private",
      audit: {
        action: "incident.merged",
        subject: `incident:${id}`,
        data: { from: from.incident.id, alerts: from.alerts.length },
      },
      effects: [
        groupingEffect({
          kind: "merge",
          incident: into.incident,
          other: from.incident.id,
          alerts: from.alerts,
          rest: into.alerts,
          rulings: together(into.alerts, from.alerts, id),
        }),
        {
          kind: "incident",
          incident: into.incident,
          entry: {
            kind: "merged",
            text: `${by} merges incident ${from.incident.id} into this one, ${countAlerts(from.alerts)}`,
            data: { from: from.incident.id },
          },
        },
        {
          kind: "incident",
          incident: from.incident,
          entry: { kind: "merged", text: `${by} merges this into incident ${id}`, data: { into: id } },
        },
      ],
    };
  },
});

async function ask(id: number, context: CommandContext): Promise<CommandResult> {
  const incident = await findIncident(id, context);
  if ("kind" in incident) return incident;
  const others = await othersOpen(incident, context);
  if (others.length === 0)
    return {
      kind: "refuse",
      reason: "no_other_incident",
      problem: `No incident but ${incident.id} is open.`,
      remedy: `Name the one that belongs to it: /merge ${incident.id} NUMBER.`,
      suggestions: ["incidents"],
    };
  const choices = others.map((other) => ({
    label: incidentLabel(other),
    command: `merge ${incident.id} ${other.id}`,
    confirm: `Put incident ${other.id} into ${incident.id}?`,
  }));
  const view = choiceView(
    `Which incident is one with ${incident.id}, and goes into it?`,
    choices,
    `Any other: /merge ${incident.id} NUMBER.`,
  );
  return { kind: "answer", view, visibility: "private" };
}
