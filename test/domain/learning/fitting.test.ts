import { describe, expect, test } from "vitest";
import type { CoFirings } from "../../../src/domain/clustering/co-firing-counts.ts";
import {
  fitWeights,
  heldOutFrom,
  type LabelledCause,
  type LabelledPair,
} from "../../../src/domain/learning/fitting.ts";
import { shippedWeights, weightsSchema } from "../../../src/domain/weights.ts";
import { noon, sketchAlert, sketchChange, twoShops } from "./judgement-build.ts";
import { changeBefore, question } from "./labelled-build.ts";

/** Incidents in which, against the shipped weights, the service with the traffic alert is always to blame. */
function odd(count: number): LabelledCause[] {
  return Array.from({ length: count }, (_, i) => ({
    question: {
      alerts: [
        sketchAlert({ name: "HighCPU", service: "web-a", at: 0 }),
        sketchAlert({ name: "TrafficDrop", service: "web-b", at: 1 }),
      ],
      changes: [sketchChange({ id: `c${i}`, service: "web-b", at: new Date(noon - 1_800_000) })],
      topology: twoShops,
      feedback: new Map(),
    },
    service: "web-b",
    changeId: i % 2 === 0 ? `c${i}` : "none",
    at: new Date(noon + i * 60_000),
  }));
}

function pairs(count: number): LabelledPair[] {
  return Array.from({ length: count }, (_, i) => ({
    scores: i % 2 === 0 ? { topology: 2, "onset-lag": -1 } : { topology: 2, "onset-lag": -5 },
    areTogether: i % 2 === 0,
    weight: 1,
    correction: i,
    at: new Date(noon + i * 1_000),
  }));
}

describe("too little data", () => {
  test("is refused with how much there is and what to do", () => {
    const result = fitWeights({ causes: odd(3), pairs: pairs(5), champion: shippedWeights });
    expect(result.kind).toBe("too_little");
    if (result.kind !== "too_little") return;
    expect(result.problem).toContain("3 incidents");
    expect(result.problem).toContain("5 confirmed pairs");
    expect(result.problem).toContain("at least 20 incidents or 60 pairs are needed");
    expect(result.remedy).not.toBe("");
  });
});

describe("enough data", () => {
  const result = fitWeights({ causes: odd(40), pairs: pairs(80), champion: shippedWeights });
  if (result.kind !== "fitted") throw new Error(result.problem);

  test("the challenger beats the champion on the newest part, which it never saw", () => {
    const measured = new Map(result.comparison.map((metric) => [metric.name, metric]));
    expect(measured.get("service_top1")).toMatchObject({
      challenger: 1,
      champion: 0,
      n: 12,
      interval: [1, 1],
    });
    const loss = measured.get("service_log_loss");
    expect(loss?.challenger).toBeLessThan(loss?.champion ?? 0);
    expect(loss?.interval?.[1]).toBeLessThan(0);
    const pairLoss = measured.get("pair_log_loss");
    expect(pairLoss?.challenger).toBeLessThanOrEqual(pairLoss?.champion ?? 0);
    expect(result.heldOut).toBe(12 + 24);
    expect(result.learnedFrom).toBe(28 + 56);
  });

  test("the weights are valid, and what the data says nothing about stays", () => {
    expect(weightsSchema.safeParse(result.weights).success).toBe(true);
    expect(result.weights.causes.service["kind:net"]).toBeCloseTo(
      shippedWeights.causes.service["kind:net"] ?? 0,
      2,
    );
    expect(result.weights.clustering.gapMs).toBe(shippedWeights.clustering.gapMs);
  });

  test("the same rows in another order give the same weights", () => {
    const again = fitWeights({
      causes: odd(40).reverse(),
      pairs: pairs(80).reverse(),
      champion: shippedWeights,
    });
    expect(again).toEqual(result);
  });
});

test("what the ranking answers rightly already is not counted as gained", () => {
  // The deploy on the only service that alerts is to blame each time, and is suspected first.
  const causes = Array.from({ length: 80 }, (_, i): LabelledCause => {
    const changes = [changeBefore(5, { id: `c${i}`, service: "stock-a" })];
    const alerts = [sketchAlert({ name: "HighErrorRate", service: "stock-a", at: 0 })];
    return {
      question: question({ alerts, changes }),
      service: "stock-a",
      changeId: `c${i}`,
      at: new Date(noon + i * 60_000),
    };
  });
  const result = fitWeights({ causes, pairs: [], champion: shippedWeights });
  if (result.kind !== "fitted") throw new Error(result.problem);
  const measured = new Map(result.comparison.map((metric) => [metric.name, metric]));
  expect(measured.get("change_top1")).toMatchObject({ champion: 1, challenger: 1, n: 24, interval: [0, 0] });
  for (const name of ["change_log_loss", "service_log_loss"]) {
    const loss = measured.get(name);
    expect(loss?.challenger).toBeLessThan(loss?.champion ?? 0);
  }
});

