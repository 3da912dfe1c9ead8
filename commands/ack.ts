import { z } from "zod";
import { answerView } from "../src/domain/command/answer.ts";
import { defineCommand } from "../src/ports/command.ts";
import { findIncident, incidentResource, nameOf, suggestIncidents } from "./_lookup.ts";

export default defineCommand({
  kind: "operate",
  name: "ack",
  summary: "Say that you are looking at an incident",
  examples: ["ack 12"],
  options: z.object({ incident: z.number().int().positive().describe("number of the incident") }),
  args: ["incident"],
  action: "acknowledge",
  resource: (options, context) => incidentResource(options.incident, context),
  suggest: { incident: suggestIncidents },
  async run(options, context) {
    const incident = await findIncident(options.incident, context, "change");
    if ("kind" in incident) return incident;
    const { id, state } = incident;
    if (state === "resolved") {
      return {
        kind: "refuse",
        reason: "already_resolved",
        problem: `Incident ${id} is already resolved, by ${nameOf(context.people, incident.resolvedBy ?? "tocsin")}.`,
        remedy: "If it is back, its alerts reopen it by themselves.",
        suggestions: [`why ${id}`],
      };
    }
    if (state === "acknowledged") {
      return {
        kind: "refuse",
        reason: "already_acknowledged",
        problem: `Incident ${id} is already acknowledged, by ${nameOf(context.people, incident.acknowledgedBy ?? "tocsin")}.`,
        remedy: "Nothing needs to be done.",
        suggestions: [`why ${id}`],
      };
    }
    const by = context.person.id;
    return {
      kind: "answer",
      view: answerView(`You acknowledged incident ${id}: ${incident.title}.`, { tone: "good" }),
      visibility: "private",
      audit: { action: "incident.acknowledged", subject: `incident:${id}`, data: { title: incident.title } },
      effects: [
        {
          kind: "incident",
          incident: { ...incident, state: "acknowledged", acknowledgedAt: context.now, acknowledgedBy: by },
          entry: { kind: "acknowledged", text: `acknowledged by ${context.person.name}` },
        },
      ],
    };
  },
});
