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

/**
 * Keeps looking until it is stopped. While nobody can look, the gauge grows: something may have waited since the last
 * look, and a value that stands still would keep an alert on it silent when it is needed most.
 */
export function watchTriageLag(parts: {
  readonly store: Pick<Store, "leases" | "deliveries">;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}): TriageLag {
  const { store, clock, log, metrics } = parts;
  let lagMs: number | null = null;
  let seen = { lagMs: 0, atMs: clock.now().getTime() };
  let isLooking = false;

  function tell(): void {
    const sinceMs = Math.max(0, clock.now().getTime() - seen.atMs);
    metrics.gauge("tocsin_triage_lag_seconds", (seen.lagMs + sinceMs) / 1_000);
  }

  async function look(): Promise<void> {
    if (isLooking) return tell();
    isLooking = true;
    try {
      lagMs = await readTriageLag(store, clock);
      seen = { lagMs, atMs: clock.now().getTime() };
    } catch (error) {
      lagMs = null;
      // That the database is away is said by all who need it.
      log.debug({ error: String(error) }, "triage: could not look how far it lags; will try again");
    } finally {
      isLooking = false;
    }
    tell();
  }

  const timer = setInterval(() => void look(), lookEveryMs);
  timer.unref();
  return { ms: () => lagMs, look, stop: () => clearInterval(timer) };
}
