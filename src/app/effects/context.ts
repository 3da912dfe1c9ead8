/** What whoever changes incidents and rollouts says beside the change itself. */
import type { Metrics, ModelEntry } from "../../ports.ts";

export interface EffectsOptions {
  readonly models: readonly ModelEntry[];
  /** Channels that get every rollout's card, "slack:C0123ABCD": `rollouts.to` in tocsin.yaml. */
  readonly rolloutChannels: readonly string[];
  readonly metrics: Metrics;
  /** Person id to name. */
  readonly nameOf: (person: string) => string;
}

/** The circumstances of a change. */
export interface EffectsContext {
  readonly now: Date;
  /** Person id, or "tocsin". */
  readonly actor: string;
  /** Audit entry of this change; null keeps the one before, for progress that is not audited. */
  readonly auditSeq: number | null;
}

/** The row is not what it was when it was read. */
export class MovedElsewhereError extends Error {
  override readonly name = "MovedElsewhereError";
}
