import { describe, expect, test } from "vitest";
import type { LabelledPair } from "../../../src/domain/learning/fit-choices.ts";
import { compareWeights, fewestCompared } from "../../../src/domain/learning/fit-measures.ts";
import { shippedWeights, type Weights } from "../../../src/domain/weights.ts";

const at = new Date("2026-03-01T12:00:00Z");
const pair = (topology: number, areTogether: boolean, weight = 1): LabelledPair => ({
  scores: { topology },
  areTogether,
  weight,
  at,
});
const deaf: Weights = {
  ...shippedWeights,
  clustering: {
    ...shippedWeights.clustering,
    signals: { ...shippedWeights.clustering.signals, topology: 0 },
  },
};

function accuracy(pairs: readonly LabelledPair[], champion = deaf, challenger = shippedWeights) {
  const found = compareWeights({ causes: [], pairs }, champion, challenger).find(
    ({ name }) => name === "pair_accuracy",
  );
  if (found === undefined) throw new Error("pair_accuracy was not measured");
  return found;
}

describe("comparing two sets of weights", () => {
  test("a difference on every question has an interval away from zero", () => {
    const pairs = Array.from({ length: 40 }, (_, i) => pair(i % 2 === 0 ? 4 : -8, i % 2 === 0));
    const compared = accuracy(pairs);
    expect(compared).toMatchObject({ champion: 0.5, challenger: 1, n: 40 });
    expect(compared.interval?.[0]).toBeGreaterThan(0.2);
    expect(compared.interval?.[1]).toBeLessThan(0.8);
  });

  test("a difference that may be chance has an interval around zero", () => {
    const pairs = Array.from({ length: 40 }, (_, i) =>
      pair(i % 2 === 0 ? 4 : -8, i < 2 ? i % 2 !== 0 : true),
    );
    const compared = accuracy(pairs, shippedWeights, shippedWeights);
    expect(compared.interval).toEqual([0, 0]);
    const mixed = Array.from({ length: 20 }, (_, i) => pair(-8, i % 2 === 0));
    const [low, high] = accuracy(mixed).interval ?? [1, 1];
    expect(low).toBeLessThanOrEqual(0);
    expect(high).toBeGreaterThanOrEqual(0);
  });

  test("too few questions give no interval", () => {
    const few = Array.from({ length: fewestCompared - 1 }, () => pair(4, true));
    expect(accuracy(few).interval).toBeNull();
  });

  test("the same data give the same interval", () => {
    const pairs = Array.from({ length: 25 }, (_, i) => pair(i % 3 === 0 ? 4 : -8, i % 2 === 0));
    expect(accuracy(pairs)).toEqual(accuracy(pairs));
  });

  test("what nobody said is learned from and never measured on", () => {
    expect(compareWeights({ causes: [], pairs: [pair(4, true, 0.25)] }, deaf, shippedWeights)).toEqual([]);
  });
});
