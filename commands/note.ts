import { z } from "zod";
import { answerView } from "../src/domain/command/answer.ts";
import { oneLine } from "../src/domain/view.ts";
import { defineCommand } from "../src/ports/command.ts";
import { findIncident, incidentResource, suggestIncidents } from "./_lookup.ts";

export default defineCommand({
  kind: "operate",
  name: "note",
  summary: "Write something into the history of an incident",
  examples: ["note 12 the queue drains, 40k left"],
  options: z.object({
    incident: z.number().int().positive().describe("number of the incident"),
    text: z.string().min(1).max(2_000).describe("what to remember"),
  }),
  args: ["incident", "text"],
  rest: "text",
  action: "annotate",
  resource: (options, context) => incidentResource(options.incident, context),
  suggest: { incident: suggestIncidents },
  async run(options, context) {
    const incident = await findIncident(options.incident, context, "change");
    if ("kind" in incident) return incident;
    const { id } = incident;
    const text = oneLine(options.text, 2_000);
    return {
      kind: "answer",
      view: answerView(`Noted in the history of incident ${id}.`, { tone: "good" }),
      visibility: "private",
      audit: { action: "incident.noted", subject: `incident:${id}`, data: { text } },
      effects: [
        { kind: "incident", incident, entry: { kind: "note", text: `${context.person.name}: ${text}` } },
      ],
    };
  },
});
