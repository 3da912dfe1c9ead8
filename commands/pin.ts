import { z } from "zod";
import { type Pin, pinData, standingPin, unpinData } from "../src/domain/chat/pin.ts";
import { answerView } from "../src/domain/command/answer.ts";
import { oneLine, safeUrl } from "../src/domain/view.ts";
import { type CommandResult, defineCommand } from "../src/ports/command.ts";
import { findIncident, incidentResource, nameOf, suggestIncidents } from "./_lookup.ts";
import { authorOf } from "./_people.ts";

/** Lines of a history that are looked through for a message. */
const maxEntries = 1_000;

export default defineCommand({
  kind: "operate",
  name: "pin",
  summary: "Put a message into the history of an incident, with its own time and author, or take it out",
  examples: [
    'pin 12 "the queue drains, 40k left"',
    'pin 12 "rolled back" --author ada --at 2026-03-02T10:05:00Z',
  ],
  options: z.object({
    incident: z.number().int().positive().describe("number of the incident"),
    text: z.string().max(2_000).default("").describe("what was said"),
    author: z.string().max(100).optional().describe("who said it; you when left out"),
    at: z.iso.datetime({ offset: true }).optional().describe("when, 2026-03-02T10:05:00Z; now when left out"),
    link: z.string().max(500).optional().describe("where it can be read"),
    message: z
      .string()
      .max(200)
      .optional()
      .describe("its name in the chat; shortcuts and reactions fill it in"),
    undo: z.boolean().default(false).describe("take the message out again"),
    byReaction: z.boolean().default(false).describe("pinned by an emoji: the thread need not hear of it"),
  }),
  args: ["incident", "text"],
  rest: "text",
  form: { fields: ["incident", "text"], asks: ["text"] },
  action: "annotate",
  resource: (options, context) => incidentResource(options.incident, context),
  suggest: { incident: suggestIncidents },
  async run(options, context) {
    const incident = await findIncident(options.incident, context, "change");
    if ("kind" in incident) return incident;
    const { id } = incident;
    const entries = await context.store.incidents.timeline(id, maxEntries);
    const standing = options.message === undefined ? undefined : standingPin(entries, options.message);
    if (options.undo) {
      if (standing === undefined) return unchanged(`That message is not in the history of incident ${id}.`);
      // Others may have pinned it as well, and their sign is still on it.
      if (standing.actor !== context.person.id && options.byReaction)
        return unchanged(`It stays: ${nameOf(context.people, standing.actor)} pinned it.`);
      return {
        kind: "answer",
        view: answerView(`The message is no longer in the history of incident ${id}.`, { tone: "good" }),
        visibility: "private",
        audit: { action: "incident.unpinned", subject: `incident:${id}`, data: { message: options.message } },
        effects: [
          {
            kind: "incident",
            incident,
            entry: {
              kind: "note",
              text: `unpinned by ${context.person.name}`,
              data: unpinData(standing),
              isQuiet: true,
            },
          },
        ],
      };
    }
    if (standing !== undefined) return unchanged(`That message is in the history of incident ${id} already.`);
    const text = oneLine(options.text, 2_000);
    if (text === "") return nothingSaid(id);
    const pin: Pin = {
      message: options.message ?? null,
      author: await authorOf(options.author, context),
      link: safeUrl(options.link),
    };
    const at = options.at === undefined ? context.now : new Date(options.at);
    return {
      kind: "answer",
      view: answerView(`Pinned to the history of incident ${id}.`, { tone: "good" }),
      visibility: "private",
      audit: { action: "incident.pinned", subject: `incident:${id}`, data: { text, ...pin } },
      effects: [
        {
          kind: "incident",
          incident,
          entry: {
            kind: "note",
            text: `${pin.author}: ${text}`,
            data: pinData(pin),
            // Nobody speaks in the future, whatever a clock says.
            at: at > context.now ? context.now : at,
            ...(options.byReaction ? { isQuiet: true as const } : {}),
          },
        },
      ],
    };
  },
});

function unchanged(text: string): CommandResult {
  return { kind: "answer", view: answerView(text), visibility: "private" };
}

function nothingSaid(id: number): CommandResult {
  return {
    kind: "refuse",
    reason: "nothing_said",
    problem: "The message has no words to keep.",
    remedy: `Write down what it shows: /note ${id} …`,
  };
}
