/**
 * How often checks of drift alert while nothing has changed, and how much must change before they do: a fixed limit of
 * 0.1 for PSI beside limits that know how many values and features there are. Counts are drawn from seeds, so that
 * every run says the same.
 */
import { pairOrdered } from "../../src/domain/monitoring/bins.ts";
import type { FeatureProfile, NumericHistogram } from "../../src/domain/monitoring/histogram.ts";
import { judgeProfile, type Profile } from "../../src/domain/monitoring/judge-profile.ts";
import { psi } from "../../src/domain/monitoring/psi.ts";
import { createRandom, normalFrom, resample } from "../../src/domain/monitoring/random.ts";
import { report } from "./report.ts";

const rate = 0.01;
const bins = 10;
const edges = Array.from({ length: bins + 1 }, (_, index) => index);
const flat = Array.from({ length: bins }, () => 1 / bins);
const sizes = [100, 300, 1_000, 10_000, 100_000];
const shapes = [
  { features: 1, reports: 1_000 },
  { features: 10, reports: 300 },
  { features: 100, reports: 100 },
];

function histogramOf(shares: readonly number[], n: number, random: () => number): NumericHistogram {
  const counts = resample(
    random,
    shares.map((share) => share * n),
  );
  return { kind: "numeric", edges, counts, below: 0, above: 0 };
}

function profileOf(shares: readonly (readonly number[])[], n: number, random: () => number): Profile {
  const features = shares.map((each, index): [string, FeatureProfile] => [
    `feature ${index}`,
    { histogram: histogramOf(each, n, random), nulls: 0 },
  ]);
  return { features: new Map(features), prediction: null, labels: null, rows: n };
}

/** The middle is what both say of features of which `moved` have other shares now. */
function alarms(given: {
  readonly n: number;
  readonly features: number;
  readonly reports: number;
  readonly moved?: readonly number[];
}): { readonly fixed: number; readonly ours: number } {
  const random = createRandom(given.n + given.features);
  const before = Array.from({ length: given.features }, () => flat);
  const after = before.map((shares, index) => (index === 0 ? (given.moved ?? shares) : shares));
  let [fixed, ours] = [0, 0];
  for (let round = 0; round < given.reports; round += 1) {
    const [reference, current] = [profileOf(before, given.n, random), profileOf(after, given.n, random)];
    if (isFixedAlarm(reference, current)) fixed += 1;
    const { judged } = judgeProfile(reference, current, { falseAlarmRate: rate, rowsBefore: [], seed: 1 });
    if (judged.some((one) => one.isFinding)) ours += 1;
  }
  return { fixed: fixed / given.reports, ours: ours / given.reports };
}

function isFixedAlarm(reference: Profile, current: Profile): boolean {
  return [...reference.features].some(([name, { histogram }]) => {
    const other = current.features.get(name)?.histogram;
    if (histogram.kind !== "numeric" || other?.kind !== "numeric") return false;
    const paired = pairOrdered(histogram, other);
    return paired !== null && psi(paired) > 0.1;
  });
}

/** Shares of the deciles of a standard normal after its mean moved by so many deviations, from many draws. */
function movedBy(deviations: number): readonly number[] {
  const random = createRandom(99);
  const draws = Array.from({ length: 200_000 }, () => normalFrom(random)).sort((a, b) => a - b);
  const cuts = Array.from(
    { length: bins - 1 },
    (_, index) => draws[((index + 1) * draws.length) / bins] ?? 0,
  );
  const counts = flat.map(() => 0);
  for (const draw of draws) {
    const at = cuts.findIndex((cut) => draw + deviations < cut);
    const bin = at === -1 ? bins - 1 : at;
    counts[bin] = (counts[bin] ?? 0) + 1 / draws.length;
  }
  return counts;
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

console.log("false alarms: reports of a model that has not changed which alert, fixed PSI 0.1 and ours");
let worst = { share: 0, where: "" };
let isNominal = true;
for (const { features, reports } of shapes) {
  for (const n of sizes) {
    const { fixed, ours } = alarms({ n, features, reports });
    console.log(`  ${features} features, ${n} values: ${percent(fixed)}, ${percent(ours)} of ${reports}`);
    // Three standard errors above the rate that was asked for.
    if (ours > rate + 3 * Math.sqrt((rate * (1 - rate)) / reports)) isNominal = false;
    if (ours >= worst.share) worst = { share: ours, where: `${features} features of ${n} values` };
    if (features === 1 && n === 100)
      report({
        measure: "false alarms of fixed PSI 0.1 at n = 100",
        figure: percent(fixed),
        aim: null,
        isMet: null,
      });
  }
}
report({
  measure: "false alarms of ours, the most",
  figure: `${percent(worst.share)}, ${worst.where}`,
  aim: `${percent(rate)} a report`,
  isMet: isNominal,
});

console.log("power: reports that alert when the mean of one feature moved, of a hundred features and of one");
for (const deviations of [0.1, 0.25, 0.5, 1]) {
  const moved = movedBy(deviations);
  for (const n of sizes) {
    const one = alarms({ n, features: 1, reports: 200, moved });
    const many = alarms({ n, features: 100, reports: 20, moved });
    console.log(`  ${deviations} deviations, ${n} values: ${percent(many.ours)}, ${percent(one.ours)}`);
    if (deviations === 0.5 && n === 1_000)
      report({
        measure: "power at half a deviation, n = 1000, one of 100 features",
        figure: percent(many.ours),
        aim: "90 %",
        isMet: many.ours >= 0.9,
      });
  }
}

const random = createRandom(5);
const wide = Array.from({ length: 100 }, () => flat);
const pair = [profileOf(wide, 100_000, random), profileOf(wide, 100_000, random)] as const;
const startedAt = performance.now();
const rounds = 20;
for (let round = 0; round < rounds; round += 1)
  judgeProfile(pair[0], pair[1], { falseAlarmRate: rate, rowsBefore: [], seed: 1 });
report({
  measure: "a report of 100 features, 2 x 100,000 values",
  figure: `${((performance.now() - startedAt) / rounds).toFixed(1)} ms`,
  aim: "100 ms",
  isMet: performance.now() - startedAt < rounds * 100,
});
