/** Which alerts among the evidence tell of the trouble: the first, the worst, and the services that are in it. */
import { compareSeverity, type Severity } from "../alert.ts";
import type { Evidence, ExplanationQuestion } from "../explanation.ts";
import { partsOf } from "./evidence.ts";

export function alertsAmong(evidence: readonly Evidence[]): readonly Evidence[] {
  return evidence.filter((fact) => fact.kind === "alert");
}

/** Where it began comes first: a service with more alerts is more often a victim than the source. */
export function servicesInTrouble({
  incident,
  evidence,
}: Pick<ExplanationQuestion, "incident" | "evidence">): readonly string[] {
  const first = earliest(alertsAmong(evidence));
  const began = first === undefined ? null : partsOf(first).service;
  return began === null ? incident.services : [...new Set([began, ...incident.services])];
}

export function worstOf(alerts: readonly Evidence[]): Evidence | undefined {
  return [...alerts].sort(
    (a, b) => compareSeverity(severityOf(a), severityOf(b)) || timeOf(a) - timeOf(b),
  )[0];
}

/** Stored by `selectEvidence`; evidence of another origin counts as information. */
export function severityOf({ data }: Evidence): Severity {
  const { severity } = data;
  return severity === "critical" || severity === "high" || severity === "warning" ? severity : "info";
}

export function earliest(alerts: readonly Evidence[]): Evidence | undefined {
  return [...alerts].sort((a, b) => timeOf(a) - timeOf(b) || a.number - b.number)[0];
}

export function firstAlertOf(service: string, alerts: readonly Evidence[]): Evidence | undefined {
  return earliest(alerts.filter((fact) => partsOf(fact).service === service));
}

function timeOf(fact: Evidence): number {
  return fact.at?.getTime() ?? Number.POSITIVE_INFINITY;
}
