import { describe, expect, test } from "vitest";
import type { Approval } from "../../../src/domain/approval.ts";
import { newBake } from "../../../src/domain/bake.ts";
import type { Plan } from "../../../src/domain/rollout/plan.ts";
import { emptyManifest } from "../../../src/domain/rollout/retrain-manifest.ts";
import { nothingInTheWay, standingFields } from "../../../src/domain/rollout/standing.ts";
import { type RolloutState, rolloutStates } from "../../../src/domain/rollout/state.ts";
import { type RolloutFacts, rolloutView } from "../../../src/domain/rollout/view.ts";
import { anyone, now, plan, rolloutIn } from "./build.ts";

function view(rollout = rolloutIn("pending"), over: Partial<RolloutFacts> = {}) {
  return rolloutView({
    rollout,
    approvals: [],
    approvers: ["lead", "second"],
    rolesOf: () => [],
    nameOf: (id) => `Name of ${id}`,
    ...over,
  });
}

const commandsOf = (shown: ReturnType<typeof view>) => shown.actions.map((action) => action.command);

test("a waiting plan says everything that an approver must know", () => {
  const shown = view();
  const text = JSON.stringify(shown.blocks);
  expect(shown.title).toBe("Rollout 7: deploy scorer 3 → 4 in production");
  expect(shown.summary).toContain("Needs 1 more approval from Name of lead, Name of second.");
  expect(shown.summary).toContain("better recall");
  for (const fact of [
    "/rollback scorer 3 --environment production",
    "recall",
    "0.92",
    "+0.02",
    "shift traffic",
    "a note",
  ]) {
    expect(text).toContain(fact);
  }
  expect(shown.footer).toContain(`plan ${rolloutIn("pending").planHash.slice(0, 12)}`);
});

test("the approval button carries the plan that is shown", () => {
  const hash = rolloutIn("pending").planHash.slice(0, 12);
  expect(commandsOf(view())).toEqual([`approve 7 --plan ${hash}`, "deny 7", "cancel 7"]);
});

test("who has spoken is named, and no longer asked", () => {
  const approval: Approval = {
    rolloutId: 7,
    person: "lead",
    decision: "approve",
    planHash: rolloutIn("pending").planHash,
    reason: "looks right",
    via: "slack",
    at: now,
  };
  const shown = view(rolloutIn("pending", { approvalsNeeded: 2, approvalRules: [anyone(2)] }), {
    approvals: [approval],
  });
  expect(shown.summary).toContain("Needs 1 more approval from Name of second.");
  expect(JSON.stringify(shown.blocks)).toContain("approved by Name of lead via slack (looks right)");
});

describe("buttons", () => {
  test.each([
    ["running", ["cancel 7"]],
    ["cancelling", []],
    ["unknown", ["cancel 7 --as succeeded", "cancel 7 --as failed", "audit --subject rollout:7"]],
    ["succeeded", ["rollback scorer 3 --environment production", "audit --subject rollout:7"]],
    ["failed", ["deploy scorer 4 --environment production", "audit --subject rollout:7"]],
    ["expired", ["deploy scorer 4 --environment production", "audit --subject rollout:7"]],
  ] as const)("of a %s rollout", (state, expected) => {
    expect(commandsOf(view(rolloutIn(state)))).toEqual(expected);
  });

  test("a retrain is asked for again from the same", () => {
    const retrain = { ...plan, kind: "retrain" as const, to: null, inverse: null, manifest: emptyManifest };
    const [again] = view(rolloutIn("failed", { plan: retrain })).actions;
    expect(again).toMatchObject({
      label: "Retry",
      command: "retrain scorer --environment production --rerun 7",
    });
  });

  test.each([
    ["pending", "Approve"],
    ["succeeded", "Roll back"],
    ["failed", "Retry"],
  ] as const)("of a %s rollout ask for the model's name where it is of high risk: %s", (state, label) => {
    const button = (risk: "low" | "high") =>
      view(rolloutIn(state), { risk }).actions.find((action) => action.label === label);
    expect(button("high")).toMatchObject({ ask: { option: "confirm" } });
    expect(button("high")?.confirm).toBeUndefined();
    expect(button("low")?.ask).toBeUndefined();
    expect(button("low")?.confirm).toBeDefined();
  });

  test("an undo too long for a button is not offered as one", () => {
    const long = { ...plan, inverse: `rollback ${"m".repeat(120)} 3` };
    expect(commandsOf(view(rolloutIn("succeeded", { plan: long })))).toEqual(["audit --subject rollout:7"]);
  });

  test("fit their platform in every state", () => {
    for (const state of rolloutStates) {
      for (const action of view(rolloutIn(state)).actions)
        expect(action.command.length).toBeLessThanOrEqual(100);
    }
  });
});

test("why it waits, what it could not do and how it ended are said in the summary", () => {
  const waiting = rolloutIn("approved");
  const noted = { ...waiting, progress: { ...waiting.progress, note: "waits for rollout 6" } };
  expect(view(noted).summary).toContain("Waits for rollout 6.");
  const running = rolloutIn("running");
  const stubborn = { ...running, progress: { ...running.progress, cancelProblem: "too late" } };
  expect(view(stubborn).summary).toContain("It could not be stopped: too late.");
  expect(view(rolloutIn("failed", { result: "out of memory" })).summary).toContain(
    ". Failed. Out of memory. Reason: ",
  );
  expect(view(rolloutIn("unknown", { result: "no trace" })).summary).toContain("then say how it ended");
});

test("how long it takes is said, or that nobody knows yet", () => {
  const takes = (expectedMs: number | null, state: RolloutState = "pending") =>
    JSON.stringify(view(rolloutIn(state, { plan: { ...plan, expectedMs } })).blocks);
  expect(takes(240_000)).toMatch(/Takes about.*4 min/);
  expect(takes(null)).toMatch(/Takes about.*not known: none has succeeded here yet/);
  expect(takes(null, "failed")).not.toContain("Takes about");
});

