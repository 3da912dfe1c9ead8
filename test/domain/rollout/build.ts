import type { ApprovalRule } from "../../../src/domain/approval/rule.ts";
import { hashPlan, type Plan } from "../../../src/domain/rollout/plan.ts";
import type { RolloutState } from "../../../src/domain/rollout/state.ts";
import type { Rollout } from "../../../src/domain/rollout.ts";

export const now = new Date("2026-03-02T10:00:00Z");

export const plan: Plan = {
  kind: "deploy",
  model: "scorer",
  environment: "production",
  from: "3",
  to: "4",
  digest: "sha-4",
  metrics: [{ name: "recall", from: 0.9, to: 0.92 }],
  steps: ["shift traffic"],
  notes: ["a note"],
  inverse: "rollback scorer 3 --environment production",
  reason: "better recall",
  incidentId: null,
  expectedMs: null,
};

/** A demand for so many people, whoever may approve. */
export function anyone(count: number): ApprovalRule {
  return { rule: "a rule", count, roles: [] };
}

/** A rollout in some state, as the steps before would have left it. */
export function rolloutIn(state: RolloutState, over: Partial<Rollout> = {}): Rollout {
  const isStarted = !["pending", "approved", "denied", "expired"].includes(state);
  return {
    id: 7,
    operationId: "tocsin-7",
    plan,
    planHash: hashPlan(plan),
    state,
    version: 1,
    requestedBy: "ml",
    requestedIn: "console:incidents",
    requestedAt: now,
    approvalsNeeded: 1,
    approvalRules: [anyone(1)],
    expiresAt: state === "pending" ? new Date(now.getTime() + 3_600_000) : null,
    externalRef: null,
    progress: {
      steps: [{ label: "shift traffic", state: "waiting" }],
      logTail: "",
      cancelRequestedBy: state === "cancelling" ? "oncall" : null,
      cancelReason: null,
      metrics: {},
      comparison: [],
      newVersion: null,
      note: null,
      cancelProblem: null,
      verifying: null,
      url: null,
      hold: null,
    },
    result: null,
    startedAt: isStarted ? now : null,
    finishedAt: null,
    elapsed: isStarted ? { ms: 0, at: now.toISOString(), wentBack: false } : null,
    bake: null,
    auditSeq: null,
    revision: 1,
    ...over,
  };
}
