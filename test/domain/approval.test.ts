import { describe, expect, test } from "vitest";
import { type Approval, refuseVoice, weighApprovals } from "../../src/domain/approval.ts";
import { now, rolloutIn } from "./rollout-build.ts";

const pending = rolloutIn("pending");

function voice(
  person: string,
  decision: Approval["decision"] = "approve",
  over: Partial<Approval> = {},
): Approval {
  return {
    rolloutId: 7,
    person,
    decision,
    planHash: pending.planHash,
    reason: "",
    via: "slack",
    at: now,
    ...over,
  };
}

describe("adding up", () => {
  const weigh = (approvals: readonly Approval[], needed = 1, mayApprove = (_person: string) => true) =>
    weighApprovals({ rollout: pending, approvals, needed, mayApprove });

  test.each([
    ["nobody has spoken", [], 1, { kind: "waiting", by: [], missing: 1 }],
    ["one of one", [voice("lead")], 1, { kind: "enough", by: ["lead"] }],
    ["one of two", [voice("lead")], 2, { kind: "waiting", by: ["lead"], missing: 1 }],
    ["two of two", [voice("lead"), voice("second")], 2, { kind: "enough", by: ["lead", "second"] }],
    [
      "one human twice is one voice",
      [voice("lead"), voice("lead", "approve", { via: "discord" })],
      2,
      { kind: "waiting", by: ["lead"], missing: 1 },
    ],
    ["the requester's own does not count", [voice("ml")], 1, { kind: "waiting", by: [], missing: 1 }],
    [
      "one of another plan does not count",
      [voice("lead", "approve", { planHash: "other" })],
      1,
      { kind: "waiting", by: [], missing: 1 },
    ],
    [
      "a denial wins over any number",
      [voice("lead"), voice("second"), voice("third", "deny")],
      1,
      { kind: "denied", by: "third" },
    ],
    ["none needed, none given", [], 0, { kind: "enough", by: [] }],
  ] as const)("%s", (_name, approvals, needed, expected) => {
    expect(weigh(approvals, needed)).toEqual(expected);
  });

  test("who may not approve any more does not count any more", () => {
    expect(weigh([voice("lead"), voice("second")], 2, (person) => person !== "lead")).toEqual({
      kind: "waiting",
      by: ["second"],
      missing: 1,
    });
  });
});

describe("a voice", () => {
  const ask = (over: Partial<Parameters<typeof refuseVoice>[0]> = {}) =>
    refuseVoice({
      rollout: pending,
      approvals: [],
      person: "lead",
      decision: "approve",
      seenPlan: null,
      now,
      ...over,
    })?.reason ?? "taken";

  test.each([
    ["of someone else on a pending rollout", {}, "taken"],
    ["with the start of the plan's hash", { seenPlan: pending.planHash.slice(0, 12) }, "taken"],
    ["with the start of another", { seenPlan: "0123456789ab" }, "another_plan"],
    ["with too short a start to mean one plan", { seenPlan: pending.planHash.slice(0, 4) }, "another_plan"],
    ["with an empty start", { seenPlan: "" }, "another_plan"],
    ["of the requester for it", { person: "ml" }, "own_rollout"],
    ["of the requester against it", { person: "ml", decision: "deny" }, "taken"],
    ["a second time", { approvals: [voice("lead")] }, "already_spoken"],
    ["after it has started", { rollout: rolloutIn("running") }, "not_pending"],
    ["after it was denied", { rollout: rolloutIn("denied") }, "not_pending"],
    ["after its time", { now: new Date(now.getTime() + 3_600_000) }, "expired"],
    ["just before its time", { now: new Date(now.getTime() + 3_599_999) }, "taken"],
  ] as const)("%s", (_name, over, expected) => {
    expect(ask(over)).toBe(expected);
  });
});
