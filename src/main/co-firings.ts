/** Keeps what fired together: saved every minute, and once more at the stop; forgotten when too old to be learned from. */
import { type CoFiringCounter, createCoFiringCounter } from "../app/count-co-firings.ts";
import { coFiringDays } from "../app/train.ts";
import type { Clock, Log, Metrics, Store } from "../ports.ts";

const saveEveryMs = 60_000;
const pruneEveryMs = 6 * 3_600_000;
const dayMs = 24 * 3_600_000;

export interface CoFiringKeeper {
  readonly count: CoFiringCounter["count"];
  stop(): Promise<void>;
}

export function keepCoFirings(parts: {
  readonly store: Store;
  readonly replica: string;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}): CoFiringKeeper {
  const { store, log, clock } = parts;
  const counter = createCoFiringCounter(parts);
  let prunedAt = Number.NEGATIVE_INFINITY;

  async function turn(): Promise<void> {
    await counter.save();
    const now = clock.now().getTime();
    if (now - prunedAt < pruneEveryMs) return;
    prunedAt = now;
    await store.learning
      .pruneCoFirings(new Date(now - coFiringDays * dayMs))
      .catch((error: unknown) =>
        log.warn({ error: String(error) }, "learning: could not forget what is too old; will try again"),
      );
  }

  const timer = setInterval(() => void turn(), saveEveryMs);
  timer.unref();
  return {
    count: counter.count,
    async stop() {
      clearInterval(timer);
      await counter.save();
    },
  };
}
