import { describe, expect, test } from "vitest";
import { takeRulings } from "../../src/app/rulings.ts";
import { createMemory, remember, type TriageMemory } from "../../src/app/triage-memory.ts";
import { createCorrelator } from "../../src/domain/clustering.ts";
import type { Ruling } from "../../src/domain/correlation.ts";
import { at, buildTracked } from "../domain/build.ts";

const nextId = 20;

/** A memory of alerts by incident, each named by its service; the correlator weighs only those in `weighed`. */
function memoryOf(groups: Readonly<Record<number, readonly string[]>>, weighed: readonly string[] = []) {
  const correlator = createCorrelator();
  correlator.restore({
    topology: { edges: [], services: [] },
    changes: [],
    alerts: [],
    rulings: [],
    nextIncidentId: nextId,
  });
  const heavy = new Set(weighed.map(keyOf));
  const memory = createMemory({ ...correlator, weighs: (key) => heavy.has(key) });
  for (const [id, services] of Object.entries(groups))
    for (const service of services) remember(memory, buildTracked({ service }, { incidentId: Number(id) }));
  return memory;
}

function keyOf(service: string): string {
  return buildTracked({ service }).key;
}

function groupsOf(memory: TriageMemory): Record<number, readonly string[]> {
  const groups: Record<number, string[]> = {};
  for (const { alert, incidentId } of memory.alerts.values())
    groups[incidentId] = [...(groups[incidentId] ?? []), alert.service ?? ""].sort();
  return groups;
}

let rulings = 0;
function ruling(kind: Ruling["kind"], left: readonly string[], right: readonly string[]): Ruling {
  rulings += 1;
  return { id: rulings, kind, left: left.map(keyOf), right: right.map(keyOf) };
}

describe("a ruling on alerts that the correlator has forgotten", () => {
  test("brings two incidents together and says which went into which", () => {
    const memory = memoryOf({ 1: ["a", "b"], 2: ["c", "d"] });
    const movement = takeRulings(memory, [ruling("together", ["a", "b"], ["c", "d"])], at(1));
    expect(groupsOf(memory)).toEqual({ 1: ["a", "b", "c", "d"] });
    expect(movement.correlation.merges).toMatchObject([{ from: 2, into: 1 }]);
    expect([...movement.alerts.keys()].sort()).toEqual([keyOf("c"), keyOf("d")].sort());
    expect([...movement.touched].sort()).toEqual([1, 2]);
    expect(memory.alerts.get(keyOf("c"))?.reasons).toMatchObject([{ signal: "ruling" }]);
  });

  test("takes alerts out into an incident of their own", () => {
    const memory = memoryOf({ 1: ["a", "b", "c"] });
    const movement = takeRulings(
      memory,
      [ruling("apart", ["a", "b"], ["c"]), ruling("together", ["a", "b"], [])],
      at(1),
    );
    expect(groupsOf(memory)).toEqual({ 1: ["c"], [nextId]: ["a", "b"] });
    expect(movement.correlation.splits).toMatchObject([{ from: 1, into: nextId }]);
    expect(memory.correlator.nextIncidentId()).toBe(nextId + 1);
  });

  test("moves one alert from one incident to another without a new number", () => {
    const memory = memoryOf({ 1: ["a", "b"], 2: ["c"] });
    const movement = takeRulings(
      memory,
      [ruling("together", ["c"], ["a"]), ruling("apart", ["a"], ["b"])],
      at(1),
    );
    expect(groupsOf(memory)).toEqual({ 1: ["b"], 2: ["a", "c"] });
    expect(movement.correlation.splits).toEqual([]);
    expect(movement.correlation.merges).toEqual([]);
    expect(memory.correlator.nextIncidentId()).toBe(nextId);
  });

  test("comes to the alerts that the correlator still weighs, whose places are its own business", () => {
    const memory = memoryOf({ 1: ["a"], 2: ["c", "d"] }, ["c"]);
    takeRulings(memory, [ruling("together", ["a"], ["c", "d"])], at(1));
    expect(groupsOf(memory)).toEqual({ 2: ["a", "c", "d"] });
  });

  test("moves the forgotten side when the other is weighed", () => {
    const memory = memoryOf({ 1: ["a", "b", "c"] }, ["a"]);
    takeRulings(memory, [ruling("apart", ["a"], ["b", "c"])], at(1));
    expect(groupsOf(memory)).toEqual({ 1: ["a"], [nextId]: ["b", "c"] });
  });

  test("follows its own side where the correlator has put it", () => {
    const memory = memoryOf({ 1: ["b", "c"], 7: ["a"] }, ["a", "c"]);
    takeRulings(memory, [ruling("apart", ["a", "b"], ["c"])], at(1));
    expect(groupsOf(memory)).toEqual({ 1: ["c"], 7: ["a", "b"] });
  });

  test("the newer of two that contradict one another counts", () => {
    const memory = memoryOf({ 1: ["a"], 2: ["b"] });
    takeRulings(memory, [ruling("together", ["a"], ["b"]), ruling("apart", ["a"], ["b"])], at(1));
    expect(groupsOf(memory)).toEqual({ 1: ["b"], [nextId]: ["a"] });
  });

  test("passes over alerts that nobody knows, and alerts that are where they should be", () => {
    const memory = memoryOf({ 1: ["a", "b"] });
    const movement = takeRulings(
      memory,
      [
        ruling("together", ["a"], ["b", "x"]),
        ruling("apart", ["y"], ["a"]),
        ruling("together", ["x"], ["y"]),
      ],
      at(1),
    );
    expect(groupsOf(memory)).toEqual({ 1: ["a", "b"] });
    expect(movement.alerts.size).toBe(0);
  });
});
