import { isRecord, own, readMoment, shown, textOfValue } from "../../domain/alert/intake.ts";
import type { ModelFinding, ModelPerformance } from "../../domain/monitoring/report.ts";
import {
  alertFor,
  numberIn,
  type ReportSettings,
  reportSettings,
  reportSettingsProblem,
  targetOf,
} from "../../domain/monitoring/report-settings.ts";
import { oneLine } from "../../domain/view.ts";
import { defineSource, type ParseResult, type RawDelivery } from "../../ports/source.ts";

const remedy =
  'Send {"model", "environment", "report": ...}, where report is what json() of an Evidently report or test suite gives: an object with "metrics" or "tests".';

type Fields = Readonly<Record<string, unknown>>;

/** What one entry of a report says. */
interface Said {
  readonly findings: readonly ModelFinding[];
  readonly performance: readonly ModelPerformance[];
  /** Features that were looked at for drift. */
  readonly features: readonly string[];
}

const nothing: Said = { findings: [], performance: [], features: [] };
const maxEntries = 5_000;

/** Metrics of how well a model does, under the names of all versions. */
const isPerformance =
  /^(accuracy|precision|recall|f1|roc_?auc|log_?loss|mae|rmse|mape|r2|mean_?abs|tpr|tnr|rouge|bleu)/i;
/** Of these less is better. */
const isError = /^(log_?loss|mae|rmse|mape|mean_?abs)/i;
/** Compared with the reference, where a report says both. */
const compared = ["accuracy", "f1", "roc_auc", "mean_abs_error", "rmse"] as const;

/**
 * Evidently: reports and test suites of 0.4 to 0.6, and the reports with tests of 0.7.
 * @see https://docs.evidentlyai.com/docs/library/output_formats
 * @see https://docs-old.evidentlyai.com/user-guide/tests-and-reports/output_formats
 */
export default defineSource({
  name: "evidently",
  summary: "Evidently reports and test suites",
  checks: ["bearer", "basic", "token"],
  parse,
  settingsProblem: reportSettingsProblem,
});

function parse(body: unknown, delivery: RawDelivery, settings: unknown): ParseResult {
  if (!isRecord(body)) return unparseable(`the body must be an object; got ${shown(body)}`);
  const given = reportSettings(settings);
  const inner = own(body, "report");
  const report = isRecord(inner) ? inner : body;
  const [metrics, tests] = [own(report, "metrics"), own(report, "tests")];
  if (!Array.isArray(metrics) && !Array.isArray(tests))
    return unparseable(`neither "metrics" nor "tests" is a list; got ${shown(metrics)}, ${shown(tests)}`);
  const target = targetOf(body, given);
  if (target.kind === "problem") return unparseable(target.problem);
  const said = [
    ...entriesOf(metrics).map((entry) => readMetric(entry, given)),
    ...entriesOf(tests).map(readTest),
  ];
  const features = new Set(said.flatMap((each) => each.features));
  const { model, environment } = target;
  const alert = alertFor(
    {
      model,
      environment,
      monitor: "evidently",
      at: readMoment(own(report, "timestamp")),
      findings: withoutRepeats(said.flatMap((each) => each.findings)),
      looked: features.size === 0 ? null : features.size,
      performance: said.flatMap((each) => each.performance),
      unsaid: [],
    },
    given,
    { source: "evidently", receivedAt: delivery.receivedAt },
  );
  return { kind: "parsed", delivery: { alerts: [alert], changes: [], topology: null } };
}

function entriesOf(list: unknown): readonly Fields[] {
  return Array.isArray(list) ? list.slice(0, maxEntries).filter(isRecord) : [];
}

/** A column's drift stands in a table of all and in an entry of its own. */
function withoutRepeats(findings: readonly ModelFinding[]): readonly ModelFinding[] {
  const seen = new Map(
    findings.map((finding) => [JSON.stringify([finding.feature, finding.check]), finding]),
  );
  return [...seen.values()];
}

