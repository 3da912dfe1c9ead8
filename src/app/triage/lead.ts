/**
 * Leads triage whenever it can. A turn that fails throws away what the leader remembers; the next one loads it again
 * from the database, with fewer deliveries at once.
 */
import { LeaseLostError } from "../../ports.ts";
import { createLeaseLoop } from "../lease-loop.ts";
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
const times = { ttlMs: 9_000, renewMs: 2_500, restMs: 250, followMs: 1_000 };
const backOff = { firstMs: 400, mostMs: 5_000 };
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
  let pace: Pace = { limit: maxDeliveries, failures: 0 };

  const loop = createLeaseLoop<Leadership>({
    ...{ name: "triage", scope: triageScope, replica: options.replica, leases: store.leases, clock, log },
    times,
    onLease: (isHeld) => metrics.gauge("tocsin_triage_leader", isHeld ? 1 : 0),
    takeOver: async (lease, now) => {
      const leadership = await takeOver(options, lease, now);
      const { fence, cursor } = lease;
      log.info({ fence, cursor, alerts: leadership.memory.alerts.size }, "triage: leading");
      return leadership;
    },
    turn: async (leadership) => {
      const count = await takeTurn(leadership, pace);
      pace = { limit: Math.min(maxDeliveries, pace.limit * 2), failures: 0 };
      return count > 0 ? "more" : "rest";
    },
    onFailure: { judge, backOff },
  });

  /** What was decided in memory and not stored must go: it is loaded again from the database. */
  function judge(error: unknown, failures: number): "forget" {
    // After repeated failures go one by one, so that the delivery to blame can be told from its neighbours.
    pace = { failures, limit: failures >= 2 ? 1 : Math.ceil(pace.limit / 4) };
    const isLost = error instanceof LeaseLostError;
    log[isLost ? "warn" : "error"](
      { error: reasonOf(error), failures },
      isLost
        ? "triage: the lease went to another replica"
        : "triage: a batch failed; loading again from the database",
    );
    metrics.count("tocsin_triage_failures_total");
    return "forget";
  }

  const { start, stop, wake, reload, isLeading } = loop;
  return { start, stop, wake, reload, isLeader: isLeading };
}

/** A database error says what was asked; what went wrong is its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? String(error) : `${String(cause)} (${String(error).slice(0, 300)})`;
}
