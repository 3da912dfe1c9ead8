import { z } from "zod";
import { alertName, isMeant } from "../src/domain/alert/choice.ts";
import { answerView } from "../src/domain/command/answer.ts";
import { incidentLabel, moveChoices, shownKey } from "../src/domain/learning/grouping-choices.ts";
import { choiceView } from "../src/domain/view/choice-view.ts";
import { oneLine } from "../src/domain/view.ts";
import {
  type CommandContext,
  type CommandResult,
  defineCommand,
  type Effect,
  type Refusal,
} from "../src/ports/command.ts";
import type { StoredAlert } from "../src/ports/incident.ts";
import {
  apart,
  countAlerts,
  type Group,
  groupingEffect,
  keysOf,
  lockGroups,
  othersOpen,
  together,
} from "./_groupings.ts";
import {
  findIncident,
  incidentResource,
  suggestAlerts,
  suggestIncidents,
  suggestTargets,
} from "./_lookup.ts";

/** Alerts looked through for the one that is meant. */
const maxFound = 200;
/** Alerts of one incident that are offered to choose from. */
const maxOffered = 200;

export default defineCommand({
  kind: "operate",
  name: "move",
  summary: "Say that an alert belongs to another incident, or to a new one; the bot learns from it",
  examples: [
    "move HighLatency 14",
    'move "HighLatency on api" new',
    "move HighLatency 14 --from 12",
    "move --from 12",
  ],
  options: z.object({
    alert: z
      .string()
      .min(1)
      .max(500)
      .optional()
      .describe("the alert: its name, service, NAME on SERVICE, or key; asked for when absent"),
    to: z
      .string()
      .regex(/^(#?\d{1,9}|new)$/i, "an incident has a number, and a new one is called new")
      .optional()
      .describe('number of the incident where it belongs, or "new"'),
    from: z.number().int().positive().optional().describe("number of the incident where it is now"),
  }),
  args: ["alert", "to"],
  action: "annotate",
  resource: async (options, context) => {
    const to = targetOf(options.to ?? "new");
    if (to !== null) return await incidentResource(to, context);
    if (options.alert === undefined)
      return options.from === undefined ? nothingNamed() : await incidentResource(options.from, context);
    const found = await findMeant(options, context);
    return "kind" in found ? found : await incidentResource(found.incidentId, context);
  },
  ofThread: "from",
  form: { fields: ["from", "alert", "to"], asks: ["alert", "to"] },
  suggest: { alert: suggestAlerts, to: suggestTargets, from: suggestIncidents },
  async run(options, context) {
    if (options.alert === undefined)
      return options.from === undefined ? nothingNamed() : await askWhich(options.from, context);
    const meant = await findMeant(options, context);
    if ("kind" in meant) return meant;
    if (options.to === undefined) return await askWhere(meant, context);
    const to = targetOf(options.to);
    const locked = await lockGroups(to === null ? [meant.incidentId] : [meant.incidentId, to], context);
    if (locked.kind === "refuse") return locked;
    const [from, target = null] = locked.groups;
    if (from === undefined) throw new Error("move: an incident was asked for");
    const { fingerprint } = meant.alert;
    const alerts = from.alerts.filter(({ alert }) => alert.fingerprint === fingerprint);
    const rest = from.alerts.filter(({ alert }) => alert.fingerprint !== fingerprint);
    const name = alertName(meant);
    if (target?.incident.id === from.incident.id) return alreadyThere(name, from);
    if (target === null && rest.length === 0) return alone(name, from);
    const into = target === null ? "a new incident" : `incident ${target.incident.id}`;
    return {
      kind: "answer",
      view: answerView(
        `${name} goes from incident ${from.incident.id} to ${into}. The cards show it within a second.`,
        { tone: "good" },
      ),
      visibility: "private",
      audit: {
        action: "alert.moved",
        subject: `incident:${from.incident.id}`,
        data: { alerts: keysOf(alerts).slice(0, 100), to: target?.incident.id ?? "new" },
      },
      effects: effectsOf({ from, target, alerts, rest }, context.person.name),
    };
  },
});

function targetOf(to: string): number | null {
  return to.toLowerCase() === "new" ? null : Number(to.replace("#", ""));
}

function effectsOf(
  move: {
    readonly from: Group;
    readonly target: Group | null;
    readonly alerts: readonly StoredAlert[];
    readonly rest: readonly StoredAlert[];
  },
  by: string,
): readonly Effect[] {
  const { from, target, alerts, rest } = move;
  const keys = keysOf(alerts);
  const into = target === null ? "a new incident" : `incident ${target.incident.id}`;
  const data = { alerts: keys.slice(0, 100) };
  return [
    groupingEffect({
      kind: "move",
      incident: from.incident,
      other: target?.incident.id ?? null,
      alerts,
      rest,
      rulings: [
        ...together(target?.alerts ?? [], alerts, target?.incident.id ?? null),
        ...apart(alerts, rest, from.incident.id),
      ],
    }),
    {
      kind: "incident",
      incident: from.incident,
      entry: { kind: "split", text: `${by} moves ${countAlerts(alerts)}, to ${into}`, data },
    },
    ...(target === null
      ? []
      : [
          {
            kind: "incident",
            incident: target.incident,
            entry: {
              kind: "joined",
              text: `${by} moves ${countAlerts(alerts)}, here from incident ${from.incident.id}`,
              data,
            },
          } as const,
        ]),
  ];
}

/** The one alert that is meant: those that fire before those that have ended; the same alert on several pods is several. */
async function findMeant(
  options: {
    readonly alert?: string | undefined;
    readonly to?: string | undefined;
    readonly from?: number | undefined;
  },
  context: Pick<CommandContext, "store">,
): Promise<StoredAlert | Refusal> {
  const word = (options.alert ?? "").trim();
  const service = / on (.+)$/i.exec(word)?.[1];
  const found = [
    ...(await context.store.incidents.searchAlerts(word, maxFound)),
    ...(service === undefined ? [] : await context.store.incidents.searchAlerts(service, maxFound)),
  ];
  const here = found.filter((stored) => options.from === undefined || stored.incidentId === options.from);
  const exact = here.filter((stored) => isMeant(stored, word));
  const all = exact.length > 0 ? exact : service === undefined ? here : [];
  const firing = all.filter(({ endedBy }) => endedBy === null);
  const meant = new Map(
    (firing.length > 0 ? firing : all).map((stored) => [
      `${stored.alert.fingerprint} ${stored.incidentId}`,
      stored,
    ]),
  );
  const [first, ...others] = [...meant.values()];
  if (first === undefined) return unknownAlert(word, options.from);
  return others.length === 0 ? first : severalAlerts(word, [first, ...others], options.to);
}

function nothingNamed(): Refusal {
  return {
    kind: "refuse",
    reason: "nothing_named",
    problem: "No alert is named.",
    remedy: "Name one, or say from which incident: /move --from NUMBER.",
    suggestions: ["incidents"],
  };
}

async function askWhich(from: number, context: CommandContext): Promise<CommandResult> {
  const incident = await findIncident(from, context);
  if ("kind" in incident) return incident;
  const alerts = await context.store.incidents.alerts(incident.id, maxOffered);
  const view = choiceView(
    `Which alert of incident ${incident.id} belongs elsewhere?`,
    moveChoices(incident.id, alerts),
    `Any other: /move NAME NUMBER --from ${incident.id}.`,
  );
  return { kind: "answer", view, visibility: "private" };
}

async function askWhere(meant: StoredAlert, context: CommandContext): Promise<CommandResult> {
  const incident = await findIncident(meant.incidentId, context);
  if ("kind" in incident) return incident;
  const key = meant.key.slice(0, shownKey);
  const to = (target: string | number) => `move ${key} ${target} --from ${meant.incidentId}`;
  const choices = (await othersOpen(incident, context)).map((other) => ({
    label: incidentLabel(other),
    command: to(other.id),
  }));
  const view = choiceView(
    `Where does ${alertName(meant)} of incident ${meant.incidentId} belong?`,
    [{ label: "A new incident", command: to("new") }, ...choices],
    `Any other: /move ${key} NUMBER.`,
  );
  return { kind: "answer", view, visibility: "private" };
}

function unknownAlert(word: string, from: number | undefined): Refusal {
  const where = from === undefined ? "" : ` of incident ${from}`;
  return {
    kind: "refuse",
    reason: "unknown_alert",
    problem: `No alert${where} goes with "${oneLine(word, 80)}".`,
    remedy: "Write its name, its service, or the beginning of its key; /why shows the keys.",
    suggestions: from === undefined ? ["incidents"] : [`why ${from}`],
  };
}

function severalAlerts(word: string, found: readonly StoredAlert[], to: string | undefined): Refusal {
  const shown = found.slice(0, 5);
  const names = shown.map(
    (stored) => `${stored.key.slice(0, shownKey)} (${alertName(stored)}, incident ${stored.incidentId})`,
  );
  return {
    kind: "refuse",
    reason: "several_alerts",
    problem: `"${oneLine(word, 80)}" goes with ${found.length} alerts.`,
    remedy: `Say which: ${names.join("; ")}. To move several at once, use /split or /merge.`,
    suggestions: shown.map(
      ({ key, incidentId }) =>
        `move ${key.slice(0, shownKey)}${to === undefined ? "" : ` ${to}`} --from ${incidentId}`,
    ),
  };
}

function alreadyThere(name: string, { incident }: Group): Refusal {
  return {
    kind: "refuse",
    reason: "already_there",
    problem: `${name} is in incident ${incident.id} already.`,
    remedy: "Name another incident, or new.",
    suggestions: [`why ${incident.id}`],
  };
}

function alone(name: string, { incident }: Group): Refusal {
  return {
    kind: "refuse",
    reason: "already_alone",
    problem: `${name} is all there is of incident ${incident.id}.`,
    remedy: "It has an incident of its own already.",
    suggestions: [`why ${incident.id}`],
  };
}
