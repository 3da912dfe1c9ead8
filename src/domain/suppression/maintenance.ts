/**
 * Maintenance windows: when alerts are expected because people or machines work on something. Clock times are those of
 * a zone, by the arithmetic of schedule.ts: a time that a spring change skips happens when the change does, one that an
 * autumn change repeats counts the first time. A window that the change swallows whole lasts as long as on other days.
 */

import {
  type CronFields,
  dayBefore,
  instantOf,
  localTime,
  nextSlot,
  previousSlot,
} from "../digest/schedule.ts";
import { duration, moment } from "../view.ts";
import type { Matcher } from "./matcher.ts";
import type { Mute } from "./mute.ts";

/** Monday is 1, Sunday 0, as in cron. */
export const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

export type MaintenanceSchedule =
  | { readonly kind: "once"; readonly from: Date; readonly to: Date }
  | {
      readonly kind: "weekly";
      /** 0 (Sunday) to 6: days on which it begins; at least one. */
      readonly days: readonly number[];
      /** Minutes after midnight, 0 to 1439. */
      readonly fromMinute: number;
      /** 1 to 1440; not after `fromMinute` means on the next day. */
      readonly toMinute: number;
      /** IANA name. */
      readonly timezone: string;
    }
  | {
      readonly kind: "cron";
      /** As it was written, for people. */
      readonly cron: string;
      readonly fields: CronFields;
      readonly durationMs: number;
      readonly timezone: string;
    };

export interface MaintenanceWindow {
  readonly id: number;
  /** Its name in tocsin.yaml; null for one that was made by command. */
  readonly name: string | null;
  /** All must hold on an alert. */
  readonly matchers: readonly Matcher[];
  readonly schedule: MaintenanceSchedule;
  readonly reason: string;
  /** Person id, or "tocsin.yaml". */
  readonly createdBy: string;
  readonly createdAt: Date;
}

/** One stretch of time, its end excluded. */
export interface Occurrence {
  readonly from: Date;
  readonly to: Date;
}

const minuteMs = 60_000;
const dayMinutes = 1_440;
/** A weekly window comes back within a week; one more day for those who cross the date line. */
const maxDaysAhead = 8;

/** The occurrence that a moment lies in, or null. */
export function occurrenceAt(schedule: MaintenanceSchedule, now: Date): Occurrence | null {
  const candidates = candidatesAround(schedule, now);
  return candidates.find(({ from, to }) => from <= now && now < to) ?? null;
}

/** The next occurrence that begins after a moment, or null when there is none. */
export function nextOccurrence(schedule: MaintenanceSchedule, now: Date): Occurrence | null {
  if (schedule.kind === "cron") {
    const from = nextSlot(schedule.fields, schedule.timezone, now);
    return from === null ? null : { from, to: new Date(from.getTime() + schedule.durationMs) };
  }
  return candidatesAround(schedule, now).find(({ from }) => from > now) ?? null;
}

/** True when it will never come again. */
export function isOver(schedule: MaintenanceSchedule, now: Date): boolean {
  return schedule.kind === "once" && schedule.to <= now;
}

/** In order of time: those that may be under way at a moment, and some that follow. */
function candidatesAround(schedule: MaintenanceSchedule, now: Date): readonly Occurrence[] {
  if (schedule.kind === "once") return [{ from: schedule.from, to: schedule.to }];
  if (schedule.kind === "cron") {
    // All last equally long, so of those that have begun the newest ends last.
    const from = previousSlot(schedule.fields, schedule.timezone, now);
    return from === null ? [] : [{ from, to: new Date(from.getTime() + schedule.durationMs) }];
  }
  const today = localTime(now, schedule.timezone);
  const occurrences: Occurrence[] = [];
  for (let ahead = -1; ahead <= maxDaysAhead; ahead += 1) {
    const day = dayBefore(today, -ahead);
    const weekday = new Date(Date.UTC(day.year, day.month - 1, day.day)).getUTCDay();
    if (schedule.days.includes(weekday)) occurrences.push(occurrenceOn(day, schedule));
  }
  return occurrences;
}

