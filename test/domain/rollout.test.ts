import { describe, expect, test } from "vitest";
import {
  hashPlan,
  isFinal,
  looksDifferent,
  moveRollout,
  newRollout,
  type Plan,
  planDifference,
  planTitle,
  type RolloutState,
  rolloutStates,
  transitions,
} from "../../src/domain/rollout.ts";
import { anyone, now, plan, rolloutIn } from "./rollout/build.ts";

describe("states", () => {
  test("every state leads to a final one, and final ones nowhere", () => {
    for (const state of rolloutStates) {
      const seen = new Set<RolloutState>([state]);
      for (const reached of seen) for (const next of transitions[reached]) seen.add(next);
      expect([...seen].some(isFinal), state).toBe(true);
      if (isFinal(state)) expect(transitions[state]).toEqual([]);
    }
  });

  test("only a started rollout can succeed, and only an approved one can start", () => {
    const into = (to: RolloutState) => rolloutStates.filter((state) => transitions[state].includes(to));
    expect(into("starting")).toEqual(["approved"]);
    expect(into("succeeded")).toEqual(["running", "cancelling", "unknown"]);
    expect(into("approved")).toEqual(["pending"]);
  });

  test("a forbidden move is a fault that names both states", () => {
    expect(() => moveRollout(rolloutIn("pending"), "running", now)).toThrow(
      "is pending and cannot become running",
    );
  });

  test("nothing is waited for when the policy asks for nobody", () => {
    const request = { operationId: "o", plan, requestedBy: "ml", requestedIn: null, expiresAt: now, now };
    expect(newRollout({ ...request, approvalRules: [] })).toMatchObject({
      state: "approved",
      expiresAt: null,
    });
    expect(newRollout({ ...request, approvalRules: [anyone(1)] })).toMatchObject({
      state: "pending",
      expiresAt: now,
    });
  });
});

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

test("a card looks different exactly when something shown has changed", () => {
  const running = rolloutIn("running");
  expect(looksDifferent(running, { ...running, version: 9, revision: 9 })).toBe(false);
  expect(looksDifferent(running, { ...running, progress: { ...running.progress, note: "waits" } })).toBe(
    true,
  );
  expect(looksDifferent(running, { ...running, state: "cancelling" })).toBe(true);
});