// ---------- metrics ----------

function readMetric(entry: Fields, settings: ReportSettings): Said {
  const result = own(entry, "result");
  return isRecord(result) ? readOldMetric(result, settings) : readNewMetric(entry);
}

/** Up to 0.6: {"metric": "DataDriftTable", "result": {"drift_by_columns": {"age": {...}}}}. */
function readOldMetric(result: Fields, settings: ReportSettings): Said {
  const byColumn = own(result, "drift_by_columns");
  if (isRecord(byColumn)) return joined(Object.values(byColumn).filter(isRecord).map(readOldColumn));
  if (own(result, "drift_detected") !== undefined) return readOldColumn(result);
  const [current, reference] = [own(result, "current"), own(result, "reference")];
  if (!isRecord(current) || !isRecord(reference)) return nothing;
  return { ...nothing, performance: comparedWith(current, reference, settings) };
}

function readOldColumn(column: Fields): Said {
  const feature = textOfValue(own(column, "column_name"), 256);
  const features = feature === null ? [] : [feature];
  if (own(column, "drift_detected") !== true) return { ...nothing, features };
  const check = textOfValue(own(column, "stattest_name"), 256) ?? "drift";
  const value = numberIn(own(column, "drift_score"));
  const limit = numberIn(own(column, "stattest_threshold"));
  return { ...nothing, features, findings: [{ feature, check, value, limit, n: null, detail: "" }] };
}

function comparedWith(current: Fields, reference: Fields, settings: ReportSettings): ModelPerformance[] {
  return compared.flatMap((metric): ModelPerformance[] => {
    const [value, before] = [numberIn(own(current, metric)), numberIn(own(reference, metric))];
    if (value === null || before === null || before === 0) return [];
    const lossRatio = (isError.test(metric) ? value - before : before - value) / Math.abs(before);
    const isWorse = lossRatio >= settings.loss.warning;
    return [{ metric, basis: "measured", value, reference: before, interval: null, isWorse, lossRatio }];
  });
}

/** From 0.7 on: {"metric_name": "ValueDrift(column=age,…)", "config": {"column", "method", "threshold"}, "value": 0.2}. */
function readNewMetric(entry: Fields): Said {
  const name = textOfValue(own(entry, "metric_name") ?? own(entry, "metric_id"), 1_000) ?? "";
  if (!name.startsWith("ValueDrift")) return nothing;
  const config = own(entry, "config");
  const setting = (key: string) =>
    (isRecord(config) ? textOfValue(own(config, key), 256) : null) ?? settingIn(name, key);
  const feature = setting("column");
  const value = numberIn(own(entry, "value"));
  const limit = numberIn(setting("threshold"));
  const check = setting("method") ?? "drift";
  const features = feature === null ? [] : [feature];
  if (value === null || !hasDrifted(check, value, limit)) return { ...nothing, features };
  return { ...nothing, features, findings: [{ feature, check, value, limit, n: null, detail: "" }] };
}

/** "ValueDrift(column=age,method=K-S p_value,threshold=0.05)"; early releases of 0.7 say it nowhere else. */
function settingIn(name: string, key: string): string | null {
  return new RegExp(`[(,]${key}=([^,)]*(?:\\([^)]*\\))?)`).exec(name)?.[1] ?? null;
}

/** Of a probability less is drift, of a distance more; short names of tests that give probabilities among them. */
const givesProbability =
  /p_value|^(ks|z|chisquare|fisher_exact|cramer_von_mises|anderson|mannw|t_test|g_test|es|TVD)$/;

function hasDrifted(check: string, value: number, limit: number | null): boolean {
  if (givesProbability.test(check)) return value < (limit ?? 0.05);
  return value >= (limit ?? 0.1);
}

// ---------- tests ----------

/** 0.7 says the value of a test only in words. */
const actualValue = /Actual value (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)/;

