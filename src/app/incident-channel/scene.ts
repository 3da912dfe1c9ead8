/** What the channel of one incident is and what it should be. */
import {
  bookmarksOf,
  type ChannelRule,
  type ChannelSettings,
  type ChannelWish,
  channelRuleFor,
  newChannel,
  opensByItself,
  purposeOf,
  topicOf,
} from "../../domain/incident/channel.ts";
import { calledSoFar, type EscalationRule } from "../../domain/people/escalation.ts";
import { botPerson, type Person } from "../../domain/people/person.ts";
import type { ChannelHost, Clock, IncidentChannel, Log, ModelEntry, Store } from "../../ports.ts";
import type { Effects } from "../effects.ts";
import type { Obstacles } from "../obstacles.ts";
import type { OnCall } from "../on-call.ts";

export interface IncidentChannelOptions {
  readonly store: Store;
  readonly settings: ChannelSettings;
  readonly host: ChannelHost;
  readonly onCall: OnCall;
  /** By which people are called while nobody acknowledges an incident. */
  readonly escalation: readonly EscalationRule[];
  readonly people: readonly Person[];
  readonly models: readonly Pick<ModelEntry, "services" | "dashboards">[];
  readonly effects: Effects;
  readonly obstacles: Obstacles;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Scene {
  readonly wish: ChannelWish;
  readonly rule: ChannelRule | null;
  readonly known: IncidentChannel;
}

/** Alerts of an incident in which its rule is looked for. */
const maxAlerts = 1_000;
/**
 * So long rotas are not asked again at most, ms: calendars do not say when a turn ends, and tocsin.yaml may give turns
 * away.
 */
const rotasEveryMs = 15 * 60_000;

/** Looks at one incident; asks for a channel where a rule wants one. Null when there is nothing to do. */
export function createLook(options: IncidentChannelOptions): (incidentId: number) => Promise<Scene | null> {
  const { store, host, settings, clock } = options;

  async function look(incidentId: number): Promise<Scene | null> {
    const incident = await store.incidents.find(incidentId);
    if (incident === null) return null;
    const before = await store.incidentChannels.find(incidentId);
    if (before === null && !settings.rules.some((rule) => opensByItself(incident, rule, null))) return null;
    const alerts = (await store.incidents.alerts(incidentId, maxAlerts)).filter(
      ({ mutedBy }) => mutedBy === null,
    );
    const rule = channelRuleFor(
      settings.rules,
      alerts.map(({ alert }) => alert),
    );
    if (opensByItself(incident, rule, before)) {
      await store.incidentChannels.add(
        newChannel(host.platform, { incidentId, before, askedBy: null }, clock.now()),
      );
      return look(incidentId);
    }
    if (before === null) return null;
    const people = await peopleFor(incident, rule, before);
    const wish = {
      incident,
      purpose: purposeOf(incident),
      topic: topicOf(incident, nameOf),
      bookmarks: bookmarksOf(incident, rule, { consoleUrl: settings.consoleUrl, models: options.models }),
      people: people.ids,
      peopleUntil: people.until,
      // The alerts of a merged incident are elsewhere, and its rule with them.
      archiveAfterMs: rule === null ? (before.shown.archiveAfterMs ?? null) : rule.archiveAfterMs,
    };
    return { wish, rule, known: before };
  }

  /** Who should be in it now, and until when that is surely so. Nobody is brought in once it is over. */
  async function peopleFor(
    incident: ChannelWish["incident"],
    rule: ChannelRule | null,
    { askedBy }: IncidentChannel,
  ): Promise<{ readonly ids: readonly string[]; readonly until: Date | null }> {
    if (incident.state === "resolved") return { ids: [], until: null };
    const called = await calledFor(incident);
    const now = clock.now();
    const turns = [...(await options.onCall.at(now, [...(rule?.rotas ?? []), ...called.rotas])).values()];
    const onCall = turns.flatMap((turn) => (turn.kind === "turn" ? [turn.person] : []));
    const { assignedTo, acknowledgedBy } = incident;
    const all = [...onCall, ...(rule?.people ?? []), ...called.people, assignedTo, acknowledgedBy, askedBy];
    const ids = [...new Set(all)].flatMap((id) => (id === null || id === botPerson.id ? [] : [id]));
    if (turns.length === 0) return { ids, until: null };
    const ends = turns.flatMap((turn) => (turn.kind === "turn" ? (turn.until ?? []) : []));
    const soonest = Math.min(now.getTime() + rotasEveryMs, ...ends.map((end) => end.getTime()));
    return { ids, until: new Date(soonest) };
  }

  /** Whom its escalation has called since it was opened last. */
  async function calledFor(incident: ChannelWish["incident"]) {
    const known = await store.escalations.find(incident.id);
    const isOfNow = known !== null && known.since >= (await store.escalations.openSince(incident));
    return isOfNow ? calledSoFar(options.escalation, known) : { people: [], rotas: [] };
  }

  function nameOf(person: string): string {
    return options.people.find(({ id }) => id === person)?.name ?? person;
  }

  return look;
}