test("figures of one version alone warn of no difference", () => {
  const one = {
    ...plan,
    kind: "retrain" as const,
    to: null,
    metrics: [{ name: "auc", from: 0.9, to: null }],
  };
  const shown = (given: Plan) => JSON.stringify(view(rolloutIn("pending", { plan: given })).blocks);
  expect(shown(one)).not.toContain("may be chance");
  expect(shown(plan)).toContain("may be chance");
});

test("a retrain shows its metrics beside the champion's on the same data", () => {
  const done = rolloutIn("succeeded", { plan: { ...plan, kind: "retrain", to: null, inverse: null } });
  const trained = {
    ...done,
    progress: {
      ...done.progress,
      newVersion: "5",
      metrics: { recall: 0.95 },
      comparison: [
        { name: "recall", champion: 0.91, challenger: 0.95, interval: [-0.01, 0.09], n: 60 },
        { name: "precision", champion: 0.5, challenger: 0.5, interval: null, n: 3 },
      ] as const,
    },
  };
  const table = view(trained).blocks.find((block) => block.kind === "table");
  expect(table).toMatchObject({
    rows: [
      ["recall", "0.91", "0.95", "+0.04", "-0.01 to +0.09", "60"],
      ["precision", "0.5", "0.5", "0", "too few to tell", "3"],
    ],
  });
});

test("text from outside stays on its line and within bounds", () => {
  const hostile = { ...plan, reason: `<!channel>\n@everyone ${"x".repeat(40_000)}` };
  const shown = view(rolloutIn("pending", { plan: hostile }));
  expect(shown.summary.length).toBeLessThan(1_000);
  expect(shown.summary).not.toContain("\n");
  const log = rolloutIn("running");
  const noisy = { ...log, progress: { ...log.progress, logTail: "y".repeat(50_000) } };
  const code = view(noisy).blocks.find((block) => block.kind === "code");
  expect(code?.kind === "code" && code.text.length).toBeLessThanOrEqual(1_200);
});

test("whoever approves sees where the version comes from, how it compares, what decides and what is in the way", () => {
  const comparison = [
    { name: "recall", champion: 0.71, challenger: 0.744, interval: [0.012, 0.055] as const, n: 8_400 },
  ];
  const origin = {
    createdBy: "ml",
    createdAt: now.toISOString(),
    run: "9f3c",
    commit: "8c3de01",
    data: "sales 3f2a",
  };
  const facts = {
    ...{ version: origin, comparison, rules: ["two from SRE"] },
    checks: [{ name: "Evaluation", text: "passed: recall" }],
  };
  const freeze = { name: "year-end", by: "tocsin.yaml", until: now, reason: "closing the books" };
  const lock = { target: "scorer/production", rolloutId: 6, since: now, fence: 2, held: null };
  const rollout = rolloutIn("pending", {
    plan: { ...plan, facts, digest: "sha256:5c1f", expectedMs: 240_000 },
  });
  const shown = view(rollout, { standing: { freezes: [freeze], lock, ahead: [6] } });
  const text = JSON.stringify(shown.blocks);
  for (const fact of [
    ...["sha256:5c1f", "Name of ml", "9f3c", "8c3de01", "sales 3f2a"],
    ...["+0.034", "+0.012 to +0.055", "8400"],
    ...['allowed by \\"two from SRE\\"', "passed: recall", "Name of lead", "0 of 1"],
    ...[
      "freeze year-end by tocsin.yaml",
      "closing the books",
      "held by rollout 6",
      "number 2, after rollout 6",
    ],
    ...["4 min", "/rollback scorer 3 --environment production"],
  ])
    expect(text).toContain(fact);
});

test.each([
  [[], "first"],
  [[12], "number 2, after rollout 12"],
  [[12, 13], "number 3, after rollouts 12 and 13"],
  [[2, 3, 5, 6, 7, 8, 9], "number 8, after rollouts 2, 3, 5, 6, 7 and 2 more"],
])("the queue before it, %j, reads %j", (ahead, expected) => {
  const fields = standingFields({ ...nothingInTheWay, ahead }, (id) => id);
  expect(fields.find(({ label }) => label === "Queue")?.value).toEqual([{ text: expected }]);
});

test.each([
  ["watching", "info", "Running"],
  ["asking", "warning", "Canary waits"],
] as const)("a canary that is %s looks so", (state, tone, word) => {
  const running = rolloutIn("running");
  const hold = {
    ...{ name: "25 %", trafficPercent: 25, watch: null, windowMs: 600_000, findings: [] },
    state,
  };
  const held = { ...running, progress: { ...running.progress, hold, note: "holds at 25 %" } };
  const card = view(held);
  expect(card.tone).toBe(tone);
  expect(JSON.stringify(card.blocks[0])).toContain(`"${word}"`);
  const moved = view({ ...held, progress: { ...held.progress, note: "shifting to 50 %" } });
  expect(moved).toMatchObject({ tone: "info" });
});

test.each(["failed", "inconclusive", "passed"] as const)(
  "a bake that is %s says so before its reasons, which may be long",
  (state) => {
    const bake = newBake({ windowMs: 1_800_000, onFail: "ask", checks: [] }, { alerts: [], incident: 0 });
    const rollout = rolloutIn("succeeded", { result: "it serves", bake: { ...bake, state } });
    const word = { failed: "Bake failed", inconclusive: "Bake inconclusive", passed: "Baked" }[state];
    expect(view(rollout).summary).toContain(`: deploy scorer 3 → 4 in production. ${word}. It serves. `);
  },
);
