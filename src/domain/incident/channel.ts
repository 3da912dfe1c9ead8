/**
 * A chat channel of an incident's own: when it is opened, what it is called, what it says of the incident at its head,
 * who is brought in and when it is put away.
 */
import { type Alert, compareSeverity, type Severity } from "../alert.ts";
import { matchable } from "../chat/routing.ts";
import type { Incident } from "../incident.ts";
import { type Matcher, matchesAll } from "../suppression/matcher.ts";
import { oneLine, safeUrl } from "../view.ts";
import { incidentPageUrl } from "./page-address.ts";
import { stateWord } from "./view.ts";

/** A link at the head of a channel. */
export interface Bookmark {
  readonly title: string;
  readonly url: string;
}

/** Which incidents may have a channel, and what it is like. The first rule that an incident matches is its rule. */
export interface ChannelRule {
  /** All must hold on one alert; empty for every incident. */
  readonly match: readonly Matcher[];
  /** Opened by itself when the incident is this bad or worse; null for only when a person asks. */
  readonly atLeast: Severity | null;
  readonly isPrivate: boolean;
  /** Whoever is on call there is invited. */
  readonly rotas: readonly string[];
  /** Ids of people who are always invited. */
  readonly people: readonly string[];
  /** How long after it is resolved the channel is archived, ms; null for never. */
  readonly archiveAfterMs: number | null;
  /** `{service}` in an address stands for each of the incident's services. */
  readonly bookmarks: readonly Bookmark[];
}

export interface ChannelSettings {
  readonly rules: readonly ChannelRule[];
  /** What names begin with: "inc". */
  readonly prefix: string;
  /** Where people reach the console; null when nobody said. */
  readonly consoleUrl: string | null;
}

/**
 * wanted: it is to be opened. creating: the platform was asked, and what came of it is not known. open: it is there.
 * closed: it takes nothing any more. given_up: it was not opened before all was over.
 */
export type ChannelState = "wanted" | "creating" | "open" | "closed" | "given_up";

/** One channel of an incident's own. A reopened incident whose channel is archived gets another: `serial` counts them. */
export interface IncidentChannel {
  readonly incidentId: number;
  readonly serial: number;
  readonly platform: string;
  readonly state: ChannelState;
  /** Who asked for it; null when a rule did. */
  readonly askedBy: string | null;
  /** The platform's id of it; null until it is open. */
  readonly channel: string | null;
  readonly name: string | null;
  /** Names that turned out to be taken. */
  readonly namesTaken: number;
  readonly attemptedAt: Date | null;
  /** The platform refused a message there: it has to be looked at. */
  readonly doubtedAt: Date | null;
  readonly shown: ChannelHead;
  /** "time" when the bot archived it, "people" when somebody else did or took the bot out. */
  readonly closedBy: "time" | "people" | null;
  readonly createdAt: Date;
  readonly closedAt: Date | null;
}

/** What the platform has been told of the channel so far. */
export interface ChannelHead {
  readonly purpose?: string;
  readonly topic?: string;
  /** When the topic was set, ISO 8601. */
  readonly topicAt?: string;
  /** Addresses of bookmarks. */
  readonly bookmarks?: readonly string[];
  /** Person id to what came of the invitation: "invited", or why not. */
  readonly invited?: Readonly<Record<string, string>>;
  /** What its rule said of its end when it was opened, ms; null for never. */
  readonly archiveAfterMs?: number | null;
  /** The line of the history that says that it will be archived. */
  readonly farewell?: number;
}

/** Longest names, topics and purposes that Slack takes. @see https://docs.slack.dev/reference/methods/conversations.setTopic */
const maxName = 80;
const maxText = 250;
const maxSlug = 40;
/** Bookmarks for services beyond this are left out. */
const maxServices = 3;
const maxBookmarks = 15;
/** A topic is changed no more often than this, ms: each change is a line in the channel. */
export const topicEveryMs = 30_000;

