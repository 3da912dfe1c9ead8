/** Rollouts: what one is, and how it moves from request to final state. */
import { type ApprovalRule, mostNeeded } from "./approval/rule.ts";
import { beginElapsed, type Elapsed } from "./bake/elapsed.ts";
import { type Bake, type Hold, moveBake } from "./bake.ts";
import type { MetricComparison } from "./rollout/metric-comparison.ts";
import { hashPlan, type Plan } from "./rollout/plan.ts";
import { isFinal, type RolloutState, transitions } from "./rollout/state.ts";

/** One deploy, rollback or retrain from request to final state; a row with a state machine. */
export interface Rollout {
  readonly id: number;
  readonly operationId: string;
  readonly plan: Plan;
  readonly planHash: string;
  readonly state: RolloutState;
  /** For compare-and-set. */
  readonly version: number;
  readonly requestedBy: string;
  /** Channel it was asked in, "platform:id", or null. */
  readonly requestedIn: string | null;
  readonly requestedAt: Date;
  /** How many other people it takes at least. */
  readonly approvalsNeeded: number;
  /** Who has to agree; empty for a rollout that needs nobody. */
  readonly approvalRules: readonly ApprovalRule[];
  /** A pending one expires then. */
  readonly expiresAt: Date | null;
  readonly externalRef: Readonly<Record<string, string>> | null;
  readonly progress: {
    readonly steps: readonly {
      readonly label: string;
      readonly state: "waiting" | "running" | "done" | "failed";
    }[];
    readonly logTail: string;
    /** Who asked to cancel it. */
    readonly cancelRequestedBy: string | null;
    /** Why, when it was the bot that asked; null otherwise. */
    readonly cancelReason: string | null;
    readonly metrics: Readonly<Record<string, number>>;
    /** The new version beside what serves now, on the same data; empty when nobody measured. */
    readonly comparison: readonly MetricComparison[];
    readonly newVersion: string | null;
    /** Why it does not move on right now, for the card: "waits for rollout 6"; null when it does. */
    readonly note: string | null;
    /** Why it could not be stopped when someone asked; null when nobody did, or it was. */
    readonly cancelProblem: string | null;
    /** For how long the backend has said it is done while another version still serves; null otherwise. */
    readonly verifying: Elapsed | null;
    /** Where the backend shows the work; null when it does not. Untrusted. */
    readonly url: string | null;
    /** Where a canary stays for a verdict, or stayed last; null when it never did. */
    readonly hold: Hold | null;
    /** The fence of its lock, from the start on: every step is refused once it no longer holds. */
    readonly fence?: number;
    /** Waits for its turn on the target. */
    readonly isQueued?: boolean;
  };
  /** One plain line once it is final. */
  readonly result: string | null;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  /** How long it has been under way, as far as the bot looked on; null before its start. */
  readonly elapsed: Elapsed | null;
  /** How the version does once it serves; null when nothing is watched. */
  readonly bake: Bake | null;
  /** Audit entry of the newest transition. */
  readonly auditSeq: number | null;
  /** Grows with every change that a card shows. */
  readonly revision: number;
}

/** A rollout as it is first stored: pending, or approved when the policy asks for nobody else. */
export function newRollout(request: {
  readonly operationId: string;
  readonly plan: Plan;
  readonly requestedBy: string;
  readonly requestedIn: string | null;
  readonly approvalRules: readonly ApprovalRule[];
  readonly expiresAt: Date;
  readonly now: Date;
}): Omit<Rollout, "id" | "version"> {
  const { plan, approvalRules, now, expiresAt, ...rest } = request;
  const approvalsNeeded = mostNeeded(approvalRules);
  const isPending = approvalsNeeded > 0;
  return {
    ...rest,
    plan,
    planHash: hashPlan(plan),
    state: isPending ? "pending" : "approved",
    requestedAt: now,
    approvalsNeeded,
    approvalRules,
    expiresAt: isPending ? expiresAt : null,
    externalRef: null,
    progress: {
      steps: plan.steps.map((label) => ({ label, state: "waiting" })),
      logTail: "",
      cancelRequestedBy: null,
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
    startedAt: null,
    finishedAt: null,
    elapsed: null,
    bake: null,
    auditSeq: null,
    revision: 1,
  };
}

/** Members of a rollout that a transition may set beside the state. */
export interface RolloutPatch {
  readonly externalRef?: Rollout["externalRef"];
  readonly progress?: Partial<Rollout["progress"]>;
  readonly result?: string;
  readonly bake?: Bake | null;
}

/**
 * The rollout in its next state.
 * @throws RangeError when `to` cannot follow: callers decide by the state before they move.
 */
export function moveRollout(
  rollout: Rollout,
  to: RolloutState,
  now: Date,
  patch: RolloutPatch = {},
): Rollout {
  if (!transitions[rollout.state].includes(to)) {
    throw new RangeError(`rollout ${rollout.id} is ${rollout.state} and cannot become ${to}`);
  }
  const { progress, ...rest } = patch;
  const isOver = isFinal(to);
  return {
    ...rollout,
    ...rest,
    state: to,
    progress: { ...rollout.progress, note: null, ...progress },
    startedAt: to === "starting" ? now : rollout.startedAt,
    finishedAt: isOver ? now : null,
    elapsed: to === "starting" ? beginElapsed(now) : rollout.elapsed,
    bake: bakeAfter(patch.bake === undefined ? rollout.bake : patch.bake, to),
    expiresAt: null,
  };
}

/** A version that serves is watched; one that never came to serve has nothing to bake. */
function bakeAfter(bake: Bake | null, to: RolloutState): Bake | null {
  if (bake?.state !== "waiting" || !isFinal(to)) return bake;
  return to === "succeeded" ? moveBake(bake, "watching") : null;
}

/** The rollout with another progress and the same state. */
export function withProgress(rollout: Rollout, progress: Partial<Rollout["progress"]>): Rollout {
  return { ...rollout, progress: { ...rollout.progress, ...progress } };
}

/** Steps of something that is over: all done, or failed at the first that was not. */
export function endSteps(
  steps: Rollout["progress"]["steps"],
  end: "done" | "failed",
): Rollout["progress"]["steps"] {
  if (end === "done") return steps.map((step) => ({ ...step, state: "done" }));
  const open = steps.findIndex((step) => step.state !== "done");
  return steps.map((step, index) => (index === open ? { ...step, state: "failed" } : step));
}
