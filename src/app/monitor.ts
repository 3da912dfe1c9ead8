/**
 * Our own watch over models: judges the newest window that is over beside the reference. What it finds is a delivery
 * from the source `tocsin`, like that of any other monitor, so that grouping, silences and the audit treat it as such.
 */
import { createHash } from "node:crypto";
import { alertLabels, annotationsOf, isQuietReport, type ModelReport } from "../domain/model-report.ts";
import { type Judgement, judgeProfile } from "../domain/monitoring/judge-profile.ts";
import type { MonitoringSettings } from "../domain/monitoring/profile-push.ts";
import { reportJudgement } from "../domain/monitoring/report-judgement.ts";
import type { Clock, Log, Metrics, ModelEntry, Store, StoredProfile } from "../ports.ts";
import type { Ingest } from "./ingest.ts";
import { ownSource } from "./watch.ts";

export interface MonitorOptions {
  readonly store: Pick<Store, "monitoring" | "watch">;
  readonly ingest: Pick<Ingest, "accept">;
  readonly models: readonly Pick<ModelEntry, "name" | "services">[];
  readonly settings: MonitoringSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface Monitor {
  /** Judges the newest window that is over; does nothing while there is none, or no reference. */
  judge(model: string, environment: string): Promise<void>;
}

/** Windows before the one that is judged, by which its volume is known to be usual. */
const windowsBefore = 28;
/** Alerts of our own that fire at once. */
const maxFiring = 1_000;

export function createMonitor(options: MonitorOptions): Monitor {
  const { store, clock, log, metrics, settings } = options;

  async function judge(model: string, environment: string): Promise<void> {
    const now = clock.now();
    const reference = await store.monitoring.find(model, environment, null);
    if (reference?.isComplete !== true) return;
    const before = new Date(now.getTime() - settings.windowMs + 1);
    const [window, ...past] = await store.monitoring.windows(model, environment, {
      before,
      limit: windowsBefore + 1,
    });
    if (window === undefined) return;
    const judgement = judgeProfile(reference.profile, window.profile, {
      falseAlarmRate: settings.falseAlarmRate,
      rowsBefore: past.map(({ profile }) => profile.rows),
      seed: seedOf(window),
    });
    const report = reportOfWindow(window, judgement);
    metrics.count("tocsin_model_checks_total", { outcome: outcomeOf(report) });
    if (report === null) {
      log.info({ model, environment, unsaid: judgement.unsaid.length }, "monitor: too little data to judge");
      return;
    }
    if (isQuietReport(report) && !(await isFiring(report))) return;
    await tell(report, now);
  }

  function reportOfWindow(window: StoredProfile, judgement: Judgement): ModelReport | null {
    const { model, environment, profile } = window;
    const about = { model, environment, at: window.from ?? window.updatedAt, looked: profile.features.size };
    return reportJudgement(judgement, about);
  }

  /** An end is told only of what was told before. */
  async function isFiring({ model, environment }: ModelReport): Promise<boolean> {
    const firing = await store.watch.firingFrom(ownSource, maxFiring);
    return firing.some(
      ({ alert }) => alert.labels["model"] === model && alert.labels["environment"] === environment,
    );
  }

  /** In the form of Alertmanager's webhook, without a start: the first report of a firing is its start. */
  async function tell(report: ModelReport, now: Date): Promise<void> {
    const service = options.models.find(({ name }) => name === report.model)?.services[0] ?? null;
    const alert = {
      status: isQuietReport(report) ? "resolved" : "firing",
      labels: alertLabels(report, service),
      annotations: annotationsOf(report, settings.loss),
    };
    const body = new TextEncoder().encode(JSON.stringify({ version: "4", alerts: [alert] }));
    await options.ingest.accept({ source: ownSource, headers: {}, receivedAt: now, body });
    log.info(
      { model: report.model, environment: report.environment, findings: report.findings.length },
      "monitor: told what was found",
    );
  }

  return { judge };
}

function outcomeOf(report: ModelReport | null): string {
  if (report === null) return "not_enough";
  return isQuietReport(report) ? "quiet" : "found";
}

/** The same window is judged the same way on every replica. */
function seedOf({ model, environment, from }: StoredProfile): number {
  const hash = createHash("sha256").update(JSON.stringify([model, environment, from]));
  return hash.digest().readUInt32BE(0);
}
