/** A database that most services call and that is down takes its callers along; see issue 3, the hub cap. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Alert, alertKey } from "../../../src/domain/alert.ts";
import type { Observation } from "../../../src/domain/clustering/correlation.ts";
import { createCorrelator } from "../../../src/domain/clustering.ts";
import { shippedWeights } from "../../../src/domain/weights.ts";
import { noon, observe, partitionOf, runThrough, sketchAlert } from "../learning/judgement-build.ts";

/** Fifty applications of two services each, all of which call one database. */
const hub: Observation = {
  kind: "topology",
  topology: {
    edges: Array.from({ length: 50 }, (_, i): [string, string][] => [
      [`app-${i}`, "database"],
      [`front-${i}`, `app-${i}`],
    ]).flat(),
    services: [],
  },
};

function callers(count: number, from: number, labels: Readonly<Record<string, string>> = {}): Alert[] {
  return Array.from({ length: count }, (_, i) =>
    sketchAlert({ name: "HighErrorRate", service: `app-${i}`, at: from + i * 4, labels }),
  );
}

function databaseAt(at: number, labels: Readonly<Record<string, string>> = {}): Alert {
  return sketchAlert({ name: "PostgresDown", service: "database", at, labels });
}

/** With how many of some alerts the last of those of the database is. */
function companyOf(alerts: readonly Alert[], database: Alert): number {
  const inOrder = [...alerts, database].sort((a, b) => a.startsAt.getTime() - b.startsAt.getTime());
  const placed = runThrough(createCorrelator(), [hub, ...inOrder.map(observe)]);
  const home = placed.get(alertKey(database));
  return alerts.filter((alert) => placed.get(alertKey(alert)) === home).length;
}

describe("a hub that alerts", () => {
  test("has its callers that fail with it, and after it, however many they are", () => {
    expect(companyOf(callers(10, 5), databaseAt(0))).toBe(10);
    expect(companyOf(callers(25, 5), databaseAt(0))).toBe(25);
    expect(companyOf(callers(10, 5), databaseAt(20))).toBe(10);
  });

  test("has those with stories of their own, too", () => {
    const fronts = callers(5, 6).map((alert, i) =>
      sketchAlert({ name: "HighLatency", service: `front-${i}`, at: 7 + i * 4, summary: alert.summary }),
    );
    expect(companyOf([...callers(5, 6), ...fronts], databaseAt(0))).toBe(10);
  });

  test("does not have those that failed before it, whatever failed them", () => {
    expect(companyOf(callers(6, 0), databaseAt(80))).toBe(0);
  });

  test("nor those of another environment", () => {
    const staging = { environment: "staging" };
    expect(companyOf(callers(6, 5, { environment: "production" }), databaseAt(0, staging))).toBe(0);
  });

  test("nor any, where it alerts all day", () => {
    const often = Array.from({ length: 20 }, (_, i) => databaseAt(-72_000 + i * 3_500));
    expect(companyOf([...often, ...callers(6, 40)], databaseAt(0))).toBe(0);
  });

  test("the reason names the call", () => {
    const correlator = createCorrelator();
    const [database, caller] = [databaseAt(0), callers(1, 5)[0]];
    if (caller === undefined) throw new Error("no caller");
    const { placements } = correlator.observe([hub, observe(database), observe(caller)], new Date(noon));
    const reasons = placements.find(({ key }) => key === alertKey(caller))?.reasons ?? [];
    expect(reasons.find(({ signal }) => signal === "bridge:hub")).toEqual({
      signal: "bridge:hub",
      score: shippedWeights.clustering.bridge["hub"],
      because: "app-0 calls database, as much of the system does, which was in trouble itself by then",
    });
  });

  test("the order in which they arrive does not matter", () => {
    const row = fc.record({
      service: fc.constantFrom("database", "app-0", "front-0", "app-1", "front-1", "app-2", "app-3"),
      name: fc.constantFrom("HighErrorRate", "HighLatency", "PostgresDown"),
      at: fc.integer({ min: 0, max: 300 }),
      delay: fc.integer({ min: 0, max: 30 }),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 20 }), (rows) => {
        const unique = [...new Map(rows.map((sketch) => [alertKey(sketchAlert(sketch)), sketch])).values()];
        const told = (delayed: number) =>
          unique
            .toSorted((a, b) => a.at + delayed * a.delay - b.at - delayed * b.delay)
            .map((sketch) => observe(sketchAlert(sketch)));
        const [inOrder, shuffled] = [0, 1].map((delayed) =>
          partitionOf(runThrough(createCorrelator(), [hub, ...told(delayed)])),
        );
        expect(shuffled).toEqual(inOrder);
      }),
      { numRuns: 50 },
    );
  });
});
