/** What runs of MLflow measured of the version that serves, as a report like that of any other monitor. */
import type { ModelFinding, ModelPerformance, ModelReport } from "../../../domain/monitoring/report.ts";
import { oneLine } from "../../../domain/view.ts";
import type { Run } from "./registry.ts";
import type { WatchedMetrics } from "./settings.ts";

/** Tag of a run that says of which version it speaks; one without it speaks of whatever serves. */
export const versionTag = "tocsin.version";

type Watched = WatchedMetrics["metrics"][string];

/** The newest that speaks of this version, of runs that are newest first; null when none does. */
export function runOfVersion(runs: readonly Run[], version: string | null): Run | null {
  const of = (run: Run) => run.data.tags.get(versionTag) ?? version;
  return runs.find((run) => of(run) === version) ?? null;
}

/** @param about - the target. Metrics that the run has not logged, or logged as no number, are said to be missing. */
export function reportOfRun(
  run: Run,
  metrics: WatchedMetrics["metrics"],
  about: { readonly model: string; readonly environment: string },
): ModelReport {
  const logged = new Map(run.data.metrics.map(({ key, value }) => [key, value]));
  const findings: ModelFinding[] = [];
  const performance: ModelPerformance[] = [];
  const unsaid: string[] = [];
  const features = new Set<string>();
  for (const [name, watched] of Object.entries(metrics)) {
    const value = logged.get(name);
    if (watched.feature !== undefined) features.add(watched.feature);
    if (typeof value !== "number")
      unsaid.push(oneLine(`${name}: the run ${run.info.run_id} has not logged it`, 200));
    else if (watched.feature === undefined) performance.push(performanceOf(name, value, watched));
    else if (isBeyond(value, watched)) findings.push(findingOf(name, watched.feature, value, watched));
  }
  return {
    ...about,
    monitor: "mlflow",
    at: run.info.end_time === undefined ? null : new Date(run.info.end_time),
    findings,
    looked: features.size === 0 ? null : features.size,
    performance,
    unsaid,
  };
}

function isBeyond(value: number, { min, max }: Watched): boolean {
  return (min !== undefined && value < min) || (max !== undefined && value > max);
}

/** The limit that was passed; the only one, or the lower, when none was. */
function limitOf(value: number, { min, max }: Watched): number | null {
  if (max !== undefined && (value > max || min === undefined)) return max;
  return min ?? null;
}

function findingOf(check: string, feature: string, value: number, watched: Watched): ModelFinding {
  return { feature, check, value, limit: limitOf(value, watched), n: null, detail: "" };
}

function performanceOf(metric: string, value: number, watched: Watched): ModelPerformance {
  const reference = watched.reference ?? limitOf(value, watched);
  const isWorse = isBeyond(value, watched);
  const lossRatio =
    !isWorse || reference === null || reference === 0 ? null : Math.abs((value - reference) / reference);
  return { metric, basis: "measured", value, reference, interval: null, isWorse, lossRatio };
}
