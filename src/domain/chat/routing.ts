import { type Alert, compareSeverity, type Severity } from "../alert.ts";
import { type Matcher, matchesAll } from "../suppression/matcher.ts";

/** One line of `channels:` in tocsin.yaml, or what a channel subscribed to. */
export interface Route {
  /** "slack:C0123ABCD" */
  readonly to: string;
  /** All must hold on one alert; empty means every alert. */
  readonly match: readonly Matcher[];
  /** The same alert must be as bad as this, as we understand severity; absent for any. */
  readonly atLeast?: Severity;
}

/**
 * Channels that show an incident: every route that one of its alerts matches, in the order of the routes, each once.
 * Beside its labels an alert offers `severity`, `service`, `source` and `alertname` as we understood them.
 */
export function routesOf(routes: readonly Route[], alerts: readonly Alert[]): readonly string[] {
  const labels = routes.some((route) => route.match.length > 0) ? alerts.map(matchable) : [];
  const matched = routes.filter(
    ({ match, atLeast }) =>
      (match.length === 0 && atLeast === undefined) ||
      alerts.some(
        ({ severity }, index) =>
          (atLeast === undefined || compareSeverity(severity, atLeast) <= 0) &&
          (match.length === 0 || matchesAll(match, labels[index] ?? {})),
      ),
  );
  return [...new Set(matched.map((route) => route.to))];
}

/** Labels as matchers see them: what the source sent, and our words for what it meant. */
export function matchable(alert: Alert): Readonly<Record<string, string>> {
  const own = { alertname: alert.name, severity: alert.severity, source: alert.source };
  return { ...own, ...(alert.service === null ? {} : { service: alert.service }), ...alert.labels };
}
