import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { alertKey } from "../../../src/domain/alert.ts";
import { createCorrelator } from "../../../src/domain/clustering.ts";
import { createObservedTopology } from "../../../src/domain/topology/observed.ts";
import {
  type AlertSketch,
  observe,
  partitionOf,
  runThrough,
  sketchAlert,
} from "../learning/judgement-build.ts";

const minute = 60_000;
const hour = 60 * minute;
const start = Date.parse("2026-03-01T00:00:00Z");
const none = { edges: [], services: [] };

function watch(
  delivered: Parameters<ReturnType<typeof createObservedTopology>["deliver"]>[0] = none,
  hub = 40,
) {
  const topology = createObservedTopology(hub);
  topology.deliver(delivered);
  return {
    topology,
    alerts: (entity: string, at = 0) => topology.record({ entity, at: start + at, call: null }),
    calls: (entity: string, peer: string, at = 0, isCallee = true) =>
      topology.record({ entity, at: start + at, call: { peer, isCallee } }),
    part: (service: string, at: number) => topology.graphAt(start + at).componentOf(service),
  };
}

test("a call that an alert names is an edge, from the next hour on", () => {
  const { alerts, calls, part, topology } = watch();
  alerts("cart");
  calls("web", "cart");
  expect(part("web", 20 * minute)).toBeNull();
  expect(part("web", hour)).toBe("cart");
  expect(part("cart", hour)).toBe("cart");
  expect(topology.graphAt(start + hour).callees("web")).toEqual(new Set(["cart"]));
});

test("the near end may be the one that is named", () => {
  const { alerts, calls, topology } = watch();
  alerts("web");
  calls("cart", "web", 0, false);
  expect(topology.graphAt(start + hour).callees("web")).toEqual(new Set(["cart"]));
});

test("what was seen less than ten minutes before the hour waits for the next one", () => {
  const { alerts, calls, part } = watch();
  alerts("cart");
  calls("web", "cart", 51 * minute);
  expect(part("web", hour)).toBeNull();
  expect(part("web", 2 * hour)).toBe("cart");
});

test("a far end that never alerted and is not listed is no service", () => {
  const unlisted = watch();
  unlisted.calls("web", "browser");
  expect(unlisted.part("web", hour)).toBeNull();
  const listed = watch({ edges: [], services: ["bank"] });
  listed.calls("web", "bank");
  expect(listed.part("web", hour)).toBe("bank");
});

test("observed edges are added to delivered ones, and stay when another topology is delivered", () => {
  const { topology, alerts, calls, part } = watch({ edges: [["web", "cart"]], services: [] });
  alerts("mail");
  calls("cart", "mail");
  expect(part("mail", hour)).toBe(part("web", hour));
  topology.deliver({ edges: [["web", "shop"]], services: [] });
  expect(part("mail", hour)).toBe("cart");
  expect(part("web", hour)).toBe("shop");
});

test("a service that everything names connects nothing", () => {
  const { alerts, calls, part } = watch(none, 3);
  alerts("database");
  for (const service of ["a", "b", "c", "d"]) {
    alerts(service);
    calls(service, "database");
  }
  expect(part("a", hour)).not.toBe(part("b", hour));
});

test("an edge that nobody names for a week fades", () => {
  const { alerts, calls, part } = watch();
  alerts("cart");
  calls("web", "cart");
  expect(part("web", 6 * 24 * hour)).toBe("cart");
  expect(part("web", 8 * 24 * hour)).toBeNull();
  calls("web", "cart", 9 * 24 * hour);
  expect(part("web", 9 * 24 * hour + hour)).toBe("cart");
});

test("the order in which alerts of some minutes come in does not matter", () => {
  const [one, other] = [watch(), watch()];
  one.alerts("cart", 0);
  one.calls("web", "cart", minute);
  one.calls("mail", "web", 2 * minute);
  other.calls("mail", "web", 2 * minute);
  other.calls("web", "cart", minute);
  other.alerts("cart", 0);
  expect(other.part("mail", hour)).toBe(one.part("mail", hour));
  expect(one.part("mail", hour)).toBe("cart");
});

test("services over the limit push out those that did not alert for longest, and hubs are counted", () => {
  const { topology, alerts, calls } = watch(none, 2);
  for (let n = 0; n < 20_003; n += 1) alerts(`service ${n}`, n);
  expect(topology.leftOut()).toEqual({ observed_calls: 0, observed_services: 3 });
  for (const n of [20_000, 20_001, 20_002]) calls(`service ${n}`, "service 19999", minute);
  topology.graphAt(start + 2 * hour);
  expect(topology.hubs()).toBe(1);
});

test("edges over the limit push out those not seen for longest", () => {
  const { topology, calls } = watch();
  for (let n = 0; n < 5_010; n += 1) calls(`caller ${n}`, "database", n);
  expect(topology.size()).toBe(5_000);
  expect(topology.leftOut().observed_calls).toBe(10);
});

describe("in the correlator", () => {
  const alertOf = (service: string, at: number, labels: Record<string, string> = {}) =>
    report({ service, at, end: at + 240, labels });

  function report(sketch: AlertSketch) {
    return observe(sketchAlert(sketch));
  }

  /** Two alerts of services that no topology ties, a minute apart on a system where much goes on. */
  function togetherAfter(calls: readonly AlertSketch[]): boolean {
    const noise = Array.from({ length: 60 }, (_unused, n) => alertOf(`noise-${n}`, -7_000 + n * 90));
    const late = [
      sketchAlert({ name: "HighErrorRate", service: "shop", at: 4_000 }),
      sketchAlert({ name: "HighErrorRate", service: "ledger", at: 4_050 }),
    ];
    const placed = runThrough(createCorrelator(), [
      ...noise,
      alertOf("ledger", -6_900),
      ...calls.map(report),
      ...late.map(observe),
    ]);
    const [first, second] = late.map((alert) => placed.get(alertKey(alert)));
    return first === second;
  }

  test("services that are known only by the calls that alerts name break together", () => {
    const call = { service: "shop", at: -6_800, labels: { destination_service: "ledger" } };
    expect(togetherAfter([])).toBe(false);
    expect(togetherAfter([call])).toBe(true);
    expect(togetherAfter([{ ...call, labels: { team: "ledger" } }])).toBe(false);
  });

  test("the order of arrival of some minutes does not matter, also around a full hour", () => {
    const storm = fc.array(
      fc.record({
        service: fc.constantFrom("a", "b", "c", "d", "e"),
        peer: fc.option(fc.constantFrom("a", "b", "c", "d", "e"), { nil: null }),
        at: fc.integer({ min: -1_800, max: 600 }),
        late: fc.integer({ min: 0, max: 120 }),
      }),
      { minLength: 5, maxLength: 30 },
    );
    fc.assert(
      fc.property(storm, (sketches) => {
        const all = sketches.map(({ service, peer, at, late }) => ({
          observation: alertOf(service, at, peer === null ? {} : { upstream: peer }),
          at,
          late,
        }));
        const inOrder = [...all].sort((a, b) => a.at - b.at);
        const asTheyCame = [...all].sort((a, b) => a.at + a.late - b.at - b.late);
        const [one, other] = [inOrder, asTheyCame].map((list) =>
          partitionOf(
            runThrough(
              createCorrelator(),
              list.map(({ observation }) => observation),
            ),
          ),
        );
        expect(other).toEqual(one);
      }),
      { numRuns: 150 },
    );
  });
});
