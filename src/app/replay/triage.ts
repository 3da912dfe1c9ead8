/**
 * Triage in memory and in virtual time: the same steps as the leader's, without a database. Repeats are merged, what flaps
 * is held open, what is not heard of times out, what is muted tells nobody, and the rest is shown where routes want it.
 */
import type { TrackedAlert } from "../../domain/alert/tracked.ts";
import type { Correlator } from "../../domain/clustering/correlation.ts";
import { channelRuleFor, opensByItself } from "../../domain/incident/channel.ts";
import type { Incident } from "../../domain/incident.ts";
import { channelName } from "../../ports.ts";
import { passTime, placeAfterTime } from "../pass-time.ts";
import { placeReports, takeReports } from "../take-reports.ts";
import { createMemory, know, membersOf, type TriageMemory } from "../triage/memory.ts";
import { moveIncident, touchedBy } from "../triage/move-incident.ts";
import { append, type Movement } from "../triage/movement.ts";
import { type CardPlace, channelsFor } from "../triage/want-posts.ts";
import type { Placing } from "./placing.ts";
import { type ReplayedRules, settingsAt } from "./rules.ts";

/** Where cards of an incident's own channel are counted. */
export const ownChannelName = "a channel of its own";

/** Looks at the clock, in virtual time: windows and routes know whole minutes, and nothing shorter is told of late. */
const tickMs = 60_000;

interface State {
  readonly memory: TriageMemory;
  readonly rules: ReplayedRules;
  /** Incidents whose alerts have all been routed, as triage keeps them. */
  readonly routed: Set<number>;
  /** As they would be stored. */
  readonly incidents: Map<number, Incident>;
  readonly shown: Map<number, readonly CardPlace[]>;
  /** Incidents with a channel of their own. */
  readonly opened: Set<number>;
  /** Firings that were held open with an earlier one. */
  readonly parts: Map<string, TrackedAlert>;
}

/** @param correlator - new and empty. */
export function createReplayedTriage(correlator: Correlator, rules: ReplayedRules): Placing {
  const memory = createMemory(correlator, rules);
  const state: State = {
    ...{ memory, rules, routed: new Set(), incidents: new Map(), shown: new Map() },
    ...{ opened: new Set(), parts: new Map() },
  };
  let now = new Date(0);

  /** What time alone does until a moment; without an alert that fires there is nothing for it to do. */
  function passUntil(at: Date): void {
    let next = nextTick(now);
    for (; memory.firing.size > 0 && next < at; next = nextTick(next)) {
      const ended = passTime(memory, { now: next, timeoutMs: rules.timeoutMs });
      carryOut(state, placeAfterTime(memory, ended, { settings: settingsAt(rules, next), now: next }), next);
    }
    if (at > now) now = at;
  }

  return {
    take(said, at) {
      passUntil(at);
      const reports = said.flatMap((one) =>
        one.kind === "alert" ? [{ alert: one.alert, receivedAt: at }] : [],
      );
      const observations = said.filter(({ kind }) => kind !== "alert");
      const taken = takeReports(memory, reports, { observations, settings: settingsAt(rules, now), now });
      carryOut(state, placeReports(memory, taken), now);
    },
    *alerts() {
      yield* memory.alerts.values();
      yield* partsOf(state);
    },
    cards: () => cardsOf(state),
  };
}

function nextTick(after: Date): Date {
  return new Date((Math.floor(after.getTime() / tickMs) + 1) * tickMs);
}

/** Incidents go on as their alerts moved, and are shown where that brings them. */
function carryOut(state: State, movement: Movement, now: Date): void {
  const { memory, incidents } = state;
  const brought = new Map<number, TrackedAlert[]>();
  for (const tracked of movement.alerts.values()) {
    append(brought, tracked.incidentId, tracked);
    if (tracked.partOf !== undefined) state.parts.set(tracked.key, tracked);
  }
  const merges = new Map(movement.correlation.merges.map(({ from, into }) => [from, into]));
  const moved = touchedBy(movement).flatMap(
    (id) => moveIncident(memory, incidents, id, { merges, movement, now }) ?? [],
  );
  for (const { incident } of moved) {
    incidents.set(incident.id, incident);
    show(state, incident, brought.get(incident.id) ?? []);
    know(memory, incident);
    if (!memory.incidents.has(incident.id)) state.routed.delete(incident.id);
  }
}

function show(state: State, incident: Incident, brought: readonly TrackedAlert[]): void {
  const { shown, opened, memory, rules } = state;
  const { id } = incident;
  const routes = [...rules.routes, ...rules.past.subscriptions];
  const channels = channelsFor(state, incident, { known: shown, routes, brought });
  const places = channels.map(({ platform, id: channel }): CardPlace => ({ platform, channel }));
  if (places.length > 0) shown.set(id, places);
  const mayOpen = rules.ownChannels.some((rule) => opensByItself(incident, rule, null));
  if (!mayOpen || opened.has(id)) return;
  const heard = [...membersOf(memory, id)].flatMap(({ alert, mutedBy }) => (mutedBy === null ? [alert] : []));
  if (opensByItself(incident, channelRuleFor(rules.ownChannels, heard), null)) opened.add(id);
}

function cardsOf({ shown, opened }: State): ReadonlyMap<number, readonly string[]> {
  const cards = new Map<number, readonly string[]>();
  for (const [id, places] of shown)
    cards.set(
      id,
      places.map(({ platform, channel }) => channelName({ platform, id: channel })),
    );
  for (const id of opened) cards.set(id, [...(cards.get(id) ?? []), ownChannelName]);
  return cards;
}

function* partsOf({ parts, memory }: State): Generator<TrackedAlert> {
  for (const part of parts.values()) {
    const holder = part.partOf === undefined ? undefined : memory.alerts.get(part.partOf);
    if (!memory.alerts.has(part.key)) yield { ...part, incidentId: holder?.incidentId ?? part.incidentId };
  }
}
