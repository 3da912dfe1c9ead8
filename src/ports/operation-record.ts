import type { Operation } from "./operation.ts";

export type OperationRecordState = "asked" | "running" | "succeeded" | "failed" | "cancelled";

/**
 * An operation as its backend keeps it in the bot's database, where every replica sees it: for systems that keep no
 * record which could be looked up before they have answered.
 */
export interface OperationRecord {
  readonly operation: Operation;
  /** Name of the backend. */
  readonly backend: string;
  /** asked: kept before it is sent, so it may or may not have been. */
  readonly state: OperationRecordState;
  readonly askedAt: Date;
  readonly endedAt: Date | null;
  /** What the backend adds: references, the last report. JSON, no secrets, at most 64 kB. */
  readonly notes: Readonly<Record<string, unknown>>;
  /** Grows with every update. */
  readonly revision: number;
}

export interface OperationRecordStore {
  /** Before it is sent. False when it is there already: it may have been sent. */
  keep(record: Omit<OperationRecord, "revision">): Promise<boolean>;
  /** By operation id. */
  find(operationId: string): Promise<OperationRecord | null>;
  /** Compare-and-set on the revision; false when someone else was first. */
  update(record: OperationRecord): Promise<boolean>;
  /** Of one that was certainly not sent. */
  forget(operationId: string): Promise<void>;
  /** Newest first. */
  list(filter: {
    readonly backend: string;
    readonly model: string;
    readonly environment: string;
    readonly state: OperationRecordState;
    readonly limit: number;
  }): Promise<readonly OperationRecord[]>;
}
