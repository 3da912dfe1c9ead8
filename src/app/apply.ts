/**
 * Carries rollouts out, one step per job. Every transition is one transaction with compare-and-set and an audit entry.
 * What was asked of a backend and not recorded is recovered by looking, never by asking blindly a second time; where
 * nobody can look, the rollout becomes `unknown` and a person decides.
 */
import { reminderTurn } from "../domain/approval/reminder.ts";
import { addElapsed, beginElapsed, type Elapsed } from "../domain/bake/elapsed.ts";
import { newBake } from "../domain/bake.ts";
import { botPerson, type Person } from "../domain/people/person.ts";
import { freezesOn } from "../domain/rollout/freeze.ts";
import { type Observation, observeRollout } from "../domain/rollout/observation.ts";
import {
  brokenChecks,
  hashPlan,
  type Plan,
  planDifference,
  planTitle,
  targetOf,
} from "../domain/rollout/plan.ts";
import { isFinal } from "../domain/rollout/state.ts";
import { moveRollout, type Rollout, type RolloutPatch, withProgress } from "../domain/rollout.ts";
import { duration, moment, oneLine } from "../domain/view.ts";
import {
  type Clock,
  type ExternalRef,
  type Log,
  type ModelEntry,
  NotStartedError,
  type Operation,
  type PlanQuestion,
  type Policy,
  type Snapshot,
  type Store,
} from "../ports.ts";
import { checkAuthority } from "./authority.ts";
import { createAutoRollback } from "./auto-rollback.ts";
import { createBaking } from "./bake.ts";
import type { BakeLook } from "./bake-look.ts";
import { withDeadline } from "./deadline.ts";
import { type Effects, MovedElsewhereError } from "./effects.ts";
import { createHolds } from "./holds.ts";
import type { Planner } from "./plan.ts";
import { reminderText } from "./rollout-card.ts";
import { tellRollout } from "./rollout-notes.ts";
import { createTransitions, LockLostError } from "./transition.ts";

