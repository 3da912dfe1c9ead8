import { isRecord, own, readMoment, shown, textOfValue } from "../../domain/alert/intake.ts";
import type { ModelFinding, ModelPerformance, ModelReport } from "../../domain/monitoring/report.ts";
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
  'Send {"model", "environment", "results": ...}, where results is what to_df(multilevel=False).to_json(orient="records") or to_df().to_json(orient="split") gives, or an object of several of them by name.';

/** One chunk: values by the parts of their column's name. */
type Row = ReadonlyMap<string, unknown>;

const maxTables = 50;
const maxRows = 5_000;
const separator = "\u{1F}";

/** The last part of a column's name. */
const properties = [
  "value",
  "alert",
  "upper_threshold",
  "lower_threshold",
  "realized",
  "sampling_error",
  "upper_confidence_boundary",
  "lower_confidence_boundary",
] as const;

/** What a feature's drift or quality is measured by; all other columns with an alert are metrics of performance. */
const methods: Readonly<Record<string, string>> = {
  jensen_shannon: "Jensen-Shannon",
  kolmogorov_smirnov: "Kolmogorov-Smirnov",
  wasserstein: "Wasserstein",
  hellinger: "Hellinger",
  chi2: "chi-squared",
  l_infinity: "L-infinity",
  reconstruction_error: "reconstruction error",
  domain_classifier_auroc: "domain classifier",
  missing_values: "missing values",
  missing_values_rate: "missing values",
  unseen_values: "unseen values",
  unseen_values_rate: "unseen values",
  values_rate: "share of values",
  values_avg: "average",
  values_median: "median",
  values_std: "deviation",
  values_sum: "sum",
};

/** Of these less is better. */
const isError = /^(mae|mape|mse|msle|rmse|rmsle)$/;

/**
 * Results of NannyML: drift, quality of data, and performance that was estimated without labels (CBPE, DLE) or
 * calculated with them. The newest chunk counts; chunks of the reference say what was usual.
 * @see https://nannyml.readthedocs.io/en/stable/tutorials/working_with_results.html
 */
export default defineSource({
  name: "nannyml",
  summary: "NannyML results: drift, estimated and realized performance",
  checks: ["bearer", "basic", "token"],
  parse,
  settingsProblem: reportSettingsProblem,
});

function parse(body: unknown, delivery: RawDelivery, settings: unknown): ParseResult {
  if (!isRecord(body)) return unparseable(`the body must be an object; got ${shown(body)}`);
  const given = reportSettings(settings);
  const target = targetOf(body, given);
  if (target.kind === "problem") return unparseable(target.problem);
  const tables = tablesIn(own(body, "results"));
  if (tables.length === 0) return unparseable(`"results" holds no chunk; got ${shown(own(body, "results"))}`);
  const { model, environment } = target;
  const found = tables.map((rows) => readTable(rows, given));
  const findings = found.flatMap((table) => table.findings);
  const report: ModelReport = {
    model,
    environment,
    monitor: "nannyml",
    at: found[0]?.at ?? null,
    findings: findings.sort((a, b) => excess(b) - excess(a)),
    looked: new Set(found.flatMap((table) => table.features)).size || null,
    performance: found.flatMap((table) => table.performance),
    unsaid: [],
  };
  const alert = alertFor(report, given, { source: "nannyml", receivedAt: delivery.receivedAt });
  return { kind: "parsed", delivery: { alerts: [alert], changes: [], topology: null } };
}

function excess({ value, limit }: ModelFinding): number {
  return value === null || limit === null || limit === 0 ? 0 : Math.abs(value / limit);
}

// ---------- tables ----------

/** One table, or several by name; empty ones are left out. */
function tablesIn(results: unknown): readonly (readonly Row[])[] {
  const single = rowsOf(results);
  if (single.length > 0) return [single];
  if (!isRecord(results)) return [];
  return Object.values(results)
    .slice(0, maxTables)
    .map(rowsOf)
    .filter((rows) => rows.length > 0);
}

function rowsOf(table: unknown): readonly Row[] {
  if (Array.isArray(table)) {
    const rows: readonly unknown[] = table;
    return rows.slice(-maxRows).flatMap((row) => (isRecord(row) ? [rowOf(Object.entries(row))] : []));
  }
  if (!isRecord(table)) return [];
  const [columns, data] = [own(table, "columns"), own(table, "data")];
  if (!Array.isArray(columns) || !Array.isArray(data)) return [];
  const names: readonly unknown[] = columns;
  return data.slice(-maxRows).flatMap((row: unknown) => {
    if (!Array.isArray(row)) return [];
    const values: readonly unknown[] = row;
    return [rowOf(names.map((name, index) => [nameOf(name), values[index]] as const))];
  });
}

function nameOf(name: unknown): string {
  return Array.isArray(name)
    ? name.map((part) => textOfValue(part, 256) ?? "").join(separator)
    : (textOfValue(name, 1_000) ?? "");
}

function rowOf(entries: readonly (readonly [string, unknown])[]): Row {
  return new Map(entries.map(([name, value]) => [flat(name), value]));
}

/** "('salary', 'chi2', 'alert')", which pandas makes of a column with levels, and its parts, as one name. */
function flat(name: string): string {
  const parts = /^\('.*'\)$/.test(name)
    ? [...name.matchAll(/'([^']*)'/g)].map((match) => match[1] ?? "")
    : name.split(separator);
  return parts.filter((part) => part !== "").join(separator);
}

