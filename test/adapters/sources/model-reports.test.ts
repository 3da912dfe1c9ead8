/** What reports of monitors say, by the samples that the contract suite reads too. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import evidently from "../../../src/adapters/sources/evidently.ts";
import histograms from "../../../src/adapters/sources/histograms.ts";
import nannyml from "../../../src/adapters/sources/nannyml.ts";
import sagemaker from "../../../src/adapters/sources/sagemaker-monitor.ts";
import type { Alert } from "../../../src/domain/alert.ts";
import { type ModelReport, reportOf } from "../../../src/domain/monitoring/report.ts";
import type { Source } from "../../../src/ports/source.ts";

const receivedAt = new Date("2026-03-01T12:45:00Z");
const delivery = { body: new Uint8Array(), headers: {}, receivedAt };

function samplesOf(source: Source): readonly unknown[] {
  const file = new URL(`../../contracts/samples/${source.name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8"));
}

function alertOf(source: Source, body: unknown, settings?: unknown): Alert {
  const result = source.parse(body, delivery, settings);
  const alert = result.kind === "parsed" ? result.delivery.alerts[0] : undefined;
  if (alert === undefined) throw new Error(`no alert: ${JSON.stringify(result)}`);
  return alert;
}

function reported(source: Source, sample: number): ModelReport {
  const report = reportOf(alertOf(source, samplesOf(source)[sample]));
  if (report === null) throw new Error("the alert carries no report");
  return report;
}

describe("Evidently", () => {
  test("a report of 0.4: what drifted of what was looked at, and performance beside the reference", () => {
    const report = reported(evidently, 0);
    expect(report.findings).toEqual([
      {
        feature: "amount",
        check: "Wasserstein distance (normed)",
        value: 0.42,
        limit: 0.1,
        n: null,
        detail: "",
      },
    ]);
    expect(report).toMatchObject({ looked: 2, at: new Date("2026-03-01T12:40:20.060Z") });
    expect(
      report.performance.map(({ metric, value, reference, isWorse }) => [metric, value, reference, isWorse]),
    ).toEqual([
      ["accuracy", 0.71, 0.9, true],
      ["f1", 0.64, 0.88, true],
    ]);
  });
  test("a test suite of 0.6: failed tests, those of quality as performance with their limit", () => {
    const report = reported(evidently, 1);
    expect(report.findings.map(({ feature, check, value, limit }) => [feature, check, value, limit])).toEqual(
      [
        [null, "Share of Out-of-Range Values", 0.018, 0],
        ["amount", "K-S p_value", 0, 0.05],
      ],
    );
    expect(report.performance).toMatchObject([
      { metric: "accuracy", value: 0.53, reference: 0.9, isWorse: true },
    ]);
  });
  test("a report of 0.7: a probability below its limit and a distance above it are drift, nothing else", () => {
    const report = reported(evidently, 2);
    expect(report.findings.map(({ feature, check, value, limit }) => [feature, check, value, limit])).toEqual(
      [
        ["amount", "K-S p_value", 4.57e-66, 0.05],
        [null, "Row count in dataset: Greater or Equal 1000.000", 500, 1000],
      ],
    );
    expect(report).toMatchObject({
      looked: 2,
      performance: [{ metric: "f1score", value: 0.53, reference: 0.9 }],
    });
  });
  test("a report that names no model is refused with what to send, or takes that of the settings", () => {
    const body = { metrics: [] };
    expect(evidently.parse(body, delivery, undefined)).toMatchObject({
      kind: "unparseable",
      problem: '"model" must name the model; got nothing',
    });
    const settings = { model: "scorer", environment: "staging", services: { scorer: "payments" } };
    expect(alertOf(evidently, body, settings)).toMatchObject({
      status: "resolved",
      service: "payments",
      labels: { model: "scorer", environment: "staging" },
    });
    expect(evidently.settingsProblem?.({ modle: "x" })).toMatch(/modle|expected model/);
  });
});

describe("NannyML", () => {
  test("the newest chunk counts: drift with its size, and an estimate beside the reference", () => {
    const report = reported(nannyml, 0);
    expect(report.findings[0]).toMatchObject({
      feature: "car_value",
      check: "Jensen-Shannon",
      value: 0.4648,
      limit: 0.1,
      n: 5000,
    });
    expect(report.performance).toMatchObject([
      {
        metric: "roc_auc",
        basis: "estimated",
        value: 0.8912,
        reference: 0.9709,
        interval: [0.886, 0.8964],
        isWorse: true,
      },
    ]);
    expect(alertOf(nannyml, samplesOf(nannyml)[0]).severity).toBe("warning");
  });
  test("an error that rose is measured, and without a reference its size is not known", () => {
    expect(reported(nannyml, 1).performance).toMatchObject([
      { metric: "mae", basis: "measured", value: 912.4, reference: null, isWorse: true, lossRatio: null },
    ]);
  });
});

describe("SageMaker Model Monitor", () => {
  test("violations of data quality are findings with the numbers of their words", () => {
    const { findings, performance } = reported(sagemaker, 0);
    expect(findings.map(({ feature, check, value, limit }) => [feature, check, value, limit])).toEqual([
      ["amount", "distance from the baseline", 0.2716, 0.1],
      ["country", "missing values", 82.5, 100],
      ["Extra columns", "new column", null, null],
    ]);
    expect(performance).toEqual([]);
  });
  test("violations of model quality are a loss", () => {
    expect(reported(sagemaker, 1)).toMatchObject({
      findings: [],
      performance: [{ metric: "f1", basis: "measured", value: 0.61, reference: 0.75, isWorse: true }],
    });
  });
  test("an event through SNS and a summary say that there are violations, of the schedule or endpoint they name", () => {
    expect(reported(sagemaker, 2)).toMatchObject({
      model: "fraud-scorer",
      findings: [{ check: "constraints" }],
    });
    expect(reported(sagemaker, 3)).toMatchObject({
      model: "fraud-scorer",
      findings: [{ check: "constraints" }],
    });
  });
  test("an execution without violations ends the alert, one that is under way says nothing", () => {
    const summary = { MonitoringScheduleName: "s", EndpointName: "fraud-scorer" };
    expect(alertOf(sagemaker, { ...summary, MonitoringExecutionStatus: "Completed" }).status).toBe(
      "resolved",
    );
    const busy = sagemaker.parse(
      { ...summary, MonitoringExecutionStatus: "InProgress" },
      delivery,
      undefined,
    );
    expect(busy).toMatchObject({ kind: "parsed", delivery: { alerts: [] } });
  });
});

describe("pushed histograms", () => {
  test("become a profile, and what is wrong with one feature leaves the rest", () => {
    const body = {
      model: "scorer",
      features: {
        good: { edges: [0, 1, 2], counts: [3, 4] },
        falling: { edges: [2, 1, 0], counts: [3, 4] },
        short: { edges: [0, 1, 2], counts: [3] },
        negative: { counts: { a: -1 } },
      },
    };
    const result = histograms.parse(body, delivery, undefined);
    if (result.kind !== "parsed") throw new Error(result.problem);
    expect(result.delivery.profiles?.[0]?.current?.features.get("good")).toEqual({
      histogram: { kind: "numeric", edges: [0, 1, 2], counts: [3, 4], below: 0, above: 0 },
      nulls: 0,
    });
    expect(result.delivery.problems).toEqual([
      expect.stringMatching(/^features\.falling \.edges must be finite numbers that rise/),
      "features.short has 3 edges and 1 counts; there must be one edge more",
      expect.stringMatching(/^features\.negative \.counts of "a" must be a count/),
    ]);
  });
});
