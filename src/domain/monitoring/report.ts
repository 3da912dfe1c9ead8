/**
 * What somebody who watches a model found of it at one time, whoever that is: one report, one alert, however many
 * features it names.
 */
import { z } from "zod";
import { buildAlert, storable } from "../alert/intake.ts";
import type { Alert, Labels, Severity } from "../alert.ts";
import { oneLine } from "../view.ts";

/** Something that is not as it was. */
export interface ModelFinding {
  /** Null when it is about the model as a whole. */
  readonly feature: string | null;
  /** In the words of whoever measured: "PSI", "missing values". */
  readonly check: string;
  readonly value: number | null;
  /** What the value was not to pass. */
  readonly limit: number | null;
  /** Values that it was measured on. */
  readonly n: number | null;
  /** What numbers do not say; empty when they say it all. */
  readonly detail: string;
}

/** How well the model did. */
export interface ModelPerformance {
  /** "roc_auc", "accuracy". */
  readonly metric: string;
  /** Estimated without labels, or measured with them. */
  readonly basis: "estimated" | "measured";
  readonly value: number;
  /** On the reference; null when nobody says. */
  readonly reference: number | null;
  /** Where the value lies with 95 % confidence; null when nobody says. */
  readonly interval: readonly [number, number] | null;
  /** Whoever measured calls it worse than it may be. */
  readonly isWorse: boolean;
  /** How much worse, as a share of the reference; null when that cannot be said. */
  readonly lossRatio: number | null;
}

export interface ModelReport {
  readonly model: string;
  readonly environment: string;
  /** Who looked: "evidently", "tocsin". */
  readonly monitor: string;
  /** Null when the report does not say. */
  readonly at: Date | null;
  /** Worst first. */
  readonly findings: readonly ModelFinding[];
  /** Features that were looked at; null when nobody says. */
  readonly looked: number | null;
  readonly performance: readonly ModelPerformance[];
  /** What could not be said, each in one line. */
  readonly unsaid: readonly string[];
}

/** From which loss on people are told louder, as a share of the reference. */
export interface LossLimits {
  readonly warning: number;
  readonly critical: number;
}

export const defaultLossLimits: LossLimits = { warning: 0.05, critical: 0.2 };

/** Name of the alert that a report becomes, and of the annotation that holds it. */
export const modelAlertName = "ModelDrift";
const annotation = "model_report";
/** The report travels in an annotation of the alert, which holds at most 16,384 characters. */
const maxFindings = 25;
const maxPerformance = 8;
const maxUnsaid = 5;
const maxNamed = 3;
const maxName = 120;

/** The performance that suffered most; null when none did. */
export function worstLoss({ performance }: Pick<ModelReport, "performance">): ModelPerformance | null {
  const worse = performance.filter((one) => one.isWorse);
  return worse.sort((a, b) => (b.lossRatio ?? 0) - (a.lossRatio ?? 0))[0] ?? null;
}

/** Drift alone calls nobody: data may move without the model being any worse. A loss does, by its size. */
export function reportSeverity(report: Pick<ModelReport, "performance">, limits: LossLimits): Severity {
  const loss = worstLoss(report);
  if (loss === null) return "info";
  // A loss whose size nobody says was found too large by whoever measured it.
  const ratio = loss.lossRatio ?? limits.warning;
  if (ratio >= limits.critical) return "critical";
  return ratio >= limits.warning ? "warning" : "info";
}

/** Nothing found and nothing lost: the alert ends. */
export function isQuietReport(report: ModelReport): boolean {
  return report.findings.length === 0 && worstLoss(report) === null;
}

export interface ReportAlertOptions {
  readonly source: string;
  /** What the alert is about; null for the model's own name. */
  readonly service: string | null;
  readonly limits: LossLimits;
  readonly receivedAt: Date;
}

/**
 * The one alert that a report is: firing while it holds findings, ended by the next report of the same monitor that
 * holds none. Since when it fires is remembered from the first report on.
 */
export function alertOfReport(report: ModelReport, options: ReportAlertOptions): Alert {
  const labels = alertLabels(report, options.service);
  return buildAlert({
    source: options.source,
    status: isQuietReport(report) ? "resolved" : "firing",
    labels,
    annotations: annotationsOf(report, options.limits),
    name: modelAlertName,
    service: options.service ?? report.model,
    severity: reportSeverity(report, options.limits),
    summary: reportSummary(report),
    startsAt: null,
    endsAt: null,
    receivedAt: options.receivedAt,
  });
}

