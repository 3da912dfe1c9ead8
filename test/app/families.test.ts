import { describe, expect, test } from "vitest";
import { asChild, familyEvents, gainedFiring } from "../../src/app/families.ts";
import type { Correlation } from "../../src/domain/clustering/correlation.ts";
import type { Incident } from "../../src/domain/incident.ts";
import { at, buildIncident } from "../domain/build.ts";

const reasons = [
  { signal: "pairs", score: 4, because: "pair by pair they fit" },
  { signal: "bulk", score: -1, because: "both are large" },
  { signal: "root", score: -3, because: "its root is another" },
  { signal: "threshold", score: -5, because: "so much is needed" },
];

function correlation(over: Partial<Correlation> = {}): Correlation {
  const placements = ["x", "y"].map((key) => ({ key, incidentId: 9, previousIncidentId: 1, reasons }));
  return { placements, merges: [], splits: [{ from: 1, into: 9, reasons }], ...over };
}

function rowsOf(parent: Partial<Incident>): ReadonlyMap<number, Incident> {
  return new Map([[1, buildIncident({ id: 1, ...parent })]]);
}

describe("an incident that was split off", () => {
  const child = buildIncident({ id: 9 });

  test.each<[string, Partial<Incident>, Partial<Incident>]>([
    ["has its parent", {}, { parentId: 1, state: "open" }],
    ["belongs to the first of the family", { parentId: 4 }, { parentId: 4 }],
    [
      "is had by whoever has the parent",
      { state: "acknowledged", acknowledgedBy: "oncall", acknowledgedAt: at(3) },
      { state: "acknowledged", acknowledgedBy: "oncall", acknowledgedAt: at(3) },
    ],
    [
      "stays resolved when a person resolved the parent while its alerts fired",
      { state: "resolved", resolvedBy: "oncall", resolvedAt: at(3) },
      { state: "resolved", resolvedBy: "oncall", resolvedAt: at(3) },
    ],
  ])("%s", (_name, parent, expected) => {
    expect(asChild(child, correlation(), rowsOf(parent))).toMatchObject(expected);
  });

  test("is over when its own alerts are, whatever the parent is", () => {
    const over = buildIncident({ id: 9, state: "resolved", resolvedBy: "tocsin", resolvedAt: at(5) });
    const parent = rowsOf({ state: "acknowledged", acknowledgedBy: "oncall", acknowledgedAt: at(3) });
    expect(asChild(over, correlation(), parent)).toMatchObject({ state: "resolved", parentId: 1 });
  });

  test("one that nothing was split from has no parent", () => {
    expect(asChild(child, correlation({ splits: [] }), rowsOf({}))).toBe(child);
  });
});

test("both threads are told of a split, with what speaks most against its being one, and keep all reasons", () => {
  const told = correlation();
  expect(familyEvents(9, told)).toEqual([
    {
      kind: "split",
      text: "split from incident 1: its root is another",
      data: { from: 1, into: 9, reasons },
    },
  ]);
  expect(familyEvents(1, told)).toEqual([
    {
      kind: "split",
      text: "incident 9 split off with 2 alerts: its root is another",
      data: { from: 1, into: 9, reasons },
    },
  ]);
  expect(familyEvents(5, told)).toEqual([]);
});

test("the thread of an incident is told what went into it", () => {
  const told = correlation({ splits: [], merges: [{ from: 1, into: 9, reasons }] });
  expect(familyEvents(9, told)).toEqual([
    {
      kind: "merged",
      text: "incident 1 merged into this one: pair by pair they fit",
      data: { from: 1, into: 9, reasons },
    },
  ]);
  expect(familyEvents(1, told)).toEqual([]);
});

describe("firing alerts that come from elsewhere", () => {
  test.each<[string, Partial<Incident>, boolean, boolean]>([
    ["open an incident that was over", {}, true, true],
    ["do not, when they have ended", {}, false, false],
    ["do not, when a person resolved what they come from", { state: "resolved" }, true, false],
  ])("%s", (_name, from, isFiring, expected) => {
    expect(gainedFiring(9, correlation(), rowsOf(from), () => isFiring)).toBe(expected);
  });

  test("are not those that were there before, or that are new", () => {
    const here = (previousIncidentId: number | null) =>
      correlation({ placements: [{ key: "x", incidentId: 9, previousIncidentId, reasons }] });
    expect(gainedFiring(9, here(9), rowsOf({}), () => true)).toBe(false);
    expect(gainedFiring(9, here(null), rowsOf({}), () => true)).toBe(false);
  });
});
