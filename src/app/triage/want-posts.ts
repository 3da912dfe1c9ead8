/** Where incidents that changed are to be shown, and when they are to be explained. */
import type { TrackedAlert } from "../../domain/alert/tracked.ts";
import type { Alert } from "../../domain/alert.ts";
import { type Route, routesOf } from "../../domain/chat/routing.ts";
import type { Incident } from "../../domain/incident.ts";
import {
  type Channel,
  channelName,
  type Job,
  parseChannel,
  type StoreSlices,
  type WantedPost,
} from "../../ports.ts";
import type { LineKeeper } from "../incident-lines.ts";
import { membersOf } from "./memory.ts";
import { append } from "./movement.ts";

/**
 * In a storm an incident is explained once in so long; its first explanation comes at once. The more incidents there
 * are that get explained, the longer: all together ask for four in a second, since each reads hundreds of alerts.
 */
const explainEveryMs = 2_000;
const perExplainedMs = 250;
const longestExplainEveryMs = 30_000;

/** What saving needs of the one who leads. */
export interface Leader extends LineKeeper {
  /** When an incident was last to be explained at once, ms. */
  readonly explainedAt: Map<number, number>;
  /** Incidents whose alerts have all been routed, but for those that a batch brings. */
  readonly routed: Set<number>;
}

/** A channel that shows a card. */
export interface CardPlace {
  readonly platform: string;
  readonly channel: string;
}

/** What is to be shown, and where. */
interface Showing {
  readonly saved: readonly Incident[];
  readonly routes: readonly Route[];
  readonly follow: (incidentId: number) => readonly Job[];
  /** Lines for the threads, by their ids. */
  readonly lines: readonly { readonly incidentId: number; readonly id: number }[];
  readonly alerts: Iterable<TrackedAlert>;
  /** Where cards of these incidents are. */
  readonly known: ReadonlyMap<number, readonly CardPlace[]>;
  readonly now: Date;
}

/** Cards, lines under them, and the jobs that bring them there. */
export async function wantPosts(tx: StoreSlices, leader: Leader, showing: Showing): Promise<void> {
  const brought = new Map<number, TrackedAlert[]>();
  for (const tracked of showing.alerts) append(brought, tracked.incidentId, tracked);
  const wanted = showing.saved.flatMap((incident) => {
    const lines = showing.lines.filter(({ incidentId }) => incidentId === incident.id);
    const channels = channelsFor(leader, incident, { ...showing, brought: brought.get(incident.id) ?? [] });
    return channels.flatMap((channel) => postsIn(channel, incident, lines));
  });
  await tx.posts.want(wanted, showing.now);
  const channels = new Map(
    wanted.map(({ platform, channel }) => [`${platform}:${channel}`, { platform, channel }]),
  );
  await tx.jobs.addAll([
    ...[...channels.values()].map((channel): Job => ({ task: "post", ...channel })),
    ...showing.saved.flatMap(({ id }) => showing.follow(id)),
  ]);
  await wantExplanations(tx, leader, showing);
}

/** Where it is shown already, and where what a batch brought has it shown from now on. */
export function channelsFor(
  leader: Pick<Leader, "memory" | "routed">,
  incident: Incident,
  {
    brought,
    known,
    routes,
  }: Pick<Showing, "known" | "routes"> & { readonly brought: readonly TrackedAlert[] },
): readonly Channel[] {
  const has = known.get(incident.id) ?? [];
  const isShown = !incident.isMuted && !(incident.state === "resolved" && has.length === 0);
  if (!isShown) leader.routed.delete(incident.id);
  const routed = isShown ? routesOf(routes, notYetRouted(leader, incident.id, brought)) : [];
  const names = new Set([
    ...has.map(({ platform, channel }) => channelName({ platform, id: channel })),
    ...routed,
  ]);
  return [...names].flatMap((name) => parseChannel(name) ?? []);
}

/**
 * Alerts that may bring an incident into another channel: all of them the first time it is shown, then what a batch
 * brings, since posts are never taken away again. What is muted brings it nowhere.
 */
function notYetRouted(
  leader: Pick<Leader, "memory" | "routed">,
  incidentId: number,
  brought: readonly TrackedAlert[],
): Alert[] {
  const isKnown = leader.routed.has(incidentId);
  leader.routed.add(incidentId);
  const candidates = isKnown ? brought : [...membersOf(leader.memory, incidentId)];
  return candidates.filter(({ mutedBy }) => mutedBy === null).map(({ alert }) => alert);
}

/** The card of an incident in a channel, and new lines of its thread there. */
function postsIn(
  { platform, id: channel }: Channel,
  incident: Incident,
  lines: Showing["lines"],
): readonly WantedPost[] {
  const card = { kind: "incident", subject: incident.id } as const;
  return [
    { platform, channel, ...card, desiredRevision: incident.revision, threadOf: null },
    ...lines.map(
      ({ id }): WantedPost => ({
        platform,
        channel,
        kind: "entry",
        subject: id,
        desiredRevision: 1,
        threadOf: card,
      }),
    ),
  ];
}

async function wantExplanations(tx: StoreSlices, leader: Leader, { saved, now }: Showing): Promise<void> {
  const everyMs = explainAgainMs(leader.explainedAt.values(), now);
  for (const { id } of saved) {
    const nextMs = (leader.explainedAt.get(id) ?? 0) + everyMs;
    const isDue = nextMs <= now.getTime();
    if (isDue) leader.explainedAt.set(id, now.getTime());
    await tx.jobs.add({ task: "explain", incidentId: id }, isDue ? {} : { runAt: new Date(nextMs) });
  }
}

/** Forgets explanations that are too long ago to make anything wait. */
export function forgetExplained({ explainedAt }: Pick<Leader, "explainedAt">, now: Date): void {
  for (const [id, at] of explainedAt) if (now.getTime() - at >= longestExplainEveryMs) explainedAt.delete(id);
}

/**
 * How long an incident waits for its next explanation, ms.
 * @param explainedAt - when each incident was last to be explained, ms.
 */
export function explainAgainMs(explainedAt: Iterable<number>, now: Date): number {
  let recent = 0;
  for (const at of explainedAt) if (now.getTime() - at < longestExplainEveryMs) recent += 1;
  return Math.min(longestExplainEveryMs, Math.max(explainEveryMs, recent * perExplainedMs));
}
