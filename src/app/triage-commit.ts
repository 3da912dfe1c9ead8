import type { TrackedAlert } from "../domain/alert/tracked.ts";
import type { Alert } from "../domain/alert.ts";
import { type Route, routesOf } from "../domain/chat/routing.ts";
import { subscriptionRoute } from "../domain/chat/subscription.ts";
import {
  advanceIncident,
  type Incident,
  type IncidentEvent,
  mergeIncident,
  openIncident,
} from "../domain/incident.ts";
import {
  type Job,
  type NewTimelineEntry,
  parseChannel,
  type StoreSlices,
  type TimelineRevision,
  type WantedPost,
} from "../ports.ts";
import { asChild, familyEvents, gainedFiring } from "./families.ts";
import { type LineKeeper, linesFor, type Moved, noteHeld } from "./incident-lines.ts";
import { append, factsOf, type Movement, membersOf, type TriageMemory } from "./triage-memory.ts";

/**
 * In a storm an incident is explained once in so long; its first explanation comes at once. The more incidents there
 * are that get explained, the longer: all together ask for four in a second, since each reads hundreds of alerts.
 */
const explainEveryMs = 2_000;
const perExplainedMs = 250;
const longestExplainEveryMs = 30_000;

/** What the commit needs of the one who leads. */
export interface Leader extends LineKeeper {
  /** When an incident was last to be explained at once, ms. */
  readonly explainedAt: Map<number, number>;
  /** Incidents whose alerts have all been routed, but for those that a batch brings. */
  readonly routed: Set<number>;
}

/** Stores what a batch did: alerts, incidents, lines of their timelines, posts and jobs. Returns the incidents as stored. */
export async function saveMovement(
  tx: StoreSlices,
  leader: Leader,
  movement: Movement,
  step: {
    readonly now: Date;
    readonly routes: readonly Route[];
    /** What is to be done beside for an incident that changed. */
    readonly follow: (incidentId: number) => readonly Job[];
    /** Whether anybody is to be told while nobody acknowledges. */
    readonly escalates: boolean;
  },
): Promise<readonly Incident[]> {
  const { memory } = leader;
  const merges = new Map(movement.correlation.merges.map((merge) => [merge.from, merge.into]));
  const touched = [...new Set([...movement.touched, ...merges.keys()])].sort((a, b) => a - b);
  // One connection carries these out in this order; none has to wait for the answer to the one before.
  const [, , , found] = await Promise.all([
    tx.incidents.saveAlerts([...movement.alerts.values()]),
    tx.incidents.hearAlerts([...movement.heard.values()]),
    tx.incidents.moveParts(movedWithParts(memory, movement)),
    touched.length === 0 ? [] : tx.incidents.findManyForUpdate(touched),
  ]);
  if (touched.length === 0) return [];
  // People change incidents too: the rows are read again under lock, and only what alerts decide is written.
  const rows = new Map(found.map((incident) => [incident.id, incident]));
  const saved: Incident[] = [];
  const entries: NewTimelineEntry[] = [];
  const revised: TimelineRevision[] = [];
  for (const id of touched) {
    const stepped = moveIncident(memory, rows, id, { merges, movement, now: step.now });
    if (stepped === null) continue;
    saved.push(stepped.incident);
    const lines = linesFor(leader, stepped, movement, step.now);
    entries.push(...lines.added);
    revised.push(...lines.revised);
    if (step.escalates && (stepped.isNew || stepped.events.some(({ kind }) => turns.has(kind))))
      await tx.jobs.add({ task: "escalate", incidentId: id });
  }
  if (saved.length === 0) return [];
  const subjects = saved.map(({ id }) => id);
  const [, ids, , subscriptions, known] = await Promise.all([
    tx.incidents.save(saved),
    tx.incidents.addTimeline(entries),
    tx.incidents.reviseTimeline(revised),
    tx.subscriptions.list(null),
    tx.posts.channelsOfMany("incident", subjects),
  ]);
  noteHeld(leader, entries, ids);
  const added = entries.flatMap((entry, index) => {
    const id = ids[index];
    return id === undefined ? [] : [{ ...entry, id }];
  });
  const lines = [...added, ...revised].filter(({ isPosted }) => isPosted);
  const routes = [...step.routes, ...subscriptions.map(subscriptionRoute)];
  const alerts = movement.alerts.values();
  await wantPosts(tx, leader, { saved, lines, alerts, known, routes, follow: step.follow, now: step.now });
  return saved;
}

/** Alerts that went to another incident and have parts, which are not in memory, to follow them. */
function movedWithParts(memory: TriageMemory, { correlation }: Movement): readonly TrackedAlert[] {
  return correlation.placements
    .filter(({ previousIncidentId }) => previousIncidentId !== null)
    .flatMap(({ key }) => memory.alerts.get(key) ?? [])
    .filter((tracked) => tracked.flapping !== undefined);
}

/** What happens to an incident that changes who has to be told of it. */
const turns: ReadonlySet<IncidentEvent["kind"]> = new Set([
  "resolved",
  "reopened",
  "unmuted",
  "severity_changed",
]);

