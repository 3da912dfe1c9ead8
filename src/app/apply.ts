/**
 * Carries rollouts out, one step per job. Every transition is one transaction with compare-and-set and an audit entry,
 * so the bot may die at any moment: whoever comes next reads the state and does its step.
 *
 * | state | its step | leads to | where the bot died in it |
 * |---|---|---|---|
 * | pending | reminds those who may approve | expired | reminds again, once by key |
 * | approved | asks again whether all holds, keeps what serves | starting, failed | asks again: nothing was begun |
 * | starting | asks the backend to start | running, failed, unknown | looks for it; never starts it blindly |
 * | running | looks how it does, stops what takes too long | cancelling, an end, unknown | looks again |
 * | cancelling | asks it to stop, and looks | running, an end, unknown | asks again: a backend takes that |
 * | succeeded | watches what serves: the bake | | looks again |
 * | unknown | none: where nobody can look, a person says | succeeded, failed | |
 *
 * What people say (approve, deny, cancel, settle) comes in as commands and moves the same rows.
 */
import { isFinal } from "../domain/rollout/state.ts";
import type { Rollout } from "../domain/rollout.ts";
import type { Clock, Log, ModelEntry, Store } from "../ports.ts";
import { createAwaitApproval } from "./apply/await-approval.ts";
import { type ApplyLimits, defaultLimits } from "./apply/limits.ts";
import { createObserve } from "./apply/observe.ts";
import { createPrepare } from "./apply/prepare.ts";
import { createSetbacks } from "./apply/setbacks.ts";
import { createStarts } from "./apply/start.ts";
import { type Authority, objectionTo } from "./authority.ts";
import { createAutoRollback } from "./auto-rollback.ts";
import { createBaking } from "./bake.ts";
import type { BakeLook } from "./bake-look.ts";
import { type Effects, MovedElsewhereError } from "./effects.ts";
import { createHolds } from "./holds.ts";
import type { Planner } from "./plan.ts";
import { createTransitions, LockLostError } from "./transition.ts";

export interface ApplyOptions extends Authority {
  readonly store: Store;
  readonly plan: Planner;
  readonly effects: Effects;
  /** What a bake is judged by. */
  readonly look: BakeLook;
  /** How long a rollback that the bot asks for waits for approval, ms; default one day. */
  readonly approvalExpiryMs?: number;
  readonly log: Log;
  readonly clock: Clock;
  readonly limits?: Partial<ApplyLimits>;
}

const dayMs = 86_400_000;

export interface Apply {
  /**
   * Moves one rollout on by one step and asks for the next. Safe to call at any time, for any rollout, more than once.
   * Throws when the database is away: the job is tried again.
   */
  step(rolloutId: number): Promise<void>;
}

export function createApply(options: ApplyOptions): Apply {
  const { store, clock, look, models } = options;
  const limits: ApplyLimits = { ...defaultLimits, ...options.limits };
  const transitions = createTransitions(options);
  const { move, again } = transitions;
  const setbacks = createSetbacks(transitions, limits.retryMs);
  const shared = {
    ...options,
    limits,
    transitions,
    setbacks,
    objectionTo: (rollout: Rollout, now: Date) => objectionTo(options, rollout, now),
  };
  const awaitApproval = createAwaitApproval(shared);
  const prepare = createPrepare(shared);
  const { start, recover } = createStarts(shared);
  const hold = createHolds({ clock, look, transitions, timeoutMs: limits.lookMs });
  const observe = createObserve({ ...shared, hold });
  const rollBack = createAutoRollback({ ...shared, approvalExpiryMs: options.approvalExpiryMs ?? dayMs });
  const bake = createBaking({ ...shared, rollBack });

  async function step(rolloutId: number): Promise<void> {
    const rollout = await store.rollouts.find(rolloutId);
    if (rollout === null) return;
    try {
      await stepFrom(rollout);
    } catch (error) {
      if (error instanceof LockLostError) return await lostLock(rolloutId, error);
      if (!(error instanceof MovedElsewhereError)) throw error;
      // Someone moved it meanwhile; what they made of it is looked at next.
      await again(rolloutId, 0);
    }
  }

  async function stepFrom(rollout: Rollout): Promise<void> {
    if (rollout.state === "unknown") return;
    if (isFinal(rollout.state)) return await bake(rollout);
    if (rollout.state === "pending") return await awaitApproval(rollout);
    const entry = models.find((model) => model.name === rollout.plan.model);
    if (entry === undefined) return await abandon(rollout);
    if (rollout.state === "approved") return await begin(rollout, entry);
    if (rollout.state === "starting") return await recover(rollout, entry);
    await observe(rollout, entry);
  }

  /** Whoever dies between the two leaves a rollout that is `starting`; the next step recovers it. */
  async function begin(rollout: Rollout, entry: ModelEntry): Promise<void> {
    const starting = await prepare(rollout, entry);
    if (starting !== null) await start(starting, entry);
  }

  /** The model has gone from the configuration; what was not started fails, what was is for a person to judge. */
  async function abandon(rollout: Rollout): Promise<void> {
    const result = `${rollout.plan.model} is no longer in tocsin.yaml`;
    await move(rollout, rollout.state === "approved" ? "failed" : "unknown", { result });
  }

  /** Its lock was taken away: what it still does, nobody may rely on. */
  async function lostLock(rolloutId: number, error: LockLostError): Promise<void> {
    const rollout = await store.rollouts.find(rolloutId);
    if (rollout === null || rollout.state === "approved") return await again(rolloutId, limits.retryMs);
    await setbacks.ask(rollout, error.message);
  }

  return { step };
}
