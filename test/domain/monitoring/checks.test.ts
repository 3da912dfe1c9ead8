import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { joinSparse, type OrderedBins, pearson } from "../../../src/domain/monitoring/bins.ts";
import type { FeatureProfile } from "../../../src/domain/monitoring/histogram.ts";
import { checkJensenShannon, jensenShannon } from "../../../src/domain/monitoring/jensen-shannon.ts";
import { checksOf } from "../../../src/domain/monitoring/judge-profile.ts";
import {
  checkKolmogorovSmirnov,
  kolmogorovSmirnov,
} from "../../../src/domain/monitoring/kolmogorov-smirnov.ts";
import { checkOutOfRange } from "../../../src/domain/monitoring/out-of-range.ts";
import { checkPredictionRate } from "../../../src/domain/monitoring/prediction-rate.ts";
import { chanceOfRise } from "../../../src/domain/monitoring/proportion.ts";
import { checkPsi, psi } from "../../../src/domain/monitoring/psi.ts";
import { checkUnseenCategories } from "../../../src/domain/monitoring/unseen-categories.ts";
import { checkVolume } from "../../../src/domain/monitoring/volume.ts";
import { checkWasserstein, wasserstein } from "../../../src/domain/monitoring/wasserstein.ts";

const golden = ordered(
  [12, 40, 95, 160, 193, 190, 150, 90, 50, 20],
  [8, 25, 60, 130, 170, 210, 180, 120, 65, 32],
);

/** Bins of width one; the first and last hold what lies outside. */
function ordered(reference: readonly number[], current: readonly number[]): OrderedBins {
  const total = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);
  const cuts = reference.slice(1).map((_, index) => index);
  return { reference, current, n: total(reference), m: total(current), cuts };
}

function swapped({ reference, current, n, m, cuts }: OrderedBins): OrderedBins {
  return { reference: current, current: reference, n: m, m: n, cuts };
}

describe("values agree with scipy 1.17.1 on the same counts", () => {
  test("PSI, by its formula in numpy", () => expect(psi(golden)).toBeCloseTo(0.059580523201840686, 12));
  test("Jensen-Shannon: spatial.distance.jensenshannon, base 2 and squared in nats", () => {
    const result = checkJensenShannon(golden);
    expect(result.kind === "measured" && result.value).toBeCloseTo(0.10336941469574551, 12);
    expect(jensenShannon(golden)).toBeCloseTo(0.007406441133919025, 12);
  });
  test("Kolmogorov-Smirnov: greatest difference of cumulated shares", () =>
    expect(kolmogorovSmirnov(golden)).toBeCloseTo(0.10699999999999998, 12));
  test("Wasserstein: stats.wasserstein_distance of the middles of the bins", () => {
    expect(wasserstein(golden)).toBeCloseTo(0.4429999999999999, 12);
    const result = checkWasserstein(golden);
    expect(result.kind === "measured" && result.value).toBeCloseTo(0.443 / 1.887473443521789, 12);
  });
  test("Pearson: stats.chi2_contingency without correction", () =>
    expect(pearson(golden)).toBeCloseTo(29.464252340682453, 9));
  test.each([
    [10, 1000, 25, 1000, 0.007874852761073203],
    [0, 500, 5, 300, 0.007261825700660228],
    [3, 100, 20, 250, 0.06490448867455027],
    [200, 100_000, 320, 100_000, 7.703397635896083e-8],
  ])("stats.fisher_exact, greater: %d of %d, then %d of %d", (k, n, l, m, expected) => {
    const chance = chanceOfRise({ seen: k, among: n }, { seen: l, among: m });
    expect(chance / expected).toBeCloseTo(1, 6);
  });
});

const counts = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 4, maxLength: 20 });
const pairs = fc
  .tuple(counts, counts)
  .map(([a, b]) =>
    ordered(
      a,
      a.map((_, index) => b[index] ?? 0),
    ),
  )
  .filter(({ n, m }) => n >= 50 && m >= 50);

