import { z } from "zod";
import { compareSeverity, type Severity, severities } from "../src/domain/alert.ts";
import { answerView } from "../src/domain/command/answer.ts";
import { incidentFacts } from "../src/domain/incident/facts.ts";
import { releaseSeverity, setSeverity } from "../src/domain/incident/work.ts";
import type { Incident } from "../src/domain/incident.ts";
import { oneLine } from "../src/domain/view.ts";
import { type CommandContext, defineCommand } from "../src/ports/command.ts";
import { findIncident, incidentResource, suggestIncidents } from "./_lookup.ts";

/** Alerts that are looked at. */
const maxAlerts = 1_000;

export default defineCommand({
  kind: "operate",
  name: "severity",
  summary: "Say how bad an incident is, or leave that to its alerts again",
  examples: ["severity 12 critical checkout is down for everyone", "severity 12 auto"],
  options: z.object({
    incident: z.number().int().positive().describe("number of the incident"),
    severity: z.enum([...severities, "auto"]).describe("how bad it is; auto: as bad as its alerts say"),
    reason: z.string().max(500).default("").describe("why"),
  }),
  args: ["incident", "severity", "reason"],
  rest: "reason",
  action: "annotate",
  resource: (options, context) => incidentResource(options.incident, context),
  suggest: { incident: suggestIncidents },
  async run(options, context) {
    const incident = await findIncident(options.incident, context, "change");
    if ("kind" in incident) return incident;
    const { id, severity: before } = incident;
    const isAuto = options.severity === "auto";
    const isSame = isAuto
      ? incident.severitySetBy === null
      : before === options.severity && incident.severitySetBy !== null;
    if (isSame) {
      return {
        kind: "refuse",
        reason: "same_severity",
        problem: isAuto
          ? `The severity of incident ${id} is already what its alerts say: ${before}.`
          : `Incident ${id} is already set to ${before}.`,
        remedy: "Nothing needs to be done.",
      };
    }
    const reason = oneLine(options.reason, 500);
    const why = reason === "" ? "" : `: ${reason}`;
    const { name } = context.person;
    const changed =
      options.severity === "auto"
        ? releaseSeverity(incident, await severityOfAlerts(incident, context))
        : setSeverity(incident, options.severity, context.person.id);
    const direction = compareSeverity(changed.severity, before) < 0 ? "up" : "down";
    const text = isAuto
      ? `severity left to the alerts again by ${name}${why}`
      : `severity from ${before} to ${options.severity} by ${name}${why}`;
    const answer = isAuto
      ? `Incident ${id} takes its severity from its alerts again.`
      : `Incident ${id} is now ${options.severity}, until somebody says otherwise: ${incident.title}.`;
    return {
      kind: "answer",
      view: answerView(answer, { tone: "good" }),
      visibility: "private",
      audit: {
        action: "incident.severity_changed",
        subject: `incident:${id}`,
        data: { from: before, to: options.severity, reason },
      },
      effects: [
        {
          kind: "incident",
          incident: changed,
          entry: { kind: "severity_changed", text, data: { direction } },
        },
      ],
    };
  },
});

/** The worst of its alerts that fire; as it is when none is stored any more. */
async function severityOfAlerts(incident: Incident, context: CommandContext): Promise<Severity> {
  const alerts = await context.store.incidents.alerts(incident.id, maxAlerts);
  return alerts.length === 0 ? incident.severity : incidentFacts(alerts).severity;
}
