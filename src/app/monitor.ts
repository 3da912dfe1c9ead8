/** Our own watch over models: judges the newest window that is over beside the reference, and tells what it finds. */
import { createHash } from "node:crypto";
import { type Judgement, judgeProfile } from "../domain/monitoring/judge-profile.ts";
import type { MonitoringSettings } from "../domain/monitoring/profile-push.ts";
import { isQuietReport, type ModelReport } from "../domain/monitoring/report.ts";
import { reportJudgement } from "../domain/monitoring/report-judgement.ts";
import type { Clock, Log, Metrics, Store, StoredProfile } from "../ports.ts";
import type { TellReport } from "./tell-report.ts";

export interface MonitorOptions {
  readonly store: Pick<Store, "monitoring">;
  readonly tell: TellReport;
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
    await options.tell(report);
  }

  function reportOfWindow(window: StoredProfile, judgement: Judgement): ModelReport | null {
    const { model, environment, profile } = window;
    const about = { model, environment, at: window.from ?? window.updatedAt, looked: profile.features.size };
    return reportJudgement(judgement, about);
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
