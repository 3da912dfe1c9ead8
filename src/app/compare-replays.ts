/**
 * What would change: two replays of the same deliveries side by side. Incidents are compared by the alerts they hold,
 * so their numbers do not matter. Pure.
 */
import { entityOf } from "../domain/alert/entity.ts";
import type { Cause } from "../domain/clustering/correlation.ts";
import type { FirstAnswer } from "../domain/explanation/first-answer.ts";
import { safeUrl } from "../domain/view.ts";
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
  /** That incident's page in the console; null when there is none, or nobody said where the console is. */
  readonly url: string | null;
  /** Where the sender of that alert shows it; null when it did not say. */
  readonly alertUrl: string | null;
  readonly cause: Pick<Cause, "service" | "changeId" | "confidence"> | null;
  /** What that cause says of the incident. */
  readonly answer: FirstAnswer["kind"];
}

/** Incidents of one replay that are one incident in the other. */
export interface Regrouping {
  readonly one: ReplayExample;
  readonly many: readonly ReplayExample[];
}

/** An incident, and the channels in which it has a card. */
export interface Rerouting {
  readonly incident: ReplayExample;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

export interface ReplayComparison {
  readonly alerts: number;
  /** Alerts that only one of the replays has; zero when both read the same deliveries with the same sources. */
  readonly unmatchedAlerts: number;
  readonly incidents: { readonly before: number; readonly after: number };
  /** Those of them that would be told nobody: all in them muted, over when they came, or wanted by no channel. */
  readonly withoutCard: { readonly before: number; readonly after: number };
  /** Cards that would be posted, in all channels together; also those of incidents that went into another later. */
  readonly cards: { readonly before: number; readonly after: number };
  /** Those of them that became cards of incidents that went into another. */
  readonly cardsMerged: { readonly before: number; readonly after: number };
  /** The cards by channel, in order of name. */
  readonly channels: readonly { readonly channel: string; readonly before: number; readonly after: number }[];
  /** Cards that would be posted, before less after; negative when there would be more. */
  readonly pagesSaved: number;
  /** Incidents that would have no card any more. */
  readonly hushed: readonly ReplayExample[];
  /** Incidents that would have one, and had none. */
  readonly voiced: readonly ReplayExample[];
  /** Incidents whose cards would be in other channels. */
  readonly rerouted: readonly Rerouting[];
  /** Incidents with the same alerts, channels and first cause. */
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
  const pairs = before.incidents.flatMap((incident) => {
    const counterpart = counterpartOf(incident, homes.after);
    if (counterpart === null) return [];
    return [{ incident, counterpart, had: cardsIn(before, incident), has: cardsIn(after, counterpart) }];
  });
  const [had, has] = [channelsOf(before), channelsOf(after)];
  const cards = { before: sumOf(had), after: sumOf(has) };
  const [hushed, voiced] = [
    pairs.filter((pair) => pair.had.length > 0 && pair.has.length === 0),
    pairs.filter((pair) => pair.had.length === 0 && pair.has.length > 0),
  ];
  return {
    alerts: homes.before.size,
    unmatchedAlerts: homes.before.size + homes.after.size - 2 * shared.length,
    incidents: { before: before.incidents.length, after: after.incidents.length },
    withoutCard: { before: untold(before), after: untold(after) },
    cards,
    cardsMerged: { before: mergedCards(before), after: mergedCards(after) },
    channels: [...new Set([...had.keys(), ...has.keys()])]
      .sort()
      .map((channel) => ({ channel, before: had.get(channel) ?? 0, after: has.get(channel) ?? 0 })),
    pagesSaved: cards.before - cards.after,
    hushed: hushed.map(({ counterpart }) => exampleOf(counterpart)),
    voiced: voiced.map(({ counterpart }) => exampleOf(counterpart)),
    rerouted: pairs
      .filter((pair) => pair.had.length > 0 && pair.has.length > 0 && isOtherList(pair.had, pair.has))
      .map((pair) => ({ incident: exampleOf(pair.counterpart), before: pair.had, after: pair.has })),
    unchanged: pairs.filter(
      (pair) =>
        hasSameAlerts(pair.incident, pair.counterpart) &&
        !isOtherList(pair.had, pair.has) &&
        !isOtherCause(pair.incident.causes[0], pair.counterpart.causes[0]),
    ).length,
    merged: regroupings(after.incidents, homes.before),
    split: regroupings(before.incidents, homes.after),
    causesMoved: pairs
      .filter(({ incident, counterpart }) => isOtherCause(incident.causes[0], counterpart.causes[0]))
      .map(({ incident, counterpart }) => ({ before: exampleOf(incident), after: exampleOf(counterpart) })),
  };
}

/** Alerts to look up, so that {@link withIncidents} can say which incident an example is of. */
export function exampleKeys(comparison: ReplayComparison): readonly string[] {
  const keys = new Set<string>();
  mapExamples(comparison, (example) => {
    keys.add(example.key);
    return example;
  });
  return [...keys];
}

/**
 * @param incidents - number of the bot's incident by the key of an alert.
 * @param pageOf - the page of an incident by its number; null where there is none.
 */
export function withIncidents(
  comparison: ReplayComparison,
  incidents: ReadonlyMap<string, number>,
  pageOf: (incidentId: number) => string | null,
): ReplayComparison {
  return mapExamples(comparison, (example) => {
    const incidentId = incidents.get(example.key) ?? null;
    return { ...example, incidentId, url: incidentId === null ? null : pageOf(incidentId) };
  });
}

function mapExamples(
  comparison: ReplayComparison,
  change: (example: ReplayExample) => ReplayExample,
): ReplayComparison {
  const regrouped = ({ one, many }: Regrouping): Regrouping => ({ one: change(one), many: many.map(change) });
  const { merged, split, hushed, voiced, rerouted, causesMoved } = comparison;
  return {
    ...comparison,
    merged: merged.map(regrouped),
    split: split.map(regrouped),
    hushed: hushed.map(change),
    voiced: voiced.map(change),
    rerouted: rerouted.map((one) => ({ ...one, incident: change(one.incident) })),
    causesMoved: causesMoved.map((one) => ({ before: change(one.before), after: change(one.after) })),
  };
}

/** Channels with a card of this incident, in order of name. */
function cardsIn({ cards }: ReplayResult, { id }: ReplayedIncident): readonly string[] {
  return [...(cards.get(id) ?? [])].sort();
}

/** How many cards each channel got. */
function channelsOf({ cards }: ReplayResult): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const channel of [...cards.values()].flat()) counts.set(channel, (counts.get(channel) ?? 0) + 1);
  return counts;
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function mergedCards({ cards, incidents }: ReplayResult): number {
  const left = new Set(incidents.map(({ id }) => id));
  return [...cards].reduce((sum, [id, channels]) => sum + (left.has(id) ? 0 : channels.length), 0);
}

function untold(result: ReplayResult): number {
  return result.incidents.filter((incident) => cardsIn(result, incident).length === 0).length;
}

function isOtherList(a: readonly string[], b: readonly string[]): boolean {
  return a.join("\n") !== b.join("\n");
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
    key: first.key,
    incidentId: null,
    url: null,
    alertUrl: safeUrl(first.alert.url),
    answer: incident.answer.kind,
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
