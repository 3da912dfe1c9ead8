import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Severity } from "../../../src/domain/alert.ts";
import type { Incident } from "../../../src/domain/incident.ts";
import {
  alertOfReport,
  defaultLossLimits,
  type ModelPerformance,
  type ModelReport,
} from "../../../src/domain/monitoring/report.ts";
import {
  calledSoFar,
  decideEscalation,
  type Escalation,
  type EscalationRule,
  ruleFor,
} from "../../../src/domain/people/escalation.ts";
import type { Matcher } from "../../../src/domain/suppression/matcher.ts";
import { at, buildAlert, buildIncident } from "../build.ts";

const minute = 60_000;
const rule: EscalationRule = {
  name: "default",
  match: [{ name: "severity", op: "=~", value: "critical|high" }],
  steps: [
    { afterMs: 5 * minute, tell: [{ kind: "rota", rota: "primary" }] },
    { afterMs: 15 * minute, tell: [{ kind: "person", person: "lead" }] },
  ],
  quiet: null,
};
/** At 10:00 every day, for two hours; the incident of these tests begins at 10:00. */
const quiet: EscalationRule["quiet"] = {
  hours: { kind: "weekly", days: [0, 1, 2, 3, 4, 5, 6], fromMinute: 600, toMinute: 720, timezone: "UTC" },
  evenAt: ["critical"],
};

function decide(
  now: Date,
  given: {
    incident?: Partial<Incident>;
    rule?: EscalationRule | null;
    known?: Escalation | null;
    openSince?: Date;
  } = {},
) {
  return decideEscalation({
    incident: buildIncident({ severity: "high", ...given.incident }),
    rule: given.rule === undefined ? rule : given.rule,
    known: given.known ?? null,
    openSince: given.openSince ?? at(0),
    now,
  });
}

test.each([
  [0, [], []],
  [1, [], ["primary"]],
  [2, ["lead"], ["primary"]],
])("after %i steps these were called by name: %j and whoever has %j", (nextStep, people, rotas) => {
  expect(calledSoFar([rule], { rule: "default", nextStep })).toEqual({ people, rotas });
  expect(calledSoFar([rule], { rule: "another", nextStep })).toEqual({ people: [], rotas: [] });
});

describe("what is due", () => {
  test.each([
    ["at once: the first step is awaited", at(0), {}, "wait", at(5)],
    ["at its time: the first step", at(5), {}, "tell", 1],
    ["long after: the first step, then the second", at(90), {}, "tell", 1],
    [
      "nothing when it is acknowledged",
      at(5),
      { incident: { state: "acknowledged" as const } },
      "none",
      null,
    ],
    ["nothing when it is resolved", at(5), { incident: { state: "resolved" as const } }, "none", null],
    ["nothing when it is muted", at(5), { incident: { isMuted: true } }, "none", null],
    ["nothing for a part of another", at(5), { incident: { parentId: 3 } }, "none", null],
    ["nothing when no rule fits", at(5), { rule: null }, "none", null],
    ["asleep: when it wakes", at(5), { incident: { snoozedUntil: at(60) } }, "wait", at(60)],
    ["in quiet hours: at their end", at(5), { rule: { ...rule, quiet } }, "wait", at(120)],
    [
      "in quiet hours, and critical: the first step",
      at(5),
      { rule: { ...rule, quiet }, incident: { severity: "critical" as const } },
      "tell",
      1,
    ],
  ] as const)("%s", (_name, now, given, kind, expected) => {
    const decision = decide(now, given);
    expect(decision.kind).toBe(kind);
    if (decision.kind === "wait") expect(decision.until).toEqual(expected);
    if (decision.kind === "tell") expect(decision.number).toBe(expected);
  });

  test("a reopened incident begins anew", () => {
    const known = { incidentId: 1, rule: "default", since: at(0), nextStep: 2 };
    expect(decide(at(30), { known }).kind).toBe("none");
    const again = decide(at(61), { known, openSince: at(60) });
    expect(again).toMatchObject({ kind: "wait", until: at(65), escalation: { nextStep: 0 } });
  });
});

test("whenever it is looked at, each step is told once, in order, and never early", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 40 }), (minutes) => {
      let known: Escalation | null = null;
      const told: number[] = [];
      for (const now of minutes.toSorted((a, b) => a - b)) {
        const decision = decide(at(now), { known });
        if (decision.kind === "none") continue;
        known = decision.escalation;
        if (decision.kind !== "tell") continue;
        expect(now * minute).toBeGreaterThanOrEqual(decision.step.afterMs);
        told.push(decision.number);
      }
      expect(told).toEqual([1, 2].slice(0, told.length));
    }),
  );
});

test("the first rule that one of the alerts fits counts", () => {
  const rules = [rule, { ...rule, name: "all", match: [] }];
  expect(ruleFor(rules, [buildAlert({ severity: "info" }), buildAlert({ severity: "high" })])?.name).toBe(
    "default",
  );
  expect(ruleFor(rules, [buildAlert({ severity: "warning" })])?.name).toBe("all");
  expect(ruleFor([rule], [buildAlert({ severity: "info" })])).toBeNull();
  expect(ruleFor(rules, [])?.name ?? null).toBeNull();
});

test.each<[string, readonly Matcher[], Severity, boolean]>([
  ["a rule for everything", [], "info", false],
  ["a rule for everything", [], "warning", true],
  ["a rule for a service", [{ name: "service", op: "=", value: "checkout" }], "info", false],
  ["a rule for a service", [{ name: "service", op: "=", value: "checkout" }], "warning", true],
  ["a rule that asks for information", [{ name: "severity", op: "=", value: "info" }], "info", true],
])("%s %j calls somebody for %s: %s", (_name, match, severity, calls) => {
  const found = ruleFor([{ ...rule, match }], [buildAlert({ severity, service: "checkout" })]);
  expect(found !== null).toBe(calls);
});

test.each<[string, readonly ModelPerformance[], boolean]>([
  ["without a loss", [], false],
  ["with a loss", [lossOf(0.18)], true],
])("drift %s calls somebody: %s", (_name, performance, calls) => {
  const report: ModelReport = {
    ...{ model: "fraud-scorer", environment: "production", monitor: "tocsin", at: at(0), looked: 38 },
    findings: [{ feature: "amount", check: "PSI", value: 0.3, limit: 0.1, n: 2_980, detail: "" }],
    ...{ performance, unsaid: [] },
  };
  const options = { source: "tocsin", service: null, limits: defaultLossLimits, receivedAt: at(0) };
  expect(ruleFor([{ ...rule, match: [] }], [alertOfReport(report, options)]) !== null).toBe(calls);
});

function lossOf(lossRatio: number): ModelPerformance {
  return {
    ...{ metric: "recall", basis: "measured", value: 0.61, reference: 0.744, interval: null },
    ...{ isWorse: true, lossRatio },
  };
}
