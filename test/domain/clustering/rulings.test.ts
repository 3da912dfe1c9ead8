/** What people rule holds at once and stays, ahead of every score. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { alertKey } from "../../../src/domain/alert.ts";
import type {
  Correlation,
  Correlator,
  Observation,
  Ruling,
} from "../../../src/domain/clustering/correlation.ts";
import { areOpposed, createRulings } from "../../../src/domain/clustering/rulings.ts";
import { createCorrelator } from "../../../src/domain/clustering.ts";
import { follow, noon, observe, partitionOf, sketchAlert, twoShops } from "../learning/judgement-build.ts";

const topology: Observation = { kind: "topology", topology: twoShops };

function rule(
  id: number,
  kind: Ruling["kind"],
  left: readonly string[],
  right: readonly string[],
): Observation {
  return { kind: "ruling", ruling: { id, kind, left, right } };
}

/** A correlator and where its alerts are, as triage follows it. */
function start() {
  const correlator = createCorrelator();
  const placed = new Map<string, number>();
  const take = (observations: readonly Observation[], seconds: number): Correlation => {
    const correlation = correlator.observe(observations, new Date(noon + seconds * 1000));
    follow(placed, correlation);
    return correlation;
  };
  take([topology], 0);
  return { correlator, placed, take };
}

function expectRespected(placed: ReadonlyMap<string, number>, ruling: Ruling): void {
  const idsOf = (keys: readonly string[]) => new Set(keys.flatMap((key) => placed.get(key) ?? []));
  const [left, right] = [idsOf(ruling.left), idsOf(ruling.right)];
  if (ruling.kind === "together") expect(new Set([...left, ...right]).size).toBeLessThanOrEqual(1);
  else for (const id of left) expect(right).not.toContain(id);
}

