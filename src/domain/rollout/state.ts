/** The states of a rollout, and where each may lead. */

export const rolloutStates = [
  "pending",
  "approved",
  "starting",
  "running",
  "cancelling",
  "succeeded",
  "failed",
  "cancelled",
  "denied",
  "expired",
  "unknown",
] as const;
export type RolloutState = (typeof rolloutStates)[number];

/** States from which nothing moves any more. */
export const finalStates = ["succeeded", "failed", "cancelled", "denied", "expired"] as const;

/** True when the rollout is over. `unknown` is not: a person still has to say how it ended. */
export function isFinal(state: RolloutState): boolean {
  return finalStates.some((final) => final === state);
}

/** States of what waits, is under way, or is for a person to judge. */
export const openStates = rolloutStates.filter((state) => !isFinal(state));

/** Where each state may lead; every path ends in a final state or in `unknown`, from which a person leads on. */
export const transitions: Readonly<Record<RolloutState, readonly RolloutState[]>> = {
  pending: ["approved", "denied", "expired", "cancelled"],
  approved: ["starting", "failed", "cancelled"],
  starting: ["running", "cancelling", "failed", "unknown"],
  running: ["cancelling", "succeeded", "failed", "cancelled", "unknown"],
  cancelling: ["running", "succeeded", "failed", "cancelled", "unknown"],
  unknown: ["succeeded", "failed"],
  succeeded: [],
  failed: [],
  cancelled: [],
  denied: [],
  expired: [],
};

/** Between its start and its end. */
export function isUnderWay(state: RolloutState): boolean {
  return state === "starting" || state === "running" || state === "cancelling";
}
