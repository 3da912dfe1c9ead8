import { expect, test } from "vitest";
import { comparisonAlt, comparisonChart } from "../../../src/domain/rollout/comparison-chart.ts";
import type { MetricComparison } from "../../../src/domain/rollout/metric-comparison.ts";
import { plan, rolloutIn } from "./build.ts";

const auc: MetricComparison = {
  ...{ name: "auc", champion: 0.941, challenger: 0.957 },
  ...{ interval: [0.011, 0.021], n: 4_200 },
};
const facts = { version: null, comparison: [auc], rules: [], checks: [] };

function chartOf(comparison: readonly MetricComparison[]) {
  return comparisonChart(rolloutIn("pending", { plan: { ...plan, facts: { ...facts, comparison } } }));
}

test("says in words what is drawn: figures, difference, interval and n", () => {
  const chart = chartOf([auc, { ...auc, name: "recall", interval: null, n: 12 }]);
  if (chart === null) throw new Error("there is something to draw");
  const words = comparisonAlt(chart);
  expect(words).toContain(
    "auc: 0.941, then 0.957; difference +0.016, 95 % between +0.011 and +0.021, n = 4200",
  );
  expect(words).toContain("recall: 0.941, then 0.957; difference +0.016, too few to tell, n = 12");
});

test("what was measured after a retrain comes before what was planned with", () => {
  const rollout = rolloutIn("succeeded", { plan: { ...plan, facts } });
  const progress = { ...rollout.progress, newVersion: "77", comparison: [{ ...auc, name: "f1" }] };
  expect(comparisonChart({ plan: rollout.plan, progress })).toMatchObject({
    challenger: "77",
    rows: [{ name: "f1" }],
  });
});

test("nothing is drawn where nobody measured, or nothing finite came out", () => {
  expect(chartOf([])).toBeNull();
  expect(chartOf([{ ...auc, challenger: Number.NaN }])).toBeNull();
});

test("metrics beyond the rows are counted", () => {
  const chart = chartOf(Array.from({ length: 9 }, (_, index) => ({ ...auc, name: `m${index}` })));
  expect(chart).toMatchObject({ leftOut: 3 });
  expect(chart === null ? "" : comparisonAlt(chart)).toContain("3 more metrics.");
});
