import { describe, expect, test } from "vitest";
import {
  isOver,
  type MaintenanceSchedule,
  nextOccurrence,
  occurrenceAt,
  parseClock,
  parseDays,
  scheduleText,
} from "../../../src/domain/suppression/maintenance.ts";

const berlin = "Europe/Berlin";

function weekly(days: string, from: string, to: string, timezone = berlin): MaintenanceSchedule {
  const numbers = parseDays(days);
  const [fromMinute, toMinute] = [parseClock(from), parseClock(to)];
  if (numbers === null || fromMinute === null || toMinute === null) throw new Error("the test is wrong");
  return { kind: "weekly", days: numbers, fromMinute, toMinute, timezone };
}

/** "HH:MM to HH:MM" in UTC of the occurrence at a moment, or null. */
function at(schedule: MaintenanceSchedule, moment: string): string | null {
  const found = occurrenceAt(schedule, new Date(moment));
  if (found === null) return null;
  const [from, to] = [found.from.toISOString(), found.to.toISOString()];
  return `${from.slice(5, 16)} to ${to.slice(5, 16)}`;
}

describe("a weekly window", () => {
  test("is under way between its clock times in its zone, its end excluded", () => {
    const window = weekly("mon-fri", "02:00", "04:00");
    expect(at(window, "2026-03-02T00:59:59Z")).toBeNull();
    expect(at(window, "2026-03-02T01:00:00Z")).toBe("03-02T01:00 to 03-02T03:00");
    expect(at(window, "2026-03-02T02:59:59Z")).not.toBeNull();
    expect(at(window, "2026-03-02T03:00:00Z")).toBeNull();
    // A Sunday.
    expect(at(window, "2026-03-01T01:30:00Z")).toBeNull();
  });

  test("that ends before it begins ends on the next day, also when that is not named", () => {
    const window = weekly("sat", "23:00", "01:00", "UTC");
    expect(at(window, "2026-03-01T00:30:00Z")).toBe("02-28T23:00 to 03-01T01:00");
    expect(at(window, "2026-03-01T23:30:00Z")).toBeNull();
  });

  test("may last until midnight", () => {
    expect(at(weekly("sun", "22:00", "24:00", "UTC"), "2026-03-01T23:59:00Z")).toBe(
      "03-01T22:00 to 03-02T00:00",
    );
  });

  // In Berlin clocks jump from 02:00 to 03:00 on 2026-03-29 at 01:00 UTC, and back from 03:00 to 02:00 on 2026-10-25.
  test("that the spring change swallows whole lasts as long as on other days, from the change on", () => {
    const window = weekly("daily", "02:00", "03:00");
    expect(at(window, "2026-03-28T01:30:00Z")).toBe("03-28T01:00 to 03-28T02:00");
    expect(at(window, "2026-03-29T00:59:00Z")).toBeNull();
    expect(at(window, "2026-03-29T01:00:00Z")).toBe("03-29T01:00 to 03-29T02:00");
    expect(at(window, "2026-03-29T02:00:00Z")).toBeNull();
    expect(at(window, "2026-03-30T00:30:00Z")).toBe("03-30T00:00 to 03-30T01:00");
  });

  test.each([
    ["a part of it is skipped", "01:30", "02:30", "03-29T00:30 to 03-29T01:00"],
    ["it contains the change", "01:00", "04:00", "03-29T00:00 to 03-29T02:00"],
    ["it begins in the skipped hour", "02:30", "04:00", "03-29T01:00 to 03-29T02:00"],
  ])("on the day of the spring change when %s", (_, from, to, expected) => {
    expect(at(weekly("sun", from, to), `2026-${expected.slice(0, 11)}:30Z`)).toBe(expected);
  });

  test.each([
    ["the hour that comes twice is all of it", "02:00", "03:00", "10-25T00:00 to 10-25T02:00"],
    ["it ends in that hour, which counts the first time", "01:30", "02:30", "10-24T23:30 to 10-25T00:30"],
    ["it contains the change", "01:00", "04:00", "10-24T23:00 to 10-25T03:00"],
  ])("on the day of the autumn change when %s", (_, from, to, expected) => {
    expect(at(weekly("sun", from, to), `2026-${expected.slice(0, 11)}:30Z`)).toBe(expected);
  });

  test("comes next on its next day", () => {
    const window = weekly("sun", "02:00", "04:00");
    expect(nextOccurrence(window, new Date("2026-03-22T01:00:00Z"))?.from.toISOString()).toBe(
      "2026-03-29T01:00:00.000Z",
    );
  });
});

