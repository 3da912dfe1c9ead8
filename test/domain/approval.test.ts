import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Approval, refuseVoice, unmeetable, weighApprovals } from "../../src/domain/approval.ts";
import { anyone, now, rolloutIn } from "./rollout/build.ts";

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
    weighApprovals({
      rollout: pending,
      approvals,
      rules: needed === 0 ? [] : [anyone(needed)],
      mayApprove,
      rolesOf: () => [],
    });

  test.each([
    ["nobody has spoken", [], 1, { kind: "waiting", by: [], missing: 1, open: expect.anything() }],
    ["one of one", [voice("lead")], 1, { kind: "enough", by: ["lead"] }],
    [
      "one of two",
      [voice("lead")],
      2,
      { kind: "waiting", by: ["lead"], missing: 1, open: expect.anything() },
    ],
    ["two of two", [voice("lead"), voice("second")], 2, { kind: "enough", by: ["lead", "second"] }],
    [
      "one human twice is one voice",
      [voice("lead"), voice("lead", "approve", { via: "discord" })],
      2,
      { kind: "waiting", by: ["lead"], missing: 1, open: expect.anything() },
    ],
    [
      "the requester's own does not count",
      [voice("ml")],
      1,
      { kind: "waiting", by: [], missing: 1, open: expect.anything() },
    ],
    [
      "one of another plan does not count",
      [voice("lead", "approve", { planHash: "other" })],
      1,
      { kind: "waiting", by: [], missing: 1, open: expect.anything() },
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
      open: [{ ...anyone(2), missing: 1 }],
    });
  });
});

describe("demands of several rules", () => {
  const roles: Readonly<Record<string, readonly string[]>> = {
    ann: ["sre"],
    bob: ["sre", "approver"],
    cleo: ["ml-lead"],
    dan: ["sre", "ml-lead"],
  };
  const rules = [
    { rule: "two of sre", count: 2, roles: ["sre"] },
    { rule: "one who leads", count: 1, roles: ["ml-lead", "risk-officer"] },
  ];
  const rolesOf = (person: string) => roles[person] ?? [];
  const weigh = (...by: readonly string[]) =>
    weighApprovals({
      rollout: pending,
      approvals: by.map((person) => voice(person)),
      rules,
      mayApprove: () => true,
      rolesOf,
    });

  test.each([
    [[], ["two of sre 2", "one who leads 1"]],
    [["ann"], ["two of sre 1", "one who leads 1"]],
    [["ann", "bob"], ["one who leads 1"]],
    [["cleo"], ["two of sre 2"]],
    [["dan"], ["two of sre 1"]],
    [["ann", "ann", "cleo"], ["two of sre 1"]],
    [["stranger", "cleo"], ["two of sre 2"]],
  ] as const)("%j leaves %j", (by, left) => {
    const weight = weigh(...by);
    const open = weight.kind === "waiting" ? weight.open : [];
    expect(open.map(({ rule, missing }) => `${rule} ${missing}`)).toEqual(left);
  });

  test("are met together: one person whose roles fit two counts for both", () => {
    expect(weigh("ann", "bob", "cleo").kind).toBe("enough");
    expect(weigh("ann", "dan")).toEqual({ kind: "enough", by: ["ann", "dan"] });
  });

  test("one that too few people could ever meet is found before anybody waits for it", () => {
    const people = Object.values(roles).map((held) => ({ roles: held }));
    expect(unmeetable(rules, people)).toBeNull();
    expect(unmeetable(rules, people.slice(0, 2))).toMatchObject({ rule: "one who leads", able: 0 });
  });

  test("more voices never make a demand less met", () => {
    const names = fc.constantFrom("ann", "bob", "cleo", "dan", "ml", "stranger");
    fc.assert(
      fc.property(fc.array(names, { maxLength: 6 }), names, (by, another) => {
        const missing = (weight: ReturnType<typeof weigh>) =>
          weight.kind === "waiting" ? weight.missing : 0;
        expect(missing(weigh(...by, another))).toBeLessThanOrEqual(missing(weigh(...by)));
      }),
    );
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
