/**
 * A canary that holds: judged like a bake, then let on or stopped. Each decision is written before it is carried out, so
 * that after a crash it is carried out again; a backend takes that more than once.
 */

import { type BakeVerdict, judgeBake } from "../domain/bake/verdict.ts";
import { bakePollMs, type Hold } from "../domain/bake.ts";
import { botPerson } from "../domain/people/person.ts";
import type { Observed } from "../domain/rollout/observation.ts";
import { type Rollout, withProgress } from "../domain/rollout.ts";
import { oneLine } from "../domain/view.ts";
import type { Clock, ExternalRef, ModelEntry, Operation } from "../ports.ts";
import { comparableStart } from "./bake.ts";
import type { BakeLook } from "./bake-look.ts";
import { withDeadline } from "./deadline.ts";
import type { Transitions } from "./transition.ts";

export interface HoldsOptions {
  readonly clock: Clock;
  readonly look: BakeLook;
  readonly transitions: Transitions;
  /** How long a backend may take to take a step, ms. */
  readonly timeoutMs: number;
}

/** A running rollout whose canary holds, as it was just observed. */
export interface HoldingRollout {
  /** As stored. */
  readonly before: Rollout;
  /** With what was just observed. */
  readonly rollout: Rollout;
  readonly entry: ModelEntry;
  readonly ref: ExternalRef;
  readonly operation: Operation;
  readonly observed: Extract<Observed, { kind: "holding" }>;
}

/** Moves it on by one look. */
export type Holds = (holding: HoldingRollout) => Promise<void>;

/** Pause between looks while a step is being taken or a person is asked, ms. */
const waitMs = 5_000;

export function createHolds(options: HoldsOptions): Holds {
  const { clock, look, transitions } = options;

  return async (holding) => {
    const { rollout, observed } = holding;
    const known = rollout.progress.hold;
    if (known === null || known.name !== observed.hold) return await begin(holding);
    if (known.state === "advancing") return await advance(holding, known);
    if (known.state === "asking") return await keep(holding, known, waitMs);
    await watch(holding, known);
  };

  async function begin(holding: HoldingRollout): Promise<void> {
    const { observed, entry, rollout } = holding;
    const hold: Hold = {
      name: observed.hold,
      trafficPercent: observed.trafficPercent,
      watch: null,
      windowMs: entry.holdMs,
      state: "watching",
      findings: [],
    };
    const record = { action: "rollout.holding", outcome: "done", data: dataOf(hold) } as const;
    await transitions.record(withProgress(rollout, { hold }), record);
    await transitions.again(rollout.id, 0);
  }

  async function watch(holding: HoldingRollout, hold: Hold): Promise<void> {
    const { rollout, entry } = holding;
    const now = clock.now();
    const watched = await look.advance(hold.watch, hold.windowMs, now);
    const { windowMs } = hold;
    const checks = entry.bakes.get(rollout.plan.environment)?.checks ?? [];
    const verdict = judgeBake({
      sight: await look.see({ rollout, entry, checks, watch: watched, windowMs, now }),
      windowMs,
      elapsedMs: watched.elapsed.ms,
      firedBefore: rollout.bake?.before.alerts ?? [],
      startedAt: comparableStart(rollout, watched, now),
    });
    await follow(holding, { ...hold, watch: watched }, verdict);
  }

  async function follow(holding: HoldingRollout, hold: Hold, verdict: BakeVerdict): Promise<void> {
    if (verdict.kind === "watch") return await keep(holding, hold, bakePollMs(hold.windowMs));
    const { findings } = verdict;
    if (verdict.kind === "fail") return await abort(holding, { ...hold, findings });
    if (verdict.kind === "inconclusive") return await ask(holding, hold, findings);
    if (holding.entry.backend.advance === undefined) {
      return await ask(holding, hold, [
        "all is well, but its backend takes no word to go on; let it on there",
      ]);
    }
    await decideAdvance(holding, { ...hold, findings });
  }

  async function ask({ rollout }: HoldingRollout, before: Hold, findings: readonly string[]): Promise<void> {
    const hold: Hold = { ...before, state: "asking", findings };
    const record = { action: "rollout.hold_asks", outcome: "requested", data: dataOf(hold) } as const;
    await transitions.record(withProgress(rollout, { hold }), record);
    await transitions.again(rollout.id, waitMs);
  }

  async function decideAdvance({ rollout }: HoldingRollout, before: Hold): Promise<void> {
    const hold: Hold = { ...before, state: "advancing" };
    const record = { action: "rollout.advancing", outcome: "requested", data: dataOf(hold) } as const;
    await transitions.record(withProgress(rollout, { hold }), record);
    await transitions.again(rollout.id, 0);
  }

  /** The step is asked for at every look until the hold is over. */
  async function advance(holding: HoldingRollout, hold: Hold): Promise<void> {
    const { entry, ref, operation } = holding;
    if (entry.backend.advance === undefined) {
      return await ask(holding, hold, ["its backend takes no word to go on; let it on there"]);
    }
    const name = `the backend "${entry.backend.name}"`;
    try {
      await withDeadline(entry.backend.advance(ref, operation, hold.name), options.timeoutMs, name);
    } catch (error) {
      const why = oneLine(error instanceof Error ? error.message : String(error), 250);
      const note = `${name} did not go on from ${hold.name}, trying again: ${why}`;
      const rollout = withProgress(holding.rollout, { note: oneLine(note, 300) });
      return await keep({ ...holding, rollout }, hold, waitMs);
    }
    await keep(holding, hold, 1_000);
  }

  /** Stopping a canary leaves what served before; it needs nobody's word. */
  async function abort({ rollout }: HoldingRollout, hold: Hold): Promise<void> {
    const cancelReason = oneLine(`the canary failed at ${hold.name}: ${hold.findings.join("; ")}`, 300);
    await transitions.move(rollout, "cancelling", {
      progress: { hold, cancelRequestedBy: botPerson.id, cancelReason, note: cancelReason },
    });
  }

  async function keep({ before, rollout }: HoldingRollout, hold: Hold, delayMs: number): Promise<void> {
    await transitions.progress(before, withProgress(rollout, { hold }), delayMs);
  }
}

function dataOf({ name, trafficPercent, findings, watch }: Hold) {
  return { hold: name, trafficPercent, findings, watchedMs: watch?.elapsed.ms ?? 0 };
}
