/** Which version a rollback goes to. */
import { hasBaked } from "../bake.ts";
import type { Rollout } from "../rollout.ts";
import { previousVersion } from "./decision.ts";

/** Versions looked through, one before the other. */
const maxVersions = 20;

export interface RollbackTarget {
  readonly version: string;
  /** What whoever approves should know of the choice; null when there is nothing to say. */
  readonly note: string | null;
}

export interface RollbackQuestion {
  readonly live: string;
  /** Those that succeeded on this target, newest first. */
  readonly rollouts: readonly Pick<Rollout, "plan" | "bake">[];
  /** Versions that served as the backend remembers them, newest first. */
  readonly history: readonly string[];
}

/**
 * The last version before the one that serves which proved itself: its bake passed, or a person vouched for it. Where
 * none did, the version before.
 * @returns null when no version is known to have served before.
 */
export function rollbackTarget({ live, rollouts, history }: RollbackQuestion): RollbackTarget | null {
  const before: string[] = [];
  for (let at: string | null = live; before.length < maxVersions; ) {
    at = previousVersion(at, rollouts, history);
    if (at === null || at === live || before.includes(at)) break;
    before.push(at);
  }
  const [previous] = before;
  if (previous === undefined) return null;
  const watched = new Map<string, boolean>();
  for (const { plan, bake } of rollouts) {
    if (plan.to !== null && bake !== null && !watched.has(plan.to)) watched.set(plan.to, hasBaked(bake));
  }
  const baked = before.find((version) => watched.get(version) === true);
  if (baked === previous || watched.size === 0) return { version: previous, note: null };
  if (baked === undefined)
    return {
      version: previous,
      note: `no earlier version passed a bake; version ${previous} is what served before`,
    };
  const skipped = before.slice(0, before.indexOf(baked)).join(", ");
  return {
    version: baked,
    note: `version ${baked} is the last that baked; passed over, since they did not: ${skipped}`,
  };
}