/** The rule that an incident falls under; null when there is none. */
export function channelRuleFor(rules: readonly ChannelRule[], alerts: readonly Alert[]): ChannelRule | null {
  const labels = alerts.map(matchable);
  const fits = ({ match }: ChannelRule) => match.length === 0 || labels.some((one) => matchesAll(match, one));
  return rules.find(fits) ?? null;
}

/** Whether a channel is to be opened now without anybody asking. */
export function opensByItself(
  incident: Incident,
  rule: ChannelRule | null,
  known: IncidentChannel | null,
): boolean {
  if (rule?.atLeast == null || incident.state === "resolved" || incident.isMuted) return false;
  if (known !== null) return known.state === "closed" && known.closedBy === "time";
  return compareSeverity(incident.severity, rule.atLeast) <= 0;
}

/**
 * "inc-12-checkout-is-slow", and with a number behind it once that is taken: lower-case letters, digits and hyphens, at
 * most 80.
 */
export function channelNameOf(
  prefix: string,
  incident: Pick<Incident, "id" | "title">,
  taken: number,
): string {
  const slug = incident.title
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, maxSlug)
    .replace(/^-+|-+$/g, "");
  const parts = [prefix, `${incident.id}`, slug, taken === 0 ? "" : `${taken + 1}`];
  return parts
    .filter((part) => part !== "")
    .join("-")
    .slice(0, maxName);
}

/** "critical · open · Ada has it": only what changes seldom. */
export function topicOf(incident: Incident, nameOf: (person: string) => string): string {
  const who = incident.assignedTo ?? incident.acknowledgedBy;
  const has = who === null ? "nobody has it yet" : `${nameOf(who)} has it`;
  const parts = [incident.severity, stateWord(incident), ...(incident.state === "resolved" ? [] : [has])];
  return oneLine(parts.join(" · "), maxText);
}

/** "Incident 12: Checkout is slow." */
export function purposeOf(incident: Pick<Incident, "id" | "title">): string {
  return oneLine(`Incident ${incident.id}: ${incident.title}`, maxText);
}

/**
 * The incident in the console, and its report once it is over; the rule's own links, dashboards of models of its
 * services; each address once.
 */
export function bookmarksOf(
  incident: Pick<Incident, "id" | "services" | "state">,
  rule: Pick<ChannelRule, "bookmarks"> | null,
  more: {
    readonly consoleUrl: string | null;
    readonly models: readonly {
      readonly services: readonly string[];
      readonly dashboards: readonly { readonly name: string; readonly url: string }[];
    }[];
  },
): readonly Bookmark[] {
  const page = more.consoleUrl === null ? null : incidentPageUrl(more.consoleUrl, incident.id);
  const own = page === null ? [] : [{ title: `Incident ${incident.id}`, url: page }];
  const report =
    page === null || incident.state !== "resolved"
      ? []
      : [{ title: `Report of incident ${incident.id}`, url: `${page}/report` }];
  const services = incident.services.slice(0, maxServices);
  const ruled = (rule?.bookmarks ?? []).flatMap(({ title, url }) =>
    url.includes("{service}")
      ? services.map((service) => ({
          title: `${title}: ${service}`,
          url: url.replaceAll("{service}", encodeURIComponent(service)),
        }))
      : [{ title, url }],
  );
  const dashboards = more.models
    .filter((model) => model.services.some((service) => incident.services.includes(service)))
    .flatMap((model) => model.dashboards.map(({ name, url }) => ({ title: name, url })));
  const links = [...own, ...report, ...ruled, ...dashboards].flatMap(({ title, url }) => {
    const safe = safeUrl(url);
    return safe === null ? [] : [{ title: oneLine(title, 80), url: safe }];
  });
  return [...new Map(links.map((link) => [link.url, link])).values()].slice(0, maxBookmarks);
}

