/** The controller of Argo Rollouts, for canaries by number of pods. */
import { isObject, type JsonObject, type KubeObject } from "./objects.ts";
import { resourceOf, timeOf } from "./pods.ts";
import {
  countReady,
  currentReplicaSet,
  hashOf,
  ownReplicaSets,
  type ReplicaRules,
  scale,
} from "./replicas.ts";
import { type KubeStore, objectField } from "./store.ts";

const rollouts = resourceOf("rollouts");
const rules: ReplicaRules = {
  hashLabel: "rollouts-pod-template-hash",
  revisionAnnotation: "rollout.argoproj.io/revision",
  manager: "rollouts-controller",
};

export function stepRollouts(store: KubeStore): void {
  for (const rollout of store.list(rollouts, null))
    if (isObject(rollout.spec["template"])) step(store, rollout);
}

function step(store: KubeStore, rollout: KubeObject): void {
  const wanted = Number(rollout.spec["replicas"] ?? 1);
  const current = currentReplicaSet(store, rollout, rules);
  const before = rollout.status ?? {};
  const hash = hashOf(current, rules);
  // Another template: what was held, aborted or promoted is forgotten.
  const isNew = before["currentPodHash"] !== hash;
  const stableHash = String(before["stableRS"] ?? "");
  const steps = stepsOf(rollout);
  const isStable = stableHash === "" || stableHash === hash;
  const state: JsonObject = isNew ? { stableRS: stableHash } : { ...before };
  const index = isNew ? 0 : Number(before["currentStepIndex"] ?? 0);
  const isAborted = state["abort"] === true;
  const weight = isStable
    ? 100
    : isAborted
      ? 0
      : weightAt(steps, state["promoteFull"] === true ? steps.length : index);
  const goal = isStable ? wanted : Math.ceil((wanted * weight) / 100);
  const stable = ownReplicaSets(store, rollout).find((each) => hashOf(each, rules) === stableHash) ?? null;
  scale(store, current, Math.min(goal, countReady(store, current).all + 1));
  for (const other of ownReplicaSets(store, rollout))
    if (other.metadata.uid !== current.metadata.uid)
      scale(store, other, other.metadata.uid === stable?.metadata.uid && !isStable ? wanted - goal : 0);
  const now = countReady(store, current);
  const isUp = now.ready >= goal;
  Object.assign(
    state,
    nextState({ state, steps, index, isUp, isStable, isAborted, time: timeOf(store), hash }),
  );
  const own = ownReplicaSets(store, rollout).map((each) => countReady(store, each));
  const status: JsonObject = {
    ...state,
    observedGeneration: String(rollout.metadata.generation),
    currentPodHash: hash,
    replicas: own.reduce((sum, count) => sum + count.all, 0),
    updatedReplicas: now.all,
    readyReplicas: own.reduce((sum, count) => sum + count.ready, 0),
    availableReplicas: own.reduce((sum, count) => sum + count.ready, 0),
    canary: { weights: { canary: { weight: isStable ? 100 : weight, podTemplateHash: hash } } },
  };
  store.update(rollouts, { ...rollout, status }, { manager: rules.manager, subresource: "status" });
}

interface Situation {
  readonly state: JsonObject;
  readonly steps: readonly JsonObject[];
  readonly index: number;
  readonly isUp: boolean;
  readonly isStable: boolean;
  readonly isAborted: boolean;
  readonly time: string;
  readonly hash: string;
}

/** A pause begins with a condition; when that is taken away while `controllerPause` stays, the pause is over. */
function nextState({ state, steps, index, isUp, isStable, isAborted, time, hash }: Situation): JsonObject {
  const calm = { pauseConditions: undefined, controllerPause: undefined };
  if (isStable)
    return {
      ...calm,
      phase: isUp ? "Healthy" : "Progressing",
      message: "",
      stableRS: isUp ? hash : (state["stableRS"] ?? ""),
      currentStepIndex: steps.length,
      abort: undefined,
      promoteFull: undefined,
    };
  if (isAborted)
    return {
      ...calm,
      phase: "Degraded",
      message: "RolloutAborted: Rollout aborted update to revision 2",
      currentStepIndex: 0,
    };
  if (!isUp)
    return { phase: "Progressing", message: "more replicas need to be updated", currentStepIndex: index };
  const at = state["promoteFull"] === true ? steps.length : index;
  const current = steps[at];
  if (current === undefined)
    return { ...calm, phase: "Healthy", message: "", stableRS: hash, currentStepIndex: steps.length };
  if (current["pause"] === undefined) return { phase: "Progressing", message: "", currentStepIndex: at + 1 };
  const isPaused = Array.isArray(state["pauseConditions"]);
  if (!isPaused && state["controllerPause"] === true)
    return { ...calm, phase: "Progressing", message: "", currentStepIndex: at + 1 };
  if (isPaused) return { currentStepIndex: at };
  return {
    ...{ phase: "Paused", message: "CanaryPauseStep", controllerPause: true, currentStepIndex: at },
    pauseConditions: [{ reason: "CanaryPauseStep", startTime: time }],
  };
}

function stepsOf(rollout: KubeObject): readonly JsonObject[] {
  const steps = objectField(objectField(rollout.spec, "strategy"), "canary")["steps"];
  return Array.isArray(steps) ? steps.filter(isObject) : [];
}

function weightAt(steps: readonly JsonObject[], index: number): number {
  if (index >= steps.length) return 100;
  const past = steps.slice(0, index + 1).findLast((each) => each["setWeight"] !== undefined);
  return Number(past?.["setWeight"] ?? 0);
}
