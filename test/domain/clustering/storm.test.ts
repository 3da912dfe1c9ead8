/** More at once than a session weighs: every alert is placed all the same. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { alertKey } from "../../../src/domain/alert.ts";
import type { Correlator, Observation } from "../../../src/domain/clustering/correlation.ts";
import { createCorrelator } from "../../../src/domain/clustering.ts";
import { at, buildAlert } from "../build.ts";

const topology = { edges: [["web", "api"]], services: [] } as const;

function start(): Correlator {
  const correlator = createCorrelator({});
  correlator.observe([{ kind: "topology", topology }], at(-1));
  return correlator;
}

function alertsOf(
  count: number,
  minutesOf: (index: number) => number,
): Extract<Observation, { kind: "alert" }>[] {
  return Array.from({ length: count }, (_, index) => {
    const alert = buildAlert({ name: `Rule${index}`, service: "api", startsAt: at(minutesOf(index)) });
    return { kind: "alert", key: alertKey(alert), alert };
  });
}

describe("a storm in one part of the system", () => {
  test("of hundreds of alerts in one delivery is one incident, and every alert is in it", () => {
    const observations = alertsOf(300, () => 0);
    const { placements } = start().observe(observations, at(1));
    const last = new Map(placements.map((placement) => [placement.key, placement.incidentId]));
    expect(last.size).toBe(300);
    expect(new Set(last.values()).size).toBe(1);
  });

  test("an alert that began long before the others and arrives after them is placed", () => {
    const correlator = start();
    correlator.observe(
      alertsOf(100, (index) => 5 + index / 100),
      at(6),
    );
    const [late] = alertsOf(1, () => 4.9);
    if (late === undefined) throw new Error("no alert");
    const other = { ...late, alert: { ...late.alert, name: "Late" }, key: "late/2026-03-01T10:04:54.000Z" };
    const { placements } = correlator.observe([other], at(6.1));
    expect(placements.map((placement) => placement.key)).toContain(other.key);
    expect(placements.find((placement) => placement.key === other.key)?.reasons.length).toBeGreaterThan(0);
  });

  test("however many arrive, in whatever batches and order, each is placed and remembered", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            minute: fc.double({ min: 0, max: 20, noNaN: true }),
            service: fc.constantFrom("api", "web", "other", null),
          }),
          { minLength: 1, maxLength: 160 },
        ),
        fc.integer({ min: 1, max: 160 }),
        (list, size) => {
          const correlator = start();
          const seen = new Set<string>();
          const observations = list.map(({ minute, service }, index): Observation => {
            const alert = buildAlert({ name: `Rule${index}`, service, startsAt: at(minute) });
            return { kind: "alert", key: alertKey(alert), alert };
          });
          for (let from = 0; from < observations.length; from += size) {
            const { placements } = correlator.observe(observations.slice(from, from + size), at(21));
            for (const placement of placements) seen.add(placement.key);
          }
          for (const observation of observations) {
            if (observation.kind !== "alert") continue;
            expect(seen.has(observation.key)).toBe(true);
            expect(correlator.remembers(observation.key)).toBe(true);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test("of more services than are kept within a minute drops what began first, and counts it", () => {
    const correlator = createCorrelator({});
    for (let from = 0; from < 24_000; from += 2_000) {
      const observations = Array.from({ length: 2_000 }, (_, offset): Observation => {
        const index = from + offset;
        const alert = buildAlert({ service: `lone-${index}`, startsAt: at(index / 1_000_000) });
        return { kind: "alert", key: alertKey(alert), alert };
      });
      expect(correlator.observe(observations, at(1)).placements.length).toBeGreaterThanOrEqual(2_000);
    }
    const sizes = correlator.sizes();
    expect(sizes.sessions).toBeLessThanOrEqual(22_000);
    expect(correlator.leftOut().live_sessions).toBe(24_000 - sizes.sessions);
    expect(correlator.remembers(alertKey(buildAlert({ service: "lone-0", startsAt: at(0) })))).toBe(true);
  });
});
