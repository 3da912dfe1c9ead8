import { z } from "zod";
import { answerView } from "../src/domain/command/answer.ts";
import {
  type MaintenanceWindow,
  occurrenceAt,
  scheduleText,
  windowName,
} from "../src/domain/suppression/maintenance.ts";
import { formatMatcher } from "../src/domain/suppression/matcher.ts";
import { oneLine, plain, type ViewAction } from "../src/domain/view.ts";
import { type CommandContext, type CommandResult, defineCommand } from "../src/ports/command.ts";
import { nameOf } from "./_lookup.ts";
import { matchersText, readMatchers, readReason, refusal } from "./_matchers.ts";
import { readSchedule, scheduleOptions, timeLeft } from "./_schedule.ts";

const options = z.object({
  action: z.enum(["list", "add", "end"]).default("list").describe("list, add or end"),
  what: z
    .string()
    .max(1_000)
    .optional()
    .describe("to add: which alerts, label=value, also != =~ !~; to end: the number"),
  ...scheduleOptions,
  reason: z.string().max(500).optional().describe("why; shown wherever an alert was muted"),
});

export default defineCommand({
  kind: "operate",
  name: "maintenance",
  summary: "Mute alerts while work is done, once or every week; list such windows, or end one",
  examples: [
    'maintenance add service=db --for 2h --reason "new disks"',
    'maintenance add team=data --days sun --from 02:00 --to 04:00 --timezone Europe/Berlin --reason "backup"',
    "maintenance list",
    "maintenance end 3",
  ],
  options,
  args: ["action", "what"],
  rest: "what",
  action: "silence",
  form: { isForBare: true },
  async run(given, context) {
    if (given.action === "list") return await list(context);
    if (given.action === "end") return await end(given.what ?? "", context);
    const matchers = readMatchers(given.what ?? "");
    if ("kind" in matchers) return matchers;
    const schedule = readSchedule(given, context.now);
    if (schedule.kind === "refuse") return schedule;
    const reason = readReason(given.reason, "A maintenance window");
    if (typeof reason !== "string") return reason;
    return await add(context, { matchers, schedule, reason });
  },
});

async function add(
  { store, now, person }: CommandContext,
  wanted: Pick<MaintenanceWindow, "matchers" | "schedule" | "reason">,
): Promise<CommandResult> {
  const id = await store.incidents.saveMaintenance({
    ...wanted,
    name: null,
    createdBy: person.id,
    createdAt: now,
  });
  const when = scheduleText(wanted.schedule);
  return {
    kind: "answer",
    view: answerView(`Maintenance ${id} mutes alerts with ${matchersText(wanted.matchers)}: ${when}.`, {
      tone: "good",
      actions: [{ label: "End it", command: `maintenance end ${id}`, style: "plain" }],
    }),
    visibility: "public",
    audit: {
      action: "maintenance.created",
      subject: `maintenance:${id}`,
      data: { matchers: wanted.matchers.map(formatMatcher), when, reason: wanted.reason },
    },
  };
}

async function end(text: string, { store, now }: CommandContext): Promise<CommandResult> {
  const windows = await store.incidents.maintenance(now);
  const wanted = text.trim().replace(/^#/, "");
  const window = windows.find((candidate) => windowName(candidate) === wanted);
  if (window === undefined) {
    const known = windows.filter(({ name }) => name === null).map(({ id }) => id);
    const remedy = known.length === 0 ? "None was made by command." : `There are: ${known.join(", ")}.`;
    const problem = `There is no maintenance window "${oneLine(wanted, 60)}".`;
    return { ...refusal("unknown_window", problem, remedy), suggestions: ["maintenance list"] };
  }
  if (window.name !== null) {
    const problem = `Maintenance "${window.name}" is in tocsin.yaml.`;
    return refusal("configured", problem, "Take it out there, and start the bot again.");
  }
  await store.incidents.endMaintenance(window.id, now);
  const matchers = window.matchers.map(formatMatcher);
  const data = { matchers, when: scheduleText(window.schedule), reason: window.reason };
  return {
    kind: "answer",
    view: answerView(`Maintenance ${window.id} (${matchersText(window.matchers)}) has ended.`, {
      tone: "good",
    }),
    visibility: "public",
    audit: { action: "maintenance.ended", subject: `maintenance:${window.id}`, data },
  };
}

async function list({ store, now, people }: CommandContext): Promise<CommandResult> {
  const windows = await store.incidents.maintenance(now);
  if (windows.length === 0)
    return { kind: "answer", view: answerView("No maintenance is planned."), visibility: "private" };
  const underWay = windows.filter(({ schedule }) => occurrenceAt(schedule, now) !== null);
  const names = underWay.map(windowName).slice(0, 10).join(", ");
  const text =
    underWay.length === 0
      ? `${windows.length} planned, none under way.`
      : `${windows.length} planned, under way: ${names}.`;
  const view = answerView(text, {
    title: "Maintenance",
    blocks: [
      {
        kind: "table",
        columns: ["id", "alerts with", "when", "now", "by", "reason"],
        rows: windows.map((window) => [
          windowName(window),
          window.matchers.map(formatMatcher).join(" "),
          scheduleText(window.schedule),
          timeLeft(window.schedule, now),
          nameOf(people, window.createdBy),
          oneLine(window.reason, 200),
        ]),
      },
      { kind: "note", text: [plain("maintenance end NUMBER ends one.")] },
    ],
    actions: windows
      .filter(({ name }) => name === null)
      .slice(0, 5)
      .map(
        ({ id }): ViewAction => ({ label: `End ${id}`, command: `maintenance end ${id}`, style: "plain" }),
      ),
  });
  return { kind: "answer", view, visibility: "private" };
}
