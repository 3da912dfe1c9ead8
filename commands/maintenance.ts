import { z } from "zod";
import { answerView } from "../src/domain/answer.ts";
import { parseDuration } from "../src/domain/command-line.ts";
import {
  type MaintenanceSchedule,
  type MaintenanceWindow,
  nextOccurrence,
  occurrenceAt,
  parseClock,
  parseDays,
  scheduleText,
  windowName,
} from "../src/domain/maintenance.ts";
import { formatMatcher } from "../src/domain/matcher.ts";
import { isTimezone } from "../src/domain/schedule.ts";
import { duration, moment, oneLine, plain, type ViewAction } from "../src/domain/view.ts";
import {
  type CommandContext,
  type CommandResult,
  defineCommand,
  type Refusal,
} from "../src/ports/command.ts";
import { nameOf } from "./_lookup.ts";
import { matchersText, readMatchers, readReason, refusal } from "./_matchers.ts";

const maxDurationMs = 30 * 24 * 3_600_000;
const maxAheadMs = 366 * 24 * 3_600_000;

const options = z.object({
  action: z.enum(["list", "add", "end"]).default("list").describe("list, add or end"),
  what: z
    .string()
    .max(1_000)
    .optional()
    .describe("to add: which alerts, label=value, also != =~ !~; to end: the number"),
  for: z.string().max(20).optional().describe("once: how long, 30m, 2h, 1d12h; at most 30d"),
  at: z.string().max(40).optional().describe("once: when it begins, 2026-03-01T22:00Z; now by default"),
  days: z.string().max(60).optional().describe("every week: mon,wed or mon-fri or daily"),
  from: z.string().max(5).optional().describe("every week: begins at 02:00"),
  to: z.string().max(5).optional().describe("every week: ends at 04:00, on the next day if that is earlier"),
  timezone: z.string().max(60).default("UTC").describe("every week: zone of from and to, Europe/Berlin"),
  reason: z.string().max(500).optional().describe("why; shown wherever an alert was muted"),
});
type Options = z.output<typeof options>;

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

function readSchedule(given: Options, now: Date): MaintenanceSchedule | Refusal {
  const isWeekly = given.days !== undefined || given.from !== undefined || given.to !== undefined;
  return isWeekly ? readWeekly(given) : readOnce(given, now);
}

function readWeekly({ days, from, to, timezone, for: length, at }: Options): MaintenanceSchedule | Refusal {
  if (length !== undefined || at !== undefined)
    return refusal(
      "schedule",
      "--for and --at are for a window that is once.",
      "Give --days, --from and --to only.",
    );
  const fromMinute = parseClock(from ?? "");
  const toMinute = parseClock(to ?? "");
  if (fromMinute === null || toMinute === null || fromMinute === toMinute || fromMinute === 1_440)
    return refusal(
      "clock",
      `From "${oneLine(from ?? "", 20)}" to "${oneLine(to ?? "", 20)}" is no stretch of a day.`,
      "Write --from 02:00 --to 04:00.",
    );
  const numbers = parseDays(days ?? "daily");
  if (numbers === null)
    return refusal(
      "days",
      `"${oneLine(days ?? "", 40)}" names no days.`,
      "Write mon,wed or mon-fri or daily.",
    );
  if (!isTimezone(timezone))
    return refusal(
      "timezone",
      `"${oneLine(timezone, 40)}" is not a time zone.`,
      "Write an IANA name, for example Europe/Berlin.",
    );
  return { kind: "weekly", days: numbers, fromMinute, toMinute: toMinute === 0 ? 1_440 : toMinute, timezone };
}

function readOnce({ for: length, at }: Options, now: Date): MaintenanceSchedule | Refusal {
  const lengthMs = parseDuration(length ?? "");
  if (lengthMs === null || lengthMs <= 0 || lengthMs > maxDurationMs)
    return refusal(
      "duration",
      `"${oneLine(length ?? "", 20)}" is not a duration up to 30d.`,
      "Write --for 2h, or --days sun --from 02:00 --to 04:00 for every week.",
    );
  const from = at === undefined ? now : readMoment(at);
  if (from === null)
    return refusal(
      "moment",
      `"${oneLine(at ?? "", 40)}" is not a moment.`,
      "Write 2026-03-01T22:00Z, or with an offset 2026-03-01T22:00+01:00.",
    );
  const to = new Date(from.getTime() + lengthMs);
  if (to <= now || from.getTime() - now.getTime() > maxAheadMs)
    return refusal(
      "moment",
      `A window from ${moment(from).text} to ${moment(to).text} is over, or more than a year ahead.`,
      "Give another --at.",
    );
  return { kind: "once", from, to };
}

/** Only with a zone: without one nobody knows whose clock is meant. */
function readMoment(text: string): Date | null {
  const isWhole = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})$/i.test(text.trim());
  const at = new Date(text.trim().replace(" ", "T").toUpperCase());
  return isWhole && !Number.isNaN(at.getTime()) ? at : null;
}

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
          stateText(window, now),
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

function stateText({ schedule }: MaintenanceWindow, now: Date): string {
  const current = occurrenceAt(schedule, now);
  if (current !== null) return `for another ${duration(current.to.getTime() - now.getTime())}`;
  const next = nextOccurrence(schedule, now);
  return next === null ? "never again" : `in ${duration(next.from.getTime() - now.getTime())}`;
}
