import { describe, expect, test } from "vitest";
import { type CronFields, isTimezone, localTime, previousSlot } from "../../../src/domain/digest/schedule.ts";

const every = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const always: CronFields = {
  minute: every(0, 59),
  hour: every(0, 23),
  dayOfMonth: every(1, 31),
  month: every(1, 12),
  dayOfWeek: every(0, 6),
};
const daily = (hour: number, minute: number): CronFields => ({ ...always, hour: [hour], minute: [minute] });

function slot(fields: CronFields, timezone: string, now: string): string | undefined {
  return previousSlot(fields, timezone, new Date(now))?.toISOString().replace(":00.000Z", "Z");
}

describe("ordinary days", () => {
  test.each([
    ["today once it has come", daily(8, 0), "UTC", "2026-03-04T08:00:00Z", "2026-03-04T08:00Z"],
    ["yesterday a moment before", daily(8, 0), "UTC", "2026-03-04T07:59:59Z", "2026-03-03T08:00Z"],
    [
      "in the zone of the schedule",
      daily(8, 0),
      "Europe/Berlin",
      "2026-01-04T07:30:00Z",
      "2026-01-04T07:00Z",
    ],
    ["east of the date line", daily(8, 0), "Pacific/Auckland", "2026-01-03T19:00:00Z", "2026-01-03T19:00Z"],
    ["with half-hour offsets", daily(8, 0), "Asia/Kolkata", "2026-01-04T03:00:00Z", "2026-01-04T02:30Z"],
    [
      "several times a day",
      { ...always, hour: [8, 20], minute: [15] },
      "UTC",
      "2026-03-04T21:00:00Z",
      "2026-03-04T20:15Z",
    ],
    [
      "on weekdays only",
      { ...daily(8, 0), dayOfWeek: every(1, 5) },
      "UTC",
      "2026-03-08T12:00:00Z",
      "2026-03-06T08:00Z",
    ],
    [
      "on the first of the month",
      { ...daily(8, 0), dayOfMonth: [1] },
      "UTC",
      "2026-03-31T12:00:00Z",
      "2026-03-01T08:00Z",
    ],
    [
      "on the last of the month",
      { ...daily(8, 0), dayOfMonth: ["L" as const] },
      "UTC",
      "2026-03-04T12:00:00Z",
      "2026-02-28T08:00Z",
    ],
    [
      "on the first Monday",
      { ...daily(8, 0), dayOfWeek: [{ weekday: 1, nth: 1 }] },
      "UTC",
      "2026-03-31T12:00:00Z",
      "2026-03-02T08:00Z",
    ],
    [
      "on both a day of the month and of the week",
      { ...daily(8, 0), dayOfMonth: [13], dayOfWeek: [5] },
      "UTC",
      "2026-10-31T12:00:00Z",
      "2026-03-13T08:00Z",
    ],
    [
      "on 29 February, years back",
      { ...daily(0, 0), dayOfMonth: [29], month: [2] },
      "UTC",
      "2027-12-31T12:00:00Z",
      "2024-02-29T00:00Z",
    ],
  ])("%s", (_name, fields, timezone, now, expected) => {
    expect(slot(fields, timezone, now)).toBe(expected);
  });

  test("a day that never comes has no slot", () => {
    expect(previousSlot({ ...daily(0, 0), dayOfMonth: [31], month: [2] }, "UTC", new Date())).toBeNull();
  });
});

// Berlin: clocks jump from 02:00 to 03:00 at 01:00 UTC on 29 March 2026.
describe("when clocks jump forward", () => {
  test.each([
    ["a skipped time happens as the clocks jump", daily(2, 30), "2026-03-29T01:00:00Z", "2026-03-29T01:00Z"],
    ["and not before", daily(2, 30), "2026-03-29T00:59:59Z", "2026-03-28T01:30Z"],
    ["and once", daily(2, 30), "2026-03-29T12:00:00Z", "2026-03-29T01:00Z"],
    ["the day after is as ever", daily(2, 30), "2026-03-30T12:00:00Z", "2026-03-30T00:30Z"],
    ["a time after the jump has its new offset", daily(8, 0), "2026-03-29T12:00:00Z", "2026-03-29T06:00Z"],
    ["a time before it its old one", daily(1, 30), "2026-03-29T12:00:00Z", "2026-03-29T00:30Z"],
    ["quarters go on", { ...always, minute: [0, 15, 30, 45] }, "2026-03-29T01:20:00Z", "2026-03-29T01:15Z"],
  ])("%s", (_name, fields, now, expected) => {
    expect(slot(fields, "Europe/Berlin", now)).toBe(expected);
  });

  test("midnight may be skipped too", () => {
    // Cairo: 24 April 2026, 00:00 becomes 01:00 at 22:00 UTC the evening before.
    expect(slot(daily(0, 30), "Africa/Cairo", "2026-04-24T12:00:00Z")).toBe("2026-04-23T22:00Z");
  });

  test("half an hour may be all that is skipped", () => {
    // Lord Howe: 4 October 2026, 02:00 becomes 02:30 at 15:30 UTC the day before.
    expect(slot(daily(2, 15), "Australia/Lord_Howe", "2026-10-04T12:00:00Z")).toBe("2026-10-03T15:30Z");
  });
});

// Berlin: clocks go back from 03:00 to 02:00 at 01:00 UTC on 25 October 2026.
describe("when clocks go back", () => {
  test.each([
    ["a repeated time happens the first time", daily(2, 30), "2026-10-25T00:30:00Z", "2026-10-25T00:30Z"],
    ["and not again", daily(2, 30), "2026-10-25T01:45:00Z", "2026-10-25T00:30Z"],
    ["the day after is as ever", daily(2, 30), "2026-10-26T12:00:00Z", "2026-10-26T01:30Z"],
    ["a time after it has its new offset", daily(8, 0), "2026-10-25T12:00:00Z", "2026-10-25T07:00Z"],
  ])("%s", (_name, fields, now, expected) => {
    expect(slot(fields, "Europe/Berlin", now)).toBe(expected);
  });
});

test.each(["Europe/Berlin", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe", "America/Santiago"])(
  "a daily schedule in %s has one slot for each day of a year, in order",
  (timezone) => {
    const slots = new Set<number>();
    let last = 0;
    const end = Date.UTC(2027, 0, 1);
    for (let now = Date.UTC(2026, 0, 1); now < end; now += 5 * 3_600_000) {
      const found = previousSlot(daily(2, 30), timezone, new Date(now))?.getTime() ?? 0;
      expect(found).toBeLessThanOrEqual(now);
      expect(found).toBeGreaterThanOrEqual(last);
      last = found;
      slots.add(found);
    }
    expect(slots.size).toBeGreaterThanOrEqual(365);
    expect(slots.size).toBeLessThanOrEqual(366);
  },
);

test("zones are known by their IANA names", () => {
  expect(isTimezone("Europe/Berlin")).toBe(true);
  expect(isTimezone("Europe/Nowhere")).toBe(false);
  expect(localTime(new Date("2026-07-01T00:05:00Z"), "America/New_York")).toEqual({
    year: 2026,
    month: 6,
    day: 30,
    hour: 20,
    minute: 5,
  });
});
