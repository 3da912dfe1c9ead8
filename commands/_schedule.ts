/** When something is, as people type it: once, or every week. Files that begin with "_" are not commands. */
import { z } from "zod";
import { parseDuration } from "../src/domain/command/options.ts";
import { isTimezone } from "../src/domain/digest/schedule.ts";
import {
  type MaintenanceSchedule,
  nextOccurrence,
  occurrenceAt,
  parseClock,
  parseDays,
} from "../src/domain/suppression/maintenance.ts";
import { duration, moment, oneLine } from "../src/domain/view.ts";
import type { Refusal } from "../src/ports/command.ts";
import { refusal } from "./_matchers.ts";

const maxDurationMs = 30 * 24 * 3_600_000;
const maxAheadMs = 366 * 24 * 3_600_000;

/** The options that say when. */
export const scheduleOptions = {
  for: z.string().max(20).optional().describe("once: how long, 30m, 2h, 1d12h; at most 30d"),
  at: z.string().max(40).optional().describe("once: when it begins, 2026-03-01T22:00Z; now by default"),
  days: z.string().max(60).optional().describe("every week: mon,wed or mon-fri or daily"),
  from: z.string().max(5).optional().describe("every week: begins at 02:00"),
  to: z.string().max(5).optional().describe("every week: ends at 04:00, on the next day if that is earlier"),
  timezone: z.string().max(60).default("UTC").describe("every week: zone of from and to, Europe/Berlin"),
};
type ScheduleOptions = z.output<z.ZodObject<typeof scheduleOptions>>;

/** Reads them, or says what is wrong. */
export function readSchedule(given: ScheduleOptions, now: Date): MaintenanceSchedule | Refusal {
  const isWeekly = given.days !== undefined || given.from !== undefined || given.to !== undefined;
  return isWeekly ? readWeekly(given) : readOnce(given, now);
}

function readWeekly({
  days,
  from,
  to,
  timezone,
  for: length,
  at,
}: ScheduleOptions): MaintenanceSchedule | Refusal {
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

function readOnce({ for: length, at }: ScheduleOptions, now: Date): MaintenanceSchedule | Refusal {
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

/** "for another 2 h", "in 3 d". */
export function timeLeft(schedule: MaintenanceSchedule, now: Date): string {
  const current = occurrenceAt(schedule, now);
  if (current !== null) return `for another ${duration(current.to.getTime() - now.getTime())}`;
  const next = nextOccurrence(schedule, now);
  return next === null ? "never again" : `in ${duration(next.from.getTime() - now.getTime())}`;
}
