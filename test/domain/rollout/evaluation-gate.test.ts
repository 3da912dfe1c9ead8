import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bake, type BakeState, newBake } from "../../../src/domain/bake.ts";
import {
  type GateMetric,
  joinVerdicts,
  judgeBake,
  judgeMetric,
  judgeTags,
} from "../../../src/domain/rollout/evaluation-gate.ts";
import type { MetricComparison } from "../../../src/domain/rollout/metric-comparison.ts";
import { plan } from "./build.ts";

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

describe("a bake elsewhere", () => {
  const place = { version: "4", environment: "staging" };
  const fresh = newBake({ windowMs: 60_000, onFail: "ask", checks: [] }, { alerts: [], incident: 0 });
  const baked = (id: number, state: BakeState, over: Partial<Bake> = {}, to = "4") => ({
    ...{ id, plan: { ...plan, environment: "staging", to } },
    bake: { ...fresh, state, ...over },
  });
  test.each<[string, Parameters<typeof judgeBake>[1], string, string]>([
    ["that passed", [baked(9, "passed")], "pass", "the bake of version 4 in staging (rollout 9) passed"],
    ["that failed", [baked(9, "failed", { findings: ["errors doubled"] })], "fail", "failed: errors doubled"],
    [
      "that failed after one that passed",
      [baked(9, "failed"), baked(5, "passed")],
      "fail",
      "(rollout 9) failed",
    ],
    ["that passed after one that failed", [baked(9, "passed"), baked(5, "failed")], "pass", "(rollout 9)"],
    [
      "that was cut short after one that passed",
      [baked(9, "superseded"), baked(5, "passed")],
      "pass",
      "(rollout 5)",
    ],
    ["that is under way", [baked(9, "watching")], "not_enough_data", "is not over"],
    ["that could not tell", [baked(9, "inconclusive")], "not_enough_data", "was inconclusive"],
    [
      "that failed and for which someone vouched",
      [baked(9, "failed", { answer: { as: "accepted", by: "ada" } })],
      "pass",
      "was failed, and ada vouched for it",
    ],
    ["of another version", [baked(9, "passed", {}, "3")], "not_enough_data", "was not watched in staging"],
    ["that never was", [{ ...baked(9, "passed"), bake: null }], "not_enough_data", "was not watched"],
  ])("%s", (_name, rollouts, kind, text) => {
    const verdict = judgeBake(place, rollouts);
    expect(verdict).toEqual({ kind, text: expect.stringContaining(text) });
  });
});

describe("tags", () => {
  const wanted = { validation_status: "approved", reviewed: "true" };
  test.each<[string, Record<string, string> | null, string, string]>([
    ["as asked for", { ...wanted, other: "x" }, "pass", "validation_status, reviewed"],
    [
      "one of them missing",
      { reviewed: "true" },
      "fail",
      'no tag validation_status, "approved" is asked for',
    ],
    ["of another value", { ...wanted, reviewed: "no" }, "fail", 'tag reviewed is "no", "true" is asked for'],
    ["that nobody tells", null, "not_enough_data", "the registry tells no tags"],
    ["that only every object has", {}, "fail", "no tag"],
  ])("%s", (_name, carried, kind, text) => {
    expect(judgeTags(wanted, carried)).toEqual({ kind, text: expect.stringContaining(text) });
  });

  test("are not found among what every object has", () => {
    expect(judgeTags({ constructor: "x" }, {}).kind).toBe("fail");
  });
});

test("several verdicts are as good as the worst of them", () => {
  const verdict = (kind: "pass" | "fail" | "not_enough_data") => ({ kind, text: kind });
  expect(joinVerdicts([verdict("pass"), verdict("not_enough_data"), verdict("fail")]).kind).toBe("fail");
  expect(joinVerdicts([verdict("pass"), verdict("not_enough_data")]).kind).toBe("not_enough_data");
  expect(joinVerdicts([verdict("pass"), verdict("pass")])).toEqual({ kind: "pass", text: "pass; pass" });
});
