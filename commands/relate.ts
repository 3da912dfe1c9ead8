import { z } from "zod";
import { answerView } from "../src/domain/command/answer.ts";
import { maxRelated, relateIncidents, unrelateIncidents } from "../src/domain/incident/work.ts";
import type { Incident } from "../src/domain/incident.ts";
import { type CommandContext, defineCommand, type Refusal } from "../src/ports/command.ts";
import { findIncident, incidentResource, suggestIncidents, suggestOthers } from "./_lookup.ts";

export default defineCommand({
  kind: "operate",
  name: "relate",
  summary: "Say that two incidents have to do with one another without being one, or take that back",
  examples: ["relate 12 14", "relate 12 14 --undo"],
  options: z.object({
    incident: z.number().int().positive().describe("number of the incident"),
    other: z.number().int().positive().describe("number of the other"),
    undo: z.boolean().default(false).describe("take it back"),
  }),
  args: ["incident", "other"],
  action: "annotate",
  resource: (options, context) => incidentResource(options.incident, context),
  suggest: { incident: suggestIncidents, other: suggestOthers },
  async run(options, context) {
    const found = await findBoth(options.incident, options.other, context);
    if ("kind" in found) return found;
    const [a, b] = found;
    const changed = options.undo ? unrelateIncidents(a, b) : relateIncidents(a, b);
    if (changed === null) return unchanged(a, b);
    const word = options.undo ? "no longer related to" : "related to";
    const { name } = context.person;
    const effect = (incident: Incident, other: Incident) => ({
      kind: "incident" as const,
      incident,
      entry: { kind: "related" as const, text: `${word} #${other.id} ${other.title}, says ${name}` },
    });
    return {
      kind: "answer",
      view: answerView(`Incident ${a.id} is ${word} incident ${b.id}.`, { tone: "good" }),
      visibility: "private",
      audit: {
        action: options.undo ? "incident.unrelated" : "incident.related",
        subject: `incident:${a.id}`,
        data: { other: b.id },
      },
      effects: [effect(changed[0], b), effect(changed[1], a)],
    };
  },
});

/** Locked in the order of their numbers, as everyone does. */
async function findBoth(
  first: number,
  second: number,
  context: CommandContext,
): Promise<readonly [Incident, Incident] | Refusal> {
  const low = await findIncident(Math.min(first, second), context, "change");
  if ("kind" in low) return low;
  const high = await findIncident(Math.max(first, second), context, "change");
  if ("kind" in high) return high;
  if (low.id === high.id) {
    return {
      kind: "refuse",
      reason: "same_incident",
      problem: `Both numbers are incident ${low.id}.`,
      remedy: "Name two incidents.",
    };
  }
  return first < second ? [low, high] : [high, low];
}

function unchanged(a: Incident, b: Incident): Refusal {
  const isFull = Math.max(a.related.length, b.related.length) >= maxRelated;
  const isThere = a.related.includes(b.id);
  return {
    kind: "refuse",
    reason: isThere ? "already_related" : isFull ? "too_many_related" : "not_related",
    problem: isThere
      ? `Incidents ${a.id} and ${b.id} are related already.`
      : isFull
        ? `An incident is related to at most ${maxRelated} others.`
        : `Incidents ${a.id} and ${b.id} are not related.`,
    remedy: isThere ? `To take it back: relate ${a.id} ${b.id} --undo.` : "Nothing was changed.",
  };
}
