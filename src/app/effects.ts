/**
 * What follows from a change of an incident or a rollout: the row, the line in the thread, the cards, the jobs, the
 * lock, and the change that later incidents may suspect. All of it in the caller's transaction.
 */
import { supersedeBake } from "../domain/bake.ts";
import type { Change } from "../domain/change.ts";
import { planTitle, targetOf } from "../domain/rollout/plan.ts";
import { isFinal } from "../domain/rollout/state.ts";
import type { Rollout } from "../domain/rollout.ts";
import { servedBy } from "../domain/serving.ts";
import {
  type Effect,
  type Metrics,
  type ModelEntry,
  type NewTimelineEntry,
  parseChannel,
  type StoreSlices,
  type WantedPost,
} from "../ports.ts";
import { tellComparison } from "./rollout-notes.ts";

export interface EffectsOptions {
  readonly models: readonly ModelEntry[];
  /** Channels that get every rollout's card, "slack:C0123ABCD": `rollouts.to` in tocsin.yaml. */
  readonly rolloutChannels: readonly string[];
  readonly metrics: Metrics;
}

/** Bakes of one target that are ended together; one is the rule. */
const maxOpenBakes = 20;
/** Open incidents that are looked at again when a rollout moves. */
const maxExplained = 100;

/** The circumstances of a change. */
export interface EffectsContext {
  readonly now: Date;
  /** Person id, or "tocsin". */
  readonly actor: string;
  /** Audit entry of this change; null keeps the one before, for progress that is not audited. */
  readonly auditSeq: number | null;
}

export interface Effects {
  /**
   * Stores the changes and all that follows.
   * @throws MovedElsewhereError when someone else moved a rollout since it was read: read again and decide again.
   * @returns the rollouts that came into another state, as stored.
   */
  apply(tx: StoreSlices, effects: readonly Effect[], context: EffectsContext): Promise<readonly Rollout[]>;
  /** Stores a new rollout with its cards and jobs. */
  insert(
    tx: StoreSlices,
    rollout: Omit<Rollout, "id" | "version">,
    audit: (id: number) => Promise<number>,
    context: Omit<EffectsContext, "auditSeq">,
  ): Promise<Rollout>;
}

/** The row is not what it was when it was read. */
export class MovedElsewhereError extends Error {
  override readonly name = "MovedElsewhereError";
}

export function createEffects(options: EffectsOptions): Effects {
  async function apply(
    tx: StoreSlices,
    effects: readonly Effect[],
    context: EffectsContext,
  ): Promise<readonly Rollout[]> {
    const moved: Rollout[] = [];
    for (const effect of effects) {
      if (effect.kind === "incident") await changeIncident(tx, effect, context);
      else if (effect.kind === "feedback") await keepFeedback(tx, effect, context);
      else moved.push(...(await changeRollout(tx, effect.rollout, context)));
    }
    return moved;
  }

  async function changeRollout(
    tx: StoreSlices,
    rollout: Rollout,
    context: EffectsContext,
  ): Promise<readonly Rollout[]> {
    const before = await tx.rollouts.find(rollout.id);
    const auditSeq = context.auditSeq ?? rollout.auditSeq;
    const stored = await tx.rollouts.update({ ...rollout, auditSeq, revision: rollout.revision + 1 });
    if (stored === null || before === null) {
      throw new MovedElsewhereError(`rollout ${rollout.id} was moved by someone else`);
    }
    await wantCards(tx, options, stored, context.now);
    // A bake that begins, or that somebody asked to go on, has no job yet.
    if (stored.bake?.state === "watching" && before.bake?.state !== "watching")
      await tx.jobs.add({ task: "apply", rolloutId: stored.id });
    if (before.state === stored.state) return [];
    if (before.state === "starting" && stored.state !== "failed") await supersedeBakes(tx, stored, context);
    await follow(tx, stored, context);
    return [stored];
  }

  /** From here on the version that was watched may not be what serves. */
  async function supersedeBakes(tx: StoreSlices, by: Rollout, context: EffectsContext): Promise<void> {
    const { kind, model, environment } = by.plan;
    if (kind === "retrain") return;
    const open = await tx.rollouts.list({ model, environment, bake: "open", limit: maxOpenBakes });
    for (const rollout of open) {
      const bake =
        rollout.id === by.id || rollout.bake === null
          ? null
          : supersedeBake(rollout.bake, { id: by.id, kind });
      if (bake === null) continue;
      const { seq } = await tx.audit.append({
        at: context.now,
        actor: "tocsin",
        action: "rollout.bake_ended",
        subject: `rollout:${rollout.id}`,
        outcome: "done",
        data: { bake: bake.state, as: bake.answer?.as ?? null, by: `rollout:${by.id}` },
      });
      const next = { ...rollout, bake, auditSeq: seq, revision: rollout.revision + 1 };
      const stored = await tx.rollouts.update(next);
      if (stored === null) throw new MovedElsewhereError(`rollout ${rollout.id} was moved by someone else`);
      await wantCards(tx, options, stored, context.now);
    }
  }

  async function follow(tx: StoreSlices, rollout: Rollout, context: EffectsContext): Promise<void> {
    if (isFinal(rollout.state)) {
      await tx.rollouts.unlock(targetOf(rollout.plan), rollout.id);
      await wakeWaiting(tx, rollout);
      await tx.jobs.add({ task: "checkpoint" });
      options.metrics.count("tocsin_rollouts_total", { kind: rollout.plan.kind, state: rollout.state });
    }
    if (rollout.state === "succeeded") await tellComparison(tx, rollout, context.now);
    if (rollout.state === "succeeded" && rollout.plan.kind !== "retrain")
      await recordServing(tx, rollout, context.now);
    if (mayBeFelt(rollout)) {
      await tx.incidents.saveChanges(changesOf(rollout, options.models, context.now));
      await explainOpen(tx);
    }
    // "starting" has its driver already; a second one could take a start in flight for a lost one.
    if (rollout.state === "approved" || rollout.state === "cancelling") {
      await tx.jobs.add({ task: "apply", rolloutId: rollout.id });
    }
    const text = lineOf(rollout);
    if (text !== null) await tellIncident(tx, rollout, text, context);
  }

  async function insert(
    tx: StoreSlices,
    rollout: Omit<Rollout, "id" | "version">,
    audit: (id: number) => Promise<number>,
    context: Omit<EffectsContext, "auditSeq">,
  ): Promise<Rollout> {
    const inserted = await tx.rollouts.insert(rollout);
    const auditSeq = await audit(inserted.id);
    const stored = await tx.rollouts.update({ ...inserted, auditSeq });
    if (stored === null) throw new MovedElsewhereError(`rollout ${inserted.id} was moved by someone else`);
    await wantCards(tx, options, stored, context.now);
    await tellComparison(tx, stored, context.now);
    await tx.jobs.add({ task: "apply", rolloutId: stored.id }, { runAt: stored.expiresAt });
    const text = `rollout ${stored.id} asked for by ${stored.requestedBy}: ${planTitle(stored.plan)}`;
    await tellIncident(tx, stored, text, context);
    return stored;
  }

  return { apply, insert };
}

