/**
 * What would change: two replays of the same deliveries side by side. Incidents are compared by the alerts they hold,
 * so their numbers do not matter. Pure.
 */
import { entityOf } from "../domain/alert/entity.ts";
import { alertKey } from "../domain/alert.ts";
import type { Cause } from "../domain/clustering/correlation.ts";
import type { ReplayedAlert, ReplayedIncident, ReplayResult } from "./replay.ts";

/** An incident of one of the replays, short enough to print. */
export interface ReplayExample {
  readonly id: number;
  readonly startedAt: Date;
  readonly alerts: number;
  /** Services with alerts in it, most alerts first. Untrusted text. */
  readonly services: readonly string[];
  /** Its first alert as the recording names it, and where the recording says so first. */
  readonly firstAlert: string;
  readonly where: string;
  /** Key of that alert. */
  readonly key: string;
  /** Number of the incident in which the bot holds that alert; null when it does not, or was not asked. */
  readonly incidentId: number | null;
  readonly cause: Pick<Cause, "service" | "changeId" | "confidence"> | null;
}

/** Incidents of one replay that are one incident in the other. */
export interface Regrouping {
  readonly one: ReplayExample;
  readonly many: readonly ReplayExample[];
}

export interface ReplayComparison {
  readonly alerts: number;
  /** Alerts that only one of the replays has; zero when both read the same deliveries with the same sources. */
  readonly unmatchedAlerts: number;
  readonly incidents: { readonly before: number; readonly after: number };
  /** Those of them that would have a card: something in them is not muted. */
  readonly cards: { readonly before: number; readonly after: number };
  /** Cards that would be posted, before less after; negative when there would be more. */
  readonly pagesSaved: number;
  /** Incidents that would have no card any more, since all in them would be muted. */
  readonly hushed: readonly ReplayExample[];
  /** Incidents that would have one, and had none. */
  readonly voiced: readonly ReplayExample[];
  readonly unchanged: number;
  /** Several incidents that become one. */
  readonly merged: readonly Regrouping[];
  /** One incident that becomes several. */
  readonly split: readonly Regrouping[];
  /** Incidents whose first cause is another one. */
  readonly causesMoved: readonly { readonly before: ReplayExample; readonly after: ReplayExample }[];
}

/** Compares two replays; every list is in order of start and complete. */
export function compareReplays(before: ReplayResult, after: ReplayResult): ReplayComparison {
  const homes = { before: homesOf(before), after: homesOf(after) };
  const shared = [...homes.before.keys()].filter((name) => homes.after.has(name));
  const merged = regroupings(after.incidents, homes.before);
  const split = regroupings(before.incidents, homes.after);
  const pairs = before.incidents.flatMap((incident) => {
    const counterpart = counterpartOf(incident, homes.after);
    return counterpart === null ? [] : [{ incident, counterpart }];
  });
  const cards = { before: cardsOf(before), after: cardsOf(after) };
  const muting = pairs.filter(
    ({ incident, counterpart }) => before.muted.has(incident.id) !== after.muted.has(counterpart.id),
  );
  const hushed = muting.filter(({ counterpart }) => after.muted.has(counterpart.id));
  const voiced = muting.filter(({ counterpart }) => !after.muted.has(counterpart.id));
  return {
    alerts: homes.before.size,
    unmatchedAlerts: homes.before.size + homes.after.size - 2 * shared.length,
    incidents: { before: before.incidents.length, after: after.incidents.length },
    cards,
    pagesSaved: cards.before - cards.after,
    hushed: hushed.map(({ counterpart }) => exampleOf(counterpart)),
    voiced: voiced.map(({ counterpart }) => exampleOf(counterpart)),
    unchanged: pairs.filter(
      ({ incident, counterpart }) =>
        hasSameAlerts(incident, counterpart) &&
        before.muted.has(incident.id) === after.muted.has(counterpart.id) &&
        !isOtherCause(incident.causes[0], counterpart.causes[0]),
    ).length,
    merged,
    split,
    causesMoved: pairs
      .filter(({ incident, counterpart }) => isOtherCause(incident.causes[0], counterpart.causes[0]))
      .map(({ incident, counterpart }) => ({ before: exampleOf(incident), after: exampleOf(counterpart) })),
  };
}

