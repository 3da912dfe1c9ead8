/**
 * What follows from a change of a rollout: the row, its cards, the lock, what serves, the jobs, the line in the thread of
 * its incident, and the change that later incidents may suspect.
 */
import { supersedeBake } from "../../domain/bake.ts";
import { planTitle, targetOf } from "../../domain/rollout/plan.ts";
import { isFinal } from "../../domain/rollout/state.ts";
import type { Rollout } from "../../domain/rollout.ts";
import { servedBy } from "../../domain/serving.ts";
import { parseChannel, type StoreSlices } from "../../ports.ts";
import { tellComparison } from "../rollout-notes.ts";
import { type EffectsContext, type EffectsOptions, MovedElsewhereError } from "./context.ts";
import { addLine, explainOpen } from "./incident.ts";
import { changesOf, lineOf, mayBeFelt } from "./rollout-news.ts";
import { want } from "./want.ts";

/** Bakes of one target that are ended together; one is the rule. */
const maxOpenBakes = 20;

export function createRolloutEffects(options: EffectsOptions) {
  /** @returns it as stored when it came into another state, else nothing. */
  async function change(
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

  /** Stores a new rollout, and has it shown and told where it belongs. */
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
    const text = `rollout ${stored.id} asked for by ${options.nameOf(stored.requestedBy)}: ${planTitle(stored.plan)}`;
    await tellIncident(tx, stored, text, context);
    return stored;
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

  /** What follows from the state that it came into. */
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

  return { change, insert };
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

/** Those that waited for the target look again at once instead of at their next turn. */
async function wakeWaiting(tx: StoreSlices, rollout: Rollout): Promise<void> {
  const { model, environment } = rollout.plan;
  const waiting = await tx.rollouts.list({ model, environment, states: ["approved"], limit: 20 });
  for (const other of waiting) {
    if (other.id !== rollout.id) await tx.jobs.add({ task: "apply", rolloutId: other.id });
  }
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
