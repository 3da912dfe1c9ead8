/** What to ask of metrics about the suspects of an incident. */

import { entityOf } from "../domain/alert/entity.ts";
import type { TrackedAlert } from "../domain/alert/tracked.ts";
import type { Alert, Labels } from "../domain/alert.ts";
import { narrowTo, unitOf, watchedBy } from "../domain/metrics/promql.ts";
import { fillTemplate } from "../domain/metrics/promql-template.ts";
import type { MetricQuestion } from "../domain/metrics/reading.ts";
import type { AlertRule, MetricSource, Unreadable } from "../ports/metric-source.ts";

/** One entry of `prometheus.queries` in tocsin.yaml. */
export interface ServiceQuery {
  readonly name: string;
  /** PromQL with {{service}} in the quotes of label matchers. */
  readonly query: string;
  readonly unit: string;
}

/** Rules asked for per suspect. */
const maxRulesPerService = 2;
/** What held for longer than this is looked at from here on. */
const maxHoldMs = 24 * 3_600_000;
/** Whatever a rule's series are called, alerts carry these beside their labels. */
const notOfSeries: ReadonlySet<string> = new Set([
  "alertname",
  "severity",
  "prometheus",
  "prometheus_replica",
]);

/**
 * Every query for the first suspect, then every one for the second.
 * @param ofRules - of the same suspects: what their rules waited for may have begun so long before the alert.
 */
export function namedQuestions(
  queries: readonly ServiceQuery[],
  suspects: readonly string[],
  ofRules: readonly MetricQuestion[],
): readonly MetricQuestion[] {
  const holdOf = (service: string) =>
    Math.max(0, ...ofRules.filter((rule) => rule.service === service).map(({ holdMs }) => holdMs));
  return suspects.flatMap((service) =>
    queries.flatMap(({ name, query, unit }): MetricQuestion[] => {
      const filled = fillTemplate(query, service);
      if (filled === null) return [];
      const asked = { name, origin: "query", service, queries: [filled], labels: {}, unit } as const;
      return [{ ...asked, limit: null, holdMs: holdOf(service) }];
    }),
  );
}

export interface RuleQuestions {
  readonly questions: readonly MetricQuestion[];
  /** Why there are none, when the rules could not be read. */
  readonly problem: Unreadable | null;
}

/** What the rules behind the suspects' alerts watch, and the rule behind the very first alert. */
export async function ruleQuestions(
  source: Pick<MetricSource, "rules">,
  scene: { readonly suspects: readonly string[]; readonly alerts: readonly TrackedAlert[] },
  signal: AbortSignal,
): Promise<RuleQuestions> {
  const alerts = tellingAlerts(
    scene.suspects,
    scene.alerts.map(({ alert }) => alert),
  );
  if (alerts.length === 0) return { questions: [], problem: null };
  const names = [...new Set(alerts.map(ruleNameOf))];
  const answer = await source.rules(names, signal);
  if (answer.kind === "unreadable") return { questions: [], problem: answer };
  const questions = alerts.flatMap((alert) => {
    const rule = answer.rules.find((candidate) => isRuleOf(candidate, alert));
    return rule === undefined ? [] : [questionOf(rule, alert)];
  });
  return { questions, problem: null };
}

/** Per suspect the earliest alert of each name, at most two; then the earliest of all. */
function tellingAlerts(suspects: readonly string[], alerts: readonly Alert[]): readonly Alert[] {
  const chosen = new Map<string, Alert>();
  const add = (alert: Alert) => {
    const key = JSON.stringify([ruleNameOf(alert), entityOf(alert)]);
    if (!chosen.has(key)) chosen.set(key, alert);
  };
  const named = alerts.filter((alert) => alert.labels["alertname"] !== undefined && entityOf(alert) !== null);
  for (const service of suspects) {
    const own = named.filter((alert) => entityOf(alert) === service);
    const firsts = own.filter(
      (alert, index) => own.findIndex((other) => other.name === alert.name) === index,
    );
    for (const alert of firsts.slice(0, maxRulesPerService)) add(alert);
  }
  for (const alert of named.slice(0, 1)) add(alert);
  return [...chosen.values()];
}

function ruleNameOf(alert: Alert): string {
  return alert.labels["alertname"] ?? alert.name;
}

/** Of the rule's name, and with every label that the rule sets to a fixed value. */
function isRuleOf(rule: AlertRule, alert: Alert): boolean {
  const fixed = Object.entries(rule.labels).filter(([, value]) => !value.includes("{{"));
  return rule.name === ruleNameOf(alert) && fixed.every(([name, value]) => alert.labels[name] === value);
}

function questionOf(rule: AlertRule, alert: Alert): MetricQuestion {
  const { expression, limit } = watchedBy(rule.query);
  const labels = labelsOfSeries(alert.labels, rule.labels);
  const narrowed = narrowTo(expression, labels);
  return {
    name: rule.name,
    origin: "rule",
    service: entityOf(alert) ?? "",
    // Labels that were added on the way, as external labels are, fit no series: then the whole rule is asked.
    queries: narrowed === expression ? [expression] : [narrowed, expression],
    labels,
    unit: unitOf(expression),
    limit,
    holdMs: Math.min(maxHoldMs, rule.holdMs),
  };
}

/** Those that the series may have: not what the rule or Prometheus itself puts on its alerts. */
function labelsOfSeries(labels: Labels, ofRule: Labels): Labels {
  const entries = Object.entries(labels).filter(
    ([name]) => !notOfSeries.has(name) && ofRule[name] === undefined,
  );
  return Object.fromEntries(entries);
}
