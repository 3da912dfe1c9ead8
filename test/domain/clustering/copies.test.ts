/** A storm that runs on several copies of each service is one incident however many there are; see issue 3. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Alert, alertKey } from "../../../src/domain/alert.ts";
import { areCopies, foldCopies } from "../../../src/domain/clustering/copies.ts";
import type { Observation } from "../../../src/domain/clustering/correlation.ts";
import { createCorrelator } from "../../../src/domain/clustering.ts";
import { noon, observe, partitionOf, runThrough, sketchAlert } from "../learning/judgement-build.ts";

const cascade: Observation = {
  kind: "topology",
  topology: {
    edges: [
      ["web", "api"],
      ["app", "api"],
      ["api", "orders"],
      ["orders", "orders-db"],
    ],
    services: [],
  },
};

const names = {
  "orders-db": ["PostgresConnectionsHigh", "PostgresReplicationLag", "DiskIOSaturated"],
  orders: ["HighErrorRate", "HighLatencyP99", "ThreadPoolExhausted"],
  api: ["HighErrorRate", "HighLatencyP99"],
  web: ["HighErrorRate", "SLOBurnRate"],
  app: ["HighErrorRate", "HighLatencyP99"],
} as const;
const onsets = { "orders-db": 0, orders: 20, api: 60, web: 90, app: 100 } as const;

function onCopy(
  service: string,
  copy: number,
  sketch: { readonly name: string; readonly at: number },
): Alert {
  return sketchAlert({ ...sketch, service, labels: { pod: `${service}-7d9f8b6c5d-x${copy}x4z` } });
}

/** One fault that goes through all services, each alert on so many copies of its service, spread evenly. */
function storm(copies: number, seconds: number): readonly Alert[] {
  const alerts: Alert[] = [];
  for (const service of ["orders-db", "orders", "api", "web", "app"] as const)
    for (const [place, name] of names[service].entries())
      for (let copy = 0; copy < copies; copy += 1) {
        const late = (((copy * 7 + place * 3) % copies) / copies) * seconds;
        alerts.push(onCopy(service, copy, { name, at: onsets[service] + Math.round(late) }));
      }
  return alerts.sort((a, b) => a.startsAt.getTime() - b.startsAt.getTime());
}

function incidentsOf(alerts: readonly Alert[]): number {
  return new Set(runThrough(createCorrelator(), [cascade, ...alerts.map(observe)]).values()).size;
}

describe("copies of a service", () => {
  test.each([
    [1, 30],
    [3, 60],
    [6, 120],
    [10, 240],
  ])("a fault of five services with %i copies each is one incident", (copies, seconds) => {
    expect(incidentsOf(storm(copies, seconds))).toBe(1);
  });

  test.each([12, 30, 60])(
    "%i pods of one deployment that crash one after the other are one incident",
    (count) => {
      const alerts = Array.from({ length: count }, (_, copy) =>
        onCopy("orders", copy, { name: "KubePodCrashLooping", at: copy * 10 }),
      );
      expect(incidentsOf(alerts)).toBe(1);
    },
  );

  test("a copy is told which alert stands for it", () => {
    const correlator = createCorrelator();
    correlator.observe([cascade], new Date(noon));
    const [first, second] = [0, 1].map((copy) =>
      onCopy("api", copy, { name: "HighErrorRate", at: copy * 90 }),
    );
    if (first === undefined || second === undefined) throw new Error("no alerts");
    correlator.observe([observe(first)], first.startsAt);
    const { placements } = correlator.observe([observe(second)], second.startsAt);
    const reasons = placements.find(({ key }) => key === alertKey(second))?.reasons ?? [];
    expect(reasons[0]).toMatchObject({
      signal: "copies",
      because: "with HighErrorRate on api: they differ only in which copy of api fires",
    });
    expect(correlator.compare(alertKey(first), alertKey(second))?.score).toBeGreaterThan(0);
  });

  test("an alert that people ruled on stands for itself", () => {
    const alerts = [0, 1].map((copy) => onCopy("api", copy, { name: "HighErrorRate", at: copy }));
    const [left, right] = alerts.map((alert) => [alertKey(alert)]);
    const apart: Observation = {
      kind: "ruling",
      ruling: { id: 1, kind: "apart", left: left ?? [], right: right ?? [] },
    };
    const placed = runThrough(createCorrelator(), [cascade, apart, ...alerts.map(observe)]);
    expect(new Set(placed.values()).size).toBe(2);
  });

  test("the order in which they arrive does not matter", () => {
    const row = fc.record({
      service: fc.constantFrom("orders-db", "orders", "api", "web"),
      name: fc.constantFrom("HighErrorRate", "HighLatency"),
      copy: fc.integer({ min: 0, max: 4 }),
      at: fc.integer({ min: 0, max: 400 }),
      delay: fc.integer({ min: 0, max: 30 }),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 24 }), (rows) => {
        const unique = new Map(
          rows.map((sketch) => [alertKey(onCopy(sketch.service, sketch.copy, sketch)), sketch]),
        );
        const told = (delayOf: (sketch: (typeof rows)[number]) => number) =>
          [...unique.values()]
            .sort((a, b) => a.at + delayOf(a) - b.at - delayOf(b))
            .map((sketch) => observe(onCopy(sketch.service, sketch.copy, sketch)));
        const inOrder = runThrough(createCorrelator(), [cascade, ...told(() => 0)]);
        const shuffled = runThrough(createCorrelator(), [cascade, ...told(({ delay }) => delay)]);
        expect(partitionOf(shuffled)).toEqual(partitionOf(inOrder));
      }),
      { numRuns: 40 },
    );
  });
});

describe("what is a copy", () => {
  const on = (labels: Readonly<Record<string, string>>, entity: string | null = "api") => ({
    entity,
    name: "HighErrorRate",
    labels: { alertname: "HighErrorRate", ...labels },
  });
  const pod = on({ pod: "api-1", node: "a", uid: "1" });

  test.each([
    ["another pod on another machine", on({ pod: "api-2", node: "b", uid: "2" }), true],
    ["an instance with the same labels otherwise", on({ instance: "10.0.0.1:80" }), true],
    ["another namespace", on({ pod: "api-2", namespace: "other" }), false],
    ["the service itself", on({}), false],
    ["another service", on({ pod: "api-2" }, "web"), false],
    ["another alert", { ...on({ pod: "api-2" }), name: "HighLatency" }, false],
  ])("%s", (_what, other, isOne) => {
    expect(areCopies(pod, other)).toBe(isOne);
    expect(areCopies(other, pod)).toBe(isOne);
  });

  test("nothing that names no service is one", () => {
    expect(areCopies(on({ pod: "a" }, null), on({ pod: "b" }, null))).toBe(false);
  });

  test("the first stands for the others, and groups are unfolded in order", () => {
    const members = [pod, on({}, "web"), on({ pod: "api-2" }), on({}, "db"), on({ pod: "api-3" })];
    const { firsts, unfold } = foldCopies(members, null);
    expect(firsts).toEqual([members[0], members[1], members[3]]);
    expect(unfold([[0, 2], [1]])).toEqual([[0, 2, 3, 4], [1]]);
  });
});
