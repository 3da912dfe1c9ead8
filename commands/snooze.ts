import { z } from "zod";
import { answerView } from "../src/domain/command/answer.ts";
import { parseDuration } from "../src/domain/command/options.ts";
import { snoozeIncident } from "../src/domain/incident/work.ts";
import { moment, oneLine, textOf } from "../src/domain/view.ts";
import { defineCommand } from "../src/ports/command.ts";
import { findIncident, incidentResource, suggestIncidents } from "./_lookup.ts";

const maxSnoozeMs = 7 * 24 * 3_600_000;

export default defineCommand({
  kind: "operate",
  name: "snooze",
  summary: "Keep the thread of an incident quiet for a while; it wakes if it gets worse",
  examples: ["snooze 12 2h vendor is on it", "snooze 12 0m"],
  options: z.object({
    incident: z.number().int().positive().describe("number of the incident"),
    for: z.string().max(20).default("1h").describe("how long: 30m, 2h, 1d; at most 7d; 0m wakes it now"),
    reason: z.string().max(500).default("").describe("why"),
  }),
  args: ["incident", "for", "reason"],
  rest: "reason",
  action: "acknowledge",
  resource: (options, context) => incidentResource(options.incident, context),
  suggest: { incident: suggestIncidents },
  async run(options, context) {
    const incident = await findIncident(options.incident, context, "change");
    if ("kind" in incident) return incident;
    const { id } = incident;
    const lengthMs = parseDuration(options.for);
    if (lengthMs === null || lengthMs > maxSnoozeMs) {
      return {
        kind: "refuse",
        reason: "duration",
        problem: `"${oneLine(options.for, 20)}" is not a duration up to 7d.`,
        remedy: "Write it as 30m, 2h or 1d.",
        suggestions: [`snooze ${id} 1h`],
      };
    }
    if (incident.state === "resolved") {
      return {
        kind: "refuse",
        reason: "already_resolved",
        problem: `Incident ${id} is resolved and quiet already.`,
        remedy: `To mute its alerts before they fire again: silence service=… --for ${options.for}.`,
      };
    }
    const until = new Date(context.now.getTime() + lengthMs);
    const reason = oneLine(options.reason, 500);
    const why = reason === "" ? "" : `: ${reason}`;
    const isWake = lengthMs === 0;
    const when = textOf([moment(until)]);
    const text = isWake
      ? `woken by ${context.person.name}${why}`
      : `quiet until ${when} by ${context.person.name}${why}`;
    const answer = isWake
      ? `Incident ${id} is awake again.`
      : `Incident ${id} is quiet until ${when}. It wakes earlier if it gets worse, and its card stays up to date.`;
    return {
      kind: "answer",
      view: answerView(answer, { tone: "good" }),
      visibility: "private",
      audit: {
        action: isWake ? "incident.woken" : "incident.snoozed",
        subject: `incident:${id}`,
        data: { until: until.toISOString(), reason },
      },
      effects: [
        {
          kind: "incident",
          incident: isWake ? { ...incident, snoozedUntil: null } : snoozeIncident(incident, until),
          entry: { kind: isWake ? "woken" : "snoozed", text },
        },
      ],
    };
  },
});
