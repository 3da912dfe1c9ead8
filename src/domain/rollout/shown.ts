/** What a card shows of a rollout: it is edited only when that changes. */
import { canonicalJson } from "../audit.ts";
import { type Hold, remainingMs } from "../bake.ts";
import type { Rollout } from "../rollout.ts";
import { isUnderWay } from "./state.ts";

/** True when a card of `after` would look different from one of `before`. */
export function looksDifferent(before: Rollout, after: Rollout): boolean {
  return canonicalJson(shownPart(before)) !== canonicalJson(shownPart(after));
}

/** What a card shows of it; of times only as much as is worth an edit. */
function shownPart({ state, result, progress, elapsed, bake }: Rollout): unknown {
  const { hold } = progress;
  return {
    state,
    result,
    progress: { ...progress, verifying: null, hold: hold === null ? null : shownHold(hold) },
    elapsedMs: isUnderWay(state) ? shownElapsedMs(elapsed?.ms ?? 0) : 0,
    bake: bake === null ? null : { ...bake, watch: remainingMs(bake.watch, bake.windowMs) },
  };
}

function shownHold(hold: Hold): unknown {
  return { ...hold, watch: remainingMs(hold.watch, hold.windowMs) };
}

/** Whole minutes at first, then steps of five: a card is not edited for seconds. */
export function shownElapsedMs(ms: number): number {
  const stepMs = ms < 600_000 ? 60_000 : 300_000;
  return Math.floor(ms / stepMs) * stepMs;
}