export interface ApplyOptions {
  readonly store: Store;
  readonly policy: Policy;
  readonly people: readonly Person[];
  readonly models: readonly ModelEntry[];
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

/** How long things may take, ms. */
export interface ApplyLimits {
  /** One start of a backend. */
  readonly startMs: number;
  /** One look at a backend. */
  readonly lookMs: number;
  /** Least and greatest pause between two looks at running work. */
  readonly pollMs: number;
  readonly maxPollMs: number;
  /** Pause before something that did not work is tried again. */
  readonly retryMs: number;
  /** How long a start is looked for, or repeated where that is safe, before a person is asked. */
  readonly maxStartMs: number;
  /** How long an approved rollout may wait for its target or its backend. */
  readonly maxWaitMs: number;
  /** How long work may run before a person is asked. */
  readonly maxRunMs: number;
  /** How long work that ran into the model's own timeout may take to stop, before a person is asked. */
  readonly stopMs: number;
}

const dayMs = 86_400_000;
/** The most that one look adds to the time that work has run. */
const maxLookMs = 60_000;

const defaultLimits: ApplyLimits = {
  startMs: 300_000,
  lookMs: 30_000,
  pollMs: 1_000,
  maxPollMs: 15_000,
  retryMs: 5_000,
  maxStartMs: 600_000,
  maxWaitMs: 48 * 3_600_000,
  maxRunMs: dayMs,
  stopMs: 600_000,
};

/** Most bytes of JSON that a backend may ask to keep of what serves. */
const maxSnapshotBytes = 65_536;

export interface Apply {
  /**
   * Moves one rollout on by one step and asks for the next. Safe to call at any time, for any rollout, more than once.
   * Throws when the database is away: the job is tried again.
   */
  step(rolloutId: number): Promise<void>;
}

export function createApply(options: ApplyOptions): Apply {
  const { store, clock, models } = options;
  const limits: ApplyLimits = { ...defaultLimits, ...options.limits };
  const transitions = createTransitions(options);
  const { move, moved, transition, progress, again } = transitions;
  const approvalExpiryMs = options.approvalExpiryMs ?? dayMs;
  const rollBack = createAutoRollback({ ...options, transitions, approvalExpiryMs });
  const bake = createBaking({ ...options, transitions, rollBack });
  const hold = createHolds({ clock, look: options.look, transitions, timeoutMs: limits.lookMs });

  async function step(rolloutId: number): Promise<void> {
    const rollout = await store.rollouts.find(rolloutId);
    if (rollout === null || rollout.state === "unknown") return;
    try {
      if (isFinal(rollout.state)) await bake(rollout);
      else await stepFrom(rollout);
    } catch (error) {
      if (error instanceof LockLostError) return await lostLock(rolloutId, error);
      if (!(error instanceof MovedElsewhereError)) throw error;
      // Someone moved it meanwhile; what they made of it is looked at next.
      await again(rolloutId, 0);
    }
  }

  /** Its lock was taken away: what it still does, nobody may rely on. */
  async function lostLock(rolloutId: number, error: LockLostError): Promise<void> {
    const rollout = await store.rollouts.find(rolloutId);
    if (rollout === null || rollout.state === "approved") return await again(rolloutId, limits.retryMs);
    await ask(rollout, error.message);
  }

  async function stepFrom(rollout: Rollout): Promise<void> {
    if (rollout.state === "pending") return await expireOrWait(rollout);
    const entry = models.find((model) => model.name === rollout.plan.model);
    if (entry === undefined) return await abandon(rollout);
    if (rollout.state === "approved") return await prepare(rollout, entry);
    if (rollout.state === "starting") return await recover(rollout, entry, null);
    await watch(rollout, entry);
  }

  // ---------- before it starts ----------

  async function expireOrWait(rollout: Rollout): Promise<void> {
    const { expiresAt } = rollout;
    // A pending rollout always has an end to its waiting; one without would wait for a person alone.
    if (expiresAt === null) return;
    const now = clock.now();
    if (expiresAt > now) {
      const { due, next } = reminderTurn(rollout, now);
      const text = due === null ? null : await reminderText(store.rollouts, options, rollout, now);
      await store.transaction(async (tx) => {
        if (due !== null && text !== null) await tellRollout(tx, rollout, { key: due.key, text }, now);
        await tx.jobs.add({ task: "apply", rolloutId: rollout.id }, { runAt: next });
      });
      return;
    }
    await move(rollout, "expired", { result: "nobody approved it in time" });
  }

  /** The model has gone from the configuration; what was not started fails, what was is for a person to judge. */
  async function abandon(rollout: Rollout): Promise<void> {
    const result = `${rollout.plan.model} is no longer in tocsin.yaml`;
    await move(rollout, rollout.state === "approved" ? "failed" : "unknown", { result });
  }

  async function prepare(rollout: Rollout, entry: ModelEntry): Promise<void> {
    const now = clock.now();
    if (now.getTime() - rollout.requestedAt.getTime() > limits.maxWaitMs) {
      return await move(rollout, "failed", { result: "it waited too long to start; ask for it again" });
    }
    const lock = await store.rollouts.lock(targetOf(rollout.plan), rollout.id, `rollout:${rollout.id}`, now);
    if (lock.kind === "busy") return await queueUp(rollout, lock);
    if (rollout.progress.isQueued === true) await handOver(rollout, now);
    const objection = await objectionTo(rollout, now);
    if (objection !== null) return await move(rollout, "failed", { result: objection });
    const planned = await options.plan(questionOf(rollout.plan));
    if (planned.kind === "refuse") {
      if (planned.reason === "backend_away") return await wait(rollout, planned.problem);
      return await move(rollout, "failed", { result: `it cannot be done any more: ${planned.problem}` });
    }
    if (hashPlan(planned.plan) !== rollout.planHash) {
      const difference = planDifference(rollout.plan, planned.plan);
      return await move(rollout, "failed", { result: `the plan has changed, ask again: ${difference}` });
    }
    await begin(rollout, entry, lock.fence);
  }

  /** Keeps what serves in the same transaction that says the start is being asked for: there is always a way back. */
  async function begin(rollout: Rollout, entry: ModelEntry, fence: number): Promise<void> {
    const progress = { fence, isQueued: false };
    if (rollout.plan.kind === "retrain") {
      return await start(await moved(rollout, "starting", { progress }), entry);
    }
    const { model, environment } = rollout.plan;
    let kept: Snapshot;
    try {
      const name = `the backend "${entry.backend.name}"`;
      kept = await withDeadline(entry.backend.snapshot(model, environment), limits.lookMs, name);
    } catch (error) {
      return await wait(rollout, `what serves now could not be kept: ${messageOf(error)}`);
    }
    const size = Buffer.byteLength(JSON.stringify(kept));
    if (size > maxSnapshotBytes) {
      const result = `what serves now is ${size} bytes to keep, at most ${maxSnapshotBytes} can be: without it there is no way back`;
      return await move(rollout, "failed", { result });
    }
    const rule = entry.bakes.get(environment);
    const bake = rule === undefined ? null : newBake(rule, await options.look.baseline(entry));
    const now = clock.now();
    const starting = await transition(moveRollout(rollout, "starting", now, { progress, bake }), (tx) =>
      tx.rollouts.keepSnapshot(rollout.id, kept, now),
    );
    await start(starting, entry);
  }

  async function queueUp(
    rollout: Rollout,
    { rolloutId, held }: Extract<Awaited<ReturnType<Store["rollouts"]["lock"]>>, { kind: "busy" }>,
  ): Promise<void> {
    const target = `${rollout.plan.model} in ${rollout.plan.environment}`;
    const note =
      held === null
        ? `waits for rollout ${rolloutId}, which holds ${target} or was asked for first`
        : `waits: ${held.by} has locked ${target} (${held.reason})`;
    const after = withProgress(rollout, { note: oneLine(note, 300), isQueued: true });
    await progress(rollout, after, limits.retryMs);
  }

  /** Whoever waited for long may be doing something else by now. */
  async function handOver(rollout: Rollout, now: Date): Promise<void> {
    const text = `It is the turn of rollout ${rollout.id}, which waited since ${moment(rollout.requestedAt).text}: ${planTitle(rollout.plan)}. It starts now.`;
    await store.transaction((tx) => tellRollout(tx, rollout, { key: "turn", text }, now));
  }

  /** Says on the card why it does not move on, and looks again later. @param after - what else changed of it. */
  async function wait(rollout: Rollout, note: string, after = rollout): Promise<void> {
    await progress(rollout, withProgress(after, { note: oneLine(note, 300) }), limits.retryMs);
  }

  /** Why it may not begin as things stand, or null. */
  async function objectionTo(rollout: Rollout, now: Date): Promise<string | null> {
    const approvals = await store.rollouts.approvals(rollout.id);
    const freezes = freezesOn(await store.rollouts.freezes(now), rollout.plan, models, now);
    return checkAuthority(options, { rollout, approvals, freezes, now });
  }

  // ---------- the start, and what a crash leaves of it ----------

  async function start(rollout: Rollout, entry: ModelEntry): Promise<void> {
    const name = `the start by the backend "${entry.backend.name}"`;
    let ref: ExternalRef;
    try {
      ref = await withDeadline(entry.backend.start(await operationOf(rollout)), limits.startMs, name);
    } catch (error) {
      if (error instanceof NotStartedError) {
        return await move(rollout, "failed", { result: `it could not be started: ${messageOf(error)}` });
      }
      options.log.warn({ err: error, rolloutId: rollout.id }, "the start of a rollout is in doubt");
      return await recover(rollout, entry, messageOf(error));
    }
    await recordStart(rollout.id, ref);
  }

  /**
   * A start was asked for and not recorded. The backend is asked whether it knows the operation; it is started again
   * only when it says no, and when a second start of the same operation can do no harm.
   * @param doubt - what the start just now failed with; null after a crash.
   */
  async function recover(before: Rollout, entry: ModelEntry, doubt: string | null): Promise<void> {
    const { backend } = entry;
    // Time that was looked on, not time by the clock: a clock that jumps neither ends a start nor keeps it waiting.
    const rollout = { ...before, elapsed: lookedOn(before.elapsed) };
    const isLate = rollout.elapsed.ms > limits.maxStartMs;
    const name = `the backend "${backend.name}"`;
    try {
      const { operationId, plan } = rollout;
      const found = await withDeadline(
        backend.findByOperationId(operationId, plan.kind),
        limits.lookMs,
        name,
      );
      if (found.kind === "found") return await recordStart(rollout.id, found.ref);
      if (found.kind === "cannot_look") return await ask(rollout, found.problem);
      if (backend.idempotency === "none") {
        return await ask(rollout, doubt ?? "the bot stopped while it was starting it");
      }
    } catch (error) {
      if (error instanceof MovedElsewhereError) throw error;
      if (isLate) return await ask(rollout, `${name} cannot be asked: ${messageOf(error)}`);
      return await wait(before, `${name} cannot be asked whether it started: ${messageOf(error)}`, rollout);
    }
    if (isLate)
      return await move(rollout, "failed", { result: `it could not be started: ${doubt ?? "no answer"}` });
    if (doubt !== null) return await wait(before, `the start failed and is tried again: ${doubt}`, rollout);
    const objection = await objectionTo(rollout, clock.now());
    if (objection !== null) return await move(rollout, "failed", { result: objection });
    await start(rollout, entry);
  }

  async function ask(rollout: Rollout, why: string): Promise<void> {
    await move(rollout, "unknown", { result: oneLine(why, 300) });
  }

  /** The reference must not be lost to someone who asked to cancel meanwhile, so it is written to whatever is there. */
  async function recordStart(rolloutId: number, ref: ExternalRef): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const rollout = await store.rollouts.find(rolloutId);
      if (rollout?.state !== "starting") return;
      const to = rollout.progress.cancelRequestedBy === null ? "running" : "cancelling";
      try {
        await moved(rollout, to, { externalRef: ref });
        return await again(rolloutId, to === "running" ? limits.pollMs : 0);
      } catch (error) {
        if (!(error instanceof MovedElsewhereError) || attempt >= 10) throw error;
      }
    }
  }

  // ---------- while it runs ----------

  async function watch(stored: Rollout, entry: ModelEntry): Promise<void> {
    const ref = stored.externalRef;
    if (ref === null) return await ask(stored, "the reference to the running work is missing");
    const before = { ...stored, elapsed: lookedOn(stored.elapsed) };
    const overdue = overdueOf(before, entry);
    if (overdue?.kind === "ask") return await ask(before, overdue.why);
    if (overdue?.kind === "cancel") return await move(before, "cancelling", stopBecause(overdue.why));
    const rollout = before.state === "cancelling" ? await sendCancel(before, entry, ref) : before;
    let seen: { readonly observed: Observation; readonly served: string | null };
    try {
      seen = await look(rollout, entry, ref);
    } catch (error) {
      const note = `the backend "${entry.backend.name}" cannot be asked, trying again: ${messageOf(error)}`;
      return await progress(stored, withProgress(rollout, { note: oneLine(note, 300) }), limits.retryMs);
    }
    const now = clock.now();
    const after = observeRollout(rollout, seen.observed, seen.served, now);
    if (after.state !== rollout.state) return void (await transition(after));
    if (seen.observed.kind === "holding" && after.state === "running") {
      const operation = await operationOf(rollout);
      return await hold({ before: stored, rollout: after, entry, ref, operation, observed: seen.observed });
    }
    await progress(stored, after, pollDelay(rollout));
  }

  function lookedOn(elapsed: Elapsed | null): Elapsed {
    const now = clock.now();
    return elapsed === null ? beginElapsed(now) : addElapsed(elapsed, now, maxLookMs);
  }

  /** What to do about a rollout that takes too long; null while it does not. */
  function overdueOf(rollout: Rollout, entry: ModelEntry) {
    const ms = rollout.elapsed?.ms ?? 0;
    if (ms > limits.maxRunMs)
      return { kind: "ask", why: "it was still running when the bot stopped watching it" } as const;
    if (entry.timeoutMs === null || ms <= entry.timeoutMs) return null;
    const why = `it took longer than ${duration(entry.timeoutMs)}`;
    if (ms > entry.timeoutMs + limits.stopMs) return { kind: "ask", why: `${why} and did not stop` } as const;
    const { cancelProblem } = rollout.progress;
    return rollout.state === "running" && cancelProblem === null ? ({ kind: "cancel", why } as const) : null;
  }

  function stopBecause(cancelReason: string): RolloutPatch {
    return { progress: { cancelRequestedBy: botPerson.id, cancelReason, note: cancelReason } };
  }

  async function look(rollout: Rollout, entry: ModelEntry, ref: ExternalRef) {
    const name = `the backend "${entry.backend.name}"`;
    const observed = await withDeadline(
      entry.backend.observe(ref, await operationOf(rollout)),
      limits.lookMs,
      name,
    );
    const isChecked = observed.kind === "succeeded" && rollout.plan.to !== null;
    if (!isChecked) return { observed, served: null };
    const { model, environment } = rollout.plan;
    const live = await withDeadline(entry.backend.live(model, environment), limits.lookMs, name);
    return { observed, served: live.version };
  }

  /** Asked at every look until it has stopped: a backend takes that more than once. */
  async function sendCancel(rollout: Rollout, entry: ModelEntry, ref: ExternalRef): Promise<Rollout> {
    try {
      const name = `the backend "${entry.backend.name}"`;
      await withDeadline(entry.backend.cancel(ref, await operationOf(rollout)), limits.lookMs, name);
      return rollout;
    } catch (error) {
      const cancelProblem = oneLine(messageOf(error), 200);
      return await moved(rollout, "running", { progress: { cancelRequestedBy: null, cancelProblem } });
    }
  }

  /** A tenth of the time it has run, within limits: quick things look quick, long ones are not asked all the time. */
  function pollDelay(rollout: Rollout): number {
    const runningMs = rollout.elapsed?.ms ?? 0;
    return Math.min(limits.maxPollMs, Math.max(limits.pollMs, runningMs / 10));
  }

  /** What was kept of a version does not change while the target is held, so that every look sees the same operation. */
  async function operationOf(rollout: Rollout): Promise<Operation> {
    const { kind, model, environment, from, to, reason } = rollout.plan;
    const { operationId, requestedBy } = rollout;
    const kept =
      kind === "rollback" && to !== null
        ? await store.rollouts.snapshotOf({ model, environment, version: to })
        : null;
    return {
      operationId,
      kind,
      model,
      environment,
      from,
      to,
      restore: kept?.snapshot ?? null,
      manifest: rollout.plan.manifest ?? null,
      requestedBy,
      reason,
      // Rollouts that were begun by a release without fences have none.
      fence: rollout.progress.fence ?? 0,
    };
  }

  return { step };
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

function messageOf(error: unknown): string {
  return oneLine(error instanceof Error ? error.message : String(error), 250);
}
