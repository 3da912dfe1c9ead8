/** Progress of a rollout as steps that people read. */
import type { Observed } from "../../../ports/model.ts";
import type { Place } from "./place.ts";
import type { PodReport } from "./pods.ts";

/** What is to be reached, and whether it is. */
export type Step = readonly [label: string, isDone: boolean];

export interface Counts {
  readonly wanted: number;
  readonly replicas: number;
  readonly updatedReplicas: number;
  readonly availableReplicas: number;
}

/** What a controller counts, and then what the pods say themselves. */
export function stepsOf(counts: Counts, pods: PodReport, steadyMs: number): readonly Step[] {
  const { wanted, replicas, updatedReplicas: updated, availableReplicas: available } = counts;
  const seconds = steadyMs / 1_000;
  return [
    [`make the new pods (${updated} of ${wanted})`, updated >= wanted],
    [`end the old pods (${Math.max(0, replicas - updated)} left)`, replicas <= updated],
    [`wait until they are available (${available} of ${wanted})`, available >= wanted],
    [
      `see them run ${seconds} s without a restart (${Math.min(pods.steady, wanted)} of ${wanted})`,
      pods.steady >= wanted,
    ],
  ];
}

/** Done when every step is. */
export function byStep(
  { title }: Pick<Place, "title">,
  steps: readonly Step[],
  { result, logTail }: { readonly result: string; readonly logTail: string },
): Observed {
  if (steps.every(([, isDone]) => isDone))
    return { kind: "succeeded", result: `${title}: ${result}`, newVersion: null, metrics: {}, logTail };
  return { kind: "running", steps: progressSteps(steps), logTail };
}

export function progressSteps(steps: readonly Step[]): Extract<Observed, { kind: "running" }>["steps"] {
  return steps.map(([label, isDone]) => ({ label, state: isDone ? "done" : "running" }));
}

export function running(labels: readonly string[], logTail: string): Observed {
  return { kind: "running", steps: labels.map((label) => ({ label, state: "running" })), logTail };
}
