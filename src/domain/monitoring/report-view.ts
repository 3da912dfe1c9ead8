/** Drift as a card shows it: what performance did, which features, how much, on how many values, since when. */
import type { Alert } from "../alert.ts";
import { modelResource, type PolicyResource } from "../policy.ts";
import {
  bold,
  moment,
  oneLine,
  plain,
  shorten,
  type Text,
  type ViewAction,
  type ViewBlock,
} from "../view.ts";
import { type ModelFinding, type ModelReport, reportOf, shortNumber, worstLoss } from "./report.ts";

/** Reports shown on one card, and findings of each. */
const maxReports = 2;
const maxRows = 8;
/** Longest command line that a button can carry on every platform. */
const maxCommand = 100;

/** A report that still holds, and since when. */
interface StandingReport {
  readonly report: ModelReport;
  readonly since: Date;
}

/** Reports among the alerts of an incident that still fire, those with a loss first. */
export function standingReports(
  alerts: readonly { readonly alert: Alert; readonly endedBy: unknown }[],
): readonly StandingReport[] {
  return alerts
    .flatMap(({ alert, endedBy }) => {
      const report = endedBy === null ? reportOf(alert) : null;
      return report === null ? [] : [{ report, since: alert.startsAt }];
    })
    .sort((a, b) => (worstLoss(b.report)?.lossRatio ?? -1) - (worstLoss(a.report)?.lossRatio ?? -1));
}

/** Nothing for incidents without any. */
export function reportBlocks(reports: readonly StandingReport[]): readonly ViewBlock[] {
  return reports.slice(0, maxReports).flatMap(blocksOf);
}

function blocksOf({ report, since }: StandingReport): readonly ViewBlock[] {
  const { model, environment, monitor, findings, unsaid } = report;
  return [
    { kind: "heading", text: oneLine(`Drift of ${model} in ${environment}, by ${monitor}`, 120) },
    { kind: "text", text: performanceText(report) },
    ...(findings.length === 0 ? [] : [tableOf(findings)]),
    { kind: "note", text: [plain("Since "), moment(since), plain(restOf(findings.length, unsaid))] },
  ];
}

function performanceText(report: ModelReport): Text {
  const loss = worstLoss(report);
  if (loss !== null) {
    const { basis, metric, value, reference, interval, lossRatio } = loss;
    const range = interval === null ? "" : ` (95 %: ${interval.map(shortNumber).join(" to ")})`;
    const was = reference === null ? "" : `, was ${shortNumber(reference)} on the reference`;
    const ratio = lossRatio === null ? "" : `: ${Math.round(lossRatio * 100)} % worse`;
    return [
      bold(basis === "measured" ? "Measured" : "Estimated"),
      plain(` ${oneLine(metric, 60)} is ${shortNumber(value)}${range}${was}${ratio}.`),
    ];
  }
  const fine = report.performance[0];
  if (fine === undefined)
    return [plain("No performance was measured or estimated, so this is for your information.")];
  return [
    plain(`The ${fine.basis} ${oneLine(fine.metric, 60)} of ${shortNumber(fine.value)} did not suffer.`),
  ];
}

function tableOf(findings: readonly ModelFinding[]): ViewBlock {
  const number = (value: number | null) => (value === null ? "–" : shortNumber(value));
  const hasDetail = findings.some(({ detail }) => detail !== "");
  return {
    kind: "table",
    columns: ["feature", "check", "value", "limit", "n", ...(hasDetail ? ["what"] : [])],
    rows: byFeature(findings)
      .slice(0, maxRows)
      .map(({ feature, check, value, limit, n, detail }) => [
        oneLine(feature ?? "the model", 40),
        oneLine(check, 40),
        number(value),
        number(limit),
        n === null ? "–" : String(n),
        ...(hasDetail ? [oneLine(detail, 60)] : []),
      ]),
  };
}

/** The worst finding of every feature comes before the second of any. */
function byFeature(findings: readonly ModelFinding[]): readonly ModelFinding[] {
  const seen = new Set<string | null>();
  const firsts = findings.filter(({ feature }) => !seen.has(feature) && seen.add(feature));
  return [...firsts, ...findings.filter((finding) => !firsts.includes(finding))];
}

function restOf(findings: number, unsaid: readonly string[]): string {
  const more = findings > maxRows ? `, and ${findings - maxRows} more findings` : "";
  const open = unsaid[0] === undefined ? "" : ` Not enough data: ${shorten(unsaid[0], 100)}`;
  return `${more}.${open}${unsaid.length > 1 ? `, and ${unsaid.length - 1} more.` : open === "" ? "" : "."}`;
}

/** A model as configured, as far as a button has to know it. */
export interface RetrainableModel {
  readonly name: string;
  readonly environments: readonly string[];
}

/** A button for each model that drifts and that the bot knows, so that what it asks for can be done. */
export function retrainActions(
  incidentId: number,
  reports: readonly StandingReport[],
  models: readonly RetrainableModel[],
): readonly ViewAction[] {
  const targets = new Map(
    reports.flatMap(({ report: { model, environment } }) =>
      isKnown(models, model, environment)
        ? [[`${model}/${environment}`, { model, environment }] as const]
        : [],
    ),
  );
  return [...targets.values()]
    .map(
      ({ model, environment }): ViewAction => ({
        label: oneLine(`Retrain ${model}`, 40),
        command: `retrain ${model} --environment ${environment} --incident ${incidentId}`,
        style: "plain",
        confirm: `Train a new version of ${model}? It does not serve until it is deployed. This asks for it: the plan and its approvals come first.`,
      }),
    )
    .filter(({ command }) => command.length <= maxCommand)
    .slice(0, 2);
}

function isKnown(models: readonly RetrainableModel[], name: string, environment: string): boolean {
  return models.some((model) => model.name === name && model.environments.includes(environment));
}

/** What a policy is told of the model of a report; null for one that is not configured. */
export function reportedModel(
  report: ModelReport,
  models: readonly (RetrainableModel & {
    readonly owners: readonly string[];
    readonly risk: "low" | "high";
  })[],
): PolicyResource | null {
  const model = models.find((candidate) => candidate.name === report.model);
  return model?.environments.includes(report.environment) === true
    ? modelResource(model, report.environment)
    : null;
}
