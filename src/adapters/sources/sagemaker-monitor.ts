import { isRecord, own, readMoment, shown, textOfValue } from "../../domain/alert/intake.ts";
import type { ModelFinding, ModelReport } from "../../domain/monitoring/report.ts";
import {
  alertFor,
  numberIn,
  type ReportSettings,
  reportSettings,
  reportSettingsProblem,
  type Target,
  targetOf,
} from "../../domain/monitoring/report-settings.ts";
import { parseJsonText } from "../../domain/text/json.ts";
import { oneLine } from "../../domain/view.ts";
import { defineSource, type ParseResult, type RawDelivery } from "../../ports/source.ts";

const remedy =
  'Send the constraint_violations.json of a monitoring execution as {"model", "environment", "violations": [...]}, or the EventBridge event of the execution, as it is or through SNS.';

type Fields = Readonly<Record<string, unknown>>;

/** Violations that say how well the model did, not what it was given. */
const performanceMetrics =
  /^(accuracy|balanced_accuracy|precision|recall|f\d|auc|true_|false_|mae|mse|rmse|r2|weighted_|macro_)/i;

/** Checks in plain words; others are shown as they are called. */
const checks: Readonly<Record<string, string>> = {
  baseline_drift_check: "distance from the baseline",
  data_type_check: "data types",
  completeness_check: "missing values",
  missing_column_check: "missing column",
  extra_column_check: "new column",
  categorical_values_check: "unseen categories",
  feature_attribution_drift_check: "attribution",
  bias_drift_check: "bias",
};

/**
 * Amazon SageMaker Model Monitor: violations of data quality, model quality, bias and attribution, and the states of
 * executions.
 * @see https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-violations.html
 * @see https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html
 */
export default defineSource({
  name: "sagemaker-monitor",
  summary: "SageMaker Model Monitor: violations of constraints, states of executions",
  checks: ["bearer", "basic", "token"],
  parse,
  settingsProblem: reportSettingsProblem,
});

function parse(body: unknown, delivery: RawDelivery, settings: unknown): ParseResult {
  const given = reportSettings(settings);
  const event = unwrap(body);
  if (!isRecord(event)) return unparseable(`the body must be an object; got ${shown(event)}`);
  const report = Array.isArray(own(event, "violations"))
    ? readViolations(event, given)
    : readExecution(event, given);
  if (typeof report === "string") return unparseable(report);
  const alerts =
    report === null
      ? []
      : [alertFor(report, given, { source: "sagemaker-monitor", receivedAt: delivery.receivedAt })];
  return { kind: "parsed", delivery: { alerts, changes: [], topology: null } };
}

/** SNS holds the message as a text within its own envelope. */
function unwrap(body: unknown): unknown {
  const message = isRecord(body) ? own(body, "Message") : undefined;
  if (typeof message !== "string") return body;
  const json = parseJsonText(message);
  return json.kind === "json" ? json.value : body;
}

function readViolations(body: Fields, settings: ReportSettings): ModelReport | string {
  const target = targetIn(body, settings);
  if (target.kind === "problem") return target.problem;
  const list = own(body, "violations");
  const violations = (Array.isArray(list) ? list : []).filter(isRecord);
  const read = violations.map(readViolation);
  const at = readMoment(own(body, "time") ?? own(body, "CreationTime"));
  return {
    ...reportFor(target, at),
    findings: read.flatMap(({ finding }) => finding ?? []),
    performance: read.flatMap(({ performance }) => performance ?? []),
  };
}

