/** How a rollout changes in the database: a transition with its audit entry, or progress that is only shown. */
import { type AuditRecord, canonicalJson } from "../domain/audit.ts";
import { targetOf } from "../domain/rollout/plan.ts";
import { looksDifferent } from "../domain/rollout/shown.ts";
import { isFinal, type RolloutState } from "../domain/rollout/state.ts";
import { moveRollout, type Rollout, type RolloutPatch } from "../domain/rollout.ts";
import type { Clock, Log, Store, StoreSlices } from "../ports.ts";
import { type Effects, MovedElsewhereError } from "./effects.ts";

/** The rollout no longer holds its target. */
export class LockLostError extends Error {
  override readonly name = "LockLostError";
}

export interface TransitionOptions {
  readonly store: Store;
  readonly effects: Effects;
  readonly clock: Clock;
  readonly log: Log;
}

/** All of them throw {@link MovedElsewhereError} when someone else moved the rollout since it was read. */
export interface Transitions {
  /** Into another state. */
  move(rollout: Rollout, to: RolloutState, patch?: RolloutPatch): Promise<void>;
  /** The same; returns the rollout as stored. */
  moved(rollout: Rollout, to: RolloutState, patch?: RolloutPatch): Promise<Rollout>;
  /** Stores a rollout that was moved by a decision, and what `also` writes, together. */
  transition(rollout: Rollout, also?: (tx: StoreSlices) => Promise<void>): Promise<Rollout>;
  /** Stores what was decided of a rollout in the state that it is in, with an audit entry of its own. */
  record(
    rollout: Rollout,
    record: Pick<AuditRecord, "action" | "outcome" | "data">,
    also?: (tx: StoreSlices) => Promise<void>,
  ): Promise<Rollout>;
  /** Stores what can be seen of the progress, if anything, and asks for the next step after `delayMs`. */
  progress(before: Rollout, after: Rollout, delayMs: number): Promise<void>;
  /** Asks for the next step. */
  again(rolloutId: number, delayMs: number): Promise<void>;
}

export function createTransitions(options: TransitionOptions): Transitions {
  const { store, clock } = options;

  async function move(rollout: Rollout, to: RolloutState, patch: RolloutPatch = {}): Promise<void> {
    await moved(rollout, to, patch);
  }

  async function moved(rollout: Rollout, to: RolloutState, patch: RolloutPatch = {}): Promise<Rollout> {
    return await transition(moveRollout(rollout, to, clock.now(), patch));
  }

  /** One transition, its audit entry, its cards and jobs: all or nothing. Returns the rollout as stored. */
  async function transition(rollout: Rollout, also?: (tx: StoreSlices) => Promise<void>): Promise<Rollout> {
    const stored = await store.transaction(async (tx) => {
      await expectLock(tx, rollout);
      const { seq } = await tx.audit.append(recordOf(rollout, clock.now()));
      await also?.(tx);
      return await apply(tx, rollout, seq);
    });
    options.log.info(
      { rolloutId: rollout.id, state: rollout.state, result: rollout.result },
      "rollout moved",
    );
    return stored;
  }

  /** A step of one who lost the target changes nothing any more; that a person has to look may always be said. */
  async function expectLock(tx: StoreSlices, rollout: Rollout): Promise<void> {
    const { fence } = rollout.progress;
    if (fence === undefined || rollout.state === "unknown") return;
    const target = targetOf(rollout.plan);
    if (await tx.rollouts.holdsFence(target, rollout.id, fence)) return;
    throw new LockLostError(`its lock on ${target} was taken away while it was at work`);
  }

  async function record(
    rollout: Rollout,
    { action, outcome, data }: Pick<AuditRecord, "action" | "outcome" | "data">,
    also?: (tx: StoreSlices) => Promise<void>,
  ): Promise<Rollout> {
    const stored = await store.transaction(async (tx) => {
      // What is over holds no target any more; its bake goes on without.
      if (!isFinal(rollout.state)) await expectLock(tx, rollout);
      const subject = `rollout:${rollout.id}`;
      const { model, environment, to } = rollout.plan;
      const now = clock.now();
      const entry = { at: now, actor: "tocsin", action, subject, outcome };
      const { seq } = await tx.audit.append({ ...entry, data: { model, environment, to, ...data } });
      const moved = await apply(tx, rollout, seq);
      await also?.(tx);
      return moved;
    });
    options.log.info({ rolloutId: rollout.id, action }, "rollout decided");
    return stored;
  }

  /** Progress is shown and not audited; cards are edited only when they would look different. */
  async function progress(before: Rollout, after: Rollout, delayMs: number): Promise<void> {
    await store.transaction(async (tx) => {
      if (!isFinal(before.state)) await expectLock(tx, before);
      if (looksDifferent(before, after)) await apply(tx, after, null);
      else if (canonicalJson(inner(before)) !== canonicalJson(inner(after))) await keepQuietly(tx, after);
      await tx.jobs.add({ task: "apply", rolloutId: before.id }, { runAt: later(delayMs) });
    });
  }

  /** What nobody sees: how long it was watched. */
  async function keepQuietly(tx: StoreSlices, rollout: Rollout): Promise<void> {
    if ((await tx.rollouts.update(rollout)) !== null) return;
    throw new MovedElsewhereError(`rollout ${rollout.id} was moved by someone else`);
  }

  async function apply(tx: StoreSlices, rollout: Rollout, auditSeq: number | null): Promise<Rollout> {
    const context = { now: clock.now(), actor: "tocsin", auditSeq };
    await options.effects.apply(tx, [{ kind: "rollout", rollout }], context);
    const stored = await tx.rollouts.find(rollout.id);
    if (stored === null) throw new MovedElsewhereError(`rollout ${rollout.id} has gone`);
    return stored;
  }

  async function again(rolloutId: number, delayMs: number): Promise<void> {
    const runAt = delayMs === 0 ? null : later(delayMs);
    await store.jobs.add({ task: "apply", rolloutId }, { runAt });
  }

  function later(ms: number): Date {
    return new Date(clock.now().getTime() + ms);
  }

  return { move, moved, transition, record, progress, again };
}

/** What changes while the state does not. */
function inner({ progress, elapsed, bake }: Rollout): unknown {
  return { progress, elapsed, bake };
}

const outcomes: Partial<Record<RolloutState, AuditRecord["outcome"]>> = {
  starting: "requested",
  failed: "failed",
  unknown: "failed",
};

function recordOf(rollout: Rollout, now: Date): AuditRecord {
  const { plan, planHash, operationId, result, externalRef } = rollout;
  const { kind, model, environment, from, to } = plan;
  const { newVersion, cancelReason } = rollout.progress;
  return {
    at: now,
    actor: "tocsin",
    action: `rollout.${rollout.state}`,
    subject: `rollout:${rollout.id}`,
    outcome: outcomes[rollout.state] ?? "done",
    data: {
      ...{ kind, model, environment, from, to, planHash, operationId, externalRef, result, newVersion },
      ...(cancelReason === null ? {} : { cancelReason }),
    },
  };
}
