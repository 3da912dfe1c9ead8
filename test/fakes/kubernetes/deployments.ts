/** The Deployment controller: rolling, one pod more than wanted, none less. */
import type { JsonObject, KubeObject } from "./objects.ts";
import { conditionsOf, resourceOf, timeOf } from "./pods.ts";
import {
  collect,
  countReady,
  currentReplicaSet,
  ownReplicaSets,
  type ReplicaRules,
  revisionOf,
  scale,
} from "./replicas.ts";
import type { KubeStore } from "./store.ts";

const deployments = resourceOf("deployments");
const rules: ReplicaRules = {
  hashLabel: "pod-template-hash",
  revisionAnnotation: "deployment.kubernetes.io/revision",
  manager: "kube-controller-manager",
};

export function stepDeployments(store: KubeStore): void {
  for (const deployment of store.list(deployments, null)) step(store, deployment);
}

function step(store: KubeStore, given: KubeObject): void {
  if (given.spec["paused"] === true) return;
  const wanted = Number(given.spec["replicas"] ?? 1);
  const current = currentReplicaSet(store, given, rules);
  const revision = String(revisionOf(current, rules));
  const annotations = { ...given.metadata.annotations, [rules.revisionAnnotation]: revision };
  const deployment = store.update(
    deployments,
    { ...given, metadata: { ...given.metadata, annotations } },
    { manager: rules.manager },
  );
  const others = ownReplicaSets(store, deployment).filter(
    ({ metadata }) => metadata.uid !== current.metadata.uid,
  );
  const now = countReady(store, current);
  const old = others.map((each) => countReady(store, each));
  scale(store, current, Math.min(wanted, now.all + (sumOf(old, "all") + now.all <= wanted ? 1 : 0)));
  const surplus = now.ready + sumOf(old, "ready") > wanted || now.ready >= wanted;
  const [shrinking] = others.filter((each) => countReady(store, each).all > 0);
  if (shrinking !== undefined && surplus) scale(store, shrinking, countReady(store, shrinking).all - 1);
  collect(store, deployment, current, rules);
  report(store, deployment, {
    wanted,
    updated: now.all,
    ready: now.ready + sumOf(old, "ready"),
    all: now.all + sumOf(old, "all"),
  });
}

function sumOf(
  counts: readonly { readonly all: number; readonly ready: number }[],
  field: "all" | "ready",
): number {
  return counts.reduce((sum, count) => sum + count[field], 0);
}

interface Report {
  readonly wanted: number;
  readonly updated: number;
  readonly ready: number;
  readonly all: number;
}

function report(store: KubeStore, deployment: KubeObject, { wanted, updated, ready, all }: Report): void {
  const isDone = updated === wanted && ready === wanted && all === wanted;
  const counts = {
    observedGeneration: deployment.metadata.generation,
    ...{ replicas: all, updatedReplicas: updated, readyReplicas: ready, availableReplicas: ready },
    unavailableReplicas: Math.max(0, wanted - ready),
  };
  const before = deployment.status ?? {};
  const isMoving = Object.entries(counts).some(([name, value]) => before[name] !== value);
  const last = conditionsOf(deployment).find(({ type }) => type === "Progressing");
  const now = timeOf(store);
  const since = isMoving || last === undefined ? now : String(last["lastUpdateTime"]);
  const deadlineMs = Number(deployment.spec["progressDeadlineSeconds"] ?? 600) * 1_000;
  const isLate = !isDone && store.nowMs() - Date.parse(since) > deadlineMs;
  const progressing: JsonObject = isLate
    ? {
        status: "False",
        reason: "ProgressDeadlineExceeded",
        message: `ReplicaSet of "${deployment.metadata.name}" has timed out progressing.`,
      }
    : isDone
      ? {
          status: "True",
          reason: "NewReplicaSetAvailable",
          message: "ReplicaSet has successfully progressed.",
        }
      : { status: "True", reason: "ReplicaSetUpdated", message: "ReplicaSet is progressing." };
  const status: JsonObject = {
    ...counts,
    conditions: [
      { type: "Available", status: ready >= wanted ? "True" : "False", reason: "", message: "" },
      { type: "Progressing", ...progressing, lastUpdateTime: since },
    ],
  };
  store.update(deployments, { ...deployment, status }, { manager: rules.manager, subresource: "status" });
}