/** "Metric f1 with 0.61 was LessThanThreshold '0.75'", "… Threshold: 0.1, current: 0.27". */
const numbersIn = /(?<![\p{L}\d_.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?%?/giu;

function readViolation(violation: Fields): {
  finding: ModelFinding | null;
  performance: ModelReport["performance"][number] | null;
} {
  const check = textOfValue(own(violation, "constraint_check_type"), 256) ?? "violation";
  const detail = oneLine(textOfValue(own(violation, "description"), 2_000) ?? "", 300);
  const metric = textOfValue(own(violation, "metric_name"), 256);
  const feature =
    textOfValue(own(violation, "feature_name") ?? own(violation, "facet") ?? own(violation, "label"), 256) ??
    null;
  // Counts of columns and names of types are no measure of anything.
  const [value, limit] = /column|data_type/.test(check) ? [null, null] : valuesIn(detail);
  if (metric !== null && feature === null && value !== null && performanceMetrics.test(metric)) {
    const reference = limit;
    const lossRatio =
      reference === null || reference === 0 ? null : Math.abs((value - reference) / reference);
    const performance = {
      metric,
      basis: "measured",
      value,
      reference,
      interval: null,
      isWorse: true,
      lossRatio,
    };
    return { finding: null, performance: { ...performance, basis: "measured" } };
  }
  const words = Object.hasOwn(checks, check) ? (checks[check] ?? check) : (metric ?? check);
  return {
    finding: { feature: feature ?? metric, check: words, value, limit, n: null, detail },
    performance: null,
  };
}

/** Descriptions name the measured number and the limit, in an order that their words tell. */
function valuesIn(description: string): readonly [number | null, number | null] {
  const threshold = numberIn(/threshold[^0-9-]*(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)/i.exec(description)?.[1]);
  const all = (description.match(numbersIn) ?? []).map((text) => numberIn(text.replace("%", "")));
  const other = all.find((value) => value !== null && value !== threshold) ?? null;
  return [other ?? (threshold === null ? null : threshold), threshold];
}

/** An execution's state, from EventBridge or as DescribeMonitoringSchedule tells it. */
function readExecution(event: Fields, settings: ReportSettings): ModelReport | null | string {
  const detail = own(event, "detail");
  const summary = isRecord(detail) ? detail : event;
  const last =
    own(summary, "LastMonitoringExecutionSummary") ?? own(summary, "lastMonitoringExecutionSummary");
  const execution = isRecord(last) ? last : summary;
  const state = textOfValue(own(execution, "MonitoringExecutionStatus"), 100) ?? exitMessage(summary);
  if (state === null)
    return `neither "violations" nor a "MonitoringExecutionStatus" is in it; got ${shown(event)}`;
  const target = targetIn({ ...summary, ...execution, ...modelOf(event) }, settings);
  if (target.kind === "problem") return target.problem;
  const at = readMoment(own(execution, "CreationTime") ?? own(event, "time"));
  if (!/^Completed/.test(state)) return null;
  if (!/WithViolations/.test(state)) return reportFor(target, at);
  const detailText = `see constraint_violations.json of ${textOfValue(own(execution, "ProcessingJobArn") ?? own(summary, "ProcessingJobArn"), 300) ?? "the execution"}`;
  const finding = {
    feature: null,
    check: "constraints",
    value: null,
    limit: null,
    n: null,
    detail: detailText,
  };
  return { ...reportFor(target, at), findings: [finding] };
}

/** Processing jobs tell by this that a monitoring execution found violations. */
function exitMessage(summary: Fields): string | null {
  const message = textOfValue(own(summary, "ExitMessage"), 300);
  const isOver = own(summary, "ProcessingJobStatus") === "Completed";
  return message !== null && isOver && /^Completed/.test(message) ? (message.split(":", 1)[0] ?? null) : null;
}

function modelOf(event: Fields): Fields {
  const model = own(event, "model");
  const environment = own(event, "environment");
  return { ...(model === undefined ? {} : { model }), ...(environment === undefined ? {} : { environment }) };
}

/** The model that is named, else the endpoint, else the schedule. */
function targetIn(body: Fields, settings: ReportSettings): Target {
  const arn = textOfValue(own(body, "MonitoringScheduleArn") ?? own(body, "MonitoringScheduleName"), 300);
  const named = own(body, "model") ?? settings.model ?? own(body, "EndpointName") ?? arn?.split("/").at(-1);
  return targetOf({ ...body, model: named }, settings);
}

function reportFor(target: Extract<Target, { kind: "target" }>, at: Date | null): ModelReport {
  const { model, environment } = target;
  const empty = { findings: [], looked: null, performance: [], unsaid: [] };
  return { model, environment, monitor: "sagemaker", at, ...empty };
}

function unparseable(problem: string): ParseResult {
  return { kind: "unparseable", problem, remedy };
}
