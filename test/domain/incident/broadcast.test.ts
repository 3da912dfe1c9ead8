import { describe, expect, test } from "vitest";
import { entryView } from "../../../src/domain/incident/entry-view.ts";
import type { TimelineEntry } from "../../../src/domain/incident.ts";
import { at } from "../build.ts";

function isShownToAll(kind: TimelineEntry["kind"], data: TimelineEntry["data"] = {}): boolean {
  const entry = { id: 1, incidentId: 12, at: at(0), actor: "tocsin", text: "x", isPosted: true };
  return entryView({ ...entry, kind, data }, (person) => person).isBroadcast === true;
}

describe("a line of an incident's thread is shown to the whole channel", () => {
  test.each([
    ["it got worse", "severity_changed", { direction: "up" }],
    ["something else is suspected", "explained", { isNewCause: true }],
    ["it is over", "resolved", {}],
  ] as const)("when %s", (_name, kind, data) => {
    expect(isShownToAll(kind, data)).toBe(true);
  });

  test.each([
    ["it got better", "severity_changed", { direction: "down" }],
    ["an older line does not say which way", "severity_changed", {}],
    ["the same is only more certain", "explained", { isNewCause: false }],
    ["alerts joined", "joined", {}],
    ["somebody acknowledged", "acknowledged", {}],
    ["somebody wrote a note", "note", {}],
    ["it was escalated, which calls whom it concerns", "escalated", {}],
  ] as const)("but not when %s", (_name, kind, data) => {
    expect(isShownToAll(kind, data)).toBe(false);
  });
});

test.each([
  ["acknowledged by Ada", ""],
  ["given to Bo by Ada: watch the queue", ""],
  ["Ada: the vendor restarted it", ""],
  ["Ada splits off 2 alerts: Down on api", ""],
  ["Adalbert splits off 2 alerts", " · Ada"],
  ["merged with #13", " · Ada"],
  ["acknowledged by Adalbert", " · Ada"],
])("a line of the thread names who did it once: %s", (text, who) => {
  const entry = { id: 1, incidentId: 12, at: at(0), actor: "ada", isPosted: true } as const;
  const { summary } = entryView({ ...entry, kind: "note", data: {}, text }, () => "Ada");
  expect(summary).toBe(`incident 12: ${text}${who}`);
});

test("the times of a line are moments of the day of its incident", () => {
  const openedAt = new Date("2026-03-01T23:50:00Z");
  const text = "Now suspects the deploy of storefront at 23:40 UTC.";
  const entry = {
    id: 1,
    incidentId: 12,
    at: at(0),
    actor: "tocsin",
    kind: "explained",
    text,
    data: {},
  } as const;
  const [first] = entryView({ ...entry, isPosted: true }, () => "Ada", { incident: { openedAt } }).blocks;
  expect(first).toMatchObject({
    text: [{}, { text: "23:40 UTC", at: new Date("2026-03-01T23:40:00Z"), inSentence: "time" }, {}, {}],
  });
});
