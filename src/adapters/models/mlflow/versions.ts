/** Versions of the registry in the words of the bot. */
import type { MetricComparison } from "../../../domain/rollout/metric-comparison.ts";
import { oneLine } from "../../../domain/view.ts";
import type { MadeVersion, ModelVersion, Operation, VersionOrigin } from "../../../ports/model.ts";
import type { RegisteredVersion, Registry, Run } from "./registry.ts";
import type { MlflowSettings } from "./settings.ts";

/** Tag by which a training marks its run, or the version it registered. */
export const operationTag = "tocsin.operation";
/** Metric of a run: how many rows its other metrics were measured on. */
const rowsMetric = "tocsin.rows";
/** Before the name of a metric: the ends of the interval of its difference to what serves. */
const lowMetric = "tocsin.low.";
const highMetric = "tocsin.high.";
const maxEntries = 50;
/** Newest versions whose runs are looked through for the operation. */
const maxSearched = 20;

export function toVersion(version: RegisteredVersion, run: Run | null): ModelVersion {
  const user = version.user_id !== "" ? version.user_id : (run?.data.tags.get("mlflow.user") ?? "");
  const created = version.creation_timestamp;
  return {
    version: version.version,
    createdAt: created === undefined ? null : new Date(created),
    createdBy: user === "" ? null : oneLine(user, 200),
    metrics: metricsOf(run),
    description: oneLine(version.description, 500),
    digest: version.tags.get("tocsin.digest") ?? version.tags.get("digest") ?? null,
    origin: originOf(version, run),
    tags: Object.fromEntries(version.tags),
  };
}

function originOf(version: RegisteredVersion, run: Run | null): VersionOrigin {
  return {
    run: version.run_id === "" ? null : version.run_id,
    commit: textOrNull(run?.data.tags.get("mlflow.source.git.commit")),
    data: dataOf(run),
    parameters: Object.fromEntries(
      (run?.data.params ?? []).slice(0, maxEntries).map(({ key, value }) => [key, oneLine(value, 200)]),
    ),
  };
}

function metricsOf(run: Run | null): Readonly<Record<string, number>> {
  const entries = (run?.data.metrics ?? []).flatMap(({ key, value }) =>
    typeof value === "number" && Number.isFinite(value) && !key.startsWith("tocsin.")
      ? [[key, value] as const]
      : [],
  );
  return Object.fromEntries(entries.slice(0, maxEntries));
}

/** "transactions 3f2a, labels 77c1": the data that the run says it read. */
function dataOf(run: Run | null): string | null {
  const named = (run?.inputs.dataset_inputs ?? []).map(({ dataset }) =>
    `${dataset.name} ${dataset.digest}`.trim(),
  );
  return textOrNull(named.slice(0, 5).join(", "));
}

function textOrNull(text: string | undefined): string | null {
  const line = oneLine(text ?? "", 200);
  return line === "" ? null : line;
}

/** Why a version must not serve, or null. */
export function unfitness(
  version: RegisteredVersion,
  name: string,
  validation: MlflowSettings["validation"],
): { readonly reason: string; readonly problem: string; readonly remedy: string } | null {
  const title = `Version ${version.version} of ${name}`;
  if (version.status !== "READY") {
    const why = version.status_message === "" ? "" : ` (${oneLine(version.status_message, 150)})`;
    const problem = `${title} is ${oneLine(version.status, 60)} and not READY${why}.`;
    const isComing = version.status.startsWith("PENDING");
    return {
      reason: "not_ready",
      problem,
      remedy: isComing ? "Wait until it is registered." : "Register it again.",
    };
  }
  const { tag, value, required } = validation;
  const said = version.tags.get(tag);
  if (said === value || (said === undefined && !required)) return null;
  const says = said === undefined ? `has no tag ${tag}` : `has ${tag} "${oneLine(said, 80)}"`;
  return {
    reason: "not_validated",
    problem: `${title} ${says}; "${value}" is needed.`,
    remedy: `Validate it, then set the tag ${tag} to ${value} on the version in MLflow.`,
  };
}

/**
 * The version that a retrain made: it, or the run it came from, carries the operation id as the tag `tocsin.operation`.
 * @returns null when none does.
 */
export async function madeVersion(
  registry: Registry,
  name: string,
  operation: Operation,
): Promise<MadeVersion | null> {
  const found = await findVersion(registry, name, operation.operationId);
  if (found === null) return null;
  const champion = operation.from === null ? null : await registry.version(name, operation.from);
  const runs = await registry.runs([found.run_id, champion?.run_id ?? ""].filter((id) => id !== ""));
  const run = runs.get(found.run_id) ?? null;
  const serving = champion === null ? null : (runs.get(champion.run_id) ?? null);
  return {
    version: found.version,
    state: found.status === "READY" ? "ready" : found.status.startsWith("PENDING") ? "pending" : "failed",
    metrics: metricsOf(run),
    comparison: compare(serving, run),
    origin: originOf(found, run),
  };
}

/** Two versions by the metrics of their runs; nothing when one is not there or has no run. */
export async function compareVersions(
  registry: Registry,
  name: string,
  champion: string,
  challenger: string,
): Promise<readonly MetricComparison[]> {
  const found = await Promise.all([registry.version(name, champion), registry.version(name, challenger)]);
  const ids = found.map((version) => version?.run_id ?? "");
  const runs = await registry.runs(ids.filter((id) => id !== ""));
  const [serving = null, other = null] = ids.map((id) => runs.get(id) ?? null);
  return compare(serving, other);
}

async function findVersion(
  registry: Registry,
  name: string,
  operationId: string,
): Promise<RegisteredVersion | null> {
  const [tagged] = await registry.versionsTagged(name, operationTag, operationId);
  if (tagged !== undefined) return tagged;
  const newest = (await registry.versions(name)).slice(0, maxSearched);
  const runs = await registry.runs(newest.map((version) => version.run_id).filter((id) => id !== ""));
  const isOf = (version: RegisteredVersion) =>
    runs.get(version.run_id)?.data.tags.get(operationTag) === operationId;
  return newest.find(isOf) ?? null;
}

/** What both runs measured; nothing when they name different data, since that would compare the data. */
function compare(champion: Run | null, challenger: Run | null): readonly MetricComparison[] {
  const [before, after] = [dataOf(champion), dataOf(challenger)];
  if (before !== null && after !== null && before !== after) return [];
  const [served, made] = [metricsOf(champion), metricsOf(challenger)];
  const n = Math.max(0, Math.floor(metricOf(challenger, rowsMetric) ?? 0));
  return Object.entries(made).flatMap(([metric, value]) => {
    const baseline = served[metric];
    return baseline === undefined
      ? []
      : [
          {
            name: metric,
            champion: baseline,
            challenger: value,
            interval: intervalOf(challenger, metric),
            n,
          },
        ];
  });
}

/** The middle 95 % of the difference to the champion, where the training measured it: two metrics beside the metric. */
function intervalOf(run: Run | null, metric: string): MetricComparison["interval"] {
  const [low, high] = [metricOf(run, `${lowMetric}${metric}`), metricOf(run, `${highMetric}${metric}`)];
  return low === null || high === null || low > high ? null : [low, high];
}

function metricOf(run: Run | null, metric: string): number | null {
  const value = run?.data.metrics.find(({ key }) => key === metric)?.value;
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
