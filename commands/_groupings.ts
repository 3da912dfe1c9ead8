/** What the commands that correct groupings have in common. */
import { alertNames } from "../src/domain/alert/choice.ts";
import type { Incident } from "../src/domain/incident.ts";
import type { Feedback } from "../src/domain/learning/feedback.ts";
import { likelyOthers } from "../src/domain/learning/grouping-choices.ts";
import type { CommandContext, Effect, Refusal } from "../src/ports/command.ts";
import type { NewRuling } from "../src/ports/feedback.ts";
import type { StoredAlert } from "../src/ports/incident.ts";
import { findIncident } from "./_lookup.ts";

/** Alerts that one correction may move or hold fast on each side. */
const maxAlerts = 5_000;
const maxWaiting = 1_000;

/** Open incidents that are offered to choose from. */
const maxOpen = 100;

/** An incident, locked, with its alerts. */
export interface Group {
  readonly incident: Incident;
  readonly alerts: readonly StoredAlert[];
}

/**
 * Some incidents with their alerts, what they were merged into followed; locked in one order, so that two corrections
 * at once wait for each other. Refused while an earlier correction of the same alerts is still to be carried out: it
 * was made without knowing that.
 */
export async function lockGroups(
  numbers: readonly number[],
  context: CommandContext,
): Promise<{ readonly kind: "groups"; readonly groups: readonly Group[] } | Refusal> {
  const { incidents, feedback } = context.store;
  const ids: number[] = [];
  for (const number of numbers) {
    const found = await findIncident(number, context);
    if ("kind" in found) return found;
    ids.push(found.id);
  }
  const rows = await incidents.findManyForUpdate([...new Set(ids)]);
  const groups: Group[] = [];
  for (const id of ids) {
    const incident = rows.find((row) => row.id === id);
    if (incident === undefined) throw new Error(`incident ${id} was found and cannot be locked`);
    groups.push({ incident, alerts: await incidents.alerts(id, maxAlerts) });
  }
  const waiting = new Set(
    (await feedback.waiting(maxWaiting)).flatMap(({ left, right }) => [...left, ...right]),
  );
  const busy = groups.find(({ alerts }) => alerts.some(({ key }) => waiting.has(key)));
  return busy === undefined ? { kind: "groups", groups } : beingMoved(busy.incident);
}

/** Open incidents beside one, those most likely meant first. */
export async function othersOpen(
  incident: Incident,
  { store }: Pick<CommandContext, "store">,
): Promise<readonly Incident[]> {
  const open = await store.incidents.list({ states: ["open", "acknowledged"], limit: maxOpen });
  return likelyOthers(incident, open);
}

function beingMoved({ id }: Incident): Refusal {
  return {
    kind: "refuse",
    reason: "being_corrected",
    problem: `Incident ${id} is being regrouped by an earlier correction.`,
    remedy: "That takes about a second. Look at its card, then ask again.",
    suggestions: [`why ${id}`],
  };
}

/** Alerts of one ruling on each side: less than what the correlator heeds of one. */
const maxKeys = 1_000;

/** All of these are of one incident, which has the number where one is to go on; several rulings when they are many. */
export function together(
  left: readonly StoredAlert[],
  right: readonly StoredAlert[],
  keep: number | null,
): readonly NewRuling[] {
  const [first = [], ...more] = chunks(keysOf(left));
  const [other = [], ...others] = chunks(keysOf(right));
  const pairs = [
    [first, other],
    ...others.map((keys) => [first, keys]),
    ...more.map((keys) => [keys, other]),
  ];
  return pairs
    .map(([a = [], b = []]): NewRuling => ({ kind: "together", left: a, right: b, ...kept(keep) }))
    .filter((ruling) => ruling.left.length + ruling.right.length > 1);
}

/**
 * The first leave the incident of the others, which stay together in it: whoever takes alerts out of an incident has
 * looked at what stays, and would wonder if that fell apart.
 */
export function apart(
  leaving: readonly StoredAlert[],
  staying: readonly StoredAlert[],
  keep: number,
): readonly NewRuling[] {
  // Those that stay are of one incident: some of them are enough to keep the others away.
  const right = keysOf(staying).slice(0, maxKeys);
  if (right.length === 0) return [];
  return [
    ...together(staying, [], keep),
    ...chunks(keysOf(leaving)).map((left): NewRuling => ({ kind: "apart", left, right, ...kept(keep) })),
  ];
}

function chunks(keys: readonly string[]): readonly (readonly string[])[] {
  const count = Math.ceil(keys.length / maxKeys);
  return Array.from({ length: count }, (_, index) => keys.slice(index * maxKeys, (index + 1) * maxKeys));
}

function kept(keep: number | null): { readonly keep?: number } {
  return keep === null ? {} : { keep };
}

/** A correction of a grouping, as it is kept. */
export function groupingEffect(correction: {
  readonly kind: Extract<Feedback["kind"], "merge" | "split" | "move">;
  readonly incident: Incident;
  /** The incident on the other side; null for a new one. */
  readonly other: number | null;
  readonly alerts: readonly StoredAlert[];
  readonly rest: readonly StoredAlert[];
  readonly rulings: readonly NewRuling[];
}): Effect {
  const { kind, incident, other, alerts, rest, rulings } = correction;
  return {
    kind: "feedback",
    said: {
      kind,
      incidentId: incident.id,
      subject: `incident:${other ?? "new"}`,
      data: { alerts: keysOf(alerts), rest: keysOf(rest) },
    },
    decidedAt: decidedAt([...alerts, ...rest]),
    rulings,
  };
}

/** When the last of them was placed, as far as is known. */
function decidedAt(alerts: readonly StoredAlert[]): Date | null {
  const times = alerts.map(({ alert }) => alert.startsAt.getTime());
  return times.length === 0 ? null : new Date(times.reduce((a, b) => Math.max(a, b)));
}

export function keysOf(alerts: readonly StoredAlert[]): readonly string[] {
  return alerts.map(({ key }) => key);
}

/** "2 alerts: HighLatency on api, HighErrorRate on web". */
export function countAlerts(alerts: readonly StoredAlert[]): string {
  return `${alerts.length} ${alerts.length === 1 ? "alert" : "alerts"}: ${alertNames(alerts)}`;
}