// ---------- what a table says ----------

/** A column's name without its property: of a feature by a method, or a metric. */
interface Subject {
  readonly feature: string | null;
  readonly check: string;
  readonly isPerformance: boolean;
}

function readTable(rows: readonly Row[], settings: ReportSettings) {
  const analysed = rows.filter((row) => textIn(row, "period") !== "reference");
  const newest = analysed.at(-1) ?? rows.at(-1) ?? new Map<string, unknown>();
  const reference = rows.filter((row) => textIn(row, "period") === "reference");
  const n = sizeOf(newest);
  const stems = new Set([...newest.keys()].flatMap((name) => stemOf(name) ?? []));
  const findings: ModelFinding[] = [];
  const performance: ModelPerformance[] = [];
  const features: string[] = [];
  for (const stem of stems) {
    const subject = subjectOf(stem);
    if (subject.feature !== null) features.push(subject.feature);
    const value = numberIn(propertyOf(newest, stem, "value"));
    if (value === null) continue;
    const isAlert = isTrue(propertyOf(newest, stem, "alert"));
    if (subject.isPerformance)
      performance.push(performanceOf({ stem, value, isAlert, newest, reference, settings }));
    else if (isAlert) findings.push({ ...limitsOf(newest, stem, value), ...subject, value, n, detail: "" });
  }
  const at = readMoment(momentIn(newest, "end_date"));
  return { at, findings: findings.map(onlyFinding), performance, features };
}

function onlyFinding({ feature, check, value, limit, n, detail }: ModelFinding): ModelFinding {
  return { feature, check, value, limit, n, detail };
}

function performanceOf(given: {
  readonly stem: string;
  readonly value: number;
  readonly isAlert: boolean;
  readonly newest: Row;
  readonly reference: readonly Row[];
  readonly settings: ReportSettings;
}): ModelPerformance {
  const { stem, value, isAlert, newest } = given;
  const metric = oneLine(stem.split(separator).join(" "), 120);
  const usual = given.reference.flatMap((row) => numberIn(propertyOf(row, stem, "value")) ?? []);
  const reference = usual.length === 0 ? null : usual.reduce((a, b) => a + b, 0) / usual.length;
  const change = reference === null || reference === 0 ? null : (value - reference) / Math.abs(reference);
  const lossRatio = change === null ? null : isError.test(metric) ? change : -change;
  const [low, high] = [
    numberIn(propertyOf(newest, stem, "lower_confidence_boundary")),
    numberIn(propertyOf(newest, stem, "upper_confidence_boundary")),
  ];
  const isEstimated = propertyOf(newest, stem, "upper_confidence_boundary") !== undefined;
  return {
    metric,
    basis: isEstimated ? "estimated" : "measured",
    value,
    reference,
    interval: low === null || high === null ? null : [low, high],
    // An alert may also say that the model does better than ever.
    isWorse: isAlert && (lossRatio === null || lossRatio > 0),
    lossRatio,
  };
}

/** The limit that was passed, or the nearer one. */
function limitsOf(row: Row, stem: string, value: number): { readonly limit: number | null } {
  const low = numberIn(propertyOf(row, stem, "lower_threshold"));
  const high = numberIn(propertyOf(row, stem, "upper_threshold"));
  return { limit: low !== null && value < low ? low : high };
}

function stemOf(name: string): string | null {
  if (/^chunk/.test(name)) return null;
  const property = properties.find(
    (each) => name.endsWith(`${separator}${each}`) || name.endsWith(`_${each}`),
  );
  return property === undefined ? null : name.slice(0, -property.length - 1);
}

function propertyOf(row: Row, stem: string, property: (typeof properties)[number]): unknown {
  return row.get(`${stem}${separator}${property}`) ?? row.get(`${stem}_${property}`);
}

function subjectOf(stem: string): Subject {
  for (const [method, words] of Object.entries(methods)) {
    if (stem === method) return { feature: null, check: words, isPerformance: false };
    for (const joint of [separator, "_"])
      if (stem.endsWith(`${joint}${method}`))
        return {
          feature: oneLine(stem.slice(0, -method.length - 1), 256),
          check: words,
          isPerformance: false,
        };
  }
  return { feature: null, check: stem, isPerformance: true };
}

function isTrue(value: unknown): boolean {
  return value === true || value === 1 || value === "True" || value === "true";
}

/** Columns about the chunk: "chunk_end_date", "end_date" below "chunk", "chunk_chunk_end_date". */
function momentIn(row: Row, name: string): unknown {
  const key = [...row.keys()].find((each) => /^chunk/.test(each) && each.endsWith(name));
  return key === undefined ? row.get(name) : row.get(key);
}

function textIn(row: Row, name: string): string | null {
  return textOfValue(momentIn(row, name), 100);
}

function sizeOf(row: Row): number | null {
  const [from, to] = [numberIn(momentIn(row, "start_index")), numberIn(momentIn(row, "end_index"))];
  return from === null || to === null || to < from ? null : to - from + 1;
}

function unparseable(problem: string): ParseResult {
  return { kind: "unparseable", problem, remedy };
}
