import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addHistograms, type FeatureProfile, sizeOf } from "../../../src/domain/monitoring/histogram.ts";
import { holm } from "../../../src/domain/monitoring/holm.ts";
import { judgeProfile, type Profile } from "../../../src/domain/monitoring/judge-profile.ts";
import { checkPerformance, measure } from "../../../src/domain/monitoring/performance.ts";
import { createRandom, resample } from "../../../src/domain/monitoring/random.ts";

const options = { falseAlarmRate: 0.01, rowsBefore: [], seed: 1 };
const bins = 10;
const edges = Array.from({ length: bins + 1 }, (_, index) => index);

function numeric(counts: readonly number[], nulls = 0): FeatureProfile {
  return { histogram: { kind: "numeric", edges, counts, below: 0, above: 0 }, nulls };
}

/** Each feature's counts drawn from shares. */
function profile(features: number, rows: number, random: () => number, shares: readonly number[]): Profile {
  const entries = Array.from({ length: features }, (_, index): [string, FeatureProfile] => [
    `f${index}`,
    numeric(
      resample(
        random,
        shares.map((share) => share * rows),
      ),
    ),
  ]);
  return { features: new Map(entries), prediction: null, labels: null, rows };
}

const flat = Array.from({ length: bins }, () => 1 / bins);
/** About 0.1 of PSI away. */
const tilted = flat.map((share, index) => share * (0.5 + index / (bins - 1)));

function alarms(reports: number, features: number, rows: number, shares: readonly number[]): number {
  const random = createRandom(7);
  let count = 0;
  for (let report = 0; report < reports; report += 1) {
    const { judged } = judgeProfile(
      profile(features, rows, random, flat),
      profile(features, rows, random, shares),
      options,
    );
    if (judged.some((one) => one.isFinding)) count += 1;
  }
  return count;
}

describe("a report of many checks", () => {
  test("of a model that has not changed alerts at most about as often as was asked for", () => {
    // One in a hundred of 300 reports are three; more than nine have a chance of one in a thousand.
    expect(alarms(300, 1, 100, flat)).toBeLessThanOrEqual(9);
    expect(alarms(100, 30, 100, flat)).toBeLessThanOrEqual(5);
    expect(alarms(100, 30, 5_000, flat)).toBeLessThanOrEqual(5);
  });
  test("of a model whose input moved alerts from a few hundred rows on", () => {
    expect(alarms(20, 30, 1_000, tilted)).toBe(20);
    expect(alarms(20, 1, 700, tilted)).toBeGreaterThanOrEqual(18);
  });
  test("a shift of no consequence is measured and is no finding, however many rows there are", () => {
    const slightly = flat.map((share, index) => share * (index % 2 === 0 ? 1.01 : 0.99));
    const result = judgeProfile(
      profile(1, 1_000_000, createRandom(1), flat),
      profile(1, 1_000_000, createRandom(2), slightly),
      options,
    );
    const psi = result.judged.find((one) => one.check === "psi");
    expect(psi?.chance).toBeLessThan(1e-6);
    expect(result.judged.filter((one) => one.isFinding)).toEqual([]);
  });
  test("of forty rows says nothing, least of all that all is well", () => {
    const few = profile(2, 40, createRandom(1), flat);
    const result = judgeProfile(few, few, options);
    expect(result.judged).toEqual([]);
    expect(result.unsaid.length).toBe(12);
  });
  test("tells features that went, came or changed their kind without any statistics", () => {
    const before = profile(2, 100, createRandom(1), flat);
    const text: FeatureProfile = {
      histogram: { kind: "categorical", counts: new Map([["a", 9]]), other: 0 },
      nulls: 0,
    };
    const now = {
      ...before,
      features: new Map([
        ["f1", text],
        ["f9", text],
      ]),
    };
    expect(judgeProfile(before, now, options).schema).toEqual([
      { feature: "f0", change: "missing", text: "is no longer sent" },
      { feature: "f1", change: "kind", text: "was numeric and is categorical" },
      { feature: "f9", change: "new", text: "is not in the reference" },
    ]);
  });
});