function occurrenceOn(
  day: ReturnType<typeof dayBefore>,
  schedule: Extract<MaintenanceSchedule, { kind: "weekly" }>,
): Occurrence {
  const { fromMinute, toMinute, timezone } = schedule;
  const isNextDay = toMinute <= fromMinute;
  const lengthMs = (toMinute - fromMinute + (isNextDay ? dayMinutes : 0)) * minuteMs;
  const from = at(day, fromMinute);
  const to = at(isNextDay ? dayBefore(day, -1) : day, toMinute);
  return { from, to: to > from ? to : new Date(from.getTime() + lengthMs) };

  function at(date: ReturnType<typeof dayBefore>, minute: number): Date {
    const whole = minute === dayMinutes ? dayBefore(date, -1) : date;
    const left = minute % dayMinutes;
    return instantOf({ ...whole, hour: Math.floor(left / 60), minute: left % 60 }, timezone);
  }
}

/** What it is called in answers and commands: its name, or its number. */
export function windowName(window: Pick<MaintenanceWindow, "id" | "name">): string {
  return window.name ?? String(window.id);
}

/** @param nameOf - person id to name. */
export function muteByMaintenance(
  window: MaintenanceWindow,
  occurrence: Occurrence,
  nameOf: (person: string) => string,
): Mute {
  const { createdBy, reason } = window;
  const until = moment(occurrence.to).text;
  return {
    by: "maintenance",
    id: windowName(window),
    because: `maintenance ${windowName(window)} by ${nameOf(createdBy)} until ${until}: ${reason}`,
  };
}

/** "mon to fri 02:00 to 03:00 Europe/Berlin", "mon, wed 02:00 to 03:00 UTC" */
export function scheduleText(schedule: MaintenanceSchedule): string {
  if (schedule.kind === "once") return `once, ${moment(schedule.from).text} to ${moment(schedule.to).text}`;
  if (schedule.kind === "cron")
    return `${schedule.cron} for ${duration(schedule.durationMs)}, ${schedule.timezone}`;
  return `${daysText(schedule.days)} ${clockText(schedule.fromMinute)} to ${clockText(schedule.toMinute)} ${schedule.timezone}`;
}

/** Three days or more in a row are a range. */
function daysText(days: readonly number[]): string {
  if (days.length === weekdays.length) return "every day";
  const [first = 0] = days;
  const last = days.at(-1) ?? first;
  const isRun = days.length > 2 && days.every((day, index) => day === first + index);
  return isRun ? `${weekdays[first]} to ${weekdays[last]}` : days.map((day) => weekdays[day]).join(", ");
}

function clockText(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}

/** Minutes after midnight of "02:30" or "24:00", or null. */
export function parseClock(text: string): number | null {
  const match = /^(\d{1,2}):(\d{2})$/.exec(text.trim());
  if (match === null) return null;
  const [hours, minutes] = [Number(match[1]), Number(match[2])];
  const total = hours * 60 + minutes;
  return minutes < 60 && total <= dayMinutes ? total : null;
}

/** Numbers of "mon, wed", "mon-fri" or "daily", in order of the week; null when a word is no day. */
export function parseDays(text: string): readonly number[] | null {
  const words = text.trim().toLowerCase();
  if (words === "daily" || words === "every day") return [0, 1, 2, 3, 4, 5, 6];
  const days = new Set<number>();
  for (const word of words.split(/[\s,]+/)) {
    const [first, last] = word.split("-").map(dayOf);
    if (first === undefined || first === -1 || last === -1) return null;
    const count = last === undefined ? 0 : (last - first + weekdays.length) % weekdays.length;
    for (let ahead = 0; ahead <= count; ahead += 1) days.add((first + ahead) % weekdays.length);
  }
  return [...days].sort();
}

function dayOf(word: string): number {
  return weekdays.findIndex((day) => word.length >= day.length && longNames[day].startsWith(word));
}

const longNames: Readonly<Record<(typeof weekdays)[number], string>> = {
  sun: "sunday",
  mon: "monday",
  tue: "tuesday",
  wed: "wednesday",
  thu: "thursday",
  fri: "friday",
  sat: "saturday",
};