/** Identity of the alert: nothing in it changes from one report to the next. @param service - null for the model's own name. */
export function alertLabels(report: ModelReport, service: string | null): Labels {
  return {
    alertname: modelAlertName,
    service: service ?? report.model,
    model: report.model,
    environment: report.environment,
    monitor: report.monitor,
  };
}

/** What the alert carries: the severity for those who read only annotations, and the report itself. */
export function annotationsOf(report: ModelReport, limits: LossLimits): Readonly<Record<string, string>> {
  return {
    severity: reportSeverity(report, limits),
    summary: reportSummary(report),
    [annotation]: JSON.stringify(bounded(report)),
  };
}

/** The most telling part of it, with short texts. */
function bounded(report: ModelReport): ModelReport {
  const short = (text: string) => oneLine(storable(text, maxName), maxName);
  return {
    ...report,
    findings: report.findings.slice(0, maxFindings).map((finding) => ({
      ...finding,
      feature: finding.feature === null ? null : short(finding.feature),
      check: short(finding.check),
      detail: short(finding.detail),
    })),
    performance: report.performance
      .slice(0, maxPerformance)
      .map((one) => ({ ...one, metric: short(one.metric) })),
    unsaid: report.unsaid.slice(0, maxUnsaid).map(short),
  };
}

const finite = z.number().nullable();
const reportSchema = z.object({
  model: z.string().min(1).max(256),
  environment: z.string().min(1).max(256),
  monitor: z.string().min(1).max(256),
  at: z.iso
    .datetime()
    .nullable()
    .transform((text) => (text === null ? null : new Date(text))),
  findings: z
    .array(
      z.object({
        feature: z.string().nullable(),
        check: z.string(),
        value: finite,
        limit: finite,
        n: finite,
        detail: z.string(),
      }),
    )
    .max(maxFindings),
  looked: finite,
  performance: z
    .array(
      z.object({
        metric: z.string(),
        basis: z.enum(["estimated", "measured"]),
        value: z.number(),
        reference: finite,
        interval: z.tuple([z.number(), z.number()]).nullable(),
        isWorse: z.boolean(),
        lossRatio: finite,
      }),
    )
    .max(maxPerformance),
  unsaid: z.array(z.string()).max(maxUnsaid),
});

/** The report that an alert carries; null for alerts that carry none. */
export function reportOf(alert: Pick<Alert, "name" | "annotations">): ModelReport | null {
  const text = alert.annotations[annotation];
  if (alert.name !== modelAlertName || text === undefined) return null;
  try {
    const parsed = reportSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    // Somebody else's annotation of that name.
    return null;
  }
}

/** True when one of two alerts carries a report that the other does not: its card shows it. */
export function hasOtherReport(a: Pick<Alert, "annotations">, b: Pick<Alert, "annotations">): boolean {
  return a.annotations[annotation] !== b.annotations[annotation];
}

/** "3 of 40 features drifted: amount, country and age; measured f1 0.790, was 0.912 (−13 %)". */
export function reportSummary(report: ModelReport): string {
  const target = `${report.model} in ${report.environment}`;
  if (isQuietReport(report)) return oneLine(`${target}: nothing found any more`, 500);
  const loss = worstLoss(report);
  const lost = loss === null ? "no loss of performance is known" : lossText(loss);
  const found = report.findings.length === 0 ? "" : `${foundText(report)}; `;
  return oneLine(`${target}: ${found}${lost}`, 500);
}

function foundText({ findings, looked }: ModelReport): string {
  const features = [...new Set(findings.flatMap(({ feature }) => feature ?? []))];
  if (features.length === 0) return listed([...new Set(findings.map(({ check }) => check))]);
  const of = looked === null ? "" : ` of ${looked}`;
  const noun = (looked ?? features.length) === 1 ? "feature" : "features";
  return `${features.length}${of} ${noun} changed (${listed(features)})`;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, maxNamed).map((name) => oneLine(name, 40));
  return names.length > maxNamed
    ? `${shown.join(", ")} and ${names.length - maxNamed} more`
    : shown.join(", ");
}

/** "measured f1 0.790, was 0.912 (−13 %)". */
export function lossText({ basis, metric, value, reference, lossRatio }: ModelPerformance): string {
  const before = reference === null ? "" : `, was ${shortNumber(reference)}`;
  const ratio = lossRatio === null ? "" : ` (${Math.round(lossRatio * 100)} % worse)`;
  return `${basis} ${oneLine(metric, 40)} ${shortNumber(value)}${before}${ratio}`;
}

/** Three digits that count. */
export function shortNumber(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}
