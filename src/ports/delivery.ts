import type { RawDelivery } from "./source.ts";

export interface StoredDelivery extends RawDelivery {
  readonly id: number;
  readonly source: string;
}

export interface DeadDelivery extends StoredDelivery {
  readonly problem: string;
  readonly replayedAt: Date | null;
}

export interface DeliveryStore {
  /**
   * Commits a group of deliveries in one statement; ids grow in commit order, so that a cursor never skips one.
   * Resolves when they are durable.
   */
  insert(group: readonly (RawDelivery & { readonly source: string })[]): Promise<void>;
  /** The cursor behind which everything received at `at` or later lies; zero when there is nothing older. */
  cursorBefore(at: Date): Promise<number>;
  /** Deliveries after the cursor in order of id. */
  after(cursor: number, limit: number): Promise<readonly StoredDelivery[]>;
  /** When the first delivery after the cursor was received; null when there is none. */
  oldestAfter(cursor: number): Promise<Date | null>;
  /** Keeps one that could not be parsed. */
  bury(delivery: RawDelivery & { readonly source: string }, problem: string): Promise<number>;
  dead(limit: number): Promise<readonly DeadDelivery[]>;
  findDead(id: number): Promise<DeadDelivery | null>;
  markReplayed(id: number, at: Date): Promise<void>;
  /** Per source: how many in the last day, when last heard from, how many dead and not replayed. */
  heard(): Promise<
    readonly {
      readonly source: string;
      readonly lastDay: number;
      readonly lastAt: Date | null;
      readonly dead: number;
    }[]
  >;
  /** Newest id and its time. */
  newest(): Promise<{ readonly id: number; readonly receivedAt: Date } | null>;
  /** Whether anything with a higher id came in from another source than this one. */
  cameAfter(id: number, except: string): Promise<boolean>;
  /** Removes deliveries received before `before`, at most `limit`; returns how many went. */
  prune(before: Date, limit: number): Promise<number>;
  /** Removes dead deliveries received before `before`, at most `limit`: replayed ones, and those that nobody replayed. */
  pruneDead(before: Date, limit: number): Promise<{ readonly replayed: number; readonly unread: number }>;
}
