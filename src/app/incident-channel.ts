/**
 * Opens a chat channel of an incident's own and keeps it true: its topic, its links, who is in it, and that it is put
 * away in the end. One step at a time, each remembered before the next. Before a creation its name is committed, and
 * whoever finds it so later looks for a channel of that name that the bot made, so that there are never two.
 */
import {
  bookmarksOf,
  type ChannelRule,
  type ChannelSettings,
  type ChannelStep,
  type ChannelWish,
  channelNameOf,
  channelRuleFor,
  newChannel,
  nextStep,
  opensByItself,
  purposeOf,
  topicOf,
} from "../domain/incident/channel.ts";
import { calledSoFar, type EscalationRule } from "../domain/people/escalation.ts";
import { botPerson, type Person } from "../domain/people/person.ts";
import type {
  ChannelHost,
  Clock,
  HostAnswer,
  IncidentChannel,
  Log,
  ModelEntry,
  Store,
  StoreSlices,
} from "../ports.ts";
import type { Effects } from "./effects.ts";
import type { Obstacles } from "./obstacles.ts";
import type { OnCall } from "./on-call.ts";

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

export interface IncidentChannels {
  /** Brings the channel of one incident up to date; safe at any time. Asks to be called again when something is due. */
  reconcile(incidentId: number): Promise<void>;
}

/** Steps of one call; more are left to the next. */
const maxSteps = 40;
/** Alerts of an incident in which its rule is looked for. */
const maxAlerts = 1_000;
/** What a platform refuses is tried again after this, ms. */
const refusedMs = 300_000;
const retryMs = 5_000;
/**
 * So long rotas are not asked again at most, ms: calendars do not say when a turn ends, and tocsin.yaml may give turns
 * away.
 */
const rotasEveryMs = 15 * 60_000;
/** The farewell is given this long to arrive before the channel is looked at again, ms. */
const farewellMs = 2_000;
/** Names that are tried before it is given up. */
const maxNames = 20;
/** Clocks of the bot and of the platform may differ by this much, ms. */
const skewMs = 60_000;

/** After a step: go on, leave this kind of step out, or come back then. */
type Outcome =
  | { readonly kind: "on" }
  | { readonly kind: "skip" }
  | { readonly kind: "later"; readonly ms: number };
const on: Outcome = { kind: "on" };

type Changed = Partial<Omit<IncidentChannel, "incidentId" | "serial">>;

interface Scene {
  readonly wish: ChannelWish;
  readonly rule: ChannelRule | null;
  readonly known: IncidentChannel;
}

