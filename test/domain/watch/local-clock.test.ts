import { expect, test } from "vitest";
import { createLocalClock } from "../../../src/domain/watch/local-clock.ts";

test.each([
  ["UTC", "2026-03-29T01:00:30Z", "2026-03-29T01:00:30Z"],
  ["Europe/Berlin", "2026-03-28T12:00:30Z", "2026-03-28T13:00:30Z"],
  ["Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-29T01:59:59Z"],
  ["Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T03:00:00Z"],
  ["Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z"],
  ["Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"],
  ["America/New_York", "2026-01-01T03:00:00Z", "2025-12-31T22:00:00Z"],
  ["Asia/Kathmandu", "2026-06-01T20:00:00Z", "2026-06-02T01:45:00Z"],
  ["Australia/Lord_Howe", "2026-04-04T15:15:00Z", "2026-04-05T01:45:00Z"],
])("clocks in %s show at %s what they show, also on a day on which they change", (timezone, at, shown) => {
  const clock = createLocalClock(timezone);
  expect(clock(Date.parse(at))).toBe(Date.parse(shown));
  // From what it knows now.
  expect(clock(Date.parse(at))).toBe(Date.parse(shown));
});
