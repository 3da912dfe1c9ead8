import type { Approval } from "../domain/approval.ts";
import type { MetricComparison } from "../domain/rollout/metric-comparison.ts";
import type { TargetLock } from "../domain/rollout/standing.ts";
import type { Rollout } from "../domain/rollout.ts";
import type { GuardStore } from "./guard.ts";
import type { Snapshot } from "./operation.ts";

/** What is said in the thread of a rollout's card. */
export interface RolloutNote {
  readonly id: number;
  readonly rolloutId: number;
  /** Says it once: "reminder 1". */
  readonly key: string;
  readonly at: Date;
  readonly text: string;
}

export interface RolloutStore extends GuardStore {
  find(id: number): Promise<Rollout | null>;
  findByOperationId(operationId: string): Promise<Rollout | null>;
  /** Newest first. */
  list(filter: {
    readonly states?: readonly Rollout["state"][];
    readonly model?: string;
    readonly environment?: string;
    readonly since?: Date;
    /** Only those whose bake is not over. */
    readonly bake?: "open";
    /** Only those of a smaller number: where the page before ended. */
    readonly before?: number;
    readonly limit: number;
  }): Promise<readonly Rollout[]>;
  /**
   * Until the end of this transaction nobody else asks for a rollout of the target: of two who ask at once the second
   * sees what the first has asked for.
   */
  askAlone(target: { readonly model: string; readonly environment: string }): Promise<void>;
  insert(rollout: Omit<Rollout, "id" | "version">): Promise<Rollout>;
  /**
   * Compare-and-set on `rollout.version`: stores `rollout` with version + 1.
   * @returns null when someone else moved it first.
   */
  update(rollout: Rollout): Promise<Rollout | null>;
  /** Keeps what served before the rollout; what was kept first stands. */
  keepSnapshot(rolloutId: number, snapshot: Snapshot, at: Date): Promise<void>;
  /**
   * What was kept when this version was last replaced in this target, with the rollout that replaced it; null when it
   * never was.
   */
  snapshotOf(version: {
    readonly model: string;
    readonly environment: string;
    readonly version: string;
  }): Promise<{ readonly rolloutId: number; readonly snapshot: Snapshot } | null>;
  approvals(rolloutId: number): Promise<readonly Approval[]>;
  /** False when this person has already spoken. */
  addApproval(approval: Approval): Promise<boolean>;
  /**
   * Takes the lock of a target, or says who is before: whoever holds it, a person who keeps everyone from it, or a
   * rollout that waits and was asked for earlier. The fence grows each time it changes hands.
   */
  lock(
    target: string,
    rolloutId: number,
    holder: string,
    at: Date,
  ): Promise<
    | { readonly kind: "held"; readonly fence: number }
    | {
        readonly kind: "busy";
        readonly rolloutId: number;
        readonly since: Date;
        readonly held: TargetLock["held"];
      }
  >;
  unlock(target: string, rolloutId: number): Promise<void>;
  findLock(target: string): Promise<TargetLock | null>;
  /** Targets that someone holds or keeps others from. */
  locks(): Promise<readonly TargetLock[]>;
  /** Approved rollouts that have not started, in the order in which they go. */
  queue(target: string): Promise<readonly Pick<Rollout, "id" | "requestedAt" | "requestedBy">[]>;
  /** Keeps everyone from a target; false when someone already does. */
  hold(hold: {
    readonly target: string;
    readonly by: string;
    readonly reason: string;
    readonly at: Date;
  }): Promise<boolean>;
  /** False when nobody kept others from it. */
  release(target: string): Promise<boolean>;
  /** Takes the lock from a rollout that may still be at work: its fence is no longer good. False when it has none. */
  takeAway(target: string, rolloutId: number): Promise<boolean>;
  /** Whether a rollout still holds its target; until the transaction ends nobody can take it away. */
  holdsFence(target: string, rolloutId: number, fence: number): Promise<boolean>;
  /** A line for the thread of its cards; null when one with this key was said before. */
  addNote(note: Omit<RolloutNote, "id">): Promise<number | null>;
  findNote(id: number): Promise<RolloutNote | null>;
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