export function createIncidentChannels(options: IncidentChannelOptions): IncidentChannels {
  const { store, host, settings, clock, log } = options;

  async function reconcile(incidentId: number): Promise<void> {
    const skipped = new Set<ChannelStep["kind"]>();
    for (let count = 0; count < maxSteps; count += 1) {
      const scene = await look(incidentId);
      if (scene === null) return;
      const step = nextStep(scene.known, scene.wish, { now: clock.now(), skipped });
      if (step.kind === "rest") return rest(incidentId, step.until, skipped.size > 0);
      const outcome = await take(scene, step);
      if (outcome.kind === "skip") skipped.add(step.kind);
      if (outcome.kind === "later") return again(incidentId, new Date(clock.now().getTime() + outcome.ms));
    }
    await again(incidentId, null);
  }

  async function rest(incidentId: number, until: Date | null, isRefused: boolean): Promise<void> {
    const retryAt = new Date(clock.now().getTime() + refusedMs);
    const at = isRefused && (until === null || retryAt < until) ? retryAt : until;
    if (at !== null) await again(incidentId, at);
  }

  async function again(incidentId: number, runAt: Date | null): Promise<void> {
    await store.jobs.add({ task: "channel", incidentId }, { runAt });
  }

  /** What is and what should be; asks for a channel where a rule wants one. Null when there is nothing to do. */
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

  async function take(scene: Scene, step: Exclude<ChannelStep, { kind: "rest" }>): Promise<Outcome> {
    const { known, wish } = scene;
    switch (step.kind) {
      case "give_up":
        await save(known, { state: "given_up", closedAt: clock.now() });
        return on;
      case "create":
        return create(scene);
      case "farewell":
        return sayFarewell(scene);
      case "archive":
        return archive(scene);
      default:
        break;
    }
    const { channel } = known;
    if (channel === null) return { kind: "later", ms: refusedMs };
    const { shown } = known;
    switch (step.kind) {
      case "look":
        return keep(known, step, await host.look(channel), { doubtedAt: null });
      case "purpose":
        return keep(known, step, await host.setPurpose(channel, wish.purpose), {
          shown: { ...shown, purpose: wish.purpose },
        });
      case "topic":
        return keep(known, step, await host.setTopic(channel, wish.topic), {
          shown: { ...shown, topic: wish.topic, topicAt: clock.now().toISOString() },
        });
      case "bookmark":
        return keep(known, step, await host.addBookmark(channel, step.bookmark), {
          shown: { ...shown, bookmarks: [...(shown.bookmarks ?? []), step.bookmark.url] },
        });
      case "invite":
        return invite(known, channel, step);
    }
  }

  /** Remembers what the platform did, or says what it refused. */
  async function keep(
    known: IncidentChannel,
    step: ChannelStep,
    answer: HostAnswer,
    done: Changed,
  ): Promise<Outcome> {
    if (answer.kind === "done") {
      await save(known, done);
      await told(known, step, null);
      return on;
    }
    if (answer.kind === "gone") {
      await close(known, "people", answer.problem);
      return on;
    }
    if (answer.kind === "refused") {
      await told(known, step, answer);
      return { kind: "skip" };
    }
    if (answer.kind === "rate_limited") return { kind: "later", ms: answer.retryAfterMs };
    log.warn(
      { incident: known.incidentId, step: step.kind, problem: answer.problem },
      "channel: trying later",
    );
    return { kind: "later", ms: retryMs };
  }

  async function told(
    { platform, channel }: IncidentChannel,
    { kind }: ChannelStep,
    obstacle: { readonly problem: string; readonly remedy: string } | null,
  ): Promise<void> {
    const troubles = await store.troubles.inWayOf(platform, channel ?? "");
    const shownIn = kind === "create" ? null : channel;
    const problem = obstacle === null ? null : { problem: obstacle.problem, remedy: obstacle.remedy };
    await options.obstacles.beside(
      { platform, channel: shownIn },
      { part: `channel-${kind}`, obstacle: problem },
      troubles,
    );
  }

  async function create(scene: Scene): Promise<Outcome> {
    const { known, wish, rule } = scene;
    if (known.state === "creating" && known.name !== null && known.attemptedAt !== null) {
      const found = await host.find(known.name, new Date(known.createdAt.getTime() - skewMs));
      if (found.kind === "found") return adopt(scene, found);
      if (found.kind !== "absent") return keep(known, { kind: "create" }, found, {});
      const waitMs = known.attemptedAt.getTime() + host.settleMs - clock.now().getTime();
      if (waitMs > 0) return { kind: "later", ms: waitMs };
    }
    const name = channelNameOf(settings.prefix, wish.incident, known.namesTaken);
    const trying = await save(known, { state: "creating", name, attemptedAt: clock.now() });
    const made = await host.create(name, rule?.isPrivate === true ? "private" : "public");
    if (made.kind === "created") return adopt({ ...scene, known: trying }, made);
    if (made.kind === "taken") return tryNextName(scene, trying, name);
    // Surely not made: nothing needs to be looked for.
    if (made.kind !== "ambiguous") await save(trying, { state: "wanted" });
    return keep(trying, { kind: "create" }, made, {});
  }

  /** The name is somebody else's, or that of an earlier attempt of our own. */
  async function tryNextName(scene: Scene, known: IncidentChannel, name: string): Promise<Outcome> {
    const found = await host.find(name, new Date(known.createdAt.getTime() - skewMs));
    if (found.kind === "found") return adopt({ ...scene, known }, found);
    if (found.kind !== "absent") return keep(known, { kind: "create" }, found, {});
    const namesTaken = known.namesTaken + 1;
    await save(known, { state: "wanted", namesTaken });
    if (namesTaken < maxNames) return on;
    await told(
      known,
      { kind: "create" },
      {
        problem: `the name ${name} and ${maxNames - 1} like it are taken`,
        remedy: "choose another prefix under incidentChannels in tocsin.yaml",
      },
    );
    return { kind: "skip" };
  }

  /** It is there: it becomes one more place of the incident, and everybody hears of it. */
  async function adopt(
    { known, rule }: Scene,
    { channel, name }: { readonly channel: string; readonly name: string },
  ): Promise<Outcome> {
    const now = clock.now();
    const { incidentId, platform } = known;
    await store.transaction(async (tx) => {
      const shown = { ...known.shown, archiveAfterMs: rule?.archiveAfterMs ?? null };
      await tx.incidentChannels.save(known, { state: "open", channel, name, shown });
      const incident = await tx.incidents.findForUpdate(incidentId);
      if (incident === null) return;
      const card = { platform, channel, kind: "incident", subject: incidentId } as const;
      await tx.posts.want([{ ...card, desiredRevision: incident.revision, threadOf: null }], now);
      await record(tx, known, {
        action: "incident.channel_opened",
        text: `channel #${name} is open for it`,
        name,
      });
    });
    log.info({ incident: incidentId, channel: `${platform}:${channel}`, name }, "channel: opened");
    await told({ ...known, channel }, { kind: "create" }, null);
    return on;
  }

  async function invite(
    known: IncidentChannel,
    channel: string,
    step: Extract<ChannelStep, { kind: "invite" }>,
  ): Promise<Outcome> {
    const account = await accountOf(step.person);
    const note = (said: string) => ({
      shown: { ...known.shown, invited: { ...known.shown.invited, [step.person]: said } },
    });
    if (account === undefined) {
      await save(known, note(`no ${host.platform} account is known`));
      return on;
    }
    const answer = await host.invite(channel, account);
    if (answer.kind !== "not_invited") return keep(known, step, answer, note("invited"));
    log.warn(
      { incident: known.incidentId, person: step.person, problem: answer.problem },
      "channel: not invited",
    );
    await save(known, note(answer.problem));
    return on;
  }

  /** As tocsin.yaml has it, else one that the person linked. */
  async function accountOf(person: string): Promise<string | undefined> {
    const configured = options.people.find(({ id }) => id === person)?.accounts[host.platform];
    if (configured !== undefined) return configured;
    const links = await store.links.ofPerson(person);
    return links.find(({ platform }) => platform === host.platform)?.account;
  }

  /** The last message: a line of the history, said in this channel alone. */
  async function sayFarewell({ known, wish }: Scene): Promise<Outcome> {
    const now = clock.now();
    const { channel, platform, incidentId } = known;
    if (channel === null) return { kind: "later", ms: refusedMs };
    const text = `resolved, so this channel is archived now; what was said stays here, and the history under /incident report ${incidentId}`;
    await store.transaction(async (tx) => {
      const entry = {
        incidentId,
        at: now,
        kind: "note",
        actor: "tocsin",
        text,
        data: {},
        isPosted: true,
      } as const;
      const [id] = await tx.incidents.addTimeline([entry]);
      if (id === undefined) return;
      const line = {
        platform,
        channel,
        kind: "entry",
        subject: id,
        desiredRevision: 1,
        threadOf: null,
      } as const;
      await tx.posts.want([line], now);
      await tx.jobs.add({ task: "post", platform, channel });
      await tx.incidentChannels.save(known, { shown: { ...known.shown, farewell: id } });
    });
    log.debug({ incident: wish.incident.id, channel }, "channel: said that it is archived");
    return { kind: "later", ms: farewellMs };
  }

  async function archive({ known }: Scene): Promise<Outcome> {
    const { channel, platform, shown } = known;
    if (channel === null || shown.farewell === undefined) return { kind: "later", ms: refusedMs };
    const line = await store.posts.findBySubject(platform, channel, "entry", shown.farewell);
    const isSaid = line === null || line.state === "refused" || line.postedRevision >= line.desiredRevision;
    if (!isSaid) return { kind: "later", ms: farewellMs };
    const answer = await host.archive(channel);
    if (answer.kind === "done") {
      await close(known, "time", "resolved for long enough");
      return on;
    }
    return keep(known, { kind: "archive" }, answer, {});
  }

  /** Nothing more is shown there. That people archived it is a line of the history. */
  async function close(known: IncidentChannel, closedBy: "time" | "people", because: string): Promise<void> {
    const { platform, channel, name } = known;
    await store.transaction(async (tx) => {
      const closed = { state: "closed", closedBy, closedAt: clock.now(), doubtedAt: null } as const;
      await tx.incidentChannels.save(known, closed);
      if (channel !== null) await tx.posts.forget(platform, channel);
      const text = `channel #${name} is no longer used: ${because}`;
      await record(tx, known, {
        action: "incident.channel_closed",
        text,
        name: name ?? "",
        ...(closedBy === "time" ? { isQuiet: true as const } : {}),
      });
    });
    log.info({ incident: known.incidentId, name, closedBy, because }, "channel: closed");
  }

  /** An audit entry, and a line of the history. */
  async function record(
    tx: StoreSlices,
    { incidentId, askedBy, platform }: IncidentChannel,
    what: { readonly action: string; readonly text: string; readonly name: string; readonly isQuiet?: true },
  ): Promise<void> {
    const now = clock.now();
    const incident = await tx.incidents.findForUpdate(incidentId);
    if (incident === null) return;
    const { seq } = await tx.audit.append({
      at: now,
      actor: "tocsin",
      action: what.action,
      subject: `incident:${incidentId}`,
      outcome: "done",
      data: { name: what.name, platform, askedBy },
    });
    const quiet = what.isQuiet === undefined ? {} : { isQuiet: what.isQuiet };
    const entry = { kind: "note", text: what.text, ...quiet } as const;
    await options.effects.apply(tx, [{ kind: "incident", incident, entry }], {
      now,
      actor: "tocsin",
      auditSeq: seq,
    });
  }

  async function save(known: IncidentChannel, values: Changed): Promise<IncidentChannel> {
    await store.incidentChannels.save(known, values);
    return { ...known, ...values };
  }

  function nameOf(person: string): string {
    return options.people.find(({ id }) => id === person)?.name ?? person;
  }

  return { reconcile };
}
