import { z } from "zod";
import { chooseAlerts } from "../src/domain/alert/choice.ts";
import { answerView } from "../src/domain/command/answer.ts";
import { splitChoices } from "../src/domain/learning/grouping-choices.ts";
import { choiceView } from "../src/domain/view/choice-view.ts";
import { oneLine } from "../src/domain/view.ts";
import { type CommandResult, defineCommand, type Refusal } from "../src/ports/command.ts";
import {
  apart,
  countAlerts,
  type Group,
  groupingEffect,
  keysOf,
  lockGroups,
  together,
} from "./_groupings.ts";
import { incidentResource, suggestAlerts, suggestIncidents } from "./_lookup.ts";

export default defineCommand({
  kind: "operate",
  name: "split",
  summary: "Say that some alerts of an incident are another story; the bot learns from it",
  examples: ["split 12 HighLatency", "split 12 checkout, DiskFull on db-1", "split 12"],
  options: z.object({
    incident: z.number().int().positive().describe("number of the incident"),
    alerts: z
      .string()
      .max(2_000)
      .default("")
      .describe("which alerts leave it: names, services or beginnings of keys; asked for when absent"),
  }),
  args: ["incident", "alerts"],
  rest: "alerts",
  action: "annotate",
  resource: (options, context) => incidentResource(options.incident, context),
  form: { asks: ["alerts"], multiple: ["alerts"] },
  suggest: { incident: suggestIncidents, alerts: suggestAlerts },
  async run(options, context) {
    const locked = await lockGroups([options.incident], context);
    if (locked.kind === "refuse") return locked;
    const [group] = locked.groups;
    if (group === undefined) throw new Error("split: an incident was asked for");
    if (group.alerts.length < 2) return nothingStays(group);
    if (options.alerts.trim() === "") return ask(group);
    const choice = chooseAlerts(options.alerts, group.alerts);
    if (choice.kind === "unknown") return unknownAlert(group, choice.word, choice.near);
    const { alerts } = choice;
    const { incident } = group;
    const rest = group.alerts.filter((alert) => !alerts.includes(alert));
    if (alerts.length === 0) return unknownAlert(group, options.alerts, null);
    if (rest.length === 0) return nothingStays(group);
    const text = `${countAlerts(alerts)} ${alerts.length === 1 ? "becomes an incident of its own" : "become an incident of their own"}; ${rest.length} ${rest.length === 1 ? "stays" : "stay"} in ${incident.id}. The cards show it within a second.`;
    return {
      kind: "answer",
      view: answerView(text, { tone: "good" }),
      visibility: "private",
      audit: {
        action: "incident.split",
        subject: `incident:${incident.id}`,
        data: { alerts: keysOf(alerts).slice(0, 100), count: alerts.length },
      },
      effects: [
        groupingEffect({
          kind: "split",
          incident,
          other: null,
          alerts,
          rest,
          rulings: [...together(alerts, [], null), ...apart(alerts, rest, incident.id)],
        }),
        {
          kind: "incident",
          incident,
          entry: {
            kind: "split",
            text: `${context.person.name} splits off ${countAlerts(alerts)}`,
            data: { alerts: keysOf(alerts).slice(0, 100) },
          },
        },
      ],
    };
  },
});

function ask({ incident, alerts }: Group): CommandResult {
  const view = choiceView(
    `Which alerts of incident ${incident.id} are another story?`,
    splitChoices(incident.id, alerts),
    `Several at once: /split ${incident.id} NAME, NAME on SERVICE, SERVICE.`,
  );
  return { kind: "answer", view, visibility: "private" };
}

function unknownAlert({ incident, alerts }: Group, word: string, near: string | null): Refusal {
  const names = [...new Set(alerts.map(({ alert }) => alert.name))].slice(0, 5);
  return {
    kind: "refuse",
    reason: "unknown_alert",
    problem: `No alert of incident ${incident.id} goes with "${oneLine(word, 80)}".`,
    remedy:
      near === null
        ? `It has: ${names.map((name) => oneLine(name, 80)).join(", ")}. /why ${incident.id} lists all with their keys.`
        : `Did you mean ${oneLine(near, 80)}?`,
    suggestions: [...(near === null ? names : [near])].map(
      (name) => `split ${incident.id} ${oneLine(name, 80)}`,
    ),
  };
}

function nothingStays({ incident, alerts }: Group): Refusal {
  const which = alerts.length === 1 ? "the only alert" : `all ${alerts.length} alerts`;
  return {
    kind: "refuse",
    reason: "nothing_stays",
    problem: `That is ${which} of incident ${incident.id}.`,
    remedy: "Name those that belong to another story, and leave at least one.",
    suggestions: [`why ${incident.id}`],
  };
}
