/**
 * What follows from a change of an incident or a rollout: the row, the line in the thread, the cards, the jobs, the
 * lock, and the change that later incidents may suspect. All of it in the caller's transaction.
 */
import type { Rollout } from "../domain/rollout.ts";
import type { Effect, StoreSlices } from "../ports.ts";
import type { EffectsContext, EffectsOptions } from "./effects/context.ts";
import { keepFeedback } from "./effects/feedback.ts";
import { changeIncident } from "./effects/incident.ts";
import { createRolloutEffects } from "./effects/rollout.ts";

export { MovedElsewhereError } from "./effects/context.ts";
export { explainOpen } from "./effects/incident.ts";

export interface Effects {
  /**
   * Stores the changes and all that follows.
   * @throws MovedElsewhereError when someone else moved a rollout since it was read: read again and decide again.
   * @returns the rollouts that came into another state, as stored.
   */
  apply(tx: StoreSlices, effects: readonly Effect[], context: EffectsContext): Promise<readonly Rollout[]>;
  /** Stores a new rollout with its cards and jobs. */
  insert(
    tx: StoreSlices,
    rollout: Omit<Rollout, "id" | "version">,
    audit: (id: number) => Promise<number>,
    context: Omit<EffectsContext, "auditSeq">,
  ): Promise<Rollout>;
}

export function createEffects(options: EffectsOptions): Effects {
  const rollouts = createRolloutEffects(options);
  return {
    async apply(tx, effects, context) {
      const moved: Rollout[] = [];
      for (const effect of effects) {
        if (effect.kind === "incident") await changeIncident(tx, effect, context);
        else if (effect.kind === "feedback") await keepFeedback(tx, effect, context);
        else moved.push(...(await rollouts.change(tx, effect.rollout, context)));
      }
      return moved;
    },
    insert: rollouts.insert,
  };
}
