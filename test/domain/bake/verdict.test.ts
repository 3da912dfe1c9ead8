import { describe, expect, test } from "vitest";
import { type BakeQuestion, type BakeSight, graceMs, judgeBake } from "../../../src/domain/bake/verdict.ts";
import type { CheckResult } from "../../../src/domain/bake.ts";

const startedAt = new Date("2026-03-02T10:00:00Z");
const windowMs = 1_800_000;
const quiet = { alerts: [], isComplete: true, incidents: [], hearing: "heard" } as const;
const alert = (minutes: number) => ({
  key: `alert/${minutes}`,
  name: "HighErrorRate",
  incidentId: 12,
  startsAt: new Date(startedAt.getTime() + minutes * 60_000),
});
const check = (state: CheckResult["state"]): CheckResult => ({
  name: "errors",
  state,
  text: `errors: ${state}`,
});

function verdict(sight: Partial<BakeSight>, over: Partial<BakeQuestion> = {}) {
  const whole: BakeSight = { signals: quiet, checks: [], ...sight };
  return judgeBake({ sight: whole, elapsedMs: windowMs, windowMs, firedBefore: [], startedAt, ...over });
}

describe("a bake", () => {
  test.each<[string, string, Partial<BakeSight>, Partial<BakeQuestion>]>([
    ["watches while its window is not over", "watch", {}, { elapsedMs: windowMs - 1 }],
    ["passes when all that is watched was seen and nothing was wrong", "pass", { checks: [check("ok")] }, {}],
    [
      "fails at once when an alert of its own fires",
      "fail",
      { signals: { ...quiet, alerts: [alert(5)] } },
      { elapsedMs: 1 },
    ],
    [
      "is not failed by what already fired before the rollout",
      "pass",
      { signals: { ...quiet, alerts: [alert(-5)] } },
      { firedBefore: ["alert/-5"] },
    ],
    [
      "is not failed by what began before and was heard of only later",
      "pass",
      { signals: { ...quiet, alerts: [alert(-5)] } },
      {},
    ],
    [
      "counts whatever is new when our clock was set back",
      "fail",
      { signals: { ...quiet, alerts: [alert(-5)] } },
      { startedAt: null },
    ],
    [
      "does not count what fired before even then",
      "pass",
      { signals: { ...quiet, alerts: [alert(-5)] } },
      { startedAt: null, firedBefore: ["alert/-5"] },
    ],
    [
      "fails when an incident names the rollout as its first cause",
      "fail",
      { signals: { ...quiet, incidents: [{ id: 3, title: "slow", cause: "blamed" }] } },
      { elapsedMs: 1 },
    ],
    [
      "is not failed by an incident with another cause",
      "pass",
      { signals: { ...quiet, incidents: [{ id: 3, title: "slow", cause: "other" }] } },
      {},
    ],
    ["fails when a check is breached", "fail", { checks: [check("breached")] }, { elapsedMs: 1 }],
    ["cannot tell when a check has no data", "inconclusive", { checks: [check("ok"), check("missing")] }, {}],
    [
      "is not ended by missing data before its window is over",
      "watch",
      { checks: [check("missing")] },
      { elapsedMs: 1 },
    ],
    [
      "cannot tell when no source delivered anything",
      "inconclusive",
      { signals: { ...quiet, hearing: "silent" } },
      {},
    ],
    [
      "cannot tell when there were too many alerts",
      "inconclusive",
      { signals: { ...quiet, isComplete: false } },
      {},
    ],
    ["cannot tell when nothing at all is watched", "inconclusive", { signals: null }, {}],
    [
      "passes on checks alone where no alerts are named",
      "pass",
      { signals: null, checks: [check("ok")] },
      {},
    ],
    ["waits until triage has read what came in", "watch", { signals: { ...quiet, hearing: "unread" } }, {}],
    [
      "waits for the ranking of an incident",
      "watch",
      { signals: { ...quiet, incidents: [{ id: 3, title: "slow", cause: "unexplained" }] } },
      {},
    ],
    [
      "cannot tell when that takes too long",
      "inconclusive",
      { signals: { ...quiet, hearing: "unread" } },
      { elapsedMs: windowMs + graceMs },
    ],
  ])("%s", (_name, kind, sight, over) => {
    expect(verdict(sight, over).kind).toBe(kind);
  });

  test("says what failed it, alerts first, and points to the incident", () => {
    const failed = verdict({ signals: { ...quiet, alerts: [alert(5)] }, checks: [check("breached")] });
    expect(failed).toEqual({
      kind: "fail",
      findings: ["alert HighErrorRate fired, incident 12", "errors: breached"],
      incidentId: 12,
    });
  });
});