/** What a channel should be like now. */
export interface ChannelWish {
  readonly incident: Incident;
  readonly purpose: string;
  readonly topic: string;
  readonly bookmarks: readonly Bookmark[];
  /** Ids of people to be brought in, each once. */
  readonly people: readonly string[];
  /** When others may be on call; null while that does not matter. */
  readonly peopleUntil: Date | null;
  readonly archiveAfterMs: number | null;
}

export type ChannelStep =
  | { readonly kind: "create" }
  | { readonly kind: "give_up" }
  | { readonly kind: "look" }
  | { readonly kind: "purpose" }
  | { readonly kind: "topic" }
  | { readonly kind: "bookmark"; readonly bookmark: Bookmark }
  | { readonly kind: "invite"; readonly person: string }
  | { readonly kind: "farewell" }
  | { readonly kind: "archive" }
  /** Nothing to do before then; null for not at all. */
  | { readonly kind: "rest"; readonly until: Date | null };

/**
 * The one next thing that brings a channel to what it should be.
 * @param skipped - kinds that the platform refuses for now.
 */
export function nextStep(
  known: IncidentChannel,
  wish: ChannelWish,
  { now, skipped }: { readonly now: Date; readonly skipped: ReadonlySet<ChannelStep["kind"]> },
): ChannelStep {
  const { incident } = wish;
  const isOver = incident.state === "resolved";
  if (known.state === "closed" || known.state === "given_up") return { kind: "rest", until: null };
  if (known.state === "wanted" && isOver && known.askedBy === null) return { kind: "give_up" };
  if (known.state !== "open")
    return skipped.has("create") ? { kind: "rest", until: null } : { kind: "create" };
  if (known.doubtedAt !== null) return { kind: "look" };
  const { shown } = known;
  const topicFrom = shown.topicAt === undefined ? null : new Date(Date.parse(shown.topicAt) + topicEveryMs);
  const isTopicDue = shown.topic !== wish.topic && !skipped.has("topic");
  const steps: ChannelStep[] = [];
  // Said once: each change of it is a line in the channel, and the card has the title of now.
  if (shown.purpose === undefined) steps.push({ kind: "purpose" });
  if (isTopicDue && (topicFrom === null || topicFrom <= now)) steps.push({ kind: "topic" });
  for (const person of wish.people)
    if (shown.invited?.[person] === undefined) steps.push({ kind: "invite", person });
  for (const bookmark of wish.bookmarks)
    if (!(shown.bookmarks ?? []).includes(bookmark.url)) steps.push({ kind: "bookmark", bookmark });
  const [next] = steps.filter(({ kind }) => !skipped.has(kind));
  if (next !== undefined) return next;
  const until = earliest(isTopicDue ? topicFrom : null, wish.peopleUntil);
  if (!isOver || incident.resolvedAt === null || wish.archiveAfterMs === null) return { kind: "rest", until };
  const archiveAt = new Date(incident.resolvedAt.getTime() + wish.archiveAfterMs);
  if (archiveAt > now) return { kind: "rest", until: earliest(archiveAt, until) };
  if (shown.farewell === undefined) return { kind: "farewell" };
  return skipped.has("archive") ? { kind: "rest", until } : { kind: "archive" };
}

function earliest(one: Date | null, other: Date | null): Date | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}

/** One that is to be opened. */
export function newChannel(
  platform: string,
  asked: {
    readonly incidentId: number;
    readonly before: IncidentChannel | null;
    readonly askedBy: string | null;
  },
  now: Date,
): IncidentChannel {
  return {
    incidentId: asked.incidentId,
    serial: (asked.before?.serial ?? 0) + 1,
    platform,
    state: "wanted",
    askedBy: asked.askedBy,
    channel: null,
    name: null,
    namesTaken: 0,
    attemptedAt: null,
    doubtedAt: null,
    shown: {},
    closedBy: null,
    createdAt: now,
    closedAt: null,
  };
}
