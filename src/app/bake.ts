/**
 * Watches a version that serves: one look per job, until there is a verdict. What follows from a failure is asked of a
 * person, or begun by the bot itself where configuration and policy say so.
 */

import { type BakeVerdict, concludeBake, judgeBake } from "../domain/bake/verdict.ts";
import { type Bake, bakePollMs, isBakeOpen, moveBake, type Watch } from "../domain/bake.ts";
import { planTitle } from "../domain/rollout/plan.ts";
import type { Rollout } from "../domain/rollout.ts";
import type { Clock, ModelEntry, StoreSlices } from "../ports.ts";
import type { AutoRollback } from "./auto-rollback.ts";
import type { BakeLook } from "./bake-look.ts";
import type { Effects } from "./effects.ts";
import type { Transitions } from "./transition.ts";

export interface BakingOptions {
  readonly models: readonly ModelEntry[];
  readonly clock: Clock;
  readonly effects: Effects;
  readonly look: BakeLook;
  readonly transitions: Transitions;
  readonly rollBack: AutoRollback;
}

/** Moves the bake of one rollout on by one look; safe to call at any time, more than once. */
export type Baking = (rollout: Rollout) => Promise<void>;

/** Pause between looks at a rollback that the bot asked for, ms. */
const followMs = 30_000;

export function createBaking(options: BakingOptions): Baking {
  const { clock, look, transitions } = options;

  async function step(rollout: Rollout): Promise<void> {
    const { bake } = rollout;
    if (bake === null || !isBakeOpen(bake)) return;
    if (bake.undo !== null) return await options.rollBack(rollout, followMs);
    if (bake.state !== "watching") return;
    const entry = options.models.find((model) => model.name === rollout.plan.model);
    const rule = entry?.bakes.get(rollout.plan.environment);
    if (entry === undefined || rule === undefined) return await abandon(rollout, bake);
    await watch(rollout, bake, entry);
  }

  /** The configuration no longer says what to watch. */
  async function abandon(rollout: Rollout, bake: Bake): Promise<void> {
    const { model, environment } = rollout.plan;
    const findings = [`tocsin.yaml no longer says what to watch of ${model} in ${environment}`];
    await conclude(rollout, moveBake(bake, "inconclusive", { findings }));
  }

  async function watch(rollout: Rollout, bake: Bake, entry: ModelEntry): Promise<void> {
    const now = clock.now();
    const watched = await look.advance(bake.watch, bake.windowMs, now);
    const { windowMs } = bake;
    const checks = entry.bakes.get(rollout.plan.environment)?.checks ?? [];
    const sight = await look.see({ rollout, entry, checks, watch: watched, windowMs, now });
    const verdict = judgeBake({
      sight,
      windowMs,
      elapsedMs: watched.elapsed.ms,
      firedBefore: bake.before.alerts,
      startedAt: comparableStart(rollout, watched, now),
    });
    const seen: Bake = { ...bake, watch: watched, checks: sight.checks };
    if (verdict.kind === "watch") {
      return await transitions.progress(rollout, { ...rollout, bake: seen }, bakePollMs(windowMs));
    }
    await conclude(rollout, concludeBake(seen, verdict, rollout.plan.kind), verdict);
  }

  /** The verdict, its audit entry, and the line in the thread of the incident that it came of: all or nothing. */
  async function conclude(rollout: Rollout, bake: Bake, verdict?: BakeVerdict): Promise<void> {
    const { state, findings, checks, watch: watched, incidentId } = bake;
    const record = {
      action: `rollout.bake_${state}`,
      outcome: state === "failed" ? "failed" : "done",
      data: { findings, checks, incidentId, watchedMs: watched?.elapsed.ms ?? 0, windowMs: bake.windowMs },
    } as const;
    await transitions.record({ ...rollout, bake }, record, async (tx) => {
      if (verdict?.kind === "fail") await tellIncident(tx, rollout, bake);
      if (isBakeOpen(bake)) await tx.jobs.add({ task: "apply", rolloutId: rollout.id });
    });
  }

  async function tellIncident(tx: StoreSlices, rollout: Rollout, { incidentId, findings }: Bake) {
    const incident = incidentId === null ? null : await tx.incidents.findForUpdate(incidentId);
    if (incident === null) return;
    const text = `the bake of rollout ${rollout.id} (${planTitle(rollout.plan)}) failed: ${findings.join("; ")}`;
    const entry = { kind: "rollout", text, data: { rolloutId: rollout.id, bake: "failed" } } as const;
    const context = { now: clock.now(), actor: "tocsin", auditSeq: null };
    await options.effects.apply(tx, [{ kind: "incident", incident, entry }], context);
  }

  return step;
}

/** When the rollout began; null when our clock was set back since: no sender's time can be compared with it then. */
export function comparableStart(rollout: Rollout, { elapsed }: Watch, now: Date): Date | null {
  const { startedAt } = rollout;
  const wentBack = elapsed.wentBack || rollout.elapsed?.wentBack === true;
  return startedAt === null || wentBack || now < startedAt ? null : startedAt;
}
