import { describe, expect, test } from "vitest";
import {
  alertOfReport,
  defaultLossLimits,
  type ModelPerformance,
  type ModelReport,
  reportOf,
  reportSeverity,
} from "../../../src/domain/monitoring/report.ts";

const receivedAt = new Date("2026-03-01T12:00:00Z");
const options = { source: "evidently", service: "payments", limits: defaultLossLimits, receivedAt };
const drift = { feature: "amount", check: "PSI", value: 0.31, limit: 0.1, n: 900, detail: "" };
const report: ModelReport = {
  model: "fraud-scorer",
  environment: "production",
  monitor: "evidently",
  at: receivedAt,
  findings: [drift, { ...drift, check: "Wasserstein" }, { ...drift, feature: "country" }],
  looked: 40,
  performance: [],
  unsaid: [],
};

function loss(lossRatio: number | null, isWorse = true): ModelPerformance {
  return {
    metric: "f1",
    basis: "measured",
    value: 0.79,
    reference: 0.91,
    interval: [0.77, 0.81],
    isWorse,
    lossRatio,
  };
}

describe("how loud a report is", () => {
  test.each([
    ["drift without any measured performance", [], "info"],
    ["drift with a performance that did not suffer", [loss(0.3, false)], "info"],
    ["a loss too small to matter", [loss(0.01)], "info"],
    ["a loss", [loss(0.13)], "warning"],
    ["a loss that nobody measured the size of", [loss(null)], "warning"],
    ["a great loss beside a small one", [loss(0.06), loss(0.3)], "critical"],
  ] as const)("%s", (_name, performance, severity) => {
    expect(reportSeverity({ performance }, defaultLossLimits)).toBe(severity);
  });
});

describe("the alert of a report", () => {
  test("is one for a model, however many features it names", () => {
    const alert = alertOfReport({ ...report, performance: [loss(0.13)] }, options);
    expect(alert).toMatchObject({
      status: "firing",
      name: "ModelDrift",
      service: "payments",
      severity: "warning",
    });
    expect(alert.summary).toBe(
      "fraud-scorer in production: 2 of 40 features changed (amount, country); measured f1 0.79, was 0.91 (13 % worse)",
    );
    expect(alert.labels).toEqual({
      alertname: "ModelDrift",
      service: "payments",
      model: "fraud-scorer",
      environment: "production",
      monitor: "evidently",
    });
  });
  test("has the same identity whatever was found, and ends with the first report that found nothing", () => {
    const first = alertOfReport(report, options);
    const last = alertOfReport({ ...report, findings: [] }, options);
    expect(last.fingerprint).toBe(first.fingerprint);
    expect([first.status, last.status]).toEqual(["firing", "resolved"]);
    // So that "since when" is that of the first report.
    expect(first.isStartGuessed).toBe(true);
  });
  test("carries the report whole, and of thousands of findings the worst few", () => {
    expect(reportOf(alertOfReport(report, options))).toEqual(report);
    const many = {
      ...report,
      findings: Array.from({ length: 5_000 }, () => ({ ...drift, detail: "x".repeat(9_000) })),
    };
    const alert = alertOfReport(many, options);
    expect(alert.annotations["model_report"]?.length).toBeLessThan(16_384);
    expect(reportOf(alert)?.findings).toHaveLength(25);
  });
  test("of anybody else carries none", () => {
    const alert = alertOfReport(report, options);
    expect(reportOf({ ...alert, name: "HighLatency" })).toBeNull();
    for (const text of ["", "{", "[]", '{"model": 1}'])
      expect(reportOf({ ...alert, annotations: { model_report: text } })).toBeNull();
  });
});