describe("a ruling", () => {
  const shop = ["web-a", "cart-a", "stock-a"].map((service, index) => sketchAlert({ service, at: index }));
  const other = ["web-b", "cart-b"].map((service, index) => sketchAlert({ service, at: 70 + index }));
  const keys = shop.map(alertKey);
  const otherKeys = other.map(alertKey);

  test("puts two incidents together, which is announced as a merge with the ruling as a reason", () => {
    const { placed, take } = start();
    take([...shop, ...other].map(observe), 80);
    expect(new Set(placed.values()).size).toBe(2);
    const { merges, splits } = take([rule(1, "together", keys, otherKeys)], 90);
    expect(new Set(placed.values())).toEqual(new Set([1]));
    expect(merges).toMatchObject([{ from: 2, into: 1 }]);
    expect(merges[0]?.reasons[0]).toMatchObject({ signal: "ruling", score: 10 });
    expect(splits).toEqual([]);
  });

  test("takes one alert out of an incident, which is announced as a split with scored reasons", () => {
    const { placed, take } = start();
    take(shop.map(observe), 5);
    const { splits, merges } = take([rule(1, "apart", keys.slice(2), keys.slice(0, 2))], 90);
    expect(keys.map((key) => placed.get(key))).toEqual([1, 1, 2]);
    expect(splits).toMatchObject([{ from: 1, into: 2 }]);
    expect(splits[0]?.reasons.map(({ signal }) => signal)).toEqual(
      expect.arrayContaining(["ruling", "pairs", "threshold"]),
    );
    expect(merges).toEqual([]);
  });

  test("takes a whole part of the system out, and it is told that people did so", () => {
    const { placed, take } = start();
    take([...shop, ...other].map(observe), 80);
    take([rule(1, "together", keys, otherKeys)], 90);
    const { splits } = take([rule(2, "together", otherKeys, []), rule(3, "apart", otherKeys, keys)], 100);
    expect(new Set(placed.values()).size).toBe(2);
    expect(splits).toHaveLength(1);
    expect(splits[0]?.reasons).toMatchObject([{ signal: "ruling", score: -10 }]);
  });

  test("moves an alert: out of the one incident, into the other", () => {
    const { placed, take } = start();
    take([...shop, ...other].map(observe), 80);
    const moved = keys.slice(0, 1);
    take([rule(1, "apart", moved, keys.slice(1)), rule(2, "together", moved, otherKeys)], 90);
    expect(placed.get(keys[0] ?? "")).toBe(placed.get(otherKeys[0] ?? ""));
    expect(placed.get(keys[1] ?? "")).toBe(placed.get(keys[2] ?? ""));
    expect(placed.get(keys[1] ?? "")).not.toBe(placed.get(keys[0] ?? ""));
  });

  test("leaves an alert that fits two sides with the better one, also when what comes later makes it so", () => {
    const rows = [
      ["ErrorLogBurst", "cart-a", 76, 361],
      ["NetworkErrors", "cart-a", 86, 308],
      ["HighLatency", "stray", 104, 384],
      ["HighLatency", "stock-b", 133, 255],
      ["ErrorLogBurst", "stray", 153, 193],
      ["HighLatency", "stock-a", 163, 310],
      ["ErrorLogBurst", "stray", 203, 424],
      ["NetworkErrors", "web-b", 234, 422],
      ["HighCPU", "cart-a", 259, 413],
      ["ErrorLogBurst", "web-b", 319, 514],
      ["HighLatency", "cart-a", 338, 465],
      ["NetworkErrors", "web-b", 469, 701],
      ["NetworkErrors", "cart-b", 500, 790],
    ] as const;
    const alerts = rows.map(([name, service, at, end]) => sketchAlert({ name, service, at, end }));
    const keyAt = (place: number) => alerts.slice(place, place + 1).map(alertKey);
    const rulings = [
      rule(1, "apart", [...keyAt(7), ...keyAt(5)], keyAt(8)),
      rule(2, "apart", keyAt(9), keyAt(4)),
    ];
    const [before, after] = [start(), start()];
    before.take(rulings, 1);
    for (const { take } of [before, after])
      for (const [place, alert] of alerts.entries()) take([observe(alert)], (rows[place]?.[2] ?? 0) + 1);
    after.take(rulings, 900);
    expect(partitionOf(after.placed)).toEqual(partitionOf(before.placed));
  });

  test("wins over an older one that contradicts it, in whatever order they arrive", () => {
    for (const ids of [
      [1, 2],
      [2, 1],
    ] as const) {
      const { placed, take } = start();
      take(shop.map(observe), 5);
      take([rule(ids[0], "apart", keys.slice(2), keys.slice(0, 2))], 10);
      take([rule(ids[1], "together", keys, [])], 20);
      expect(new Set(keys.map((key) => placed.get(key))).size).toBe(ids[1] > ids[0] ? 1 : 2);
    }
  });

  test("speaks in a comparison of two alerts, beside the signals and the threshold", () => {
    const { correlator, take } = start();
    take(shop.map(observe), 5);
    const [a = "", b = "", c = ""] = keys;
    expect(correlator.compare(a, b)?.score).toBeGreaterThan(0);
    expect(correlator.compare(a, b)?.reasons.map(({ signal }) => signal)).toEqual(
      expect.arrayContaining(["topology", "onset-lag", "threshold"]),
    );
    take([rule(1, "apart", [c], [a, b])], 10);
    expect(correlator.compare(a, c)?.score).toBeLessThan(0);
    expect(correlator.compare(a, c)?.reasons[0]).toMatchObject({ signal: "ruling", score: -10 });
    expect(correlator.compare(a, "unknown")).toBeNull();
  });

  test("holds for alerts that are forgotten, by the number that they are remembered under", () => {
    const { correlator, placed, take } = start();
    take(shop.map(observe), 5);
    const late = sketchAlert({ service: "web-b", at: 7_200 });
    take([observe(late)], 7_201);
    expect(correlator.compare(keys[0] ?? "", keys[1] ?? "")).toBeNull();
    take([rule(1, "apart", keys.slice(0, 1), keys.slice(1))], 7_210);
    expect(placed.get(keys[0] ?? "")).not.toBe(placed.get(keys[1] ?? ""));
    expect(placed.get(keys[1] ?? "")).toBe(placed.get(keys[2] ?? ""));
    take([rule(2, "together", keys, [alertKey(late)])], 7_220);
    expect(new Set(keys.map((key) => placed.get(key)))).toEqual(new Set([placed.get(alertKey(late))]));
  });
});

