/**
 * One replica leads a scope at a time: whoever holds the lease takes one turn after another. A turn that fails throws
 * away what the leader remembers; the next one loads it again from the database.
 */
import { LeaseLostError } from "../../ports.ts";
import { createRest } from "../rest.ts";
import { type Leadership, takeOver } from "./leadership.ts";
import type { TriageOptions } from "./options.ts";

export interface Triage {
  /** Leads whenever it can, until {@link stop}. */
  start(): void;
  /** Lets the batch in hand finish, and gives the lease back. */
  stop(): Promise<void>;
  /** New deliveries may be there. */
  wake(): void;
  /** The champion's weights changed: forget and load anew. */
  reload(): void;
  isLeader(): boolean;
}

export const triageScope = "default";
const leaseTtlMs = 9_000;
const renewMs = 2_500;
const pollMs = 250;
const maxDeliveries = 200;

/** How much a turn may take on. */
export interface Pace {
  /** Deliveries read at once: fewer after a failure, more with every success. */
  readonly limit: number;
  /** Turns that failed since the last one that did not. */
  readonly failures: number;
}

/** @param takeTurn - returns how many deliveries it took: none when there was nothing to do. */
export function createLead(
  options: TriageOptions,
  takeTurn: (leader: Leadership, pace: Pace) => Promise<number>,
): Triage {
  const { store, clock, log, metrics } = options;
  let leadership: Leadership | null = null;
  let isStopping = false;
  let mustReload = false;
  let running: Promise<void> = Promise.resolve();
  const rest = createRest();
  /** Somebody called while a turn was under way, which may have looked too early. */
  let isWoken = false;
  let pace: Pace = { limit: maxDeliveries, failures: 0 };

  async function run(): Promise<void> {
    while (!isStopping) {
      isWoken = false;
      const hasMore = await turn();
      if (!hasMore && !isStopping && !isWoken) await rest.take(leadership === null ? 1_000 : pollMs);
    }
    await stepDown();
  }

  /** One round: keep the lease, take a batch, let time pass. True when there may be more to do at once. */
  async function turn(): Promise<boolean> {
    try {
      if (!(await keepLease())) return false;
      if (leadership === null) return false;
      const count = await takeTurn(leadership, pace);
      pace = { limit: Math.min(maxDeliveries, pace.limit * 2), failures: 0 };
      return count > 0;
    } catch (error) {
      const failures = pace.failures + 1;
      // After repeated failures go one by one, so that the delivery to blame can be told from its neighbours.
      pace = { failures, limit: failures >= 2 ? 1 : Math.ceil(pace.limit / 4) };
      leadership = null;
      const isLost = error instanceof LeaseLostError;
      log[isLost ? "warn" : "error"](
        { error: reasonOf(error), failures },
        isLost
          ? "triage: the lease went to another replica"
          : "triage: a batch failed; loading again from the database",
      );
      metrics.count("tocsin_triage_failures_total");
      await rest.take(Math.min(5_000, 200 * 2 ** Math.min(failures, 5)));
      return false;
    }
  }

  async function keepLease(): Promise<boolean> {
    const now = clock.now().getTime();
    if (leadership !== null && !mustReload && now - leadership.renewedAt < renewMs) return true;
    const lease = await store.leases.acquire(triageScope, options.replica, leaseTtlMs);
    metrics.gauge("tocsin_triage_leader", lease === null ? 0 : 1);
    if (lease === null) {
      if (leadership !== null) log.warn({}, "triage: the lease went to another replica");
      leadership = null;
      return false;
    }
    if (leadership === null || mustReload || leadership.lease.fence !== lease.fence) {
      mustReload = false;
      leadership = await takeOver(options, lease, now);
      log.info(
        { fence: lease.fence, cursor: lease.cursor, alerts: leadership.memory.alerts.size },
        "triage: leading",
      );
    } else {
      leadership.renewedAt = now;
    }
    return true;
  }

  /** Gives the lease back when leaving. */
  async function stepDown(): Promise<void> {
    if (leadership !== null)
      await store.leases
        .release(leadership.lease)
        .catch((error: unknown) =>
          log.warn({ error: String(error) }, "triage: could not give the lease back"),
        );
    leadership = null;
  }

  return {
    start() {
      running = run();
    },
    async stop() {
      isStopping = true;
      rest.wake();
      await running;
    },
    wake() {
      isWoken = true;
      rest.wake();
    },
    reload() {
      mustReload = true;
      rest.wake();
    },
    isLeader: () => leadership !== null,
  };
}

/** A database error says what was asked; what went wrong is its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? String(error) : `${String(cause)} (${String(error).slice(0, 300)})`;
}
