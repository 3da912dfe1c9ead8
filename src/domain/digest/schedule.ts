/**
 * When a digest is due. Slots are computed from the cron fields, never taken from a timer: every replica and every
 * restart names the same slots, so that one database claim per slot is enough.
 */

/** One entry of `digests:` in tocsin.yaml. */
export interface DigestSchedule {
  readonly name: string;
  /** Five fields. */
  readonly cron: string;
  /** IANA name. */
  readonly timezone: string;
  /** Channels, "platform:id". */
  readonly to: readonly string[];
  /** Name of the rota whose hand-over it is; null for a report of what happened. */
  readonly handover: string | null;
}

/** Five cron fields as numbers. Day of month and day of week must both match, as in node-cron. */
export interface CronFields {
  readonly minute: readonly number[];
  readonly hour: readonly number[];
  /** Days, or "L" for the last of the month. */
  readonly dayOfMonth: readonly (number | "L")[];
  /** 1 to 12. */
  readonly month: readonly number[];
  /** 0 (Sunday) to 6, or the nth such day of the month. */
  readonly dayOfWeek: readonly (number | { readonly weekday: number; readonly nth: number })[];
}

export interface LocalDay {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}
export interface LocalTime extends LocalDay {
  readonly hour: number;
  readonly minute: number;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** 29 February may be eight years back. */
const maxDaysBack = 366 * 9;

/** True when the runtime knows this IANA time zone. */
export function isTimezone(timezone: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: timezone });
    return true;
  } catch {
    return false;
  }
}

/**
 * The newest slot at or before a moment.
 * A local time that a spring change skips happens when the change does; one that an autumn change repeats happens the
 * first time only.
 * @param timezone - IANA name.
 * @returns null when no slot lies in the nine years before, for example on 31 February.
 */
export function previousSlot(fields: CronFields, timezone: string, now: Date): Date | null {
  const today = localTime(now, timezone);
  const hours = descending(fields.hour);
  const minutes = descending(fields.minute);
  for (let back = 0; back < maxDaysBack; back += 1) {
    const day = dayBefore(today, back);
    if (!isDue(fields, day)) continue;
    for (const hour of hours) {
      for (const minute of minutes) {
        const slot = instantOf({ ...day, hour, minute }, timezone);
        if (slot <= now) return slot;
      }
    }
  }
  return null;
}

/**
 * The oldest slot after a moment; see {@link previousSlot}.
 * @returns null when no slot lies in the nine years after.
 */
export function nextSlot(fields: CronFields, timezone: string, after: Date): Date | null {
  const today = localTime(after, timezone);
  const hours = descending(fields.hour).toReversed();
  const minutes = descending(fields.minute).toReversed();
  for (let ahead = 0; ahead < maxDaysBack; ahead += 1) {
    const day = dayBefore(today, -ahead);
    if (!isDue(fields, day)) continue;
    for (const hour of hours) {
      for (const minute of minutes) {
        const slot = instantOf({ ...day, hour, minute }, timezone);
        if (slot > after) return slot;
      }
    }
  }
  return null;
}

function descending(values: readonly number[]): readonly number[] {
  return [...values].sort((a, b) => b - a);
}

/** The day so many days before; after it for a negative number. */
export function dayBefore(day: LocalDay, back: number): LocalDay {
  const date = new Date(Date.UTC(day.year, day.month - 1, day.day - back));
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

function isDue(fields: CronFields, { year, month, day }: LocalDay): boolean {
  if (!fields.month.includes(month)) return false;
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  if (!fields.dayOfMonth.some((value) => value === day || (value === "L" && day === last))) return false;
  const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
  const nth = Math.floor((day - 1) / 7) + 1;
  return fields.dayOfWeek.some((value) =>
    typeof value === "number" ? value === weekday : value.weekday === weekday && value.nth === nth,
  );
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: timezone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  });
  formats.set(timezone, format);
  return format;
}

/** What clocks in a zone show at a moment, to the minute. */
export function localTime(at: Date, timezone: string): LocalTime {
  const parts = new Map(
    formatOf(timezone)
      .formatToParts(at)
      .map((part) => [part.type, Number(part.value)]),
  );
  const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0;
  return {
    year: part("year"),
    month: part("month"),
    day: part("day"),
    hour: part("hour"),
    minute: part("minute"),
  };
}

function asIfUtc(time: LocalTime): number {
  return Date.UTC(time.year, time.month - 1, time.day, time.hour, time.minute);
}

/** How far clocks in a zone are ahead of UTC at a moment, ms. */
function offsetMs(atMs: number, timezone: string): number {
  const wholeMinute = Math.floor(atMs / minuteMs) * minuteMs;
  return asIfUtc(localTime(new Date(wholeMinute), timezone)) - wholeMinute;
}

/** The first moment at which clocks show a local time, or at which they jump over it. */
export function instantOf(time: LocalTime, timezone: string): Date {
  const wall = asIfUtc(time);
  const before = offsetMs(wall - dayMs, timezone);
  const after = offsetMs(wall + dayMs, timezone);
  const candidates = [wall - before, wall - after].filter((at) => at + offsetMs(at, timezone) === wall);
  return new Date(candidates.length > 0 ? Math.min(...candidates) : jumpBetween(wall - dayMs, wall + dayMs));

  function jumpBetween(from: number, to: number): number {
    let [low, high] = [from, to];
    while (high - low > minuteMs) {
      const middle = Math.floor((low + high) / 2 / minuteMs) * minuteMs;
      if (offsetMs(middle, timezone) === before) low = middle;
      else high = middle;
    }
    return high;
  }
}
