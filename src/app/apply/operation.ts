import type { Rollout } from "../../domain/rollout.ts";
import type { Operation, Store } from "../../ports.ts";

/**
 * What a backend is told of a rollout, the same at every step: what was kept of a version does not change while the
 * target is held.
 */
export async function operationOf(
  rollouts: Pick<Store["rollouts"], "snapshotOf">,
  rollout: Rollout,
): Promise<Operation> {
  const { kind, model, environment, from, to, reason } = rollout.plan;
  const { operationId, requestedBy } = rollout;
  const kept =
    kind === "rollback" && to !== null
      ? await rollouts.snapshotOf({ model, environment, version: to })
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
