/** What can be chosen when somebody corrects a grouping: other incidents, and alerts one by one or several at once. */
import { alertName } from "../alert/choice.ts";
import { entityOf } from "../alert/entity.ts";
import type { TrackedAlert } from "../alert/tracked.ts";
import type { Incident } from "../incident.ts";
import type { Choice } from "../view/choice-view.ts";
import { oneLine, type ViewAction } from "../view.ts";

/** As much of a key as tells alerts apart, and as /why shows. */
export const shownKey = 16;
/** Keys of more alerts than this do not fit into the command of a button. */
const maxKeys = 5;

/** Buttons that begin a correction; each then asks for what is missing. */
export function groupingActions({ id, alertCount, mergedInto }: Incident): readonly ViewAction[] {
  if (mergedInto !== null) return [];
  const merge: ViewAction = { label: "Merge…", command: `merge ${id}`, style: "plain", isForm: true };
  if (alertCount < 2) return [merge];
  return [
    merge,
    { label: "Split…", command: `split ${id}`, style: "plain", isForm: true },
    { label: "Move an alert…", command: `move --from ${id}`, style: "plain", isForm: true },
  ];
}

/** Other incidents, those most likely meant first: with services in common, then begun nearest in time. */
export function likelyOthers(incident: Incident, others: readonly Incident[]): readonly Incident[] {
  const shared = (other: Incident) =>
    other.services.filter((service) => incident.services.includes(service)).length;
  const awayMs = (other: Incident) => Math.abs(other.startedAt.getTime() - incident.startedAt.getTime());
  return others
    .filter(({ id }) => id !== incident.id)
    .toSorted((a, b) => shared(b) - shared(a) || awayMs(a) - awayMs(b) || a.id - b.id);
}

/** "13 · critical · Checkout fails". Untrusted text. */
export function incidentLabel({ id, severity, title }: Incident): string {
  return oneLine(`${id} · ${severity} · ${title}`, 100);
}

/** Sets of an incident's alerts that may leave it together: all of one service, all of one name, each alone. */
export function splitChoices(id: number, alerts: readonly TrackedAlert[]): readonly Choice[] {
  const sets = [
    ...setsBy(alerts, ({ alert }) => entityOf(alert)),
    ...setsBy(alerts, ({ alert }) => alert.name),
    ...[...byName(alerts)].map(([name, members]) => ({ name, members })),
  ];
  const seen = new Set<string>();
  return sets.flatMap(({ name, members }): Choice[] => {
    // Firings of one alert share the beginning of their keys, and leave together.
    const keys = [...new Set(members.map(({ key }) => key.slice(0, shownKey)))].sort();
    const set = keys.join(",");
    if (members.length === alerts.length || seen.has(set)) return [];
    seen.add(set);
    const label = members.length === 1 ? name : `${name} (${members.length} alerts)`;
    return [{ label, command: `split ${id} ${keys.length > maxKeys ? name : set}` }];
  });
}

/** Those that hold several alerts, the largest first. A name that a list of names would take apart is left out. */
function setsBy(alerts: readonly TrackedAlert[], nameOf: (alert: TrackedAlert) => string | null) {
  const sets = new Map<string, TrackedAlert[]>();
  for (const alert of alerts) {
    const name = nameOf(alert);
    if (name !== null && name !== "") sets.set(name, [...(sets.get(name) ?? []), alert]);
  }
  return [...sets]
    .map(([name, members]) => ({ name, members }))
    .filter(
      ({ name, members }) => members.length > 1 && (members.length <= maxKeys || /^[\w.:-]+$/.test(name)),
    )
    .sort((a, b) => b.members.length - a.members.length);
}

/** Every alert of an incident, once however often it fired. */
export function moveChoices(id: number, alerts: readonly TrackedAlert[]): readonly Choice[] {
  const once = new Map(alerts.map((alert) => [alert.alert.fingerprint, alert]));
  return [...once.values()].map((alert) => ({
    label: alertName(alert),
    command: `move ${alert.key.slice(0, shownKey)} --from ${id}`,
  }));
}

function byName(alerts: readonly TrackedAlert[]): Map<string, TrackedAlert[]> {
  const named = new Map<string, TrackedAlert[]>();
  for (const alert of alerts) named.set(alertName(alert), [...(named.get(alertName(alert)) ?? []), alert]);
  return named;
}