function moveIncident(
  memory: TriageMemory,
  rows: ReadonlyMap<number, Incident>,
  id: number,
  context: { readonly merges: ReadonlyMap<number, number>; readonly movement: Movement; readonly now: Date },
): Moved | null {
  const before = rows.get(id) ?? null;
  const wasMuted = before?.isMuted ?? false;
  const { correlation } = context.movement;
  const facts = factsOf(memory, id);
  if (facts === null) {
    if (before === null || before.mergedInto !== null) return null;
    const into = context.merges.get(id) ?? destinationOf(context.movement, id);
    return into === null ? null : { ...mergeIncident(before, into, context.now), isNew: false, wasMuted };
  }
  const isFiring = (key: string) => memory.alerts.get(key)?.endedBy === null;
  // The correlator may have forgotten alerts that stay behind: such an incident goes on.
  const merges = correlation.merges.filter(({ from }) => (memory.members.get(from)?.size ?? 0) === 0);
  const family = familyEvents(id, { ...correlation, merges });
  if (before === null) {
    const opened = asChild(openIncident(id, facts, context.now), correlation, rows);
    return { incident: opened, events: family, isNew: true, wasMuted };
  }
  // A merged incident that gets alerts back by a later split stands on its own again.
  const standing = before.mergedInto === null ? before : { ...before, mergedInto: null };
  const stepped = advanceIncident(standing, facts, {
    startedFiring: context.movement.kindled.has(id) || gainedFiring(id, correlation, rows, isFiring),
    isRedrawn: context.movement.redrawn.has(id) || context.movement.told.has(id),
    now: context.now,
  });
  const events = [...family, ...stepped.events];
  // A line alone leaves the card as it is: an edit of it would take the place of another's.
  const isTold = stepped.hasChanged || context.movement.owed.has(id);
  return isTold ? { incident: stepped.incident, events, isNew: false, wasMuted } : null;
}

/** Where the alerts of an emptied incident went. */
function destinationOf(movement: Movement, id: number): number | null {
  return (
    movement.correlation.placements.find((placement) => placement.previousIncidentId === id)?.incidentId ??
    null
  );
}

/**
 * Alerts that may bring an incident into another channel: all of them the first time it is shown, then what a batch
 * brings, since posts are never taken away again. What is muted brings it nowhere.
 */
function notYetRouted(leader: Leader, incidentId: number, brought: readonly TrackedAlert[]): Alert[] {
  const isKnown = leader.routed.has(incidentId);
  leader.routed.add(incidentId);
  const candidates = isKnown ? brought : [...membersOf(leader.memory, incidentId)];
  return candidates.filter(({ mutedBy }) => mutedBy === null).map(({ alert }) => alert);
}

async function wantPosts(
  tx: StoreSlices,
  leader: Leader,
  context: {
    readonly saved: readonly Incident[];
    readonly routes: readonly Route[];
    readonly follow: (incidentId: number) => readonly Job[];
    /** Lines for the threads, by their ids. */
    readonly lines: readonly { readonly incidentId: number; readonly id: number }[];
    readonly alerts: Iterable<TrackedAlert>;
    /** Where cards of these incidents are. */
    readonly known: ReadonlyMap<number, readonly { readonly platform: string; readonly channel: string }[]>;
    readonly now: Date;
  },
): Promise<void> {
  const { known, routes } = context;
  const brought = new Map<number, TrackedAlert[]>();
  for (const tracked of context.alerts) append(brought, tracked.incidentId, tracked);
  const wanted: WantedPost[] = [];
  const jobs: Job[] = [];
  for (const incident of context.saved) {
    const has = known.get(incident.id) ?? [];
    const isShown = !incident.isMuted && !(incident.state === "resolved" && has.length === 0);
    if (!isShown) leader.routed.delete(incident.id);
    const routed = isShown
      ? routesOf(routes, notYetRouted(leader, incident.id, brought.get(incident.id) ?? []))
      : [];
    const channels = new Set([...has.map((channel) => `${channel.platform}:${channel.channel}`), ...routed]);
    for (const name of channels) {
      const channel = parseChannel(name);
      if (channel === null) continue;
      const target = { platform: channel.platform, channel: channel.id };
      wanted.push({
        ...target,
        kind: "incident",
        subject: incident.id,
        desiredRevision: incident.revision,
        threadOf: null,
      });
      for (const { incidentId, id } of context.lines) {
        if (incidentId !== incident.id) continue;
        wanted.push({
          ...target,
          kind: "entry",
          subject: id,
          desiredRevision: 1,
          threadOf: { kind: "incident", subject: incident.id },
        });
      }
    }
  }
  await tx.posts.want(wanted, context.now);
  for (const name of new Set(wanted.map((post) => `${post.platform}:${post.channel}`))) {
    const channel = parseChannel(name);
    if (channel !== null) jobs.push({ task: "post", platform: channel.platform, channel: channel.id });
  }
  jobs.push(...context.saved.flatMap(({ id }) => context.follow(id)));
  await tx.jobs.addAll(jobs);
  const everyMs = explainAgainMs(leader.explainedAt.values(), context.now);
  for (const { id } of context.saved) {
    const nextMs = (leader.explainedAt.get(id) ?? 0) + everyMs;
    const isDue = nextMs <= context.now.getTime();
    if (isDue) leader.explainedAt.set(id, context.now.getTime());
    await tx.jobs.add({ task: "explain", incidentId: id }, isDue ? {} : { runAt: new Date(nextMs) });
  }
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
