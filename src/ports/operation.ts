import type { RolloutKind } from "../domain/rollout/plan.ts";
import type { RetrainManifest } from "../domain/rollout/retrain-manifest.ts";

export type { RolloutKind } from "../domain/rollout/plan.ts";

/**
 * What served before a rollout, in the backend's own terms: enough to bring it back exactly, also what no version
 * number says (a pod template, an endpoint's configuration). JSON, at most 64 kB, no secrets.
 */
export type Snapshot = Readonly<Record<string, unknown>>;

/** What is asked of a backend. Identifies the work across crashes. */
export interface Operation {
  /** Unique, chosen by us, at most 64 of [a-z0-9-]; what findByOperationId looks for. */
  readonly operationId: string;
  readonly kind: RolloutKind;
  readonly model: string;
  readonly environment: string;
  /** Version that serves before; null when none does. */
  readonly from: string | null;
  /** Version to serve after; null for a retrain. */
  readonly to: string | null;
  /** For a rollback: the snapshot taken when `to` was replaced; null when there is none, then the version alone counts. */
  readonly restore: Snapshot | null;
  /** For a retrain: what to make it from, as approved; null for the other kinds. */
  readonly manifest: RetrainManifest | null;
  readonly requestedBy: string;
  readonly reason: string;
  /**
   * Of the lock on the target. Grows each time that the lock changes hands, also when the database is lost or goes back
   * to a backup: whoever was told of a greater one must refuse this operation, since it comes from a bot that was
   * thought dead.
   */
  readonly fence: number;
}

/** An operation before it is asked for: what the plan of a backend needs of it. */
export type PlannedOperation = Omit<Operation, "operationId" | "requestedBy" | "fence">;
