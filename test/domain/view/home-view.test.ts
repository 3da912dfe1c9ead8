import { expect, test } from "vitest";
import { hashPlan, type Plan } from "../../../src/domain/rollout/plan.ts";
import { newRollout, type Rollout } from "../../../src/domain/rollout.ts";
import { type HomeFacts, homeView } from "../../../src/domain/view/home-view.ts";
import { textOf } from "../../../src/domain/view.ts";
import { at, buildIncident } from "../build.ts";

const plan: Plan = {
  kind: "deploy",
  model: "scorer",
  environment: "production",
  from: "1",
  to: "2",
  digest: null,
  metrics: [],
  steps: ["shift traffic"],
  notes: [],
  inverse: null,
  reason: "weekly",
  incidentId: null,
  expectedMs: null,
};

function rollout(id: number): Rollout {
  const asked = newRollout({
    operationId: `o${id}`,
    plan,
    requestedBy: "ml",
    requestedIn: null,
    approvalRules: [{ rule: "two", count: 1, roles: [] }],
    expiresAt: at(60),
    now: at(0),
  });
  return { ...asked, id, version: 1 };
}

const nothing: HomeFacts = {
  approvals: [],
  incidents: [],
  teams: [],
  areTeamsTheirs: true,
  rollouts: [],
  nameOf: (id) => id.toUpperCase(),
  riskOf: () => "low",
};

test("where nothing waits every section says so, and there is nothing to press", () => {
  const view = homeView(nothing);
  expect(view.summary).toBe("Nothing waits for your approval; you have no incident; no team has one open.");
  expect(view.actions).toEqual([]);
  expect(view.blocks.filter(({ kind }) => kind === "heading")).toHaveLength(4);
  expect(view.blocks.filter(({ kind }) => kind === "text")).toHaveLength(4);
});

test("an approval is bound to the plan that is shown, and lines lead to the pages", () => {
  const waiting = rollout(7);
  const view = homeView({
    ...nothing,
    approvals: [waiting],
    incidents: [buildIncident({ id: 12, severity: "critical" })],
    teams: [{ team: "shop", open: 2, untaken: 1, worst: "critical" }],
  });
  expect(view.summary).toBe(
    "1 rollout waits for your approval; you have 1 incident; 1 team has incidents open.",
  );
  expect(view.actions.map(({ label, command }) => [label, command])).toEqual([
    ["Approve rollout 7", `approve 7 --plan ${hashPlan(plan).slice(0, 12)}`],
    ["Deny rollout 7", "deny 7"],
    ["Acknowledge #12", "ack 12"],
  ]);
  const items = view.blocks.flatMap((block) => (block.kind === "list" ? block.items : []));
  expect(items.map((item) => item[0]?.page)).toEqual(["/rollouts/7", "/incidents/12", undefined]);
  expect(items.map(textOf)[2]).toBe("shop: 2 open, 1 not acknowledged, worst critical");
});

test("a model of high risk asks for its name before the approval is sent", () => {
  const view = homeView({ ...nothing, approvals: [rollout(7)], riskOf: () => "high" });
  expect(view.actions[0]?.ask?.option).toBe("confirm");
});

test("however much there is, lines and buttons are few", () => {
  const many = Array.from({ length: 40 }, (_, index) => rollout(index + 1));
  const incidents = many.map(({ id }) => buildIncident({ id }));
  const teams = many.map(({ id }) => ({ team: `t${id}`, open: 1, untaken: 0, worst: "info" as const }));
  const view = homeView({ ...nothing, approvals: many, rollouts: many, incidents, teams });
  expect(view.blocks.length).toBeLessThanOrEqual(12);
  expect(view.actions).toHaveLength(9);
});