function readTest(entry: Fields): Said {
  const status = textOfValue(own(entry, "status"), 100) ?? "";
  const name = oneLine(textOfValue(own(entry, "name"), 256) ?? "test", 120);
  const detail = oneLine((textOfValue(own(entry, "description"), 2_000) ?? "").replaceAll("**", ""), 300);
  const given = own(entry, "parameters");
  const parameters = isRecord(given) ? given : {};
  const byFeature = own(parameters, "features");
  if (isRecord(byFeature))
    return joined(Object.entries(byFeature).map(([feature, of]) => readTested(feature, of)));
  const subject = subjectOf(entry, parameters);
  if (own(parameters, "detected") !== undefined) return readTested(subject.feature, parameters);
  // What a metric of the same report has said already.
  if (!/(^|\.)(FAIL|WARNING)$/.test(status) || /^(ValueDrift|DriftedColumnsCount)$/.test(subject.type))
    return nothing;
  const value = numberIn(own(parameters, "value")) ?? numberIn(actualValue.exec(detail)?.[1]);
  const limit = limitOf(parameters) ?? thresholdOf(entry);
  const isAbout = [subject.type, name.replace(/\s*score.*$/i, "").replaceAll(" ", "_")].find((word) =>
    isPerformance.test(word),
  );
  if (isAbout !== undefined && value !== null) {
    const lossRatio = limit === null || limit === 0 ? null : Math.abs((value - limit) / limit);
    const performance: ModelPerformance = {
      metric: isAbout.toLowerCase(),
      basis: "measured",
      value,
      reference: limit,
      interval: null,
      isWorse: true,
      lossRatio,
    };
    return { ...nothing, performance: [performance] };
  }
  const finding = {
    feature: subject.feature,
    check: name,
    value,
    limit,
    n: null,
    detail,
  };
  return { ...nothing, findings: [finding] };
}

function readTested(feature: string | null, tested: unknown): Said {
  if (!isRecord(tested)) return nothing;
  const features = feature === null ? [] : [oneLine(feature, 256)];
  if (own(tested, "detected") !== true) return { ...nothing, features };
  const check = textOfValue(own(tested, "stattest"), 256) ?? "drift";
  const value = numberIn(own(tested, "score"));
  const limit = numberIn(own(tested, "threshold"));
  const finding = { feature: features[0] ?? null, check, value, limit, n: null, detail: "" };
  return { ...nothing, features, findings: [finding] };
}

/** Feature and kind of metric that a test is about; 0.7 says it in the settings of the metric. */
function subjectOf(
  entry: Fields,
  parameters: Fields,
): { readonly feature: string | null; readonly type: string } {
  const config = own(entry, "metric_config");
  const given = isRecord(config) ? own(config, "params") : undefined;
  const params = isRecord(given) ? given : {};
  const feature = textOfValue(own(parameters, "column_name") ?? own(params, "column"), 256);
  const type = (textOfValue(own(params, "type"), 256) ?? "").split(":").at(-1) ?? "";
  return { feature, type };
}

/** {"condition": {"gte": 0.9}}, or with a tolerance {"gte": {"value": 0.9}}. */
function limitOf(parameters: Fields): number | null {
  const condition = own(parameters, "condition");
  if (!isRecord(condition)) return null;
  for (const bound of ["gte", "gt", "lte", "lt", "eq"]) {
    const given = own(condition, bound);
    const limit = numberIn(isRecord(given) ? own(given, "value") : given);
    if (limit !== null) return limit;
  }
  return null;
}

/** 0.7: {"test_config": {"threshold": 0.9}}. */
function thresholdOf(entry: Fields): number | null {
  const config = own(entry, "test_config");
  return isRecord(config) ? numberIn(own(config, "threshold")) : null;
}

function joined(parts: readonly Said[]): Said {
  return {
    findings: parts.flatMap((part) => part.findings),
    performance: parts.flatMap((part) => part.performance),
    features: parts.flatMap((part) => part.features),
  };
}

function unparseable(problem: string): ParseResult {
  return { kind: "unparseable", problem, remedy };
}
