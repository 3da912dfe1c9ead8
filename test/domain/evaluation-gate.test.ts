import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type GateMetric, joinVerdicts, judgeMetric } from "../../src/domain/evaluation-gate.ts";
import type { MetricComparison } from "../../src/domain/metric-comparison.ts";

const auc: GateMetric = { name: "auc", better: "higher", minGain: -0.01, minRows: 100, interval: "required" };
const measured = (over: Partial<MetricComparison> = {}): MetricComparison => ({
  ...{ name: "auc", champion: 0.9, challenger: 0.91, interval: [0, 0.02], n: 500, ...over },
});

describe("a metric", () => {
  test.each<[string, Partial<GateMetric>, Partial<MetricComparison>, string]>([
    ["whose whole interval is above the loss that is taken", {}, {}, "pass"],
    ["whose interval ends at the limit", {}, { interval: [-0.01, 0.02] }, "pass"],
    ["that may have lost more", {}, { interval: [-0.02, 0.02] }, "not_enough_data"],
    ["that has certainly lost more", {}, { interval: [-0.03, -0.02] }, "fail"],
    ["that must gain and may not have", { minGain: 0.005 }, {}, "not_enough_data"],
    ["that must gain and has", { minGain: 0.005 }, { interval: [0.006, 0.02] }, "pass"],
    ["on too few rows", {}, { n: 99 }, "not_enough_data"],
    ["without an interval", {}, { interval: null }, "not_enough_data"],
    ["without one, where that is enough", { interval: "optional" }, { interval: null }, "pass"],
    ["without one, and worse", { interval: "optional" }, { interval: null, challenger: 0.8 }, "fail"],
    ["that is no number", {}, { challenger: Number.NaN }, "not_enough_data"],
    ["that nobody measured", { name: "recall" }, {}, "not_enough_data"],
  ])("%s", (_name, metric, comparison, kind) => {
    expect(judgeMetric({ ...auc, ...metric }, [measured(comparison)]).kind).toBe(kind);
  });

  test("of which less is better passes where its mirror does, whatever the numbers", () => {
    const number = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(number, number, number, number, fc.boolean(), (champion, challenger, x, y, isBare) => {
        const interval = isBare ? null : ([Math.min(x, y), Math.max(x, y)] as const);
        const mirrored = isBare ? null : ([-Math.max(x, y), -Math.min(x, y)] as const);
        const metric = { ...auc, interval: "optional" as const };
        const up = judgeMetric(metric, [measured({ champion, challenger, interval })]);
        const lower = { ...metric, better: "lower" as const };
        const down = measured({ champion: -champion, challenger: -challenger, interval: mirrored });
        expect(judgeMetric(lower, [down]).kind).toBe(up.kind);
      }),
    );
  });

  test("is told with its numbers", () => {
    expect(judgeMetric(auc, [measured()]).text).toBe(
      "auc 0.9 → 0.91, gain 0 to 0.02 (95 %, n 500); a loss of at most 0.01 is asked for",
    );
  });
});

test("several verdicts are as good as the worst of them", () => {
  const verdict = (kind: "pass" | "fail" | "not_enough_data") => ({ kind, text: kind });
  expect(joinVerdicts([verdict("pass"), verdict("not_enough_data"), verdict("fail")]).kind).toBe("fail");
  expect(joinVerdicts([verdict("pass"), verdict("not_enough_data")]).kind).toBe("not_enough_data");
  expect(joinVerdicts([verdict("pass"), verdict("pass")])).toEqual({ kind: "pass", text: "pass; pass" });
});