/** Alerts to look up, so that {@link withIncidents} can say which incident an example is of. */
export function exampleKeys(comparison: ReplayComparison): readonly string[] {
  const { merged, split, hushed, voiced, causesMoved } = comparison;
  const keys = new Set([...hushed, ...voiced].map(({ key }) => key));
  for (const { one, many } of [...merged, ...split]) for (const { key } of [one, ...many]) keys.add(key);
  for (const { before, after } of causesMoved) keys.add(before.key).add(after.key);
  return [...keys];
}

/** @param incidents - number of the bot's incident by the key of an alert. */
export function withIncidents(
  comparison: ReplayComparison,
  incidents: ReadonlyMap<string, number>,
): ReplayComparison {
  const placed = (example: ReplayExample): ReplayExample => ({
    ...example,
    incidentId: incidents.get(example.key) ?? null,
  });
  const regrouped = ({ one, many }: Regrouping): Regrouping => ({ one: placed(one), many: many.map(placed) });
  return {
    ...comparison,
    merged: comparison.merged.map(regrouped),
    split: comparison.split.map(regrouped),
    hushed: comparison.hushed.map(placed),
    voiced: comparison.voiced.map(placed),
    causesMoved: comparison.causesMoved.map(({ before, after }) => ({
      before: placed(before),
      after: placed(after),
    })),
  };
}

function cardsOf({ incidents, muted }: ReplayResult): number {
  return incidents.filter(({ id }) => !muted.has(id)).length;
}

function homesOf(result: ReplayResult): ReadonlyMap<string, ReplayedIncident> {
  const homes = new Map<string, ReplayedIncident>();
  for (const incident of result.incidents)
    for (const alert of incident.alerts) homes.set(alert.name, incident);
  return homes;
}

/** Incidents whose alerts lie in more than one incident of the other replay. */
function regroupings(
  incidents: readonly ReplayedIncident[],
  others: ReadonlyMap<string, ReplayedIncident>,
): Regrouping[] {
  return incidents.flatMap((incident) => {
    const parts = new Set(incident.alerts.flatMap((alert) => others.get(alert.name) ?? []));
    if (parts.size < 2) return [];
    const many = [...parts].map(exampleOf).sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
    return [{ one: exampleOf(incident), many }];
  });
}

/** The incident of the other replay that holds more than half of this one's alerts, and they more than half of its. */
function counterpartOf(
  incident: ReplayedIncident,
  others: ReadonlyMap<string, ReplayedIncident>,
): ReplayedIncident | null {
  const counts = new Map<ReplayedIncident, number>();
  for (const alert of incident.alerts) {
    const other = others.get(alert.name);
    if (other !== undefined) counts.set(other, (counts.get(other) ?? 0) + 1);
  }
  for (const [other, count] of counts)
    if (2 * count > incident.alerts.length && 2 * count > other.alerts.length) return other;
  return null;
}

function hasSameAlerts(a: ReplayedIncident, b: ReplayedIncident): boolean {
  const names = new Set(a.alerts.map((alert) => alert.name));
  return a.alerts.length === b.alerts.length && b.alerts.every((alert) => names.has(alert.name));
}

function isOtherCause(a: Cause | undefined, b: Cause | undefined): boolean {
  return (a?.service ?? null) !== (b?.service ?? null) || (a?.changeId ?? null) !== (b?.changeId ?? null);
}

function exampleOf(incident: ReplayedIncident): ReplayExample {
  const [first] = incident.alerts;
  if (first === undefined) throw new Error(`replay: incident ${incident.id} holds no alert`);
  const [cause] = incident.causes;
  return {
    id: incident.id,
    startedAt: first.alert.startsAt,
    alerts: incident.alerts.length,
    services: servicesOf(incident.alerts),
    firstAlert: first.name,
    where: first.where,
    key: alertKey(first.alert),
    incidentId: null,
    cause:
      cause === undefined
        ? null
        : { service: cause.service, changeId: cause.changeId, confidence: cause.confidence },
  };
}

function servicesOf(alerts: readonly ReplayedAlert[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { alert } of alerts) {
    const service = entityOf(alert);
    if (service !== null) counts.set(service, (counts.get(service) ?? 0) + 1);
  }
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([service]) => service);
}
