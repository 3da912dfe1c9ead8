import { z } from "zod";
import { answerView } from "../src/domain/command/answer.ts";
import { withOption } from "../src/domain/command/options.ts";
import type { Incident } from "../src/domain/incident.ts";
import { type Suspect, subjectOf } from "../src/domain/learning/feedback.ts";
import { oneLine } from "../src/domain/view.ts";
import { type CommandContext, defineCommand, type Effect, type Refusal } from "../src/ports/command.ts";
import { causeEffect, causeWritten, checkSuspect, prefillCause, suggestSuspects } from "./_causes.ts";
import { findIncident, incidentResource, nameOf, suggestIncidents } from "./_lookup.ts";

export default defineCommand({
  kind: "operate",
  name: "resolve",
  summary: "Say that an incident is over, why, and what it was",
  examples: ["resolve 12", 'resolve 12 --cause service:fraud-api --fix "rolled back the scorer"'],
  options: z.object({
    incident: z.number().int().positive().describe("number of the incident"),
    reason: z.string().max(1_000).default("").describe("anything else to remember"),
    cause: z
      .string()
      .max(300)
      .optional()
      .describe("service, service:NAME or change:ID; the bot learns from it, so clear it if nobody knows"),
    fix: z.string().max(1_000).default("").describe("what put it right; shown when it happens again"),
  }),
  args: ["incident", "reason"],
  rest: "reason",
  action: "resolve",
  resource: (options, context) => incidentResource(options.incident, context),
  form: { fields: ["incident", "cause", "fix", "reason"], open: ["cause"], prefill: prefillCause },
  suggest: { incident: suggestIncidents, cause: suggestSuspects },
  async run(options, context) {
    const incident = await findIncident(options.incident, context, "change");
    if ("kind" in incident) return incident;
    const { id } = incident;
    if (incident.state === "resolved") {
      return {
        kind: "refuse",
        reason: "already_resolved",
        problem: `Incident ${id} is already resolved, by ${nameOf(context.people, incident.resolvedBy ?? "tocsin")}.`,
        ...stillToSay(id, options),
      };
    }
    const by = context.person.id;
    const fix = oneLine(options.fix, 1_000);
    // Whoever looks for similar incidents reads what put this one right, and beside it what else was written.
    const reason = [fix, oneLine(options.reason, 1_000)].filter((text) => text !== "").join("; ");
    const suspect = options.cause === undefined ? null : await suspectOf(options.cause, incident, context);
    const cause = suspect === null ? null : subjectOf(suspect);
    const detail = [reason === "" ? "" : `: ${reason}`, cause === null ? "" : ` (cause: ${cause})`].join("");
    const firing = incident.firingCount;
    const stillFiring =
      firing === 0
        ? ""
        : ` ${firing} of its alerts still fire; a new one would reopen it, these alone do not.`;
    return {
      kind: "answer",
      view: answerView(`You resolved incident ${id}: ${incident.title}.${stillFiring}`, { tone: "good" }),
      visibility: "private",
      audit: { action: "incident.resolved", subject: `incident:${id}`, data: { reason, cause, fix, firing } },
      effects: [
        ...(suspect === null ? [] : [await confirmed(incident, suspect, reason, context)]),
        {
          kind: "incident",
          incident: { ...incident, state: "resolved", resolvedAt: context.now, resolvedBy: by },
          entry: {
            kind: "resolved",
            text: `resolved by ${context.person.name}${detail}`,
            data: { reason, cause, fix },
          },
        },
      ],
    };
  },
});

/** Whoever filled in the form while somebody else resolved it may still say what they typed. */
function stillToSay(
  id: number,
  {
    cause,
    fix,
    reason,
  }: { readonly cause?: string | undefined; readonly fix: string; readonly reason: string },
): Pick<Refusal, "remedy" | "suggestions"> {
  const note = oneLine([fix, reason].filter((text) => text !== "").join("; "), 800);
  const lines = [
    ...(note === "" ? [] : [withOption(`note ${id}`, "text", note)]),
    ...(cause === undefined ? [] : [withOption(`cause ${id}`, "what", cause)]),
  ];
  if (lines.length === 0) return { remedy: "Nothing needs to be done." };
  const shown = lines.map((line) => `/${line}`).join(" and ");
  return { remedy: `What you wrote can still be added to it: ${shown}.`, suggestions: lines };
}

/** What it was: a name that the bot does not know is taken as it is, since resolving must not wait for a spelling. */
async function suspectOf(text: string, incident: Incident, context: CommandContext): Promise<Suspect> {
  const written = causeWritten(text);
  const checked = await checkSuspect(written, incident, context);
  return "kind" in checked ? { ...written, changeKind: null } : checked;
}

async function confirmed(
  incident: Incident,
  suspect: Suspect,
  reason: string,
  context: CommandContext,
): Promise<Effect> {
  const explanation = await context.store.explanations.find(incident.id);
  return await causeEffect({ incident, suspect, isRight: true, explanation, data: { reason } }, context);
}