/** Raises the revision of an incident, adds the line to its thread and edits its cards. */
async function changeIncident(
  tx: StoreSlices,
  effect: Extract<Effect, { kind: "incident" }>,
  context: EffectsContext,
): Promise<void> {
  const incident = { ...effect.incident, revision: effect.incident.revision + 1 };
  await tx.incidents.save([incident]);
  // Whoever acknowledged it has ended the telling, and pagers hear of it.
  await tx.jobs.add({ task: "escalate", incidentId: incident.id });
  await tx.jobs.add({ task: "channel", incidentId: incident.id });
  if (incident.snoozedUntil !== null)
    await tx.jobs.add({ task: "wake", incidentId: incident.id }, { runAt: incident.snoozedUntil });
  await addLine(tx, {
    incidentId: incident.id,
    at: effect.entry.at ?? context.now,
    kind: effect.entry.kind,
    actor: context.actor,
    text: effect.entry.text,
    data: effect.entry.data ?? {},
    isPosted: effect.entry.isQuiet !== true,
  });
  const channels = await tx.posts.channelsOf("incident", incident.id);
  const cards = channels.map((target) => ({
    ...target,
    kind: "incident" as const,
    subject: incident.id,
    desiredRevision: incident.revision,
    threadOf: null,
  }));
  await want(tx, cards, context.now);
}

/** The correlator, as a model of the bot's own. */
const correlator = { model: "correlator", environment: "production", alias: "champion" } as const;

/** Keeps what was said, with the version that it was said of. What is said of a cause counts in the ranking at once. */
async function keepFeedback(
  tx: StoreSlices,
  { said, decidedAt, rulings }: Extract<Effect, { kind: "feedback" }>,
  context: EffectsContext,
): Promise<void> {
  const { model, environment, alias } = correlator;
  const history = await tx.rollouts.aliasHistory(model, environment, alias);
  const version = history.find(({ since }) => decidedAt !== null && since <= decidedAt)?.version ?? null;
  const data = { ...said.data, correlator: version };
  await tx.feedback.add({ ...said, data, person: context.actor, at: context.now }, rulings);
  if (rulings.length === 0) await tx.jobs.add({ task: "explain", incidentId: said.incidentId });
}

