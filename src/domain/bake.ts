/**
 * The bake of a rollout: a version that serves is watched for a while. The rollout itself has succeeded by then and its
 * target is free, so that nobody who has to act waits for a bake; the bake is a small state machine beside it, in the
 * same row. It ends in a verdict, or because another rollout of the target took its place.
 */
import { addElapsed, beginElapsed, type Elapsed } from "./bake/elapsed.ts";

export const bakeStates = [
  /** The version does not serve yet. */
  "waiting",
  "watching",
  "passed",
  "failed",
  "inconclusive",
  /** Another rollout of the target began before there was a verdict. */
  "superseded",
] as const;
export type BakeState = (typeof bakeStates)[number];

/** Where each state may lead. */
export const bakeTransitions: Readonly<Record<BakeState, readonly BakeState[]>> = {
  waiting: ["watching"],
  watching: ["passed", "failed", "inconclusive", "superseded"],
  inconclusive: ["watching"],
  passed: [],
  failed: [],
  superseded: [],
};

/** What is watched for one model in one environment, as configured. */
export interface BakeRule {
  readonly windowMs: number;
  /** What a verdict of FAIL asks for; the policy has to allow a rollback by the bot as well. */
  readonly onFail: "ask" | "rollback";
  readonly checks: readonly BakeCheck[];
}

/** A question to the source of metrics, and within which limits every answer must lie. */
export interface BakeCheck {
  readonly name: string;
  /** PromQL with {{model}}, {{version}} and {{environment}} in the quotes of label matchers. */
  readonly query: string;
  readonly max: number | null;
  readonly min: number | null;
  /** How long without a break a value has to lie outside before it counts, ms. */
  readonly holdMs: number;
}

/** What a check said at the last look. `text` is one plain line. */
export interface CheckResult {
  readonly name: string;
  readonly state: "ok" | "breached" | "missing";
  readonly text: string;
}

/** What there was before the rollout began, and therefore says nothing of it. */
export interface BakeBaseline {
  /** Keys of the model's own alerts that fired, at most {@link maxBaselineAlerts}. */
  readonly alerts: readonly string[];
  /** Newest incident. */
  readonly incident: number;
}

export const maxBaselineAlerts = 500;

/** A stretch of watching: the bake itself, or one hold of a canary. */
export interface Watch {
  readonly elapsed: Elapsed;
  /** When it began (ISO 8601). */
  readonly since: string;
  /** Newest delivery when it began: only what comes later shows that alerts arrive at all. */
  readonly deliveriesFrom: number;
  /** Newest delivery when the time was up: the verdict waits until it is read. Null before. */
  readonly deliveriesTo: number | null;
}

/** How long a canary stays at one step, and what was decided there. */
export interface Hold {
  /** In the backend's own terms, unique in the rollout: "25 %". */
  readonly name: string;
  readonly trafficPercent: number;
  /** Null until its first look. */
  readonly watch: Watch | null;
  readonly windowMs: number;
  /** asking: a person decides, for the reason in `findings`. */
  readonly state: "watching" | "advancing" | "asking";
  readonly findings: readonly string[];
}

export interface Bake {
  readonly state: BakeState;
  readonly windowMs: number;
  readonly onFail: BakeRule["onFail"];
  readonly before: BakeBaseline;
  readonly watch: Watch | null;
  /** Why it ended as it did, in plain lines, most telling first. */
  readonly findings: readonly string[];
  readonly checks: readonly CheckResult[];
  /** Incident of the first finding. */
  readonly incidentId: number | null;
  /** A rollback by the bot itself: still to be asked for after so many attempts, or under way as this rollout. */
  readonly undo: { readonly attempts: number; readonly rolloutId: number | null } | null;
  /** Why the bot does not roll back by itself, for the card. */
  readonly undoProblem: string | null;
  /** How a failed or inconclusive bake was answered; null while nobody did. */
  readonly answer: BakeAnswer | null;
}

export interface BakeAnswer {
  /** accepted: a person vouches for the version. The others: a rollout of the target began. */
  readonly as: "accepted" | "rolled_back" | "replaced";
  /** Person id, or "rollout 12". */
  readonly by: string;
}

export function newBake(rule: BakeRule, before: BakeBaseline): Bake {
  return {
    state: "waiting",
    windowMs: rule.windowMs,
    onFail: rule.onFail,
    before,
    watch: null,
    findings: [],
    checks: [],
    incidentId: null,
    undo: null,
    undoProblem: null,
    answer: null,
  };
}

/** The bake in its next state. @throws RangeError when `to` cannot follow. */
export function moveBake(bake: Bake, to: BakeState, patch: Partial<Omit<Bake, "state">> = {}): Bake {
  if (!bakeTransitions[bake.state].includes(to)) {
    throw new RangeError(`a bake that is ${bake.state} cannot become ${to}`);
  }
  return { ...bake, ...patch, state: to };
}

/** True while something is still to come: the bot watches, undoes, or a person is asked. */
export function isBakeOpen(bake: Bake): boolean {
  return bake.state === "watching" || bake.undo !== null || asksPerson(bake);
}

/** True when a person has to say what to do. */
export function asksPerson(bake: Bake): boolean {
  const isUndecided = bake.state === "failed" || bake.state === "inconclusive";
  return isUndecided && bake.answer === null && bake.undo === null;
}

/** True when somebody vouches for the version: the watch, or a person who knew that it could not tell. */
export function hasBaked(bake: Bake | null): boolean {
  return bake !== null && (bake.state === "passed" || bake.answer?.as === "accepted");
}

/** Time between two looks: many looks in a window, and never in haste. */
export function bakePollMs(windowMs: number): number {
  return Math.min(30_000, Math.max(1_000, windowMs / 20));
}

export function beginWatch(now: Date, deliveriesFrom: number): Watch {
  return { elapsed: beginElapsed(now), since: now.toISOString(), deliveriesFrom, deliveriesTo: null };
}

/** The watch a look later. No look adds more than two pauses, whatever the clock says. */
export function continueWatch(watch: Watch, now: Date, windowMs: number): Watch {
  return { ...watch, elapsed: addElapsed(watch.elapsed, now, 2 * bakePollMs(windowMs)) };
}

/** What of a watch is worth an edit of a card: the time that is left, in steps that are coarse while it is long. */
export function remainingMs(watch: Watch | null, windowMs: number): number {
  const leftMs = Math.max(0, windowMs - (watch?.elapsed.ms ?? 0));
  const stepMs = leftMs > 10 * minuteMs ? 5 * minuteMs : leftMs > minuteMs ? minuteMs : 15_000;
  return Math.ceil(leftMs / stepMs) * stepMs;
}

const minuteMs = 60_000;

/**
 * What another rollout of the target makes of this bake.
 * @returns null when there is nothing left to end.
 */
export function supersedeBake(bake: Bake, by: { readonly id: number; readonly kind: string }): Bake | null {
  const answer: BakeAnswer = {
    as: by.kind === "rollback" ? "rolled_back" : "replaced",
    by: `rollout ${by.id}`,
  };
  if (bake.state === "watching") return moveBake(bake, "superseded", { answer });
  return isBakeOpen(bake) ? { ...bake, undo: null, answer } : null;
}
