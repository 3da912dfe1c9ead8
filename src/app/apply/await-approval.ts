/** A rollout that waits for people: they are reminded, and it expires. What they say comes in as commands. */
import { reminderTurn } from "../../domain/approval/reminder.ts";
import type { Rollout } from "../../domain/rollout.ts";
import type { Clock, Store } from "../../ports.ts";
import type { Authority } from "../authority.ts";
import { reminderText } from "../rollout-card.ts";
import { tellRollout } from "../rollout-notes.ts";
import type { Transitions } from "../transition.ts";

export interface AwaitApprovalOptions extends Authority {
  readonly store: Store;
  readonly clock: Clock;
  readonly transitions: Transitions;
}

/** One look at a `pending` rollout. */
export type AwaitApproval = (rollout: Rollout) => Promise<void>;

export function createAwaitApproval(options: AwaitApprovalOptions): AwaitApproval {
  const { store, clock, transitions } = options;

  return async (rollout) => {
    const { expiresAt } = rollout;
    // A pending rollout always has an end to its waiting; one without would wait for a person alone.
    if (expiresAt === null) return;
    const now = clock.now();
    if (expiresAt > now) return await remind(rollout, now);
    await transitions.move(rollout, "expired", { result: "nobody approved it in time" });
  };

  async function remind(rollout: Rollout, now: Date): Promise<void> {
    const { due, next } = reminderTurn(rollout, now);
    const text = due === null ? null : await reminderText(store.rollouts, options, rollout, now);
    await store.transaction(async (tx) => {
      if (due !== null && text !== null) await tellRollout(tx, rollout, { key: due.key, text }, now);
      await tx.jobs.add({ task: "apply", rolloutId: rollout.id }, { runAt: next });
    });
  }
}
