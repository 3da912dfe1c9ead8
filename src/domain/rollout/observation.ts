/** What a rollout becomes by what its backend says. */

import { addElapsed, beginElapsed } from "../bake/elapsed.ts";
import { endSteps, moveRollout, type Rollout, withProgress } from "../rollout.ts";
import { oneLine } from "../view.ts";
import type { MetricComparison } from "./metric-comparison.ts";

/** What a backend says of running work. */
export type Observed = Seen & {
  /** Where the backend shows the work, http(s); absent where it does not. Untrusted. */
  readonly url?: string;
};

type Steps = Rollout["progress"]["steps"];

type Seen =
  | { readonly kind: "running"; readonly steps: Steps; readonly logTail: string }
  /** A canary that serves a part of the traffic and waits for a verdict: it takes its next step, or is cancelled. */
  | {
      readonly kind: "holding";
      /** Which hold this is, unique in the operation: "25 %", "step 2 of 4". */
      readonly hold: string;
      /** 0 to 100. */
      readonly trafficPercent: number;
      readonly steps: Steps;
      readonly logTail: string;
    }
  | {
      readonly kind: "succeeded";
      readonly result: string;
      readonly newVersion: string | null;
      readonly metrics: Readonly<Record<string, number>>;
      /** The new version beside what serves now, on the same data; for a retrain. */
      readonly comparison?: readonly MetricComparison[];
      readonly logTail: string;
    }
  | {
      readonly kind: "failed";
      readonly problem: string;
      readonly logTail: string;
      /** The backend has no other word for stopped: after a request to stop, this is what it says. */
      readonly orCancelled?: true;
    }
  | { readonly kind: "cancelled"; readonly logTail: string }
  /** The work cannot be seen any more and nobody knows how it ended: a person decides. */
  | { readonly kind: "lost"; readonly problem: string; readonly logTail: string };

/** How long a backend may say "done" while another version still serves, ms. */
export const verifyMs = 60_000;
/** The most that one look may add to it: a clock that jumps must not end it. */
const verifyStepMs = 30_000;

/**
 * Moves a running or cancelling rollout on by what its backend says.
 * @param served - version that serves now, asked after a success of a deploy or rollback; null when nobody asked or
 * nothing serves. A backend that says "done" while another version serves is not believed.
 * @see https://github.com/kserve/kserve/issues/1859 (Ready although it was not)
 */
export function observeRollout(
  before: Rollout,
  observed: Observed,
  served: string | null,
  now: Date,
): Rollout {
  const { logTail } = observed;
  const rollout = observed.url === undefined ? before : withProgress(before, { url: observed.url });
  switch (observed.kind) {
    case "running":
      return withProgress(rollout, { steps: observed.steps, logTail, note: cancelNote(rollout) });
    case "holding":
      return withProgress(rollout, {
        steps: observed.steps,
        logTail,
        note:
          cancelNote(rollout) ?? `holds at ${observed.hold} with ${observed.trafficPercent} % of the traffic`,
      });
    case "succeeded":
      return finishRollout(rollout, observed, served, now);
    case "failed":
      if (observed.orCancelled === true && rollout.state === "cancelling")
        return cancelledRollout(rollout, logTail, now);
      return moveRollout(rollout, "failed", now, {
        result: oneLine(observed.problem, 300),
        progress: { logTail, steps: endSteps(rollout.progress.steps, "failed") },
      });
    case "cancelled":
      return cancelledRollout(rollout, logTail, now);
    case "lost":
      return moveRollout(rollout, "unknown", now, {
        result: oneLine(observed.problem, 300),
        progress: { logTail },
      });
  }
}

function cancelledRollout(rollout: Rollout, logTail: string, now: Date): Rollout {
  const by = rollout.progress.cancelRequestedBy ?? "the backend";
  return moveRollout(rollout, "cancelled", now, {
    result: oneLine(`cancelled by ${by}${because(rollout)}`, 300),
    progress: { logTail, steps: endSteps(rollout.progress.steps, "failed") },
  });
}

function finishRollout(
  rollout: Rollout,
  observed: Extract<Observed, { kind: "succeeded" }>,
  served: string | null,
  now: Date,
): Rollout {
  const { logTail, newVersion, metrics, comparison = [] } = observed;
  const { to } = rollout.plan;
  if (to === null || served === to) {
    const steps = endSteps(rollout.progress.steps, "done");
    const progress = { logTail, newVersion, metrics, comparison, steps, verifying: null };
    return moveRollout(rollout, "succeeded", now, { result: oneLine(observed.result, 300), progress });
  }
  const { verifying: before } = rollout.progress;
  const verifying = before === null ? beginElapsed(now) : addElapsed(before, now, verifyStepMs);
  const serving = served === null ? "nothing serves" : `version ${served} still serves`;
  if (verifying.ms < verifyMs) {
    const note = `the backend says it is done, but ${serving}; waiting for version ${to}`;
    return withProgress(rollout, { logTail, note, verifying });
  }
  return moveRollout(rollout, "failed", now, {
    result: `the backend said it was done, but ${serving} instead of ${to}`,
    progress: { logTail, steps: endSteps(rollout.progress.steps, "failed") },
  });
}

function cancelNote(rollout: Rollout): string | null {
  const { cancelRequestedBy } = rollout.progress;
  return rollout.state === "cancelling" && cancelRequestedBy !== null
    ? `asked to stop by ${cancelRequestedBy}${because(rollout)}`
    : null;
}

function because({ progress }: Rollout): string {
  return progress.cancelReason === null ? "" : `: ${progress.cancelReason}`;
}
