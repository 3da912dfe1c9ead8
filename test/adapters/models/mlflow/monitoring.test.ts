import { expect, test } from "vitest";
import { reportOfRun, runOfVersion } from "../../../../src/adapters/models/mlflow/monitoring.ts";
import type { Run } from "../../../../src/adapters/models/mlflow/registry.ts";

function runOf(metrics: Readonly<Record<string, number | string>>, version?: string): Run {
  const tags = new Map(version === undefined ? [] : [["tocsin.version", version]]);
  return {
    info: { run_id: `of-${version ?? "any"}`, status: "FINISHED", end_time: Date.UTC(2026, 2, 1) },
    data: { metrics: Object.entries(metrics).map(([key, value]) => ({ key, value })), params: [], tags },
    inputs: { dataset_inputs: [] },
  };
}
const about = { model: "ranker", environment: "production" };

test.each([
  [{ min: 0.4 }, 0.41, { isWorse: false, lossRatio: null, reference: 0.4 }],
  [{ min: 0.4 }, 0.3, { isWorse: true, lossRatio: 0.25, reference: 0.4 }],
  [{ min: 0.4, reference: 0.5 }, 0.25, { isWorse: true, lossRatio: 0.5, reference: 0.5 }],
  [{ max: 2 }, 3, { isWorse: true, lossRatio: 0.5, reference: 2 }],
  [{ min: 0, max: 2 }, 3, { isWorse: true, lossRatio: 0.5, reference: 2 }],
])("a metric with the limits %o that is %d is %o", (limits, value, expected) => {
  const { performance, findings } = reportOfRun(runOf({ ndcg: value }), { ndcg: limits }, about);
  expect(performance[0]).toMatchObject({ ...expected, lossRatio: roundedOrNull(expected.lossRatio) });
  expect(findings).toEqual([]);
});

function roundedOrNull(ratio: number | null): unknown {
  return ratio === null ? null : expect.closeTo(ratio, 9);
}

test("a metric of a feature is a finding once it passes its limit, and no performance", () => {
  const metrics = { amount_psi: { max: 0.2, feature: "amount" }, age_psi: { max: 0.2, feature: "age" } };
  const report = reportOfRun(runOf({ amount_psi: 0.31, age_psi: 0.1 }), metrics, about);
  expect(report).toMatchObject({
    ...{ monitor: "mlflow", looked: 2, performance: [], at: new Date(Date.UTC(2026, 2, 1)) },
    findings: [{ feature: "amount", check: "amount_psi", value: 0.31, limit: 0.2 }],
  });
});

test.each([{}, { ndcg: "NaN" }])(
  "a metric that is not there, or no number, is said to be missing: %o",
  (logged) => {
    const report = reportOfRun(runOf(logged), { ndcg: { min: 0.4 } }, about);
    expect(report).toMatchObject({
      findings: [],
      performance: [],
      unsaid: ["ndcg: the run of-any has not logged it"],
    });
  },
);

test("a run that names another version than the one that serves is passed over", () => {
  const runs = [runOf({}, "3"), runOf({}, "2"), runOf({})];
  expect(runOfVersion(runs, "2")).toBe(runs[1]);
  expect(runOfVersion(runs, "4")).toBe(runs[2]);
  expect(runOfVersion(runs.slice(0, 2), null)).toBeNull();
});