describe("rulings worked out", () => {
  test("an older one keeps what a newer one leaves of it", () => {
    const rulings = createRulings();
    rulings.add({ id: 1, kind: "together", left: ["a", "b"], right: ["c", "d"] });
    rulings.add({ id: 2, kind: "apart", left: ["a"], right: ["b", "c", "d"] });
    expect(rulings.bondOf("a")?.keys).toEqual(["a"]);
    expect([...(rulings.bondOf("b")?.keys ?? [])].sort()).toEqual(["b", "c", "d"]);
    expect(areOpposed(rulings.bondOf("a")?.sides ?? new Map(), rulings.bondOf("d")?.sides ?? new Map())).toBe(
      true,
    );
  });

  test("of a ruling on very many alerts those beyond the limit are ignored, and counted", () => {
    const rulings = createRulings();
    const left = Array.from({ length: 2_003 }, (_, n) => `a${n}`);
    rulings.add({ id: 1, kind: "together", left, right: ["b"] });
    expect(rulings.leftOut()).toEqual({ rulings: 0, ruled_alerts: 3 });
    expect(rulings.bondOf("b")?.keys).toHaveLength(2_001);
  });

  test("beyond the limit the oldest are let go", () => {
    const rulings = createRulings();
    for (let id = 1; id <= 510; id += 1)
      rulings.add({ id, kind: "together", left: [`a${id}`], right: [`b${id}`] });
    expect(rulings.size()).toBe(500);
    expect(rulings.leftOut()).toEqual({ rulings: 10, ruled_alerts: 0 });
    expect(rulings.bondOf("a10")).toBeNull();
    expect(rulings.bondOf("b11")?.keys).toEqual(["a11", "b11"]);
  });
});

const services = ["web-a", "cart-a", "stock-a", "web-b", "cart-b", "stock-b", "lone", "stray"];
const storm = fc
  .array(
    fc.record({
      service: fc.constantFrom(...services),
      name: fc.constantFrom("HighLatency", "HighCPU", "ErrorLogBurst", "NetworkErrors"),
      at: fc.integer({ min: 0, max: 500 }),
      lasts: fc.integer({ min: 20, max: 300 }),
    }),
    { minLength: 3, maxLength: 20 },
  )
  .map((rows) => {
    const alerts = rows.map(({ service, name, at, lasts }) =>
      sketchAlert({ service, name, at, end: at + lasts }),
    );
    const byKey = new Map(alerts.map((alert) => [alertKey(alert), alert]));
    return [...byKey.values()].sort((a, b) => a.startsAt.getTime() - b.startsAt.getTime());
  });