describe("whatever the counts", () => {
  test("a check says the same of both sides exchanged, but for the unit of Wasserstein", () => {
    fc.assert(
      fc.property(pairs, (bins) => {
        const other = swapped(bins);
        for (const check of [checkPsi, checkJensenShannon, checkKolmogorovSmirnov]) {
          const [one, two] = [check(bins), check(other)];
          expect(one.kind).toBe(two.kind);
          if (one.kind !== "measured" || two.kind !== "measured") continue;
          expect(one.value).toBeCloseTo(two.value, 9);
          expect(one.chance).toBeCloseTo(two.chance, 9);
        }
        expect(wasserstein(bins)).toBeCloseTo(wasserstein(other), 9);
      }),
    );
  });

  test("equal shares are no difference, and no chance is outside of 0 to 1", () => {
    fc.assert(
      fc.property(pairs, fc.integer({ min: 1, max: 9 }), (bins, times) => {
        const same = ordered(
          bins.reference,
          bins.reference.map((count) => count * times),
        );
        for (const check of [checkPsi, checkJensenShannon, checkKolmogorovSmirnov, checkWasserstein]) {
          const alike = check(same);
          if (alike.kind === "measured") {
            expect(alike.value).toBeLessThan(1e-6 + (check === checkPsi ? 0.2 : 0));
            expect(alike.chance).toBeGreaterThan(0.999);
          }
          const result = check(bins);
          if (result.kind !== "measured") continue;
          expect(result.chance).toBeGreaterThanOrEqual(0);
          expect(result.chance).toBeLessThanOrEqual(1);
          expect(result.limitAt(0.001)).toBeGreaterThan(result.limitAt(0.01));
        }
      }),
    );
  });

  test("Jensen-Shannon and PSI do not care for the order of bins that are full enough; all but Wasserstein do not care for the scale", () => {
    fc.assert(
      fc.property(pairs, (bins) => {
        const mirrored: OrderedBins = {
          ...bins,
          reference: bins.reference.toReversed(),
          current: bins.current.toReversed(),
        };
        expect(psi(mirrored)).toBeCloseTo(psi(bins), 9);
        expect(jensenShannon(mirrored)).toBeCloseTo(jensenShannon(bins), 9);
        expect(kolmogorovSmirnov(mirrored)).toBeCloseTo(kolmogorovSmirnov(bins), 9);
        const scaled = { ...bins, cuts: bins.cuts.map((cut) => 1000 * cut - 7) };
        const [a, b] = [checkWasserstein(bins), checkWasserstein(scaled)];
        if (a.kind === "measured" && b.kind === "measured") expect(a.value).toBeCloseTo(b.value, 6);
      }),
    );
  });

  test("joining sparse bins keeps every value", () => {
    fc.assert(
      fc.property(pairs, (bins) => {
        const joined = joinSparse(bins);
        expect(joined.reference.reduce((a, b) => a + b, 0)).toBe(bins.n);
        expect(joined.current.reduce((a, b) => a + b, 0)).toBe(bins.m);
      }),
    );
  });
});

describe("what cannot be said is not said", () => {
  const few: FeatureProfile = {
    histogram: { kind: "numeric", edges: [0, 1, 2], counts: [20, 20], below: 0, above: 0 },
    nulls: 0,
  };
  test("of forty values no check says anything", () => {
    expect(checksOf(few, few).map((result) => result.kind)).toEqual(Array(6).fill("not_enough"));
  });
  test("of bins without a limit in common none about their shape", () => {
    const counts = { counts: [400, 400], below: 0, above: 0 };
    const a: FeatureProfile = { histogram: { kind: "numeric", edges: [0, 1, 2], ...counts }, nulls: 0 };
    const b: FeatureProfile = { histogram: { kind: "numeric", edges: [0.5, 1.5, 2.5], ...counts }, nulls: 0 };
    expect(checksOf(a, b)).toMatchObject([
      { kind: "not_enough", because: "its bins are not those of the reference" },
      { kind: "measured", check: "null_rate" },
    ]);
  });
  test("of a volume with four windows before it", () => {
    expect(checkVolume(10, [100, 100, 100, 100]).kind).toBe("not_enough");
  });
});

describe("single checks", () => {
  const known = (counts: Record<string, number>, other = 0) =>
    ({ kind: "categorical", counts: new Map(Object.entries(counts)), other }) as const;
  const chanceOf = (result: { kind: string; chance?: number }) => result.chance ?? Number.NaN;

  test("new categories are told from the rare ones that are always new", () => {
    const rare = known({ a: 900, ...Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`r${i}`, 1])) });
    const alsoRare = known({
      a: 900,
      ...Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`s${i}`, 1])),
    });
    expect(chanceOf(checkUnseenCategories(rare, alsoRare))).toBeGreaterThan(0.2);
    expect(chanceOf(checkUnseenCategories(known({ a: 900, b: 60 }), known({ a: 900, c: 60 })))).toBeLessThan(
      1e-9,
    );
    expect(checkUnseenCategories(known({ a: 900 }, 5), known({ c: 900 })).kind).toBe("not_enough");
  });
  test("values outside of the range count beyond what the extremes of the reference explain", () => {
    expect(chanceOf(checkOutOfRange(ordered([0, 500, 500, 0], [1, 500, 500, 1])))).toBeGreaterThan(0.1);
    expect(chanceOf(checkOutOfRange(ordered([0, 500, 500, 0], [0, 500, 500, 40])))).toBeLessThan(1e-6);
  });
  test("a class that is predicted twice as often is found, in either direction", () => {
    const before = known({ fraud: 30, fine: 970 });
    const after = known({ fraud: 130, fine: 870 });
    const [rise, fall] = [checkPredictionRate(before, after), checkPredictionRate(after, before)];
    expect(chanceOf(rise)).toBeLessThan(1e-9);
    expect(chanceOf(rise)).toBeCloseTo(chanceOf(fall), 15);
    expect(rise).toMatchObject({ value: 0.1 });
  });
  test("half of the usual rows is unusual beside steady windows, and usual beside unsteady ones", () => {
    expect(chanceOf(checkVolume(480, [1000, 1010, 990, 1005, 995, 1000]))).toBeLessThan(1e-4);
    expect(chanceOf(checkVolume(480, [400, 1400, 700, 1800, 500, 1000]))).toBeGreaterThan(0.2);
    expect(chanceOf(checkVolume(0, [1000, 1010, 990, 1005, 995, 1000]))).toBeLessThan(1e-6);
  });
});
