/**
 * A slow second look. Jobs are written with the state they follow, so nothing here should ever find work; if a job
 * was given up after its last attempt, this is what brings it back. Also prunes what is kept only for a while.
 */
import type { Config } from "../config.ts";
import { openStates } from "../domain/rollout/state.ts";
import type { Clock, Log, Metrics, Store } from "../ports.ts";

const everyMs = 30_000;
const pruneEveryMs = 3_600_000;
const keepRequestsMs = 7 * 24 * 3_600_000;
/** Windows of models: the one that is judged and those by which its volume is known. */
const keepWindowsMs = 30 * 24 * 3_600_000;
const pruneLimit = 5_000;
const maxTroubles = 1_000;
/** Batches in one sweep: 1,600 deliveries a second can go for good, and no sweep takes long. */
const pruneBatches = 10;

export interface Sweep {
  stop(): void;
}

/** Sweeps at once, then again and again. */
export function startSweep(parts: {
  readonly store: Store;
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly metrics: Metrics;
}): Sweep {
  const { store, log, clock } = parts;
  let prunedAt = 0;
  const troubled = new Set<string>();

  async function countTroubles(): Promise<void> {
    const open = await store.troubles.open(maxTroubles);
    for (const { platform } of open) troubled.add(platform);
    for (const platform of troubled) {
      const count = open.filter((trouble) => trouble.platform === platform).length;
      parts.metrics.gauge("tocsin_chat_troubles", count, { platform });
    }
  }

  async function sweep(): Promise<void> {
    await countTroubles();
    for (const { platform, channel } of await store.posts.channelsBehind())
      await store.jobs.add({ task: "post", platform, channel });
    const open = await Promise.all([
      store.rollouts.list({ states: openStates, limit: 100 }),
      store.rollouts.list({ bake: "open", limit: 100 }),
    ]);
    for (const { id } of open.flat()) await store.jobs.add({ task: "apply", rolloutId: id });
    const now = clock.now().getTime();
    if (now - prunedAt < pruneEveryMs) return;
    await store.requests.prune(new Date(now - keepRequestsMs));
    await store.monitoring.prune(new Date(now - keepWindowsMs), pruneLimit);
    // With more left than one sweep takes, the next one goes on instead of waiting for an hour.
    const { keepDeliveriesMs, keepDeadMs } = parts.config;
    const isDone = await pruneDeliveries(new Date(now - keepDeliveriesMs));
    if ((await pruneDead(new Date(now - keepDeadMs))) && isDone) prunedAt = now;
  }

  /** True when none is left that is too old. */
  async function pruneDeliveries(before: Date): Promise<boolean> {
    for (let batch = 0; batch < pruneBatches; batch += 1) {
      if ((await store.deliveries.prune(before, pruneLimit)) < pruneLimit) return true;
    }
    return false;
  }

  /** The same for dead ones. Those that nobody replayed are gone for good, which the log says. */
  async function pruneDead(before: Date): Promise<boolean> {
    const gone = await store.deliveries.pruneDead(before, pruneLimit);
    if (gone.unread > 0)
      log.warn(
        { deliveries: gone.unread },
        "sweep: dead deliveries that nobody replayed were too old to keep",
      );
    return gone.unread + gone.replayed < pruneLimit;
  }

  const run = () =>
    void sweep().catch((error: unknown) => log.warn({ error: String(error) }, "sweep: failed; trying again"));
  run();
  const timer = setInterval(run, everyMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
