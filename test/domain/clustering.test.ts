import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { alertKey } from "../../src/domain/alert.ts";
import { correlatorSizes, type Observation } from "../../src/domain/clustering/correlation.ts";
import { createCorrelator } from "../../src/domain/clustering.ts";
import { groupingLimits, knowledgeLimits } from "../../src/domain/limits.ts";
import {
  type AlertSketch,
  follow,
  noon,
  observe,
  partitionOf,
  runThrough,
  sketchAlert,
  sketchChange,
  twoShops,
} from "./learning/judgement-build.ts";

const topology: Observation = { kind: "topology", topology: twoShops };

function place(sketches: readonly AlertSketch[], withTopology = true) {
  const alerts = sketches.map(sketchAlert);
  const placed = runThrough(createCorrelator(), [
    ...(withTopology ? [topology] : []),
    ...alerts.map(observe),
  ]);
  return alerts.map((alert) => placed.get(alertKey(alert)));
}

describe("what belongs together", () => {
  test("alerts of one application that begin together are one incident", () => {
    const [web, cart, stock] = place([
      { service: "web-a", at: 0 },
      { service: "cart-a", at: 1 },
      { service: "stock-a", at: 2 },
    ]);
    expect(cart).toBe(web);
    expect(stock).toBe(web);
  });

  test("alerts of two applications that begin a minute apart are two incidents", () => {
    const ids = place([
      { service: "web-a", at: 0 },
      { service: "cart-a", at: 1 },
      { service: "web-b", at: 61 },
      { service: "cart-b", at: 62 },
    ]);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[3]).toBe(ids[2]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  test("an alert long after the others have ended is a new incident", () => {
    const [first, second] = place([
      { service: "web-a", at: 0, end: 60 },
      { service: "web-a", at: 1_800 },
    ]);
    expect(second).not.toBe(first);
  });

  test("alerts that name no service and share nothing stay apart", () => {
    const ids = place([
      { name: "OneThing", service: null, at: 0 },
      { name: "AnotherThing", service: null, at: 100 },
    ]);
    expect(ids[0]).not.toBe(ids[1]);
  });

  test("a service outside the topology joins what begins at the same moment on an otherwise quiet system", () => {
    const ids = place([
      { service: "web-a", at: 0 },
      { service: "cart-a", at: 0 },
      { service: "stock-a", at: 1 },
      { service: "lone", at: 1 },
    ]);
    expect(ids[3]).toBe(ids[0]);
  });

  test.each([{ source: "prometheus" }, { client: "default" }, { upstream: "unknown" }])(
    "services that share nothing but %j are incidents of their own from the first day on",
    (labels) => {
      const sketches = [
        { service: "billing", name: "HighLatency", at: 0, labels },
        { service: "wiki", name: "QueueFull", at: 50, labels },
        { service: "mail", name: "JobFailed", at: 90, labels },
      ];
      expect(new Set(place(sketches, false)).size).toBe(3);
    },
  );

  test("a service outside the topology does not when the scope labels differ", () => {
    const ids = place([
      { service: "web-a", at: 0, labels: { namespace: "a" } },
      { service: "cart-a", at: 0, labels: { namespace: "a" } },
      { service: "stock-a", at: 1, labels: { namespace: "a" } },
      { service: "lone", at: 1, labels: { namespace: "other" } },
    ]);
    expect(ids[3]).not.toBe(ids[0]);
  });

  test.each(["environment", "env", "cluster", "region"])(
    "two copies of one application, told apart by %s, are two incidents",
    (label) => {
      const ids = place([
        { service: "cart-a", at: 0, labels: { [label]: "one" } },
        { service: "stock-a", at: 1, labels: { [label]: "one" } },
        { service: "cart-a", at: 40, labels: { [label]: "two" } },
        { service: "web-a", at: 41, labels: { [label]: "two" } },
      ]);
      expect(ids[1]).toBe(ids[0]);
      expect(ids[3]).toBe(ids[2]);
      expect(ids[2]).not.toBe(ids[0]);
    },
  );

  test.each(["tenant", "namespace"])(
    "within one application, services of each %s are one system",
    (label) => {
      const ids = place([
        { service: "cart-a", at: 0, labels: { [label]: "one" } },
        { service: "web-a", at: 1, labels: { [label]: "two" } },
      ]);
      expect(ids[1]).toBe(ids[0]);
    },
  );

  test("a database that everything calls does not join everything", () => {
    const edges = Array.from({ length: 60 }, (_, i): [string, string] => [`app-${i}`, "database"]);
    const hub: Observation = { kind: "topology", topology: { edges, services: [] } };
    const alerts = [0, 1, 2, 3].map((i) => sketchAlert({ service: `app-${i}`, at: i * 40 }));
    const placed = runThrough(createCorrelator(), [hub, ...alerts.map(observe)]);
    expect(new Set(placed.values()).size).toBe(4);
  });

  test("two services with causes of their own, minutes apart, are two stories in one application", () => {
    const edges = ["pay", "mail", "ship"].flatMap((leaf): [string, string][] => [
      ["front", leaf],
      [leaf, `${leaf}-store`],
    ]);
    const shop: Observation = { kind: "topology", topology: { edges, services: [] } };
    const sizes = { annotations: { value: "95", baseline: "10" } };
    const alerts = [
      sketchAlert({ name: "HighCPU", service: "pay-store", at: 0, end: 50, ...sizes }),
      sketchAlert({ name: "HighMemory", service: "pay-store", at: 1, end: 50, ...sizes }),
      sketchAlert({ name: "HighLatency", service: "pay", at: 1, end: 50 }),
      sketchAlert({ name: "NetworkErrors", service: "mail-store", at: 110, ...sizes }),
      sketchAlert({ name: "HighCPU", service: "mail-store", at: 111, ...sizes }),
      sketchAlert({ name: "HighLatency", service: "mail", at: 111 }),
    ];
    const placed = runThrough(createCorrelator(), [shop, ...alerts.map(observe)]);
    const ids = alerts.map((alert) => placed.get(alertKey(alert)));
    expect(new Set(ids.slice(0, 3)).size).toBe(1);
    expect(new Set(ids.slice(3)).size).toBe(1);
    expect(ids[3]).not.toBe(ids[0]);
  });
});

describe("numbers and news", () => {
  test("every alert is placed once, with reasons in plain sentences", () => {
    const correlator = createCorrelator();
    correlator.observe([topology], new Date(noon));
    const first = correlator.observe([observe(sketchAlert({ service: "web-a", at: 0 }))], new Date(noon));
    expect(first.placements).toMatchObject([{ incidentId: 1, previousIncidentId: null }]);
    expect(first.placements[0]?.reasons[0]?.signal).toBe("alone");
    const second = correlator.observe(
      [observe(sketchAlert({ service: "cart-a", at: 1 }))],
      new Date(noon + 2_000),
    );
    expect(second.placements).toMatchObject([{ incidentId: 1, previousIncidentId: null }]);
    const reasons = second.placements[0]?.reasons ?? [];
    expect(reasons.map((reason) => reason.signal)).toContain("topology");
    expect(reasons.find((reason) => reason.signal === "topology")?.because).toContain(
      "web-a and cart-a are one call apart",
    );
    expect(correlator.nextIncidentId()).toBe(2);
  });

  test("a repeat and a resolve of a known alert place nothing", () => {
    const correlator = createCorrelator();
    const alert = sketchAlert({ service: "web-a", at: 0 });
    correlator.observe([observe(alert)], new Date(noon));
    expect(correlator.observe([observe(alert)], new Date(noon)).placements).toEqual([]);
    const resolved = sketchAlert({ service: "web-a", at: 0, end: 60 });
    expect(correlator.observe([observe(resolved)], new Date(noon + 60_000)).placements).toEqual([]);
  });

  test("a bridge between two incidents merges them into the larger one and announces it", () => {
    const correlator = createCorrelator();
    const alerts = [
      sketchAlert({ service: "web-a", at: 0 }),
      sketchAlert({ service: "cart-a", at: 0 }),
      sketchAlert({ service: "web-b", at: 1 }),
    ];
    const placed = new Map<string, number>();
    const apart: Observation = {
      kind: "topology",
      topology: {
        edges: [
          ["web-a", "cart-a"],
          ["web-b", "cart-b"],
        ],
        services: [],
      },
    };
    follow(placed, correlator.observe([apart, ...alerts.map(observe)], new Date(noon)));
    expect(new Set(placed.values()).size).toBe(2);
    const joined: Observation = {
      kind: "topology",
      topology: {
        edges: [
          ["web-a", "cart-a"],
          ["cart-a", "web-b"],
        ],
        services: [],
      },
    };
    const result = correlator.observe([joined], new Date(noon + 5_000));
    follow(placed, result);
    expect(new Set(placed.values())).toEqual(new Set([1]));
    expect(result.merges).toMatchObject([{ from: 2, into: 1 }]);
    expect(result.placements).toMatchObject([{ incidentId: 1, previousIncidentId: 2 }]);
  });
});

describe("reasons", () => {
  /** The last reasons that each alert got, by its name. */
  function reasonsOf(sketches: readonly AlertSketch[]) {
    const correlator = createCorrelator();
    correlator.observe([topology], new Date(noon));
    const said = new Map<string, { readonly signals: readonly string[]; readonly first: string }>();
    for (const alert of sketches.map(sketchAlert))
      for (const { key, reasons } of correlator.observe([observe(alert)], alert.startsAt).placements)
        said.set(key, { signals: reasons.map(({ signal }) => signal), first: reasons[0]?.because ?? "" });
    return sketches.map((sketch) => said.get(alertKey(sketchAlert(sketch))));
  }

  test("an alert that fits, but is put out as a stray, is told so", () => {
    const [early, late] = reasonsOf([
      { service: "cart-a", name: "HighLatency", at: 0 },
      { service: "web-a", name: "HighLatency", at: 70 },
    ]);
    expect([early?.signals, late?.signals]).toContainEqual(["stray"]);
    expect([early?.first, late?.first].join()).toMatch(
      /it fits HighLatency on \S+ \(\+\d\.\d\), but one of them may as well fire by itself/,
    );
  });
});

const services = ["web-a", "cart-a", "stock-a", "web-b", "cart-b", "stock-b", "lone", "stray"];
const storm = fc
  .array(
    fc.record({
      service: fc.constantFrom(...services),
      name: fc.constantFrom("HighLatency", "HighCPU", "ErrorLogBurst", "NetworkErrors"),
      at: fc.integer({ min: 0, max: 600 }),
      lasts: fc.integer({ min: 20, max: 300 }),
    }),
    { minLength: 2, maxLength: 24 },
  )
  .map((rows) => {
    const byKey = new Map(
      rows.map(({ service, name, at, lasts }) => {
        const alert = sketchAlert({ service, name, at, end: at + lasts });
        return [alertKey(alert), alert] as const;
      }),
    );
    return [...byKey.values()].sort((a, b) => a.startsAt.getTime() - b.startsAt.getTime());
  });

describe("invariants", () => {
  test("the final partition does not depend on the order of arrival within the settling window", () => {
    fc.assert(
      fc.property(
        storm,
        fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 24, maxLength: 24 }),
        (alerts, delays) => {
          const inOrder = runThrough(createCorrelator(), [topology, ...alerts.map(observe)]);
          const late = alerts
            .map((alert, i) => ({ alert, arrival: alert.startsAt.getTime() + (delays[i] ?? 0) }))
            .sort((a, b) => a.arrival - b.arrival);
          const shuffled = runThrough(createCorrelator(), [
            topology,
            ...late.map(({ alert }) => observe(alert)),
          ]);
          expect(partitionOf(shuffled)).toEqual(partitionOf(inOrder));
        },
      ),
      { numRuns: 150 },
    );
  });

  test("nor on when changes are told", () => {
    const places = fc.array(
      fc.record({ of: fc.integer({ min: 0, max: 23 }), told: fc.integer({ min: 0, max: 24 }) }),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(storm, places, (alerts, told) => {
        const changes = told.map(({ of }, index): Observation => {
          const alert = alerts[of % alerts.length];
          const at = new Date((alert?.startsAt.getTime() ?? noon) - 30_000 * (index + 1));
          return {
            kind: "change",
            change: sketchChange({ id: `change ${index}`, service: alert?.service ?? null, at }),
          };
        });
        const before = runThrough(createCorrelator(), [topology, ...changes, ...alerts.map(observe)]);
        const mixed: Observation[] = alerts.map(observe);
        for (const [index, change] of changes.entries())
          mixed.splice(Math.min(mixed.length, told[index]?.told ?? 0), 0, change);
        expect(partitionOf(runThrough(createCorrelator(), [topology, ...mixed]))).toEqual(
          partitionOf(before),
        );
      }),
      { numRuns: 150 },
    );
  });

  test("it does not depend on how observations are batched either", () => {
    fc.assert(
      fc.property(storm, fc.integer({ min: 1, max: 9 }), (alerts, size) => {
        const oneByOne = runThrough(createCorrelator(), [topology, ...alerts.map(observe)]);
        const correlator = createCorrelator();
        const batched = new Map<string, number>();
        follow(batched, correlator.observe([topology], new Date(noon)));
        for (let i = 0; i < alerts.length; i += size) {
          const batch = alerts.slice(i, i + size);
          follow(
            batched,
            correlator.observe(batch.map(observe), new Date((batch.at(-1)?.startsAt.getTime() ?? 0) + 1)),
          );
        }
        expect(partitionOf(batched)).toEqual(partitionOf(oneByOne));
      }),
      { numRuns: 100 },
    );
  });

  test("it does not depend on whether an end was known from the start or reported late", () => {
    const delays = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 24, maxLength: 24 });
    fc.assert(
      fc.property(storm, delays, (alerts, late) => {
        const known = runThrough(createCorrelator(), [topology, ...alerts.map(observe)]);
        const reports = alerts.flatMap((alert, index) => [
          { at: alert.startsAt.getTime(), alert: { ...alert, endsAt: null, status: "firing" as const } },
          { at: (alert.endsAt?.getTime() ?? 0) + (late[index] ?? 0) * 1_000, alert },
        ]);
        const correlator = createCorrelator();
        const reported = new Map<string, number>();
        follow(reported, correlator.observe([topology], new Date(noon)));
        for (const { at, alert } of reports.sort((a, b) => a.at - b.at))
          follow(reported, correlator.observe([observe(alert)], new Date(at + 1_000)));
        expect(partitionOf(reported)).toEqual(partitionOf(known));
      }),
      { numRuns: 150 },
    );
  });

  test("a restored correlator carries on like one that never stopped", () => {
    fc.assert(
      fc.property(storm, fc.integer({ min: 0, max: 24 }), (alerts, at) => {
        const before = alerts.slice(0, at);
        const after = alerts.slice(at);
        const running = createCorrelator();
        const placed = runThrough(running, [topology, ...before.map(observe)]);
        const restored = createCorrelator();
        restored.restore({
          topology: twoShops,
          changes: [],
          alerts: before.map((alert) => ({
            key: alertKey(alert),
            alert,
            incidentId: placed.get(alertKey(alert)) ?? 0,
          })),
          rulings: [],
          nextIncidentId: running.nextIncidentId(),
        });
        const expected = new Map(placed);
        const actual = new Map(placed);
        for (const alert of after) {
          const now = new Date(alert.startsAt.getTime() + 1_000);
          follow(expected, running.observe([observe(alert)], now));
          follow(actual, restored.observe([observe(alert)], now));
        }
        expect(actual).toEqual(expected);
        expect(restored.nextIncidentId()).toBe(running.nextIncidentId());
      }),
      { numRuns: 100 },
    );
  });

  test("merges and splits tell what became of incidents, with scored reasons", () => {
    let splits = 0;
    let merges = 0;
    fc.assert(
      fc.property(storm, (alerts) => {
        const correlator = createCorrelator();
        const placed = new Map<string, number>();
        follow(placed, correlator.observe([topology], new Date(noon)));
        for (const alert of alerts) {
          const before = new Set(placed.values());
          const result = correlator.observe([observe(alert)], new Date(alert.startsAt.getTime() + 1_000));
          follow(placed, result);
          const after = new Set(placed.values());
          const isMoved = (from: number, into: number) =>
            result.placements.some((move) => move.previousIncidentId === from && move.incidentId === into);
          for (const { from, into, reasons } of result.merges) {
            expect([before.has(from), after.has(from), isMoved(from, into)]).toEqual([true, false, true]);
            expect(reasons.length).toBeGreaterThan(0);
          }
          for (const { from, into, reasons } of result.splits) {
            expect([before.has(into), after.has(from), isMoved(from, into)]).toEqual([false, true, true]);
            expect(reasons.length).toBeGreaterThan(0);
            expect(reasons.every(({ because }) => because.length > 10)).toBe(true);
          }
          for (const { previousIncidentId: from, incidentId: into } of result.placements) {
            if (from === null || before.has(into) || !after.has(from)) continue;
            expect(result.splits.some((split) => split.from === from && split.into === into)).toBe(true);
          }
          splits += result.splits.length;
          merges += result.merges.length;
        }
      }),
      { numRuns: 150, seed: 7 },
    );
    // The storms do contain both.
    expect([splits > 5, merges > 5]).toEqual([true, true]);
  });

  test("what a session or the list of changes lets go of is counted", () => {
    const correlator = createCorrelator();
    const alerts = Array.from({ length: 300 }, (_, n) =>
      sketchAlert({ name: `Alert${n}`, at: 2 * n, end: 2 * n + 60 }),
    );
    for (const alert of alerts) correlator.observe([observe(alert)], alert.startsAt);
    const changes = Array.from({ length: 510 }, (_, n): Observation => {
      return { kind: "change", change: sketchChange({ id: `change ${n}`, at: new Date(noon + n * 1_000) }) };
    });
    correlator.observe(changes, new Date(noon + 600_000));
    expect(correlator.leftOut()).toMatchObject({ session_alerts: 100, changes: 10, late_alerts: 0 });
    correlator.observe([observe(sketchAlert({ name: "Late", at: 250, end: 300 }))], new Date(noon + 610_000));
    expect(correlator.leftOut()).toMatchObject({ late_alerts: 1 });
  });

  test("stories of a storm that are not bridged, and others that one is not compared with, are counted", () => {
    const storm = (services: number) => {
      const correlator = createCorrelator();
      const alerts = Array.from({ length: services }, (_, n) =>
        observe(sketchAlert({ service: `lone-${n}`, name: `Alert${n}`, at: n / 10, end: 60 })),
      );
      correlator.observe(alerts, new Date(noon + 60_000));
      return correlator.leftOut();
    };
    expect(storm(10)).toMatchObject({ bridges: 0, bridge_candidates: 0 });
    // The last of fifty has the 49 before it, and is compared with twelve of them.
    expect(storm(50)).toMatchObject({ bridges: 0, bridge_candidates: (37 * 38) / 2 });
    expect(storm(150).bridges).toBe(150);
  });

  test("what the correlator counts are the limits that are named for it, and no others", () => {
    const correlator = createCorrelator();
    expect(Object.keys(correlator.leftOut()).sort()).toEqual([...groupingLimits, ...knowledgeLimits].sort());
    expect(Object.keys(correlator.sizes()).sort()).toEqual([...correlatorSizes].sort());
  });

  test("what is kept stays bounded, however many alerts and services come", () => {
    const correlator = createCorrelator();
    for (let i = 0; i < 6_000; i += 1) {
      const alert = sketchAlert({
        service: `service-${i}`,
        name: `Alert${i % 7}`,
        at: i * 30,
        end: i * 30 + 20,
      });
      correlator.observe([observe(alert)], new Date(noon + i * 30_000));
    }
    const sizes = correlator.sizes();
    expect(sizes.alerts).toBeLessThan(100);
    expect(sizes.cells).toBeLessThan(100);
    expect(sizes.types).toBeLessThanOrEqual(50_000);
    expect(sizes.placed).toBeLessThanOrEqual(100_000);
  });
});
