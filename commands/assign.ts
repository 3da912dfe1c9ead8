import { z } from "zod";
import { answerView } from "../src/domain/command/answer.ts";
import { assignIncident } from "../src/domain/incident/work.ts";
import type { Incident } from "../src/domain/incident.ts";
import type { Person } from "../src/domain/people/person.ts";
import { oneLine } from "../src/domain/view.ts";
import { type CommandContext, defineCommand, type Refusal } from "../src/ports/command.ts";
import { findIncident, incidentResource, nameOf, suggestIncidents } from "./_lookup.ts";
import { callOf, findPersonWritten, suggestPeople } from "./_people.ts";

export default defineCommand({
  kind: "operate",
  name: "assign",
  summary: "Take an incident, give it to somebody, or hand it over with a note",
  examples: ["assign 12", "assign 12 approver", 'assign 12 approver --note "rolled back, watch the queue"'],
  options: z.object({
    incident: z.number().int().positive().describe("number of the incident"),
    person: z.string().max(100).optional().describe("who works on it from now on; you when left out"),
    note: z.string().max(1_000).default("").describe("what they should know; goes into the thread"),
    from: z
      .string()
      .max(100)
      .optional()
      .describe("only if this person has it now, or nobody; the buttons of a card say whom they saw"),
  }),
  args: ["incident", "person"],
  action: "acknowledge",
  resource: (options, context) => incidentResource(options.incident, context),
  form: { fields: ["incident", "person", "note"] },
  suggest: { incident: suggestIncidents, person: suggestPeople, from: suggestPeople },
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
    const to = options.person === undefined ? by : await findPersonWritten(options.person, context);
    if ("kind" in to) return to;
    if (assignedTo === to.id) {
      return {
        kind: "refuse",
        reason: "already_assigned",
        problem: `Incident ${id} is already with ${to.id === by.id ? "you" : to.name}.`,
        remedy: "Nothing needs to be done.",
      };
    }
    if (options.from !== undefined && assignedTo !== null && assignedTo !== options.from)
      return withSomebodyElse(incident, assignedTo, to, context);
    const note = oneLine(options.note, 1_000);
    const from = assignedTo === null || assignedTo === by.id ? null : nameOf(context.people, assignedTo);
    const text = `${sentenceOf(to.id === by.id, to.name, by.name)}${from === null ? "" : `, until now with ${from}`}${note === "" ? "" : `: ${note}`}`;
    const calls = to.id === by.id ? [] : [await callOf(to, context)];
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
          entry: { kind: "assigned", text, data: { to: to.id, from: assignedTo, calls } },
        },
      ],
    };
  },
});

/** Somebody was faster, or the card is an old one: nobody loses an incident to a click that did not know of them. */
function withSomebodyElse(
  { id }: Incident,
  assignedTo: string,
  to: Person,
  { people, person }: CommandContext,
): Refusal {
  const has = nameOf(people, assignedTo);
  const target = to.id === person.id ? "" : ` ${to.id}`;
  return {
    kind: "refuse",
    reason: "assigned_meanwhile",
    problem: `Incident ${id} is with ${has} by now, so it stays there.`,
    remedy: `To have it from ${has} all the same, say so once more.`,
    suggestions: [`assign ${id}${target} --from ${assignedTo}`],
  };
}

function sentenceOf(isOwn: boolean, to: string, by: string): string {
  return isOwn ? `taken by ${by}` : `given to ${to} by ${by}`;
}
