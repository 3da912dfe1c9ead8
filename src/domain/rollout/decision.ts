/** What a rollout becomes by what people say, and which version a rollback goes to. */
import { endSteps, moveRollout, type Rollout, withProgress } from "../rollout.ts";
import { isFinal } from "./state.ts";

/** Why something cannot be done with a rollout, in words. */
export interface RolloutRefusal {
  readonly kind: "refuse";
  readonly reason: string;
  readonly problem: string;
  readonly remedy: string;
}

export type RolloutDecision = { readonly kind: "move"; readonly rollout: Rollout } | RolloutRefusal;

/** What a request to cancel does: at once before it starts, as a request while it runs, refused when it is over. */
export function cancelRollout(rollout: Rollout, person: string, now: Date): RolloutDecision {
  const { state, id } = rollout;
  if (isFinal(state)) {
    return refusal("already_over", `Rollout ${id} is already ${state}.`, undoRemedy(rollout));
  }
  if (state === "unknown") {
    return refusal(
      "unknown_state",
      `Nobody knows whether rollout ${id} was carried out, so it cannot be cancelled.`,
      `Look at ${rollout.plan.model} in ${rollout.plan.environment}, then settle it: cancel ${id} --as succeeded, or cancel ${id} --as failed.`,
    );
  }
  if (rollout.progress.cancelRequestedBy !== null) {
    const by = rollout.progress.cancelRequestedBy;
    return refusal(
      "already_asked",
      `${by} has already asked to stop rollout ${id}.`,
      "Watch its card: it says when it has stopped.",
    );
  }
  const progress = { cancelRequestedBy: person };
  if (state === "pending" || state === "approved") {
    const result = `cancelled by ${person} before it started`;
    return { kind: "move", rollout: moveRollout(rollout, "cancelled", now, { result, progress }) };
  }
  if (state === "starting") {
    const note = `asked to stop by ${person}, as soon as it has started`;
    return { kind: "move", rollout: withProgress(rollout, { ...progress, note }) };
  }
  return {
    kind: "move",
    rollout: moveRollout(rollout, "cancelling", now, {
      progress: { ...progress, note: `asked to stop by ${person}` },
    }),
  };
}

/** What a person's word does on a rollout whose end nobody saw. */
export function settleRollout(
  rollout: Rollout,
  as: "succeeded" | "failed",
  person: string,
  now: Date,
): RolloutDecision {
  if (rollout.state !== "unknown") {
    return refusal(
      "not_unknown",
      `Rollout ${rollout.id} is ${rollout.state}; only one whose state is unknown can be settled.`,
      isFinal(rollout.state) ? undoRemedy(rollout) : `To stop it: cancel ${rollout.id}.`,
    );
  }
  const result = `${as === "succeeded" ? "carried out" : "not carried out"}, says ${person}`;
  const progress = { steps: endSteps(rollout.progress.steps, as === "succeeded" ? "done" : "failed") };
  return { kind: "move", rollout: moveRollout(rollout, as, now, { result, progress }) };
}

function undoRemedy(rollout: Rollout): string {
  const { inverse } = rollout.plan;
  return rollout.state === "succeeded" && inverse !== null
    ? `To undo it: ${inverse}.`
    : "Nothing needs to be done.";
}

function refusal(reason: string, problem: string, remedy: string): RolloutRefusal {
  return { kind: "refuse", reason, problem, remedy };
}

/**
 * The version to go back to from the one that serves: what served before the deploy that brought it.
 * A version that was itself reached by a rollback goes further back, never forward to the one that was rolled away from.
 * @param rollouts - those that succeeded on this target, newest first.
 * @param history - versions that served as the backend remembers them, newest first; used when none of our rollouts
 * brought the version that serves.
 */
export function previousVersion(
  live: string,
  rollouts: readonly Pick<Rollout, "plan">[],
  history: readonly string[],
): string | null {
  const deploy = rollouts.find(({ plan }) => plan.kind === "deploy" && plan.to === live);
  if (deploy !== undefined && deploy.plan.from !== live) return deploy.plan.from;
  const path: string[] = [];
  for (const version of [...history].reverse()) {
    const known = path.indexOf(version);
    if (known === -1) path.push(version);
    else path.length = known + 1;
  }
  const at = path.indexOf(live);
  return (at === -1 ? path.at(-1) : path[at - 1]) ?? null;
}
