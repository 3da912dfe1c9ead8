/** Pods as kubelets make them: of each template a behaviour, one small step at a time. */
import { isObject, type JsonObject, type KubeObject, resources } from "./objects.ts";
import { type KubeStore, objectField } from "./store.ts";

export type Behaviour =
  | "serves"
  /** Ends again and again with exit code 1. */
  | "crashes"
  /** Ready, and restarted five times already: a controller takes it for well. */
  | "restarts"
  | "cannot_pull"
  | "bad_name"
  | "unschedulable"
  /** Stays as it was made. */
  | "pending"
  /** Ends with exit code 0, with `message`; for Jobs. */
  | "completes"
  /** Ends with exit code 3, for Jobs. */
  | "fails";

export interface PodRules {
  /** By the text of the pod template. */
  behaviour: (template: string) => Behaviour;
  /** What a container says when it ends well. */
  message: string;
}

export const kinds = Object.fromEntries(resources.map((resource) => [resource.plural, resource])) as Record<
  string,
  (typeof resources)[number]
>;

export function resourceOf(plural: string): (typeof resources)[number] {
  const found = kinds[plural];
  if (found === undefined) throw new Error(`the fake has no ${plural}`);
  return found;
}

const pods = resourceOf("pods");
const kubelet = { manager: "kubelet", subresource: "status" } as const;

export function podsOf(store: KubeStore, owner: KubeObject): readonly KubeObject[] {
  return store
    .list(pods, owner.metadata.namespace)
    .filter(
      ({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) === true,
    );
}

export function isReady(pod: KubeObject): boolean {
  return conditionsOf(pod).some(({ type, status }) => type === "Ready" && status === "True");
}

export function conditionsOf({ status }: Pick<KubeObject, "status">): readonly JsonObject[] {
  const list = status?.["conditions"];
  return Array.isArray(list) ? list.filter(isObject) : [];
}

export function makePod(
  store: KubeStore,
  owner: KubeObject,
  template: JsonObject,
  labels: Record<string, string>,
): void {
  const metadata = objectField(template, "metadata");
  const own = objectField(metadata, "labels") as Record<string, string>;
  store.create(
    pods,
    {
      ...{ apiVersion: "v1", kind: "Pod" },
      metadata: {
        ...blankMetadata(
          `${owner.metadata.name}-${Math.random().toString(36).slice(2, 7)}`,
          owner.metadata.namespace,
        ),
        labels: { ...own, ...labels },
        ...(metadata["annotations"] === undefined
          ? {}
          : { annotations: metadata["annotations"] as Record<string, string> }),
        ownerReferences: [ownerOf(owner)],
      },
      spec: objectField(template, "spec"),
    },
    { manager: "kube-controller-manager" },
  );
}

export function ownerOf({ apiVersion, kind, metadata }: KubeObject) {
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true };
}

export function blankMetadata(name: string, namespace: string): KubeObject["metadata"] {
  return { name, namespace, uid: "", resourceVersion: "", generation: 0, creationTimestamp: "" };
}

/** Moves every pod one step on. */
export function stepPods(store: KubeStore, rules: PodRules): void {
  for (const pod of store.list(pods, null)) {
    const status = nextStatus(pod, rules, timeOf(store));
    if (status === null) continue;
    store.update(pods, { ...pod, status }, kubelet);
  }
}

export function timeOf(store: KubeStore): string {
  return new Date(store.nowMs()).toISOString().replace(/\.\d+Z$/, "Z");
}

function nextStatus(pod: KubeObject, rules: PodRules, now: string): JsonObject | null {
  const container = Array.isArray(pod.spec["containers"]) ? pod.spec["containers"][0] : null;
  const name = isObject(container ?? undefined) ? String((container as JsonObject)["name"]) : "main";
  const behaviour = rules.behaviour(JSON.stringify(pod));
  const phase = pod.status?.["phase"];
  if (phase === undefined) return { phase: "Pending" };
  const restarts = restartsOf(pod);
  if (behaviour === "crashes" && restarts < 3) return crashed(name, restarts + 1, now);
  if (phase !== "Pending" || conditionsOf(pod).length > 0) return null;
  switch (behaviour) {
    case "serves":
      return ready(name, now, 0);
    case "restarts":
      return ready(name, now, 5);
    case "cannot_pull":
      return waiting(name, now, "ImagePullBackOff", 'Back-off pulling image "registry/scorer"');
    case "bad_name":
      return waiting(name, now, "InvalidImageName", "couldn't parse image name");
    case "unschedulable":
      return {
        phase: "Pending",
        conditions: [
          {
            type: "PodScheduled",
            status: "False",
            reason: "Unschedulable",
            message: "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.",
          },
        ],
      };
    case "completes":
      return ended(name, now, "Succeeded", 0, rules.message);
    case "fails":
      return ended(name, now, "Failed", 3, "ValueError: no rows");
    default:
      return null;
  }
}

function restartsOf({ status }: KubeObject): number {
  const list = status?.["containerStatuses"];
  const first = Array.isArray(list) ? list[0] : undefined;
  return isObject(first) ? Number(first["restartCount"]) : 0;
}

function ready(name: string, now: string, restartCount: number): JsonObject {
  const last =
    restartCount === 0
      ? {}
      : { lastState: { terminated: { exitCode: 137, reason: "OOMKilled", finishedAt: now } } };
  return {
    phase: "Running",
    conditions: [{ type: "Ready", status: "True", lastTransitionTime: now }],
    containerStatuses: [{ name, ready: true, restartCount, state: { running: { startedAt: now } }, ...last }],
  };
}

function waiting(name: string, now: string, reason: string, message: string): JsonObject {
  return {
    phase: "Pending",
    conditions: [{ type: "Ready", status: "False", lastTransitionTime: now }],
    containerStatuses: [{ name, ready: false, restartCount: 0, state: { waiting: { reason, message } } }],
  };
}

function crashed(name: string, restartCount: number, now: string): JsonObject {
  const terminated = { exitCode: 1, reason: "Error", message: "cannot load model", finishedAt: now };
  return {
    phase: "Running",
    conditions: [{ type: "Ready", status: "False", lastTransitionTime: now }],
    containerStatuses: [
      {
        ...{ name, ready: false, restartCount, lastState: { terminated } },
        state: {
          waiting: { reason: "CrashLoopBackOff", message: "back-off 40s restarting failed container" },
        },
      },
    ],
  };
}

function ended(name: string, now: string, phase: string, exitCode: number, message: string): JsonObject {
  return {
    phase,
    conditions: [{ type: "Ready", status: "False", lastTransitionTime: now }],
    containerStatuses: [
      { name, ready: false, restartCount: 0, state: { terminated: { exitCode, message, finishedAt: now } } },
    ],
  };
}
