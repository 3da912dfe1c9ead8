/** Gathers what stands in the way of a rollout. */

import type { ModelFacts } from "../domain/policy.ts";
import { freezesOn } from "../domain/rollout/freeze.ts";
import { type Plan, targetOf } from "../domain/rollout/plan.ts";
import type { Standing } from "../domain/rollout/standing.ts";
import type { Rollout } from "../domain/rollout.ts";
import type { RolloutStore } from "../ports.ts";

/** @param rollout - for its place in the queue; null for one that is not asked for yet and would be the last. */
export async function standingOf(
  rollouts: Pick<RolloutStore, "freezes" | "findLock" | "queue">,
  models: readonly ModelFacts[],
  plan: Plan,
  rollout: Pick<Rollout, "id" | "requestedAt"> | null,
  now: Date,
): Promise<Standing> {
  const [freezes, lock, queue] = await Promise.all([
    rollouts.freezes(now),
    rollouts.findLock(targetOf(plan)),
    rollouts.queue(targetOf(plan)),
  ]);
  const holder = lock?.rolloutId ?? null;
  const waiting = queue.filter(({ id }) => id !== holder);
  const place = rollout === null ? waiting.length : waiting.findIndex((other) => comesAfter(other, rollout));
  const before = waiting.slice(0, place === -1 ? waiting.length : place).map(({ id }) => id);
  const isHolder = rollout !== null && rollout.id === holder;
  const ahead = isHolder ? [] : [...(holder === null ? [] : [holder]), ...before];
  return { freezes: freezesOn(freezes, plan, models, now), lock, ahead };
}

type Place = Pick<Rollout, "id" | "requestedAt">;

/** Itself, or one that was asked for later. */
function comesAfter(other: Place, rollout: Place): boolean {
  const [theirs, ours] = [other.requestedAt.getTime(), rollout.requestedAt.getTime()];
  return theirs > ours || (theirs === ours && other.id >= rollout.id);
}
