/** What stands in the way of a rollout besides approvals: freezes, the lock of its target, the queue before it. */

import { bold, moment, oneLine, plain, type Text } from "../view.ts";
import { type FreezeInForce, freezeText } from "./freeze.ts";

/** Rollouts of a queue that are named. */
const maxAhead = 5;

/** Who holds a target. */
export interface TargetLock {
  readonly target: string;
  /** The rollout that is carried out there; null when none is. */
  readonly rolloutId: number | null;
  readonly since: Date;
  /** Grows each time the target changes hands. */
  readonly fence: number;
  /** Kept from everyone by a person; null when it is not. */
  readonly held: { readonly by: string; readonly reason: string; readonly since: Date } | null;
}

export interface Standing {
  readonly freezes: readonly FreezeInForce[];
  /** Null while nobody has ever held the target. */
  readonly lock: TargetLock | null;
  /** Rollouts that go first, in their order. */
  readonly ahead: readonly number[];
}

export const nothingInTheWay: Standing = { freezes: [], lock: null, ahead: [] };

/** Lines for a card: label and value. */
export function standingFields(
  standing: Standing,
  nameOf: (person: string) => string,
): readonly { readonly label: string; readonly value: Text }[] {
  const { freezes, ahead } = standing;
  const frozen: Text = [plain(freezes.length === 0 ? "none" : freezes.map(freezeText).join("; "))];
  return [
    { label: "Freeze", value: frozen },
    { label: "Lock", value: lockText(standing.lock, nameOf) },
    { label: "Queue", value: [plain(queueText(ahead))] },
  ];
}

/** "number 3, after rollouts 12 and 13"; "number 8, after rollouts 2, 3, 5, 6, 7 and 2 more". */
function queueText(ahead: readonly number[]): string {
  if (ahead.length === 0) return "first";
  const named = ahead.slice(0, maxAhead).map(String);
  const more = ahead.length > maxAhead ? `${ahead.length - maxAhead} more` : named.pop();
  const list = named.length === 0 ? more : `${named.join(", ")} and ${more}`;
  return `number ${ahead.length + 1}, after ${ahead.length === 1 ? "rollout" : "rollouts"} ${list}`;
}

/** Who holds a target, why and since when. */
export function lockText(lock: TargetLock | null, nameOf: (person: string) => string): Text {
  const held = lock?.held ?? null;
  const parts: Text[] = [];
  if (held !== null) {
    const why = oneLine(held.reason, 200);
    parts.push([
      bold("locked"),
      plain(` by ${nameOf(held.by)} since `),
      moment(held.since),
      plain(`: ${why}`),
    ]);
  }
  if (lock !== null && lock.rolloutId !== null)
    parts.push([plain(`held by rollout ${lock.rolloutId} since `), moment(lock.since)]);
  return parts.length === 0
    ? [plain("free")]
    : parts.flatMap((part, at) => (at === 0 ? part : [plain("; "), ...part]));
}