describe("pairs", () => {
  /** A day after the others, of what nobody objected to. */
  const settled = (count: number) =>
    pairs(count).map((pair) => ({
      ...pair,
      correction: null,
      weight: 0.25,
      at: new Date(pair.at.getTime() + 86_400_000),
    }));
  const learn = (rows: readonly LabelledPair[], coFirings?: CoFirings) =>
    fitWeights({
      causes: [],
      pairs: rows,
      champion: shippedWeights,
      ...(coFirings === undefined ? {} : { coFirings }),
    });

  test("that people ruled on are measured, however much else came later", () => {
    const result = learn([...pairs(80), ...settled(200)]);
    expect(result).toMatchObject({ kind: "fitted", learnedFrom: 56 + 140, heldOut: 24 });
    if (result.kind !== "fitted") return;
    expect(result.comparison.map(({ name, n }) => [name, n])).toEqual([
      ["pair_accuracy", 24],
      ["pair_log_loss", 24],
    ]);
  });

  test("of one correction are on one side", () => {
    // Ten pairs each, in turns, so that no cut in time is between two corrections.
    const rows = pairs(100).map((pair, i) => ({ ...pair, correction: i % 10 }));
    const result = learn(rows);
    expect(result).toMatchObject({ kind: "fitted", learnedFrom: 70, heldOut: 30 });
    if (result.kind !== "fitted") return;
    expect(result.comparison.map(({ n }) => n)).toEqual([3, 3]);
    // The first of what is held out began before the last of what is learned from: what fired together ends there.
    expect(heldOutFrom({ causes: [], pairs: rows })).toEqual(rows[7]?.at);
  });

  test("of too few corrections to hold one out are refused, however many they are", () => {
    const rows = pairs(90).map((pair, i) => ({ ...pair, correction: i % 3 }));
    const result = learn(rows);
    if (result.kind !== "too_little") throw new Error("learned what it cannot measure");
    expect(result.problem).toContain(
      "90 confirmed pairs of alerts that can still be compared, from 3 corrections",
    );
    expect(result.problem).toContain("from at least 4 corrections");
  });

  test("bring the counts of what fired together, which are learned with and measured", () => {
    const coFirings: CoFirings = { "a|b": [9, 10] };
    const rows = pairs(80).map((pair, i) => ({
      ...pair,
      challengerScores: { ...pair.scores, "co-firing": i % 2 === 0 ? 2 : -1 },
    }));
    const [counted, without] = [learn(rows, coFirings), learn(pairs(80))];
    if (counted.kind !== "fitted" || without.kind !== "fitted") throw new Error("too little");
    expect(counted.weights.clustering.coFirings).toEqual(coFirings);
    const lossOf = (result: typeof counted) => result.comparison.find(({ name }) => name === "pair_log_loss");
    expect(lossOf(counted)?.champion).toBe(lossOf(without)?.champion);
    expect(lossOf(counted)?.challenger).toBeLessThan(lossOf(without)?.challenger ?? 0);
    expect(counted.weights.clustering.signals["co-firing"]).not.toBe(
      shippedWeights.clustering.signals["co-firing"],
    );
  });

  test("that are not learned from leave the counts as they are", () => {
    const champion = {
      ...shippedWeights,
      clustering: { ...shippedWeights.clustering, coFirings: { "c|d": [3, 4] as const } },
    };
    const result = fitWeights({
      causes: odd(30),
      pairs: pairs(20),
      champion,
      coFirings: { "a|b": [9, 10] },
    });
    if (result.kind !== "fitted") throw new Error(result.problem);
    expect(result.weights.clustering).toEqual(champion.clustering);
  });

  test("and causes end what fired together at the earlier of their cuts", () => {
    const [causes, ruled] = [odd(40), pairs(80)];
    expect(heldOutFrom({ causes, pairs: ruled })).toEqual(ruled[56]?.at);
    const late = ruled.map((pair) => ({ ...pair, at: new Date(pair.at.getTime() + 86_400_000) }));
    expect(heldOutFrom({ causes, pairs: late })).toEqual(causes[28]?.at);
    expect(heldOutFrom({ causes: [], pairs: settled(40) })).toBeNull();
  });
});

test("causes alone leave clustering as it was", () => {
  const result = fitWeights({ causes: odd(30), pairs: [], champion: shippedWeights });
  if (result.kind !== "fitted") throw new Error(result.problem);
  expect(result.weights.clustering).toEqual(shippedWeights.clustering);
  expect(result.comparison.map((metric) => metric.name)).not.toContain("pair_accuracy");
});
