/** What pods say themselves. A controller's Ready has been true over pods that crash: kserve#1859. */
import { z } from "zod";
import type { KubernetesClient } from "./client.ts";
import { plainLine } from "./failure.ts";
import { condition, conditionOf, listOf, metadata } from "./object.ts";

const terminated = z.looseObject({
  exitCode: z.number().default(0),
  reason: z.string().default(""),
  message: z.string().default(""),
  finishedAt: z.string().nullish(),
});
const containerStatus = z.looseObject({
  name: z.string(),
  ready: z.boolean().default(false),
  restartCount: z.number().default(0),
  state: z
    .looseObject({
      waiting: z.looseObject({ reason: z.string().default(""), message: z.string().default("") }).optional(),
      running: z.looseObject({ startedAt: z.string().nullish() }).optional(),
      terminated: terminated.optional(),
    })
    .default({}),
  lastState: z.looseObject({ terminated: terminated.optional() }).default({}),
});
type ContainerStatus = z.output<typeof containerStatus>;

export const pod = z.looseObject({
  metadata: metadata.extend({ deletionTimestamp: z.string().optional() }),
  status: z
    .looseObject({
      phase: z.string().default("Pending"),
      conditions: z.array(condition).default([]),
      containerStatuses: z.array(containerStatus).default([]),
      initContainerStatuses: z.array(containerStatus).default([]),
    })
    .prefault({}),
});
export type Pod = z.output<typeof pod>;

export interface PodReport {
  /** Pods that are Ready and have run without a restart for as long as asked. */
  readonly steady: number;
  readonly all: number;
  /** One line each: "pod scorer-7f9-x: server: ImagePullBackOff: …"; at most five. */
  readonly troubles: readonly string[];
  /** A trouble that waiting will not mend; null when there is none. */
  readonly hopeless: string | null;
}

export interface PodJudgement {
  readonly steadyMs: number;
  readonly maxRestarts: number;
}

/** Not mended by waiting: the pod says what it is, or someone has to change it. */
const hopelessReasons = new Set(["InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError"]);
const maxPods = 500;
const maxTroubles = 5;

/**
 * Asks for the pods that a selector names.
 * @param namespace - its path: "namespaces/ml".
 */
export async function lookAtPods(
  client: KubernetesClient,
  { namespace, selector }: { readonly namespace: string; readonly selector: string },
  judgement: PodJudgement,
): Promise<PodReport> {
  const query = { labelSelector: selector, limit: String(maxPods) };
  const path = `api/v1/namespaces/${namespace}/pods`;
  const { data, nowMs } = await client.getWithTime({ path, query, schema: listOf(pod) });
  return reportOf(data.items, nowMs, judgement);
}

/** @param nowMs - by the clock of the cluster. */
export function reportOf(
  pods: readonly Pod[],
  nowMs: number,
  { steadyMs, maxRestarts }: PodJudgement,
): PodReport {
  const alive = pods.filter(({ metadata: { deletionTimestamp } }) => deletionTimestamp === undefined);
  const troubles = alive.flatMap((each) => troublesOf(each, maxRestarts));
  return {
    steady: alive.filter((each) => isSteady(each, nowMs - steadyMs)).length,
    all: alive.length,
    troubles: troubles.slice(0, maxTroubles).map(({ text }) => text),
    hopeless: troubles.find(({ isHopeless }) => isHopeless)?.text ?? null,
  };
}

function isSteady({ status }: Pod, sinceMs: number): boolean {
  const ready = conditionOf(status.conditions, "Ready");
  const isReady =
    status.phase === "Running" && ready?.status === "True" && isBefore(ready.lastTransitionTime, sinceMs);
  return (
    isReady &&
    status.containerStatuses.every(
      ({ state, ready: runs }) => runs && isBefore(state.running?.startedAt, sinceMs),
    )
  );
}

/** Times have whole seconds there: what is unknown counts as long ago only when nothing else speaks against it. */
function isBefore(time: string | null | undefined, ms: number): boolean {
  return time === null || time === undefined || Date.parse(time) <= ms;
}

interface Trouble {
  readonly text: string;
  readonly isHopeless: boolean;
}

function troublesOf({ metadata: { name }, status }: Pod, maxRestarts: number): readonly Trouble[] {
  const unscheduled = conditionOf(status.conditions, "PodScheduled");
  const own: Trouble[] =
    unscheduled?.status === "False"
      ? [{ text: plainLine(`pod ${name}: ${unscheduled.reason}: ${unscheduled.message}`), isHopeless: false }]
      : [];
  const containers = [...status.initContainerStatuses, ...status.containerStatuses];
  return [...own, ...containers.flatMap((each) => containerTrouble(name, each, maxRestarts))];
}

function containerTrouble(podName: string, status: ContainerStatus, maxRestarts: number): readonly Trouble[] {
  const { name, restartCount, state, lastState } = status;
  const { waiting } = state;
  const ended = state.terminated ?? lastState.terminated;
  const isCrash = ended !== undefined && (ended.exitCode !== 0 || restartCount > 0);
  const isWaiting =
    waiting !== undefined && !["", "ContainerCreating", "PodInitializing"].includes(waiting.reason);
  if (!isCrash && !isWaiting && restartCount === 0) return [];
  const said = [
    isWaiting ? [waiting.reason, waiting.message].filter((part) => part !== "").join(": ") : "",
    isCrash
      ? `ended with exit code ${ended.exitCode}${ended.message === "" ? "" : `: ${ended.message}`}`
      : "",
    restartCount > 0 ? `restarted ${restartCount} times` : "",
  ];
  const text = plainLine(`pod ${podName}: ${name}: ${said.filter((part) => part !== "").join("; ")}`);
  const isHopeless = restartCount >= maxRestarts || (isWaiting && hopelessReasons.has(waiting.reason));
  return [{ text, isHopeless }];
}
