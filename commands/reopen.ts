import { z } from "zod";
import { answerView } from "../src/domain/command/answer.ts";
import { reopenIncident } from "../src/domain/incident/work.ts";
import { oneLine } from "../src/domain/view.ts";
import { defineCommand } from "../src/ports/command.ts";
import { findIncident, incidentResource, suggestIncidents } from "./_lookup.ts";

export default defineCommand({
  kind: "operate",
  name: "reopen",
  summary: "Say that a resolved incident is not over",
  examples: ["reopen 12 customers still see errors"],
  options: z.object({
    incident: z.number().int().positive().describe("number of the incident"),
    reason: z.string().max(1_000).default("").describe("why"),
  }),
  args: ["incident", "reason"],
  rest: "reason",
  action: "resolve",
  resource: (options, context) => incidentResource(options.incident, context),
  suggest: { incident: suggestIncidents },
  async run(options, context) {
    const incident = await findIncident(options.incident, context, "change");
    if ("kind" in incident) return incident;
    const { id } = incident;
    if (incident.state !== "resolved") {
      return {
        kind: "refuse",
        reason: "not_resolved",
        problem: `Incident ${id} is ${incident.state}, not resolved.`,
        remedy: "Nothing needs to be done.",
        suggestions: [`why ${id}`],
      };
    }
    const reason = oneLine(options.reason, 1_000);
    return {
      kind: "answer",
      view: answerView(`Incident ${id} is open again: ${incident.title}.`, { tone: "good" }),
      visibility: "private",
      audit: { action: "incident.reopened", subject: `incident:${id}`, data: { reason } },
      effects: [
        {
          kind: "incident",
          incident: reopenIncident(incident),
          entry: {
            kind: "reopened",
            text: `reopened by ${context.person.name}${reason === "" ? "" : `: ${reason}`}`,
          },
        },
      ],
    };
  },
});