describe("a window by cron", () => {
  const fields = {
    minute: [0],
    hour: [2],
    dayOfMonth: Array.from({ length: 31 }, (_, index) => index + 1),
    month: Array.from({ length: 12 }, (_, index) => index + 1),
    dayOfWeek: [{ weekday: 2, nth: 2 }],
  };
  const window: MaintenanceSchedule = {
    kind: "cron",
    cron: "0 2 * * 2#2",
    fields,
    durationMs: 7_200_000,
    timezone: berlin,
  };

  test("lasts from its slot on", () => {
    expect(at(window, "2026-03-10T01:00:00Z")).toBe("03-10T01:00 to 03-10T03:00");
    expect(at(window, "2026-03-10T03:00:00Z")).toBeNull();
    expect(at(window, "2026-03-03T01:30:00Z")).toBeNull();
    expect(nextOccurrence(window, new Date("2026-03-10T01:00:00Z"))?.from.toISOString()).toBe(
      "2026-04-14T00:00:00.000Z",
    );
  });

  test("in the hour that a change skips begins with the change", () => {
    const daily: MaintenanceSchedule = { ...window, fields: { ...fields, dayOfWeek: [0] } };
    expect(at(daily, "2026-03-29T01:00:00Z")).toBe("03-29T01:00 to 03-29T03:00");
  });
});

test("a window that is once comes once", () => {
  const [from, to] = [new Date("2026-03-01T10:00:00Z"), new Date("2026-03-01T12:00:00Z")];
  const window: MaintenanceSchedule = { kind: "once", from, to };
  expect(occurrenceAt(window, from)).toEqual({ from, to });
  expect(occurrenceAt(window, to)).toBeNull();
  expect(nextOccurrence(window, from)).toBeNull();
  expect(nextOccurrence(window, new Date("2026-03-01T09:00:00Z"))).toEqual({ from, to });
  expect([isOver(window, from), isOver(window, to)]).toEqual([false, true]);
  expect(scheduleText(window)).toBe("once, 2026-03-01 10:00 UTC to 2026-03-01 12:00 UTC");
});

test.each([
  ["mon,wed", [1, 3]],
  ["Monday wednesday", [1, 3]],
  ["fri-mon", [0, 1, 5, 6]],
  ["daily", [0, 1, 2, 3, 4, 5, 6]],
  ["sun", [0]],
  ["someday", null],
  ["mo", null],
  ["", null],
])("days %j are %j", (text, expected) => {
  expect(parseDays(text)).toEqual(expected);
});

test.each([
  ["02:30", 150],
  ["24:00", 1440],
  ["24:01", null],
  ["2", null],
  ["12:60", null],
])("clock %j is minute %j", (text, expected) => {
  expect(parseClock(text)).toBe(expected);
});

test.each([
  [[1, 2, 3, 4, 5], "mon to fri"],
  [[0, 1, 2, 3, 4, 5, 6], "every day"],
  [[1, 2], "mon, tue"],
  [[1, 3, 5], "mon, wed, fri"],
  [[0], "sun"],
])("the days %j read %s", (days, text) => {
  const schedule = { kind: "weekly", days, fromMinute: 510, toMinute: 540, timezone: "UTC" } as const;
  expect(scheduleText(schedule)).toBe(`${text} 08:30 to 09:00 UTC`);
});
