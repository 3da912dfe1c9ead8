/** Rollouts: what one is, how it moves from request to final state, and what a plan binds. */
import { createHash } from "node:crypto";
import { type ApprovalRule, mostNeeded } from "./approval/rule.ts";
import { canonicalJson } from "./audit.ts";
import { beginElapsed, type Elapsed } from "./bake/elapsed.ts";
import { type Bake, type Hold, moveBake, remainingMs } from "./bake.ts";
import type { MetricComparison } from "./rollout/metric-comparison.ts";
import type { RetrainManifest } from "./rollout/retrain-manifest.ts";
import { oneLine } from "./view.ts";

export const rolloutStates = [
  "pending",
  "approved",
  "starting",
  "running",
  "cancelling",
  "succeeded",
  "failed",
  "cancelled",
  "denied",
  "expired",
  "unknown",
] as const;
export type RolloutState = (typeof rolloutStates)[number];

/** What a rollout would do. What is approved is what is applied: its hash is checked again at apply. */
export interface Plan {
  readonly kind: "deploy" | "rollback" | "retrain";
  readonly model: string;
  readonly environment: string;
  /** Serving now; null when nothing is. */
  readonly from: string | null;
  /** Serving after; null for a retrain. */
  readonly to: string | null;
  /** What a retrain is made from; absent for the other kinds, and in plans that are older than it. */
  readonly manifest?: RetrainManifest;
  /** Content digest of `to` when the backend has one. */
  readonly digest: string | null;
  readonly metrics: readonly {
    readonly name: string;
    readonly from: number | null;
    readonly to: number | null;
  }[];
  readonly steps: readonly string[];
  readonly notes: readonly string[];
  /** Command line that undoes it, or null when nothing can. */
  readonly inverse: string | null;
  readonly reason: string;
  readonly incidentId: number | null;
  readonly expectedMs: number | null;
  /** Why a freeze, or the refusal of a check, is broken for it; absent when none is. */
  readonly breakGlass?: string;
  /** What people should know when they decide; not bound by the hash. */
  readonly facts?: PlanFacts;
}

/** What is known around a plan. Each null where nobody knows. */
export interface PlanFacts {
  /** Where `to` comes from; null for a retrain, and when the registry does not know the version. */
  readonly version: {
    readonly createdBy: string | null;
    /** ISO 8601. */
    readonly createdAt: string | null;
    readonly run: string | null;
    readonly commit: string | null;
    readonly data: string | null;
  } | null;
  /** `to` beside `from`, measured on the same data; empty when nobody measured. */
  readonly comparison: readonly MetricComparison[];
  /** Rules of the policy that allow it. */
  readonly rules: readonly string[];
  /** What the checks of the plan found; `isBroken` marks a refusal in spite of which it is asked for. */
  readonly checks: readonly {
    readonly name: string;
    readonly text: string;
    readonly isBroken?: boolean;
  }[];
}

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

/** States from which nothing moves any more. */
export const finalStates = ["succeeded", "failed", "cancelled", "denied", "expired"] as const;

/** True when the rollout is over. `unknown` is not: a person still has to say how it ended. */
export function isFinal(state: RolloutState): boolean {
  return finalStates.some((final) => final === state);
}

/** Where each state may lead; every path ends in a final state or in `unknown`, from which a person leads on. */
export const transitions: Readonly<Record<RolloutState, readonly RolloutState[]>> = {
  pending: ["approved", "denied", "expired", "cancelled"],
  approved: ["starting", "failed", "cancelled"],
  starting: ["running", "cancelling", "failed", "unknown"],
  running: ["cancelling", "succeeded", "failed", "cancelled", "unknown"],
  cancelling: ["running", "succeeded", "failed", "cancelled", "unknown"],
  unknown: ["succeeded", "failed"],
  succeeded: [],
  failed: [],
  cancelled: [],
  denied: [],
  expired: [],
};

/** What an approval is bound to, and what is locked while a rollout runs. */
export function targetOf(plan: Pick<Plan, "model" | "environment">): string {
  return `${plan.model}/${plan.environment}`;
}

/**
 * Hash of what would be done. Estimates and notes are left out: a retrain's "fits from 214 pieces of feedback" may
 * grow while people decide, without what they approve being another thing.
 * @returns 64 lowercase hex characters.
 */
export function hashPlan(plan: Plan): string {
  const { notes: _notes, expectedMs: _expectedMs, facts: _facts, ...binding } = plan;
  return createHash("sha256").update(canonicalJson(binding)).digest("hex");
}

/** "deploy fraud-scorer 3 → 4 in production", "retrain correlator in production". */
export function planTitle(plan: Plan): string {
  const versions = plan.to === null ? "" : ` ${plan.from ?? "nothing"} → ${plan.to}`;
  return `${plan.kind} ${plan.model}${versions} in ${plan.environment}`;
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

/** Names of the checks in spite of whose refusal it is asked for. */
export function brokenChecks({ facts }: Plan): readonly string[] {
  return (facts?.checks ?? []).filter(({ isBroken }) => isBroken === true).map(({ name }) => name);
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

/** The parts of two plans that differ, in words: "from 3 to 5"; for "the plan has changed". */
export function planDifference(before: Plan, after: Plan): string {
  const now = new Map<string, unknown>(Object.entries(after));
  return Object.entries(before)
    .filter(([name]) => name !== "notes" && name !== "expectedMs" && name !== "facts")
    .filter(([name, value]) => canonicalJson(value) !== canonicalJson(now.get(name)))
    .map(([name, value]) => oneLine(`${name} was ${shown(value)} and is ${shown(now.get(name))}`, 200))
    .join("; ");
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : canonicalJson(value);
}

/** True when a card of `after` would look different from one of `before`. */
export function looksDifferent(before: Rollout, after: Rollout): boolean {
  return canonicalJson(shownPart(before)) !== canonicalJson(shownPart(after));
}

/** What a card shows of it; of times only as much as is worth an edit. */
function shownPart({ state, result, progress, elapsed, bake }: Rollout): unknown {
  const { hold } = progress;
  return {
    state,
    result,
    progress: { ...progress, verifying: null, hold: hold === null ? null : shownHold(hold) },
    elapsedMs: isUnderWay(state) ? shownElapsedMs(elapsed?.ms ?? 0) : 0,
    bake: bake === null ? null : { ...bake, watch: remainingMs(bake.watch, bake.windowMs) },
  };
}

function shownHold(hold: Hold): unknown {
  return { ...hold, watch: remainingMs(hold.watch, hold.windowMs) };
}

/** Between its start and its end. */
export function isUnderWay(state: RolloutState): boolean {
  return state === "starting" || state === "running" || state === "cancelling";
}

/** Whole minutes at first, then steps of five: a card is not edited for seconds. */
export function shownElapsedMs(ms: number): number {
  const stepMs = ms < 600_000 ? 60_000 : 300_000;
  return Math.floor(ms / stepMs) * stepMs;
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
