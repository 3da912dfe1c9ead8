/**
 * The start of a rollout, the one moment that must not come twice. That it is asked for is stored before, what came of it
 * after; a bot that dies between the two leaves a rollout that is `starting`, and looks before it does anything again.
 */
import { lookedOn } from "../../domain/rollout/pace.ts";
import { recoverStart } from "../../domain/rollout/recovery.ts";
import type { Rollout } from "../../domain/rollout.ts";
import {
  type Clock,
  type ExternalRef,
  type Log,
  type ModelEntry,
  NotStartedError,
  type Store,
} from "../../ports.ts";
import { withDeadline } from "../deadline.ts";
import { MovedElsewhereError } from "../effects.ts";
import type { Transitions } from "../transition.ts";
import type { ApplyLimits } from "./limits.ts";
import { operationOf } from "./operation.ts";
import { messageOf, type Setbacks } from "./setbacks.ts";

export interface StartOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: ApplyLimits;
  readonly transitions: Transitions;
  readonly setbacks: Setbacks;
  readonly objectionTo: (rollout: Rollout, now: Date) => Promise<string | null>;
}

export interface Starts {
  /** Asks the backend to begin a rollout that was just stored as `starting`. */
  start(rollout: Rollout, entry: ModelEntry): Promise<void>;
  /** Finds out what became of the start of one that was `starting` when the bot came upon it. */
  recover(rollout: Rollout, entry: ModelEntry): Promise<void>;
}

/** Tries to write the reference down, while others move the rollout. */
const maxRecordings = 10;

export function createStarts(options: StartOptions): Starts {
  const { store, clock, limits, transitions, setbacks } = options;

  async function start(rollout: Rollout, entry: ModelEntry): Promise<void> {
    const name = `the start by the backend "${entry.backend.name}"`;
    let ref: ExternalRef;
    try {
      const operation = await operationOf(store.rollouts, rollout);
      ref = await withDeadline(entry.backend.start(operation), limits.startMs, name);
    } catch (error) {
      if (error instanceof NotStartedError) {
        return await setbacks.fail(rollout, `it could not be started: ${messageOf(error)}`);
      }
      options.log.warn({ err: error, rolloutId: rollout.id }, "the start of a rollout is in doubt");
      return await find(rollout, entry, messageOf(error));
    }
    await record(rollout.id, ref);
  }

  /** @param doubt - what the start just now failed with; null after a crash. */
  async function find(before: Rollout, entry: ModelEntry, doubt: string | null): Promise<void> {
    const { backend } = entry;
    const name = `the backend "${backend.name}"`;
    const rollout = { ...before, elapsed: lookedOn(before.elapsed, clock.now()) };
    const look = await lookFor(rollout, entry, name);
    if (look.kind === "found") return await record(rollout.id, look.ref);
    const isLate = rollout.elapsed.ms > limits.maxStartMs;
    const isRepeatable = backend.idempotency !== "none";
    const recovery = recoverStart({ look, isRepeatable, doubt, isLate }, name);
    if (recovery.kind === "start") return await startAgain(rollout, entry);
    if (recovery.kind === "wait") return await setbacks.wait(before, recovery.why, rollout);
    await setbacks[recovery.kind](rollout, recovery.why);
  }

  async function lookFor({ operationId, plan }: Rollout, { backend }: ModelEntry, name: string) {
    try {
      return await withDeadline(backend.findByOperationId(operationId, plan.kind), limits.lookMs, name);
    } catch (error) {
      return { kind: "away", problem: messageOf(error) } as const;
    }
  }

  /** What was allowed before the crash may not be any more. */
  async function startAgain(rollout: Rollout, entry: ModelEntry): Promise<void> {
    const objection = await options.objectionTo(rollout, clock.now());
    if (objection !== null) return await setbacks.fail(rollout, objection);
    await start(rollout, entry);
  }

  /** The reference must not be lost to someone who asked to cancel meanwhile, so it is written to whatever is there. */
  async function record(rolloutId: number, ref: ExternalRef): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const rollout = await store.rollouts.find(rolloutId);
      if (rollout?.state !== "starting") return;
      const to = rollout.progress.cancelRequestedBy === null ? "running" : "cancelling";
      try {
        await transitions.move(rollout, to, { externalRef: ref });
        return await transitions.again(rolloutId, to === "running" ? limits.pollMs : 0);
      } catch (error) {
        if (!(error instanceof MovedElsewhereError) || attempt >= maxRecordings) throw error;
      }
    }
  }

  return { start, recover: async (rollout, entry) => await find(rollout, entry, null) };
}
