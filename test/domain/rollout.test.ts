import { describe, expect, test } from "vitest";
import {
  cancelRollout,
  hashPlan,
  isFinal,
  looksDifferent,
  moveRollout,
  newRollout,
  observeRollout,
  type Plan,
  planDifference,
  planTitle,
  previousVersion,
  type Rollout,
  type RolloutState,
  rolloutStates,
  settleRollout,
  transitions,
  verifyMs,
} from "../../src/domain/rollout.ts";
import { now, plan, rolloutIn } from "./rollout-build.ts";

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
    expect(newRollout({ ...request, approvalsNeeded: 0 })).toMatchObject({
      state: "approved",
      expiresAt: null,
    });
    expect(newRollout({ ...request, approvalsNeeded: 1 })).toMatchObject({
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

describe("what a backend says", () => {
  const done = {
    kind: "succeeded",
    result: "4 serves",
    newVersion: null,
    metrics: {},
    logTail: "ok",
  } as const;

  test("success counts when the right version serves", () => {
    const after = observeRollout(rolloutIn("running"), done, "4", now);
    expect(after).toMatchObject({ state: "succeeded", result: "4 serves", finishedAt: now });
    expect(after.progress.steps).toEqual([{ label: "shift traffic", state: "done" }]);
  });

  test("success while another version serves is waited out, then not believed", () => {
    const first = observeRollout(rolloutIn("running"), done, "3", now);
    expect(first.state).toBe("running");
    expect(first.progress.note).toContain("version 3 still serves");
    const inTime = new Date(now.getTime() + verifyMs - 1);
    expect(observeRollout(first, done, "3", inTime).progress.verifyingSince).toBe(now.toISOString());
    expect(observeRollout(first, done, "4", inTime).state).toBe("succeeded");
    const late = observeRollout(first, done, null, new Date(now.getTime() + verifyMs));
    expect(late).toMatchObject({ state: "failed" });
    expect(late.result).toContain("nothing serves instead of 4");
  });

  test("a retrain needs nothing to serve", () => {
    const retrain = rolloutIn("running", { plan: { ...plan, kind: "retrain", to: null } });
    const trained = { ...done, newVersion: "5", metrics: { recall: 0.9 }, baseline: { recall: 0.8 } };
    const after = observeRollout(retrain, trained, null, now);
    expect(after).toMatchObject({
      state: "succeeded",
      progress: { newVersion: "5", baseline: { recall: 0.8 } },
    });
  });

  test("failure marks the step that failed, and keeps the log", () => {
    const failed = { kind: "failed", problem: "out of\nmemory", logTail: "tail" } as const;
    const after = observeRollout(rolloutIn("running"), failed, null, now);
    expect(after).toMatchObject({ state: "failed", result: "out of memory", progress: { logTail: "tail" } });
    expect(after.progress.steps).toEqual([{ label: "shift traffic", state: "failed" }]);
  });

  test("lost work is unknown, not failed", () => {
    const lost = { kind: "lost", problem: "no trace of it", logTail: "" } as const;
    expect(observeRollout(rolloutIn("running"), lost, null, now)).toMatchObject({
      state: "unknown",
      finishedAt: null,
      result: "no trace of it",
    });
  });

  test("a success that came before the cancellation is a success", () => {
    const asked = rolloutIn("cancelling", {});
    expect(observeRollout(asked, done, "4", now).state).toBe("succeeded");
  });
});

describe("cancelling", () => {
  const outcome = (state: RolloutState) => cancelRollout(rolloutIn(state), "oncall", now);

  test.each(["pending", "approved"] as const)("a %s one is over at once", (state) => {
    expect(outcome(state)).toMatchObject({
      kind: "move",
      rollout: { state: "cancelled", result: "cancelled by oncall before it started" },
    });
  });

  test("a starting one remembers it until the reference is known", () => {
    expect(outcome("starting")).toMatchObject({
      kind: "move",
      rollout: { state: "starting", progress: { cancelRequestedBy: "oncall" } },
    });
  });

  test("a running one is asked to stop, once", () => {
    const first = outcome("running");
    expect(first).toMatchObject({ kind: "move", rollout: { state: "cancelling" } });
    if (first.kind !== "move") throw new Error("expected a move");
    expect(cancelRollout(first.rollout, "lead", now)).toMatchObject({
      kind: "refuse",
      reason: "already_asked",
    });
  });

  test.each(["succeeded", "failed", "cancelled", "denied", "expired"] as const)(
    "a %s one is refused",
    (state) => {
      expect(outcome(state)).toMatchObject({ kind: "refuse", reason: "already_over" });
    },
  );

  test("a success says how to undo it", () => {
    const refused = outcome("succeeded");
    expect(refused.kind === "refuse" && refused.remedy).toContain(
      "rollback scorer 3 --environment production",
    );
  });

  test("an unknown one is for a person to settle, and only that one", () => {
    expect(outcome("unknown")).toMatchObject({ kind: "refuse", reason: "unknown_state" });
    expect(settleRollout(rolloutIn("unknown"), "succeeded", "lead", now)).toMatchObject({
      kind: "move",
      rollout: { state: "succeeded", result: "carried out, says lead" },
    });
    expect(settleRollout(rolloutIn("running"), "failed", "lead", now)).toMatchObject({
      reason: "not_unknown",
    });
  });
});

describe("the version to go back to", () => {
  const deployed = (from: string | null, to: string): Pick<Rollout, "plan"> => ({
    plan: { ...plan, from, to },
  });
  const rolledBack = (from: string, to: string): Pick<Rollout, "plan"> => ({
    plan: { ...plan, kind: "rollback", from, to },
  });

  test.each([
    ["what served before the deploy", "3", [deployed("2", "3"), deployed("1", "2")], [], "2"],
    [
      "further back after a rollback, never forward again",
      "2",
      [rolledBack("3", "2"), deployed("2", "3"), deployed("1", "2")],
      [],
      "1",
    ],
    [
      "what the deploy replaced, even when it was of an older version",
      "1",
      [deployed("3", "1"), deployed("2", "3")],
      [],
      "3",
    ],
    [
      "from the backend's history when none of ours brought it",
      "5",
      [deployed("1", "2")],
      ["5", "4", "2"],
      "4",
    ],
    ["history with a return in it goes further back", "2", [], ["2", "3", "2", "1"], "1"],
    ["nothing when nothing served before", "1", [], ["1"], null],
    ["nothing when the first deploy replaced nothing", "1", [deployed(null, "1")], [], null],
    ["the newest known when the one that serves is in no history", "9", [], ["2", "1"], "2"],
  ] as const)("is %s", (_name, live, rollouts, history, expected) => {
    expect(previousVersion(live, rollouts, history)).toBe(expected);
  });
});

test("a card looks different exactly when something shown has changed", () => {
  const running = rolloutIn("running");
  expect(looksDifferent(running, { ...running, version: 9, revision: 9 })).toBe(false);
  expect(looksDifferent(running, { ...running, progress: { ...running.progress, note: "waits" } })).toBe(
    true,
  );
  expect(looksDifferent(running, { ...running, state: "cancelling" })).toBe(true);
});
