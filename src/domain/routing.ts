import type { Alert } from "./alert.ts";
import { type Matcher, matchesAll } from "./matcher.ts";

/** One line of `channels:` in tocsin.yaml. */
export interface Route {
  /** "slack:C0123ABCD" */
  readonly to: string;
  /** All must hold on one alert; empty means every alert. */
  readonly match: readonly Matcher[];
}

/**
 * Channels that show an incident: every route that one of its alerts matches, in the order of the routes, each once.
 * Beside its labels an alert offers `severity`, `service`, `source` and `alertname` as we understood them.
 */
export function routesOf(routes: readonly Route[], alerts: readonly Alert[]): readonly string[] {
  const labels = routes.some((route) => route.match.length > 0) ? alerts.map(matchable) : [];
  const matched = routes.filter(
    (route) => route.match.length === 0 || labels.some((each) => matchesAll(route.match, each)),
  );
  return [...new Set(matched.map((route) => route.to))];
}

/** Labels as matchers see them: what the source sent, and our words for what it meant. */
export function matchable(alert: Alert): Readonly<Record<string, string>> {
  const own = { alertname: alert.name, severity: alert.severity, source: alert.source };
  return { ...own, ...(alert.service === null ? {} : { service: alert.service }), ...alert.labels };
}
