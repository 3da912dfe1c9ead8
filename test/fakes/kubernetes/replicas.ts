/** What the controllers of Deployments and Rollouts have in common: one ReplicaSet per pod template. */
import { createHash } from "node:crypto";
import { canonical, type JsonObject, type KubeObject, same } from "./objects.ts";
import { blankMetadata, isReady, makePod, ownerOf, podsOf, resourceOf } from "./pods.ts";
import { type KubeStore, objectField } from "./store.ts";

export interface ReplicaRules {
  readonly hashLabel: string;
  readonly revisionAnnotation: string;
  readonly manager: string;
}

const replicaSets = resourceOf("replicasets");

export function ownReplicaSets(store: KubeStore, owner: KubeObject): readonly KubeObject[] {
  return store
    .list(replicaSets, owner.metadata.namespace)
    .filter(
      ({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) === true,
    );
}

export function revisionOf(object: KubeObject, { revisionAnnotation }: ReplicaRules): number {
  return Number(object.metadata.annotations?.[revisionAnnotation] ?? "0");
}

export function hashOf(replicaSet: KubeObject, { hashLabel }: ReplicaRules): string {
  return replicaSet.metadata.labels?.[hashLabel] ?? "";
}

/** The ReplicaSet of the owner's template, made or given the newest number when it has not. */
export function currentReplicaSet(store: KubeStore, owner: KubeObject, rules: ReplicaRules): KubeObject {
  const template = objectField(owner.spec, "template");
  const all = ownReplicaSets(store, owner);
  const found = all.find((each) => same(withoutHash(each, rules), template));
  const newest = Math.max(0, ...all.map((each) => revisionOf(each, rules)));
  if (found !== undefined && revisionOf(found, rules) === newest) return found;
  const annotations = { ...owner.metadata.annotations, [rules.revisionAnnotation]: String(newest + 1) };
  const writer = { manager: rules.manager };
  if (found !== undefined)
    return store.update(replicaSets, { ...found, metadata: { ...found.metadata, annotations } }, writer);
  const hash = createHash("sha256").update(canonical(template)).digest("hex").slice(0, 10);
  const metadata = objectField(template, "metadata");
  const labels = { ...(objectField(metadata, "labels") as Record<string, string>), [rules.hashLabel]: hash };
  return store.create(
    replicaSets,
    {
      ...{ apiVersion: "apps/v1", kind: "ReplicaSet" },
      metadata: {
        ...blankMetadata(`${owner.metadata.name}-${hash}`, owner.metadata.namespace),
        ...{ labels, annotations, ownerReferences: [ownerOf(owner)] },
      },
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: { ...template, metadata: { ...metadata, labels } },
      },
    },
    writer,
  );
}

function withoutHash(replicaSet: KubeObject, { hashLabel }: ReplicaRules): JsonObject {
  const template = structuredClone(objectField(replicaSet.spec, "template"));
  delete objectField(objectField(template, "metadata"), "labels")[hashLabel];
  return template;
}

/** Makes or ends one pod, until there are as many as wanted. */
export function scale(store: KubeStore, replicaSet: KubeObject, wanted: number): void {
  const pods = podsOf(store, replicaSet);
  if (Number(replicaSet.spec["replicas"]) !== wanted)
    store.update(
      replicaSets,
      { ...replicaSet, spec: { ...replicaSet.spec, replicas: wanted } },
      { manager: "kube-controller-manager" },
    );
  if (pods.length < wanted) makePod(store, replicaSet, objectField(replicaSet.spec, "template"), {});
  const [last] = pods.toSorted((one, other) => Number(isReady(one)) - Number(isReady(other)));
  if (pods.length > wanted && last !== undefined)
    store.remove(resourceOf("pods"), last.metadata.namespace, last.metadata.name);
}

export function countReady(
  store: KubeStore,
  replicaSet: KubeObject,
): { readonly all: number; readonly ready: number } {
  const pods = podsOf(store, replicaSet);
  return { all: pods.length, ready: pods.filter(isReady).length };
}

/** Deletes the oldest that serve nothing, beyond what the limit keeps. */
export function collect(store: KubeStore, owner: KubeObject, current: KubeObject, rules: ReplicaRules): void {
  const limit = Number(owner.spec["revisionHistoryLimit"] ?? 10);
  const old = ownReplicaSets(store, owner)
    .filter((each) => each.metadata.uid !== current.metadata.uid && podsOf(store, each).length === 0)
    .toSorted((one, other) => revisionOf(other, rules) - revisionOf(one, rules));
  for (const { metadata } of old.slice(limit)) store.remove(replicaSets, metadata.namespace, metadata.name);
}
