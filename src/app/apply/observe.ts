/**
 * Work that is under way: every step asks its backend how it stands, and stores what came of it. Looking changes nothing,
 * and a stop may be asked for more than once, so a bot that dies here does the same step again.
 */
import { botPerson } from "../../domain/people/person.ts";
import { type Observed, observeRollout } from "../../domain/rollout/observation.ts";
import { lookedOn, overdueOf, pollDelayMs } from "../../domain/rollout/pace.ts";
import type { Rollout } from "../../domain/rollout.ts";
import { oneLine } from "../../domain/view.ts";
import type { Clock, ExternalRef, ModelEntry, Store } from "../../ports.ts";
import { withDeadline } from "../deadline.ts";
import type { Holds } from "../holds.ts";
import type { Transitions } from "../transition.ts";
import type { ApplyLimits } from "./limits.ts";
import { operationOf } from "./operation.ts";
import { messageOf, type Setbacks } from "./setbacks.ts";

export interface ObserveOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly limits: ApplyLimits;
  readonly transitions: Transitions;
  readonly setbacks: Setbacks;
  /** What is done about a canary that holds. */
  readonly hold: Holds;
}

/** One look at a rollout that is `running` or `cancelling`. */
export type Observe = (rollout: Rollout, entry: ModelEntry) => Promise<void>;

interface Look {
  readonly observed: Observed;
  /** What serves, asked when the work says it is done; null otherwise, and when nothing does. */
  readonly served: string | null;
}

export function createObserve(options: ObserveOptions): Observe {
  const { store, clock, limits, transitions, setbacks } = options;

  return async (stored, entry) => {
    const ref = stored.externalRef;
    if (ref === null) return await setbacks.ask(stored, "the reference to the running work is missing");
    const before = { ...stored, elapsed: lookedOn(stored.elapsed, clock.now()) };
    const overdue = overdueOf(before, { ...limits, timeoutMs: entry.timeoutMs });
    if (overdue?.kind === "ask") return await setbacks.ask(before, overdue.why);
    if (overdue?.kind === "cancel") return await stop(before, overdue.why);
    const rollout = before.state === "cancelling" ? await sendCancel(before, entry, ref) : before;
    let seen: Look;
    try {
      seen = await look(rollout, entry, ref);
    } catch (error) {
      const why = `the backend "${entry.backend.name}" cannot be asked, trying again: ${messageOf(error)}`;
      return await setbacks.wait(stored, why, rollout);
    }
    const after = observeRollout(rollout, seen.observed, seen.served, clock.now());
    if (after.state !== rollout.state) return void (await transitions.transition(after));
    if (seen.observed.kind === "holding" && after.state === "running") {
      const operation = await operationOf(store.rollouts, rollout);
      return await options.hold({
        before: stored,
        rollout: after,
        entry,
        ref,
        operation,
        observed: seen.observed,
      });
    }
    await transitions.progress(stored, after, pollDelayMs(rollout, limits));
  };

  /** It ran into the model's own timeout; a later step sends the cancel. */
  async function stop(rollout: Rollout, cancelReason: string): Promise<void> {
    const progress = { cancelRequestedBy: botPerson.id, cancelReason, note: cancelReason };
    await transitions.move(rollout, "cancelling", { progress });
  }

  async function look(rollout: Rollout, entry: ModelEntry, ref: ExternalRef): Promise<Look> {
    const name = `the backend "${entry.backend.name}"`;
    const operation = await operationOf(store.rollouts, rollout);
    const observed = await withDeadline(entry.backend.observe(ref, operation), limits.lookMs, name);
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
      const operation = await operationOf(store.rollouts, rollout);
      await withDeadline(entry.backend.cancel(ref, operation), limits.lookMs, name);
      return rollout;
    } catch (error) {
      const cancelProblem = oneLine(messageOf(error), 200);
      const progress = { cancelRequestedBy: null, cancelProblem };
      return await transitions.moved(rollout, "running", { progress });
    }
  }
}
