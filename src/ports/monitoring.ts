import type { Profile } from "../domain/monitoring/judge-profile.ts";

/** What is kept of a model's counts: its reference, or one window. */
export interface StoredProfile {
  readonly model: string;
  readonly environment: string;
  /** Start of the window; null for the reference. */
  readonly from: Date | null;
  readonly profile: Profile;
  /** Ids of pushes that are in it, newest last: one that comes again counts once. */
  readonly pushes: readonly string[];
  /** Of a reference: whether it is whole. One that grows from the first pushes is not compared with. */
  readonly isComplete: boolean;
  readonly updatedAt: Date;
}

export interface MonitoringStore {
  /** Locks the row until the transaction ends. */
  findForUpdate(model: string, environment: string, from: Date | null): Promise<StoredProfile | null>;
  find(model: string, environment: string, from: Date | null): Promise<StoredProfile | null>;
  /** Inserts or replaces. */
  save(profile: StoredProfile): Promise<void>;
  /** Windows that began before `before`, newest first. */
  windows(
    model: string,
    environment: string,
    options: { readonly before: Date; readonly limit: number },
  ): Promise<readonly StoredProfile[]>;
  /** Reference and windows of a model in an environment; how many rows went. */
  forget(model: string, environment: string): Promise<number>;
  /** Windows that began before `before`, at most `limit`; returns how many went. References stay. */
  prune(before: Date, limit: number): Promise<number>;
}
