/** The watch over models, and what the bot may do about it of itself. */
import { type AutoRetrain, createAutoRetrain } from "../app/auto-retrain.ts";
import type { Ingest } from "../app/ingest.ts";
import { createMonitor, type Monitor } from "../app/monitor.ts";
import { createReadReports, type ReadReports } from "../app/read-reports.ts";
import { createTellReport } from "../app/tell-report.ts";
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
}): { readonly monitor: Monitor; readonly reports: ReadReports; readonly retrain: AutoRetrain } {
  const settings = parts.config.monitoring;
  const tell = createTellReport({ ...parts, watch: parts.store.watch, settings });
  return {
    monitor: createMonitor({ ...parts, settings, tell }),
    reports: createReadReports({ ...parts, tell }),
    retrain: createAutoRetrain({ ...parts, perDay: settings.retrainsPerDay }),
  };
}
