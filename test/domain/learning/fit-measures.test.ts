import { describe, expect, test } from "vitest";
import { rankCauses } from "../../../src/domain/causes.ts";
import { compareWeights, fewestCompared } from "../../../src/domain/learning/fit-measures.ts";
import type { LabelledCause, LabelledPair } from "../../../src/domain/learning/labels.ts";
import { shippedWeights, type Weights } from "../../../src/domain/weights.ts";
import { changeBefore, motley, question } from "./labelled-build.ts";

const at = new Date("2026-03-01T12:00:00Z");
let corrections = 0;
/** Each of a correction of its own. */
const pair = (topology: number, areTogether: boolean, weight = 1): LabelledPair => {
  corrections += 1;
  return { scores: { topology }, areTogether, weight, correction: corrections, at };
};
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

  test("a correction of many pairs is one question", () => {
    const single = Array.from({ length: 40 }, (_, i) => pair(i % 3 === 0 ? 4 : -8, i % 2 === 0));
    const eightfold = single.flatMap((one) => Array.from({ length: 8 }, () => one));
    expect(accuracy(eightfold)).toEqual(accuracy(single));
    const storm = Array.from({ length: 12 }, () => ({ ...pair(4, true), correction: 7 }));
    expect(accuracy(storm)).toMatchObject({ challenger: 1, interval: null, n: 1 });
    const half = [pair(4, true), pair(-8, true)].map((one) => ({ ...one, correction: 8 }));
    expect(accuracy(half)).toMatchObject({ champion: 1, challenger: 0.5, n: 1 });
  });

  test("each side is measured with what fired together as it would count it", () => {
    const pairs = Array.from({ length: 10 }, () => ({
      ...pair(-1, true),
      challengerScores: { topology: -1, "co-firing": 2 },
    }));
    expect(accuracy(pairs, shippedWeights, shippedWeights)).toMatchObject({ champion: 1, challenger: 1 });
    const weary = pairs.map((one) => ({ ...one, scores: { topology: -2 } }));
    expect(accuracy(weary, shippedWeights, shippedWeights)).toMatchObject({ champion: 0, challenger: 1 });
  });

  test("what nobody said is learned from and never measured on", () => {
    expect(compareWeights({ causes: [], pairs: [pair(4, true, 0.25)] }, deaf, shippedWeights)).toEqual([]);
  });
});

describe("comparing two sets of weights on causes", () => {
  const rows = motley(60);
  const other: Weights = {
    ...shippedWeights,
    causes: { ...shippedWeights.causes, noChange: 2, changed: 0.2, changeDistance: -0.3 },
  };
  const shareOf = (right: readonly boolean[]) => right.filter(Boolean).length / right.length;

  test("counts the first answers of the ranking that serves", () => {
    const compared = new Map(
      compareWeights({ causes: rows, pairs: [] }, shippedWeights, other).map((metric) => [
        metric.name,
        metric,
      ]),
    );
    const ofServices = rows.filter(({ service }) => service !== null);
    const ofChanges = rows.filter((row) => row.changeId !== null && row.question.changes.length > 0);
    for (const [side, weights] of [["champion", shippedWeights] as const, ["challenger", other] as const]) {
      const first = (row: LabelledCause) => rankCauses(row.question, weights)[0];
      expect(compared.get("service_top1")?.[side]).toBe(
        shareOf(ofServices.map((row) => first(row)?.service === row.service)),
      );
      expect(compared.get("change_top1")?.[side]).toBe(
        shareOf(ofChanges.map((row) => (first(row)?.changeId ?? "none") === row.changeId)),
      );
    }
    expect(compared.get("service_top1")?.n).toBe(ofServices.length);
    expect(compared.get("change_top1")?.n).toBe(ofChanges.length);
    expect(compared.get("change_top1")?.challenger).not.toBe(compared.get("change_top1")?.champion);
  });

  test("the log loss is of the probability that is shown", () => {
    const row = rows.find(({ service, changeId }) => service !== null && changeId === null);
    const shown = rankCauses(row?.question ?? question(), shippedWeights);
    const chance = shown.reduce(
      (sum, cause) => sum + (cause.service === row?.service ? cause.confidence : 0),
      0,
    );
    const compared = compareWeights(
      { causes: row === undefined ? [] : [row], pairs: [] },
      shippedWeights,
      shippedWeights,
    );
    expect(compared.find(({ name }) => name === "service_log_loss")?.champion).toBeCloseTo(
      -Math.log(chance),
      1,
    );
  });

  test("a challenger that is the champion differs in nothing", () => {
    const compared = compareWeights({ causes: rows, pairs: [] }, shippedWeights, shippedWeights);
    expect(compared.map(({ name }) => name)).toContain("change_log_loss");
    for (const metric of compared) {
      expect(metric.challenger).toBe(metric.champion);
      expect(metric.interval).toEqual([0, 0]);
    }
  });

  test("a commit is right when the deploy that carries it is named", () => {
    const commit = changeBefore(12, { id: "4fe2a1c", kind: "commit", title: "shorter timeout" });
    const deploy = changeBefore(5, { id: "d-9", service: "shop", text: "ships 4fe2a1c" });
    const asked = question({ changes: [commit, deploy] });
    expect(rankCauses(asked, shippedWeights)[0]?.changeId).toBe("d-9");
    const row = { question: asked, service: null, changeId: "4fe2a1c", at };
    const compared = compareWeights({ causes: [row], pairs: [] }, shippedWeights, shippedWeights);
    expect(compared.find(({ name }) => name === "change_top1")?.champion).toBe(1);
  });

  test("a change that is not in reach is not asked for", () => {
    const row = { question: question({ changes: [changeBefore(5)] }), service: null, changeId: "gone", at };
    expect(compareWeights({ causes: [row], pairs: [] }, shippedWeights, shippedWeights)).toEqual([]);
  });
});