/** Rulings on alerts by their place in the storm, each after so many alerts. */
const rulingSketches = fc.array(
  fc.record({
    after: fc.integer({ min: 1, max: 20 }),
    kind: fc.constantFrom("together" as const, "apart" as const),
    left: fc.uniqueArray(fc.integer({ min: 0, max: 19 }), { minLength: 1, maxLength: 3 }),
    right: fc.uniqueArray(fc.integer({ min: 0, max: 19 }), { minLength: 1, maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 5 },
);

function rulingsOn(
  keys: readonly string[],
  sketches: readonly {
    readonly after: number;
    readonly kind: Ruling["kind"];
    readonly left: readonly number[];
    readonly right: readonly number[];
  }[],
): { readonly after: number; readonly ruling: Ruling }[] {
  const keysAt = (places: readonly number[], but: readonly string[]) =>
    places.flatMap((place) => keys[place] ?? []).filter((key) => !but.includes(key));
  return [...sketches]
    .sort((a, b) => a.after - b.after)
    .map(({ after, kind, left, right }, index) => {
      const lefts = keysAt(left, []);
      return { after, ruling: { id: index + 1, kind, left: lefts, right: keysAt(right, lefts) } };
    });
}

/** Pairs that the rulings hold together or apart, where a newer one does not say otherwise of the same pair. */
function lastOfAll(rulings: readonly Ruling[]): Ruling | undefined {
  return [...rulings].sort((a, b) => b.id - a.id)[0];
}

describe("invariants", () => {
  test("the newest ruling holds from the moment it is made, under whatever arrives later", () => {
    fc.assert(
      fc.property(storm, rulingSketches, (alerts, sketches) => {
        const { placed, take } = start();
        const rulings = rulingsOn(alerts.map(alertKey), sketches);
        const made: Ruling[] = [];
        for (const [index, alert] of alerts.entries()) {
          const seconds = (alert.startsAt.getTime() - noon) / 1000 + 1;
          take([observe(alert)], seconds);
          const due = rulings.filter(({ after }) => after === index + 1);
          for (const { ruling } of due) {
            made.push(ruling);
            take([{ kind: "ruling", ruling }], seconds);
            expectRespected(placed, ruling);
          }
          const newest = lastOfAll(made);
          if (newest !== undefined) expectRespected(placed, newest);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("rulings on different alerts all hold at once", () => {
    fc.assert(
      fc.property(
        storm,
        fc.array(fc.constantFrom("together" as const, "apart" as const), { maxLength: 6 }),
        (alerts, kinds) => {
          const keys = alerts.map(alertKey);
          const rulings = kinds.flatMap((kind, index): Ruling[] => {
            const [left, right] = [keys[2 * index], keys[keys.length - 1 - 2 * index]];
            const isOwn =
              left !== undefined && right !== undefined && 2 * index < keys.length - 1 - 2 * index;
            return isOwn ? [{ id: index + 1, kind, left: [left], right: [right] }] : [];
          });
          const { placed, take } = start();
          take(
            rulings.map((ruling) => ({ kind: "ruling", ruling })),
            1,
          );
          for (const alert of alerts) {
            take([observe(alert)], (alert.startsAt.getTime() - noon) / 1000 + 1);
            for (const ruling of rulings) expectRespected(placed, ruling);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test("the partition under rulings does not depend on the order of arrival", () => {
    fc.assert(
      fc.property(
        storm,
        rulingSketches,
        fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 20, maxLength: 20 }),
        (alerts, sketches, delays) => {
          const rulings = rulingsOn(alerts.map(alertKey), sketches).map(
            ({ ruling }): Observation => ({ kind: "ruling", ruling }),
          );
          const inOrder = start();
          inOrder.take(rulings, 1);
          for (const alert of alerts)
            inOrder.take([observe(alert)], (alert.startsAt.getTime() - noon) / 1000 + 1);
          const late = start();
          const arrivals = alerts
            .map((alert, index) => ({ alert, at: alert.startsAt.getTime() / 1000 + (delays[index] ?? 0) }))
            .sort((a, b) => a.at - b.at);
          for (const { alert } of arrivals)
            late.take([observe(alert)], (alert.startsAt.getTime() - noon) / 1000 + 40);
          late.take([...rulings].reverse(), 900);
          expect(partitionOf(late.placed)).toEqual(partitionOf(inOrder.placed));
        },
      ),
      { numRuns: 100 },
    );
  });

  test("they survive a restart", () => {
    fc.assert(
      fc.property(storm, rulingSketches, fc.integer({ min: 1, max: 20 }), (alerts, sketches, at) => {
        const before = alerts.slice(0, at);
        const rulings = rulingsOn(before.map(alertKey), sketches).map(({ ruling }) => ruling);
        const running = start();
        for (const alert of before)
          running.take([observe(alert)], (alert.startsAt.getTime() - noon) / 1000 + 1);
        running.take(
          rulings.map((ruling) => ({ kind: "ruling", ruling })),
          501,
        );
        const restored = restore(
          before.map((alert) => ({ alert, placed: running.placed })),
          rulings,
          running.correlator,
        );
        const placed = new Map(running.placed);
        for (const alert of alerts.slice(at)) {
          running.take([observe(alert)], 502);
          follow(placed, restored.observe([observe(alert)], new Date(noon + 502_000)));
        }
        expect(placed).toEqual(running.placed);
      }),
      { numRuns: 100 },
    );
  });
});

function restore(
  alerts: readonly {
    readonly alert: ReturnType<typeof sketchAlert>;
    readonly placed: ReadonlyMap<string, number>;
  }[],
  rulings: readonly Ruling[],
  running: Correlator,
): Correlator {
  const restored = createCorrelator();
  restored.restore({
    topology: twoShops,
    changes: [],
    alerts: alerts.map(({ alert, placed }) => {
      const key = alertKey(alert);
      return { key, alert, incidentId: placed.get(key) ?? 0 };
    }),
    rulings,
    nextIncidentId: running.nextIncidentId(),
  });
  return restored;
}
