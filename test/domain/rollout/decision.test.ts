import { describe, expect, test } from "vitest";
import { cancelRollout, previousVersion, settleRollout } from "../../../src/domain/rollout/decision.ts";
import type { RolloutState } from "../../../src/domain/rollout/state.ts";
import type { Rollout } from "../../../src/domain/rollout.ts";
import { now, plan, rolloutIn } from "./build.ts";

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
