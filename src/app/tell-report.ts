/**
 * What the bot itself found of a model, or read where others log it, as a delivery from the source `tocsin`: grouping,
 * silences and the audit treat it like that of any other monitor.
 */
import {
  alertLabels,
  annotationsOf,
  isQuietReport,
  type LossLimits,
  type ModelReport,
} from "../domain/monitoring/report.ts";
import type { Clock, Log, ModelEntry, WatchStore } from "../ports.ts";
import type { Ingest } from "./ingest.ts";
import { ownSource } from "./watch.ts";

export interface TellReportOptions {
  readonly watch: Pick<WatchStore, "firingFrom">;
  readonly ingest: Pick<Ingest, "accept">;
  readonly models: readonly Pick<ModelEntry, "name" | "services">[];
  readonly settings: { readonly loss: LossLimits };
  readonly clock: Clock;
  readonly log: Log;
}

export type TellReport = (report: ModelReport) => Promise<void>;

/** Alerts of our own that fire at once. */
const maxFiring = 1_000;

export function createTellReport(options: TellReportOptions): TellReport {
  const { watch, clock, log, settings } = options;

  /** An end is told only of what was told before. */
  async function isFiring({ model, environment, monitor }: ModelReport): Promise<boolean> {
    const firing = await watch.firingFrom(ownSource, maxFiring);
    return firing.some(
      ({ alert: { labels } }) =>
        labels["model"] === model && labels["environment"] === environment && labels["monitor"] === monitor,
    );
  }

  /** In the form of Alertmanager's webhook, without a start: the first report of a firing is its start. */
  return async (report) => {
    if (isQuietReport(report) && !(await isFiring(report))) return;
    const service = options.models.find(({ name }) => name === report.model)?.services[0] ?? null;
    const alert = {
      status: isQuietReport(report) ? "resolved" : "firing",
      labels: alertLabels(report, service),
      annotations: annotationsOf(report, settings.loss),
    };
    const body = new TextEncoder().encode(JSON.stringify({ version: "4", alerts: [alert] }));
    await options.ingest.accept({ source: ownSource, headers: {}, receivedAt: clock.now(), body });
    const { model, environment, monitor, findings } = report;
    log.info({ model, environment, monitor, findings: findings.length }, "monitor: told what was found");
  };
}
