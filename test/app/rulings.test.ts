import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { apart, together } from "../../commands/_groupings.ts";
import { createMemory, remember, type TriageMemory } from "../../src/app/triage/memory.ts";
import type { TrackedAlert } from "../../src/domain/alert/tracked.ts";
import type { Alert } from "../../src/domain/alert.ts";
import type { Ruling } from "../../src/domain/clustering/correlation.ts";
import { createCorrelator } from "../../src/domain/clustering.ts";
import { at, buildAlert, buildTracked } from "../domain/build.ts";
import { takeReports, takeRulings } from "./take.ts";

const nextId = 20;

/** A memory of alerts by incident, each named by its service; the correlator remembers only those in `remembered`. */
function memoryOf(groups: Readonly<Record<number, readonly string[]>>, remembered: readonly string[] = []) {
  const correlator = createCorrelator();
  correlator.restore({
    topology: { edges: [], services: [] },
    changes: [],
    alerts: [],
    rulings: [],
    nextIncidentId: nextId,
  });
  const known = new Set(remembered.map(keyOf));
  const memory = createMemory({ ...correlator, remembers: (key: string) => known.has(key) });
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

  test("comes to the alerts that the correlator remembers, whose places are its own business", () => {
    const memory = memoryOf({ 1: ["a"], 2: ["c", "d"] }, ["c"]);
    takeRulings(memory, [ruling("together", ["a"], ["c", "d"])], at(1));
    expect(groupsOf(memory)).toEqual({ 2: ["a", "c", "d"] });
  });

  test("moves the forgotten side when the other is remembered", () => {
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

describe("any sequence of corrections", () => {
  const services = ["api", "db", "web"] as const;
  const alertsOf = services.flatMap((service) =>
    ["Latency", "Errors", "Saturation"].map((name, index) =>
      buildAlert({ name, service, startsAt: at(index / 10) }),
    ),
  );
  type Blocks = Map<number, readonly TrackedAlert[]>;

  function blocksOf(memory: TriageMemory): Blocks {
    const blocks: Blocks = new Map();
    for (const tracked of [...memory.alerts.values()].sort((a, b) => (a.key < b.key ? -1 : 1)))
      blocks.set(tracked.incidentId, [...(blocks.get(tracked.incidentId) ?? []), tracked]);
    return blocks;
  }

  function partitionOf(blocks: Blocks): readonly string[] {
    return [...blocks.values()]
      .map((block) =>
        block
          .map(({ key }) => key)
          .sort()
          .join(" "),
      )
      .sort();
  }

  /** What a correction says, as rulings, and the partition that it asks for. */
  function correct(blocks: Blocks, [kind, a, b, c]: readonly [number, number, number, number]) {
    const ids = [...blocks.keys()].sort((x, y) => x - y);
    const from = ids[a % ids.length] ?? 0;
    const to = ids[b % ids.length] ?? 0;
    const [own, other] = [blocks.get(from) ?? [], blocks.get(to) ?? []];
    const wanted = new Map(blocks);
    if (kind === 0 && from !== to) {
      wanted.delete(to);
      wanted.set(from, [...own, ...other]);
      return { wanted, keeps: from, rulings: together(own, other, from) };
    }
    const leaving = own.filter((_alert, index) => ((c >> index) & 1) === 1);
    const staying = own.filter((alert) => !leaving.includes(alert));
    if (leaving.length === 0 || staying.length === 0) return null;
    wanted.set(from, staying);
    if (kind === 2 && from !== to) {
      wanted.set(to, [...other, ...leaving]);
      const rulings = [...together(other, leaving, to), ...apart(leaving, staying, from)];
      return { wanted, keeps: from, rulings };
    }
    wanted.set(-1, leaving);
    return {
      wanted,
      keeps: from,
      rulings: [...together(leaving, [], null), ...apart(leaving, staying, from)],
    };
  }

  test.each([
    ["while the correlator weighs the alerts", 0],
    ["long after it has let them go", 3],
  ])("ends in the grouping that was asked for last, %s", (_name, hours) => {
    const step = fc.tuple(fc.nat(2), fc.nat(20), fc.nat(20), fc.nat(511));
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const memory = createMemory(createCorrelator());
        const report = (alerts: readonly Alert[], now: Date) =>
          takeReports(
            memory,
            alerts.map((alert) => ({ alert, receivedAt: now })),
            { observations: [], settings: { silences: [], windows: [] }, now },
          );
        report(alertsOf, at(1));
        if (hours > 0)
          report(
            [buildAlert({ name: "Later", service: "elsewhere", startsAt: at(hours * 60) })],
            at(hours * 60),
          );
        const given: Ruling[] = [];
        for (const one of steps) {
          const correction = correct(blocksOf(memory), one);
          if (correction === null) continue;
          const rulingsNow = correction.rulings.map((ruling) => ({
            ...ruling,
            id: given.push({ ...ruling, id: 0 }),
          }));
          takeRulings(memory, rulingsNow, at(hours * 60 + 2));
          const now = blocksOf(memory);
          expect(partitionOf(now)).toEqual(partitionOf(correction.wanted));
          const kept = correction.wanted.get(correction.keeps) ?? [];
          expect(
            now
              .get(correction.keeps)
              ?.map(({ key }) => key)
              .sort(),
          ).toEqual(kept.map(({ key }) => key).sort());
        }
      }),
      { numRuns: 40 },
    );
  });
});