/** A line in the history of an incident and in the thread of each of its cards. */
async function addLine(tx: StoreSlices, entry: NewTimelineEntry): Promise<void> {
  const [id] = await tx.incidents.addTimeline([entry]);
  if (id === undefined || !entry.isPosted) return;
  const channels = await tx.posts.channelsOf("incident", entry.incidentId);
  const lines = channels.map((target) => ({
    ...target,
    kind: "entry" as const,
    subject: id,
    desiredRevision: 1,
    threadOf: { kind: "incident" as const, subject: entry.incidentId },
  }));
  await want(tx, lines, entry.at);
}

async function tellIncident(
  tx: StoreSlices,
  rollout: Rollout,
  text: string,
  context: Omit<EffectsContext, "auditSeq">,
): Promise<void> {
  const { incidentId } = rollout.plan;
  if (incidentId === null || (await tx.incidents.find(incidentId)) === null) return;
  await addLine(tx, {
    incidentId,
    at: context.now,
    kind: "rollout",
    actor: context.actor,
    text,
    data: { rolloutId: rollout.id, state: rollout.state },
    isPosted: true,
  });
}

/** What the thread of the related incident is told; null for states that pass by themselves. */
function lineOf(rollout: Rollout): string | null {
  const name = `rollout ${rollout.id} (${planTitle(rollout.plan)})`;
  switch (rollout.state) {
    case "running":
      return `${name} is running`;
    case "unknown":
      return `${name}: nobody knows whether it was carried out; a person has to look`;
    case "succeeded":
    case "failed":
    case "cancelled":
    case "denied":
    case "expired":
      return `${name} ${rollout.state}${rollout.result === null ? "" : `: ${rollout.result}`}`;
    default:
      return null;
  }
}

async function wantCards(
  tx: StoreSlices,
  options: EffectsOptions,
  rollout: Rollout,
  now: Date,
): Promise<void> {
  const known = await tx.posts.channelsOf("rollout", rollout.id);
  const names = new Set([
    ...known.map((target) => `${target.platform}:${target.channel}`),
    ...options.rolloutChannels,
    ...(rollout.requestedIn === null ? [] : [rollout.requestedIn]),
  ]);
  const cards = [...names].flatMap((name) => {
    const channel = parseChannel(name);
    if (channel === null) return [];
    const target = { platform: channel.platform, channel: channel.id };
    const desiredRevision = rollout.revision;
    return [{ ...target, kind: "rollout" as const, subject: rollout.id, desiredRevision, threadOf: null }];
  });
  await want(tx, cards, now);
}

async function want(tx: StoreSlices, posts: readonly WantedPost[], now: Date): Promise<void> {
  if (posts.length === 0) return;
  await tx.posts.want(posts, now);
  for (const { platform, channel } of posts) await tx.jobs.add({ task: "post", platform, channel });
}

/** Those that waited for the target look again at once instead of at their next turn. */
async function wakeWaiting(tx: StoreSlices, rollout: Rollout): Promise<void> {
  const { model, environment } = rollout.plan;
  const waiting = await tx.rollouts.list({ model, environment, states: ["approved"], limit: 20 });
  for (const other of waiting) {
    if (other.id !== rollout.id) await tx.jobs.add({ task: "apply", rolloutId: other.id });
  }
}

/** Incidents that are open may have their cause only now, or their way back. */
export async function explainOpen(tx: StoreSlices): Promise<void> {
  const open = await tx.incidents.list({ states: ["open", "acknowledged"], limit: maxExplained });
  await tx.jobs.addAll(open.map(({ id }) => ({ task: "explain", incidentId: id })));
}

/** Whoever looks at the backends may record something else meanwhile: this then follows that. */
async function recordServing(tx: StoreSlices, rollout: Rollout, now: Date): Promise<void> {
  const { model, environment } = rollout.plan;
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    const previous = await tx.serving.newest(model, environment, "serving");
    if ((await tx.serving.add(servedBy(rollout, previous, now))) !== null) return;
  }
  throw new MovedElsewhereError(
    `what serves as ${model} in ${environment} is being recorded by someone else`,
  );
}

/** From the moment it runs a rollout may be felt, whether or not it comes to a good end. */
function mayBeFelt({ state, plan }: Rollout): boolean {
  return plan.kind !== "retrain" && (state === "running" || state === "succeeded");
}

/**
 * One change for each service of the model, so that incidents there can suspect the rollout. It happened when it was
 * started: when the bot learns how it ended, its alerts may have been firing for long.
 */
function changesOf(rollout: Rollout, models: readonly ModelEntry[], now: Date): readonly Change[] {
  const { plan } = rollout;
  const services = models.find((model) => model.name === plan.model)?.services ?? [];
  const places = services.length === 0 ? [plan.model] : services;
  return places.map((service) => ({
    id: `rollout:${rollout.id}:${service}`,
    kind: "rollout",
    service,
    title: planTitle(plan),
    text: plan.reason,
    author: rollout.requestedBy,
    url: null,
    at: rollout.startedAt ?? now,
    rolloutId: rollout.id,
  }));
}
