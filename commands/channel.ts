import { z } from "zod";
import { answerView } from "../src/domain/command/answer.ts";
import { channelRuleFor, newChannel } from "../src/domain/incident/channel.ts";
import { defineCommand } from "../src/ports/command.ts";
import { findIncident, incidentResource, suggestIncidents } from "./_lookup.ts";

/** Alerts in which the rule of an incident is looked for. */
const maxAlerts = 1_000;

export default defineCommand({
  kind: "operate",
  name: "channel",
  summary: "Open a Slack channel for one incident, with the people who work on it",
  examples: ["channel 12"],
  options: z.object({ incident: z.number().int().positive().describe("number of the incident") }),
  args: ["incident"],
  action: "open_channel",
  resource: (options, context) => incidentResource(options.incident, context),
  suggest: { incident: suggestIncidents },
  async run(options, context) {
    const { store, channelSettings: settings, now, person } = context;
    const incident = await findIncident(options.incident, context, "change");
    if ("kind" in incident) return incident;
    const { id } = incident;
    if (settings === null)
      return {
        kind: "refuse",
        reason: "no_channels",
        problem: "Incidents get no channels of their own here.",
        remedy: "Whoever keeps tocsin.yaml can add incidentChannels to it, and the scopes to the Slack app.",
      };
    if (incident.state === "resolved")
      return {
        kind: "refuse",
        reason: "resolved",
        problem: `Incident ${id} is resolved.`,
        remedy: "Reopen it if it goes on.",
        suggestions: [`reopen ${id}`],
      };
    const before = await store.incidentChannels.find(id);
    if (
      before !== null &&
      (before.state === "open" || before.state === "wanted" || before.state === "creating")
    )
      return {
        kind: "refuse",
        reason: "known",
        problem:
          before.state === "open"
            ? `Incident ${id} has the channel #${before.name}.`
            : `A channel for incident ${id} is being opened.`,
        remedy: "Nothing is to be done.",
      };
    const alerts = await store.incidents.alerts(id, maxAlerts);
    const rule = channelRuleFor(
      settings.rules,
      alerts.map(({ alert }) => alert),
    );
    if (rule === null)
      return {
        kind: "refuse",
        reason: "no_rule",
        problem: `No rule of incidentChannels in tocsin.yaml fits incident ${id}.`,
        remedy: 'A rule without conditions and with open: "by hand" fits every incident.',
      };
    await store.incidentChannels.add(
      newChannel("slack", { incidentId: id, before, askedBy: person.id }, now),
    );
    await store.jobs.add({ task: "channel", incidentId: id });
    const text = `${person.name} asked for a channel of its own`;
    return {
      kind: "answer",
      view: answerView(
        `A ${rule.isPrivate ? "private " : ""}channel for incident ${id} is being opened; its history says when it is there.`,
        { tone: "good" },
      ),
      visibility: "private",
      audit: { action: "incident.channel_requested", subject: `incident:${id}`, data: {} },
      effects: [{ kind: "incident", incident, entry: { kind: "note", text } }],
    };
  },
});
