/** What an iCalendar says of one moment. */
import type ical from "ical.js";
import { instantOf, isTimezone } from "../../../domain/digest/schedule.ts";
import type { CalendarEntry } from "../../../domain/people/calendar-person.ts";

type Component = InstanceType<typeof ical.Component>;
type Event = InstanceType<typeof ical.Event>;
type Time = InstanceType<typeof ical.Time>;

/** Occurrences of one event that are walked through; a daily one reaches 50 years. */
const maxOccurrences = 20_000;
const maxEvents = 5_000;

interface Entry extends CalendarEntry {
  readonly startMs: number;
}

/**
 * Entries that cover a moment, by their start; recurring events, exceptions to them and cancelled ones are heeded.
 * @param text - an iCalendar (RFC 5545).
 * @param timezone - of times that name none, and of whole days; IANA.
 * @throws Error when the text is no calendar.
 */
export async function entriesAt(
  text: string,
  moment: Date,
  timezone: string,
): Promise<readonly CalendarEntry[]> {
  const { default: icalendar } = await import("ical.js");
  const root = new icalendar.Component(icalendar.parse(text));
  if (root.name !== "vcalendar") throw new Error(`the outermost part is "${root.name}", not "vcalendar"`);
  const parts = root.getAllSubcomponents("vevent").slice(0, maxEvents);
  const exceptions = parts.filter((part) => part.hasProperty("recurrence-id"));
  const found: Entry[] = [];
  for (const part of parts) {
    if (part.hasProperty("recurrence-id")) continue;
    const uid = part.getFirstPropertyValue("uid");
    const own = exceptions.filter((exception) => exception.getFirstPropertyValue("uid") === uid);
    found.push(...occurrencesAt(new icalendar.Event(part, { exceptions: own }), { own, moment, timezone }));
  }
  return found.toSorted((a, b) => a.startMs - b.startMs);
}

function occurrencesAt(
  event: Event,
  asked: { readonly own: readonly Component[]; readonly moment: Date; readonly timezone: string },
): readonly Entry[] {
  const { moment, timezone } = asked;
  const found: Entry[] = [];
  const consider = (item: Event, start: Time, end: Time) => {
    const [startMs, endMs] = [instant(start, timezone), instant(end, timezone)];
    if (startMs > moment.getTime() || endMs <= moment.getTime() || isCancelled(item.component)) return;
    found.push({ startMs, ...entryOf(item.component) });
  };
  if (!event.isRecurring()) {
    consider(event, event.startDate, event.endDate);
    return found;
  }
  // An exception may lie far from the occurrence that it replaces, so the walk goes on past the moment by their reach.
  const reachMs = Math.max(0, ...asked.own.map((exception) => movedByMs(exception, timezone)));
  const steps = event.iterator();
  for (let count = 0; count < maxOccurrences; count += 1) {
    const next = steps.next();
    if (next === undefined || next === null) break;
    if (instant(next, timezone) > moment.getTime() + reachMs) break;
    const { item, startDate, endDate } = event.getOccurrenceDetails(next);
    consider(item, startDate, endDate);
  }
  return found;
}

/** How much earlier than its usual time an exception takes place, ms. */
function movedByMs(exception: Component, timezone: string): number {
  const usual = exception.getFirstPropertyValue("recurrence-id");
  const moved = exception.getFirstPropertyValue("dtstart");
  return isTime(usual) && isTime(moved) ? instant(usual, timezone) - instant(moved, timezone) : 0;
}

function isTime(value: unknown): value is Time {
  return typeof value === "object" && value !== null && "toUnixTime" in value;
}

/** By our own zones where the calendar names one that the runtime knows; those it brings along may be out of date. */
function instant(time: Time, timezone: string): number {
  const { tzid } = time.zone ?? { tzid: "floating" };
  if (tzid === "UTC" || tzid === "Z") return time.toUnixTime() * 1000;
  const { year, month, day, hour, minute, second, isDate } = time;
  const clock = isDate ? { hour: 0, minute: 0 } : { hour, minute };
  const known = tzid === "floating" || isDate ? timezone : isTimezone(tzid) ? tzid : null;
  if (known === null) return time.toUnixTime() * 1000;
  return instantOf({ year, month, day, ...clock }, known).getTime() + (isDate ? 0 : second * 1000);
}

function isCancelled(part: Component): boolean {
  return String(part.getFirstPropertyValue("status") ?? "").toUpperCase() === "CANCELLED";
}

function entryOf(part: Component): CalendarEntry {
  const attendees = part.getAllProperties("attendee").flatMap((property) => {
    const address = String(property.getFirstValue() ?? "").replace(/^mailto:/i, "");
    const name = property.getFirstParameter("cn");
    return [address, ...(typeof name === "string" ? [name] : [])];
  });
  return { summary: String(part.getFirstPropertyValue("summary") ?? ""), attendees };
}
