/** The watch over models, and what the bot may do about it of itself. */
import { type AutoRetrain, createAutoRetrain } from "../app/auto-retrain.ts";
import type { Ingest } from "../app/ingest.ts";
import { createMonitor, type Monitor } from "../app/monitor.ts";
import type { Config } from "../config.ts";
import type { Clock, Log, Metrics, ModelEntry, Policy, Store } from "../ports.ts";

export function createMonitoring(parts: {
  readonly config: Config;
  readonly store: Store;
  readonly policy: Policy;
  readonly models: readonly ModelEntry[];
  readonly ingest: Pick<Ingest, "accept">;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}): { readonly monitor: Monitor; readonly retrain: AutoRetrain } {
  const settings = parts.config.monitoring;
  return {
    monitor: createMonitor({ ...parts, settings }),
    retrain: createAutoRetrain({ ...parts, perDay: settings.retrainsPerDay }),
  };
}
