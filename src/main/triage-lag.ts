/**
 * How long the oldest delivery that triage has not read has waited: asked for again and again, on every replica, so
 * that it is told also when nobody leads and when one batch fails every time.
 */
import { readTriageLag } from "../app/triage-lag.ts";
import type { Clock, Log, Metrics, Store } from "../ports.ts";

export interface TriageLag {
  /** As last seen, ms; 0 when nothing waits, null when it is not known. */
  ms(): number | null;
  /** Looks now; {@link watchTriageLag} does so by itself. */
  look(): Promise<void>;
  stop(): void;
}

const lookEveryMs = 2_000;

/** Keeps looking until it is stopped. */
export function watchTriageLag(parts: {
  readonly store: Pick<Store, "leases" | "deliveries">;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}): TriageLag {
  const { store, clock, log, metrics } = parts;
  let lagMs: number | null = null;
  let isLooking = false;

  async function look(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    try {
      lagMs = await readTriageLag(store, clock);
      metrics.gauge("tocsin_triage_lag_seconds", lagMs / 1_000);
    } catch (error) {
      lagMs = null;
      // That the database is away is said by all who need it.
      log.debug({ error: String(error) }, "triage: could not look how far it lags; will try again");
    } finally {
      isLooking = false;
    }
  }

  const timer = setInterval(() => void look(), lookEveryMs);
  timer.unref();
  return { ms: () => lagMs, look, stop: () => clearInterval(timer) };
}
