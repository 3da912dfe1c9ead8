import { z } from "zod";
import { answerView } from "../src/domain/answer.ts";
import { assignIncident } from "../src/domain/incident-work.ts";
import { oneLine } from "../src/domain/view.ts";
import { defineCommand } from "../src/ports/command.ts";
import { findIncident, incidentResource, nameOf, suggestIncidents } from "./_lookup.ts";
import { findPersonWritten, suggestPeople } from "./_people.ts";

export default defineCommand({
  kind: "operate",
  name: "assign",
  summary: "Take an incident, give it to somebody, or hand it over with a note",
  examples: ["assign 12", "assign 12 approver", 'assign 12 approver --note "rolled back, watch the queue"'],
  options: z.object({
    incident: z.number().int().positive().describe("number of the incident"),
    person: z.string().max(100).optional().describe("who works on it from now on; you when left out"),
    note: z.string().max(1_000).default("").describe("what they should know; goes into the thread"),
  }),
  args: ["incident", "person"],
  action: "acknowledge",
  resource: (options, context) => incidentResource(options.incident, context),
  suggest: { incident: suggestIncidents, person: suggestPeople },
  async run(options, context) {
    const incident = await findIncident(options.incident, context, "change");
    if ("kind" in incident) return incident;
    const { id, assignedTo } = incident;
    if (incident.state === "resolved") {
      return {
        kind: "refuse",
        reason: "already_resolved",
        problem: `Incident ${id} is resolved, so nobody has to work on it.`,
        remedy: `If it is not over: reopen ${id}.`,
        suggestions: [`reopen ${id}`],
      };
    }
    const by = context.person;
    const to = options.person === undefined ? by : findPersonWritten(options.person, context);
    if ("kind" in to) return to;
    if (assignedTo === to.id) {
      return {
        kind: "refuse",
        reason: "already_assigned",
        problem: `Incident ${id} is already with ${to.id === by.id ? "you" : to.name}.`,
        remedy: "Nothing needs to be done.",
      };
    }
    const note = oneLine(options.note, 1_000);
    const from = assignedTo === null || assignedTo === by.id ? null : nameOf(context.people, assignedTo);
    const text = `${sentenceOf(to.id === by.id, to.name, by.name)}${from === null ? "" : `, until now with ${from}`}${note === "" ? "" : `: ${note}`}`;
    return {
      kind: "answer",
      view: answerView(
        `Incident ${id} is now with ${to.id === by.id ? "you" : to.name}: ${incident.title}.`,
        {
          tone: "good",
        },
      ),
      visibility: "private",
      audit: {
        action: "incident.assigned",
        subject: `incident:${id}`,
        data: { to: to.id, from: assignedTo, note },
      },
      effects: [
        {
          kind: "incident",
          incident: assignIncident(incident, { to: to.id, by: by.id, now: context.now }),
          entry: { kind: "assigned", text, data: { to: to.id, from: assignedTo } },
        },
      ],
    };
  },
});

function sentenceOf(isOwn: boolean, to: string, by: string): string {
  return isOwn ? `taken by ${by}` : `given to ${to} by ${by}`;
}
