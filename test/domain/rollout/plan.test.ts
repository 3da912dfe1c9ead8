import { describe, expect, test } from "vitest";
import { hashPlan, type Plan, planDifference, planTitle } from "../../../src/domain/rollout/plan.ts";
import { plan } from "./build.ts";

describe("the hash of a plan", () => {
  test("binds everything that would be done", () => {
    const others: readonly Partial<Plan>[] = [
      { kind: "rollback" },
      { model: "other" },
      { environment: "staging" },
      { from: "0" },
      { to: "9" },
      { digest: "other" },
      { metrics: [] },
      { steps: [] },
      { inverse: null },
      { reason: "other" },
      { incidentId: 3 },
    ];
    const base = hashPlan(plan);
    for (const other of others) expect(hashPlan({ ...plan, ...other }), JSON.stringify(other)).not.toBe(base);
  });

  test("does not bind estimates and notes, which may change while people decide", () => {
    expect(hashPlan({ ...plan, notes: ["more feedback"], expectedMs: 5 })).toBe(hashPlan(plan));
  });

  test("says what differs", () => {
    expect(planDifference(plan, { ...plan, from: "7", notes: ["x"] })).toBe("from was 3 and is 7");
    expect(planDifference(plan, { ...plan, digest: null })).toBe("digest was sha-4 and is null");
  });
});

test("a title says what, which versions and where", () => {
  expect(planTitle(plan)).toBe("deploy scorer 3 → 4 in production");
  expect(planTitle({ ...plan, from: null })).toBe("deploy scorer nothing → 4 in production");
  expect(planTitle({ ...plan, kind: "retrain", to: null })).toBe("retrain scorer in production");
});
