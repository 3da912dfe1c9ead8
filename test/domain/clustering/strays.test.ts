import { describe, expect, test } from "vitest";
import { createHistory } from "../../../src/domain/clustering/history.ts";
import { standingOf, withoutStrays } from "../../../src/domain/clustering/strays.ts";
import { shippedWeights } from "../../../src/domain/weights.ts";
import { seen } from "../../contracts/signal.ts";
import { noon } from "../learning/judgement-build.ts";

const weights = { breath: 4, ahead: -1, size: 1 };

function members(...list: readonly (readonly [seconds: number, standing: number])[]) {
  return list.map(([seconds, standing]) => ({ at: noon + seconds * 1000, standing }));
}

describe("who is put out of a story", () => {
  test("one that usually fires alone and began apart from the rest", () => {
    const story = members([0, 0], [1, 0], [60, -3], [61, -3], [90, -3]);
    expect(withoutStrays([0, 1, 2, 3, 4], story, weights)).toEqual([[0, 1, 2, 3], [4]]);
  });

  test("nobody who is good company for many others", () => {
    const story = members([0, 0], [1, 0], [60, 0], [120, -1.9], [121, 0]);
    expect(withoutStrays([0, 1, 2, 3, 4], story, weights)).toEqual([[0, 1, 2, 3, 4]]);
  });

  test("one that began minutes before all the others, but not by how long exactly", () => {
    const story = members([-120, -0.5], [0, 0], [1, 0]);
    expect(withoutStrays([0, 1, 2], story, weights)).toEqual([[1, 2], [0]]);
    const far = members([-6_000, 2.1], [0, 0], [1, 0]);
    expect(withoutStrays([0, 1, 2], far, weights)).toEqual([[0, 1, 2]]);
  });

  test("nobody by one step of a monitor that looks every five minutes", () => {
    const story = members([-300, 0], [0, 0], [0, 0]);
    expect(withoutStrays([0, 1, 2], story, weights)).toEqual([[0, 1, 2]]);
  });

  test("each of two that both only happened to fire", () => {
    expect(withoutStrays([0, 1], members([0, -1], [50, -1]), weights)).toEqual([[0], [1]]);
  });
});

describe("what an alert has for it on its own", () => {
  const { strays } = shippedWeights.clustering;

  function standing(name: string, record: (history: ReturnType<typeof createHistory>) => void): number {
    const history = createHistory(1_000);
    record(history);
    return standingOf(seen({ name, service: "web-a", at: 0 }), history, strays);
  }

  test("a crash more than slowness", () => {
    expect(standing("PodCrashLooping", () => {})).toBeGreaterThan(standing("HighLatency", () => {}));
  });

  test("less when it has fired alone all day", () => {
    const slow = seen({ name: "HighLatency", service: "web-a", at: 0 });
    const alone = standing("HighLatency", (history) => {
      for (let hour = 1; hour < 20; hour += 1) history.record({ ...slow, at: noon - hour * 3_600_000 });
    });
    expect(alone).toBeLessThan(standing("HighLatency", () => {}) - 2);
  });

  test("with the shipped weights nothing is put out on a fresh start only for being slow beside others", () => {
    const fresh = standing("HighLatency", () => {});
    const story = [0, 1, 30].map((seconds) => ({ at: noon + seconds * 1000, standing: fresh }));
    expect(withoutStrays([0, 1, 2], story, strays)).toEqual([[0, 1, 2]]);
  });
});