describe("Holm's procedure", () => {
  test("judges the smallest chance at the strictest level and stops at the first that fails", () => {
    expect(holm([0.04, 0.001, 0.02, 0.012], 0.05)).toEqual([
      { level: 0.05, isFinding: true },
      { level: 0.0125, isFinding: true },
      { level: 0.025, isFinding: true },
      { level: 0.05 / 3, isFinding: true },
    ]);
    expect(holm([0.03, 0.001, 0.5], 0.05).map((one) => one.isFinding)).toEqual([false, true, false]);
  });
  test("finds nothing that Bonferroni would not with one check, and never less than Bonferroni with many", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 }), (chances) => {
        const found = holm(chances, 0.05);
        for (const [index, chance] of chances.entries())
          if (chance <= 0.05 / chances.length) expect(found[index]?.isFinding).toBe(true);
      }),
    );
  });
});

describe("labels that came later", () => {
  const good = {
    kind: "confusion",
    counts: [
      [900, 100],
      [80, 920],
    ],
  } as const;
  const worse = {
    kind: "confusion",
    counts: [
      [800, 200],
      [220, 780],
    ],
  } as const;
  test("a loss has a value, a reference and an interval that does not hold the reference", () => {
    const { result, estimate } = checkPerformance(good, worse, 3);
    expect(result).toMatchObject({ kind: "measured" });
    expect(result.kind === "measured" && result.chance).toBeLessThan(1e-9);
    expect(estimate?.value).toBeCloseTo(0.79, 2);
    expect(estimate?.high).toBeLessThan(estimate?.reference ?? 0);
    expect(estimate?.lossRatio).toBeGreaterThan(0.1);
    expect(estimate?.sureLossRatio).toBeLessThan(estimate?.lossRatio ?? 0);
  });
  test("the same seed gives the same interval, another nearly the same", () => {
    const [a, b, c] = [3, 3, 4].map((seed) => checkPerformance(good, worse, seed).estimate);
    expect(a).toEqual(b);
    expect(c?.low).toBeCloseTo(a?.low ?? 0, 2);
    expect(c).not.toEqual(a);
  });
  test("an area under the curve as of scipy's stats.mannwhitneyu on the same bins, and errors by their middles", () => {
    const scores = { kind: "scores", positives: [2, 5, 10, 20, 30], negatives: [40, 25, 15, 8, 2] } as const;
    expect(measure(scores)).toBeCloseTo(0.8917910447761194, 12);
    expect(measure({ kind: "errors", edges: [-2, 0, 2, 6], counts: [1, 2, 1] })).toBe(1.75);
  });
  test("too few labels, or other ones, say nothing", () => {
    const few = {
      kind: "confusion",
      counts: [
        [5, 1],
        [1, 5],
      ],
    } as const;
    expect(checkPerformance(good, few, 1).result).toMatchObject({ kind: "not_enough" });
    const other = {
      kind: "confusion",
      counts: [
        [90, 1, 1],
        [1, 90, 1],
        [1, 1, 90],
      ],
    } as const;
    expect(checkPerformance(good, other, 1).result).toMatchObject({ kind: "not_enough" });
  });
});

describe("histograms of small reports", () => {
  const counted = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 4, maxLength: 4 });
  test("add up to the same in any order, and keep every value also where bins differ", () => {
    const at = (at: readonly number[], counts: readonly number[]) =>
      ({ kind: "numeric", edges: at, counts, below: 1, above: 2 }) as const;
    fc.assert(
      fc.property(counted, counted, (a, b) => {
        const [fine, coarse] = [at([0, 1, 2, 3, 4], a), at([-1, 0, 2, 4, 9], b)];
        const both = addHistograms(fine, coarse);
        expect(both).toEqual(addHistograms(coarse, fine));
        expect(both === null ? 0 : sizeOf(both)).toBe(sizeOf(fine) + sizeOf(coarse));
      }),
    );
  });
  test("without a bin in common do not add up", () => {
    const at = (at: readonly number[]) =>
      ({ kind: "numeric", edges: at, counts: [1], below: 0, above: 0 }) as const;
    expect(addHistograms(at([0, 1]), at([1, 2]))).toBeNull();
  });
});
