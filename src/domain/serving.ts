/** Which version served when: what was seen, by whom it came, and how far that is certain. */
import { isFinal } from "./rollout/state.ts";
import type { Rollout } from "./rollout.ts";

/**
 * serving: what answers requests. registry: the pointer to it, where a model's registry and runtime are two places.
 */
export type ServingPart = "serving" | "registry";

/**
 * first: seen for the first time. rollout: one of ours brought it. outside: someone changed it without the bot.
 * again: the same as before, after a time in which nobody looked.
 */
export const servingCauses = ["first", "rollout", "outside", "again"] as const;
export type ServingCause = (typeof servingCauses)[number];

/** From `since` on a version served, until the next record of the same place. */
export interface ServingRecord {
  readonly id: number;
  readonly model: string;
  readonly environment: string;
  readonly part: ServingPart;
  /** Null when nothing serves. */
  readonly version: string | null;
  /** Until then what was before was seen; between that and `since` it may have been either. Null when nobody looked. */
  readonly after: Date | null;
  readonly since: Date;
  /** When it was last seen to serve. */
  readonly seenAt: Date;
  readonly by: string | null;
  readonly cause: ServingCause;
  readonly rolloutId: number | null;
  readonly auditSeq: number | null;
  /** The record that it ends; 0 for the first. Unique, so that a change is recorded once by however many look. */
  readonly previousId: number;
}

export type NewServingRecord = Omit<ServingRecord, "id">;

/** What a backend says now. */
export interface ServingLook {
  readonly version: string | null;
  /** Since when and by whom, where the backend knows. */
  readonly since: Date | null;
  readonly by: string | null;
  /** When it was asked; what happened since makes its answer old. */
  readonly askedAt: Date;
}

export type LookVerdict =
  | { readonly kind: "same" }
  /** A rollout of ours is at it: look again later. */
  | { readonly kind: "wait" }
  | {
      readonly kind: "record";
      readonly cause: ServingCause;
      readonly rolloutId: number | null;
      readonly after: Date | null;
      readonly since: Date;
      readonly by: string | null;
    };

export interface LookQuestion {
  readonly look: ServingLook;
  /** The newest record of the place. */
  readonly previous: ServingRecord | null;
  /** Deploys and rollbacks of the target, newest first. */
  readonly rollouts: readonly Rollout[];
  readonly now: Date;
  /** A longer time without a look leaves a gap in what is known, ms. */
  readonly gapMs: number;
}

/** What to make of a look at a backend. */
export function judgeLook({ look, previous, rollouts, now, gapMs }: LookQuestion): LookVerdict {
  if (rollouts.some((rollout) => isInTheWay(rollout, look))) return { kind: "wait" };
  if (previous === null) {
    const since = look.since !== null && look.since <= now ? look.since : now;
    return { kind: "record", cause: "first", rolloutId: null, after: null, since, by: look.by };
  }
  if (previous.version === look.version) {
    if (now.getTime() - previous.seenAt.getTime() <= gapMs) return { kind: "same" };
    const { rolloutId, by } = previous;
    return { kind: "record", cause: "again", rolloutId, after: previous.seenAt, since: now, by };
  }
  const after = previous.seenAt;
  const isDated = look.since !== null && look.since > after && look.since <= now;
  const since = isDated && look.since !== null ? look.since : now;
  const ours = rollouts.find((rollout) => broughtIt(rollout, look.version, previous));
  const cause = ours === undefined ? "outside" : "rollout";
  return {
    kind: "record",
    cause,
    rolloutId: ours?.id ?? null,
    after,
    since,
    by: ours?.requestedBy ?? look.by,
  };
}

/** True when the rollout is under way between the two versions, or ended after the backend was asked. */
function isInTheWay({ state, plan, finishedAt }: Rollout, look: ServingLook): boolean {
  if (finishedAt !== null) return finishedAt >= look.askedAt;
  if (isFinal(state) || state === "pending" || state === "approved") return false;
  return look.version === plan.to || look.version === plan.from;
}

/** One that ended after what is known of before, also one that was given up: its version came with it. */
function broughtIt(rollout: Rollout, version: string | null, previous: ServingRecord): boolean {
  const { plan, startedAt, finishedAt } = rollout;
  if (plan.kind === "retrain" || startedAt === null || finishedAt === null) return false;
  return plan.to === version && finishedAt > previous.since;
}

/** The record of a rollout that is done: it was seen to serve. */
export function servedBy(rollout: Rollout, previous: ServingRecord | null, now: Date): NewServingRecord {
  const { plan, startedAt, requestedBy, id, auditSeq } = rollout;
  return {
    model: plan.model,
    environment: plan.environment,
    part: "serving",
    version: plan.to,
    after: startedAt,
    since: now,
    seenAt: now,
    by: requestedBy,
    cause: "rollout",
    rolloutId: id,
    auditSeq,
    previousId: previous?.id ?? 0,
  };
}

/** "fraud-scorer in production". */
export function placeOf({ model, environment }: Pick<ServingRecord, "model" | "environment">): string {
  return `${model} in ${environment}`;
}

/** "version 3" or "nothing". */
export function versionWord(version: string | null): string {
  return version === null ? "nothing" : `version ${version}`;
}
