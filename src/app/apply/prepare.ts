/**
 * What has to hold before a backend is asked to start: the target is ours, everyone who agreed still may, and the plan
 * is the one that they saw. Nothing here changes what serves, so after a crash all of it is simply asked again.
 */
import { newBake } from "../../domain/bake.ts";
import {
  brokenChecks,
  hashPlan,
  type Plan,
  planDifference,
  planTitle,
  targetOf,
} from "../../domain/rollout/plan.ts";
import { moveRollout, type Rollout, withProgress } from "../../domain/rollout.ts";
import { moment } from "../../domain/view.ts";
import type { Clock, ModelEntry, PlanQuestion, Snapshot, Store } from "../../ports.ts";
import type { BakeLook } from "../bake-look.ts";
import { withDeadline } from "../deadline.ts";
import type { Planner } from "../plan.ts";
import { tellRollout } from "../rollout-notes.ts";
import type { Transitions } from "../transition.ts";
import type { ApplyLimits } from "./limits.ts";
import { messageOf, type Setbacks } from "./setbacks.ts";

export interface PrepareOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly plan: Planner;
  readonly look: BakeLook;
  readonly limits: ApplyLimits;
  readonly transitions: Transitions;
  readonly setbacks: Setbacks;
  readonly objectionTo: (rollout: Rollout, now: Date) => Promise<string | null>;
}

/**
 * Brings an `approved` rollout to the point where its backend may be asked to start.
 * @returns the rollout as stored, now `starting`; null when it does not begin now: it waits, or is over.
 */
export type Prepare = (rollout: Rollout, entry: ModelEntry) => Promise<Rollout | null>;

/** Most bytes of JSON that a backend may ask to keep of what serves. */
const maxSnapshotBytes = 65_536;

export function createPrepare(options: PrepareOptions): Prepare {
  const { store, clock, limits, transitions, setbacks } = options;

  return async (rollout, entry) => {
    const now = clock.now();
    if (now.getTime() - rollout.requestedAt.getTime() > limits.maxWaitMs) {
      await setbacks.fail(rollout, "it waited too long to start; ask for it again");
      return null;
    }
    const lock = await store.rollouts.lock(targetOf(rollout.plan), rollout.id, `rollout:${rollout.id}`, now);
    if (lock.kind === "busy") {
      await queueUp(rollout, lock);
      return null;
    }
    if (rollout.progress.isQueued === true) await announceTurn(rollout, now);
    return (await isStillRight(rollout, now)) ? await keepWayBack(rollout, entry, lock.fence) : null;
  };

  async function queueUp(
    rollout: Rollout,
    { rolloutId, held }: Extract<Awaited<ReturnType<Store["rollouts"]["lock"]>>, { kind: "busy" }>,
  ): Promise<void> {
    const target = `${rollout.plan.model} in ${rollout.plan.environment}`;
    const note =
      held === null
        ? `waits for rollout ${rolloutId}, which holds ${target} or was asked for first`
        : `waits: ${held.by} has locked ${target} (${held.reason})`;
    await setbacks.wait(rollout, note, withProgress(rollout, { isQueued: true }));
  }

  /** Whoever waited for long may be doing something else by now. */
  async function announceTurn(rollout: Rollout, now: Date): Promise<void> {
    const text = `It is the turn of rollout ${rollout.id}, which waited since ${moment(rollout.requestedAt).text}: ${planTitle(rollout.plan)}. It starts now.`;
    await store.transaction((tx) => tellRollout(tx, rollout, { key: "turn", text }, now));
  }

  /** Whether it may still be done, and would still do what was approved. Where not, that is said on the rollout. */
  async function isStillRight(rollout: Rollout, now: Date): Promise<boolean> {
    const objection = await options.objectionTo(rollout, now);
    if (objection !== null) {
      await setbacks.fail(rollout, objection);
      return false;
    }
    const planned = await options.plan(questionOf(rollout.plan));
    if (planned.kind === "refuse") {
      if (planned.reason === "backend_away") await setbacks.wait(rollout, planned.problem);
      else await setbacks.fail(rollout, `it cannot be done any more: ${planned.problem}`);
      return false;
    }
    if (hashPlan(planned.plan) === rollout.planHash) return true;
    const difference = planDifference(rollout.plan, planned.plan);
    await setbacks.fail(rollout, `the plan has changed, ask again: ${difference}`);
    return false;
  }

  /** Keeps what serves in the same transaction that says the start is being asked for: there is always a way back. */
  async function keepWayBack(rollout: Rollout, entry: ModelEntry, fence: number): Promise<Rollout | null> {
    const progress = { fence, isQueued: false };
    // A retrain changes nothing that serves.
    if (rollout.plan.kind === "retrain") return await transitions.moved(rollout, "starting", { progress });
    const { model, environment } = rollout.plan;
    let kept: Snapshot;
    try {
      const name = `the backend "${entry.backend.name}"`;
      kept = await withDeadline(entry.backend.snapshot(model, environment), limits.lookMs, name);
    } catch (error) {
      await setbacks.wait(rollout, `what serves now could not be kept: ${messageOf(error)}`);
      return null;
    }
    const size = Buffer.byteLength(JSON.stringify(kept));
    if (size > maxSnapshotBytes) {
      const why = `what serves now is ${size} bytes to keep, at most ${maxSnapshotBytes} can be: without it there is no way back`;
      await setbacks.fail(rollout, why);
      return null;
    }
    const rule = entry.bakes.get(environment);
    const bake = rule === undefined ? null : newBake(rule, await options.look.baseline(entry));
    const now = clock.now();
    return await transitions.transition(moveRollout(rollout, "starting", now, { progress, bake }), (tx) =>
      tx.rollouts.keepSnapshot(rollout.id, kept, now),
    );
  }
}

/** The question that a plan answers, to ask it again. */
function questionOf(plan: Plan): PlanQuestion {
  const { kind, model, environment, to, reason, incidentId, manifest, breakGlass } = plan;
  const question = { kind, model, environment, to, reason, incidentId };
  return {
    ...question,
    ...(manifest === undefined ? {} : { manifest }),
    ...(breakGlass === undefined ? {} : { breakGlass: { reason: breakGlass, checks: brokenChecks(plan) } }),
  };
}
