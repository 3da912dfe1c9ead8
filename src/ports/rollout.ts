import type { Approval } from "../domain/approval.ts";
import type { MetricComparison } from "../domain/metric-comparison.ts";
import type { Rollout } from "../domain/rollout.ts";

export interface RolloutStore {
  find(id: number): Promise<Rollout | null>;
  findByOperationId(operationId: string): Promise<Rollout | null>;
  /** Newest first. */
  list(filter: {
    readonly states?: readonly Rollout["state"][];
    readonly model?: string;
    readonly environment?: string;
    readonly since?: Date;
    readonly limit: number;
  }): Promise<readonly Rollout[]>;
  insert(rollout: Omit<Rollout, "id" | "version">): Promise<Rollout>;
  /**
   * Compare-and-set on `rollout.version`: stores `rollout` with version + 1.
   * @returns null when someone else moved it first.
   */
  update(rollout: Rollout): Promise<Rollout | null>;
  approvals(rolloutId: number): Promise<readonly Approval[]>;
  /** False when this person has already spoken. */
  addApproval(approval: Approval): Promise<boolean>;
  /** Takes the lock of a target, or says who holds it. The fence grows each time it changes hands. */
  lock(
    target: string,
    rolloutId: number,
    holder: string,
    at: Date,
  ): Promise<
    | { readonly kind: "held"; readonly fence: number }
    | { readonly kind: "busy"; readonly rolloutId: number; readonly since: Date }
  >;
  unlock(target: string, rolloutId: number): Promise<void>;
  // Registry of the backend `builtin`.
  addModelVersion(version: StoredModelVersion): Promise<void>;
  modelVersions(model: string): Promise<readonly StoredModelVersion[]>;
  findModelVersionByOperation(operationId: string): Promise<StoredModelVersion | null>;
  setAlias(alias: {
    readonly model: string;
    readonly environment: string;
    readonly alias: string;
    readonly version: number;
    readonly by: string;
    readonly at: Date;
    readonly operationId: string;
  }): Promise<void>;
  /** Newest first. */
  aliasHistory(
    model: string,
    environment: string,
    alias: string,
  ): Promise<
    readonly {
      readonly version: number;
      readonly since: Date;
      readonly by: string;
      readonly operationId: string;
    }[]
  >;
}

export interface StoredModelVersion {
  readonly model: string;
  readonly version: number;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly operationId: string;
  readonly parameters: unknown;
  readonly metrics: Readonly<Record<string, number>>;
  /** Beside the version that served when it was trained; empty for one that was not trained. */
  readonly comparison: readonly MetricComparison[];
  readonly description: string;
  readonly digest: string;
}
