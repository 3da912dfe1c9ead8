/** ReplicaSets of a Deployment or a Rollout: each keeps the pod template of one revision. */
import { z } from "zod";
import {
  type labelSelector,
  listOf,
  metadata,
  type PodTemplate,
  podTemplate,
  selectorText,
} from "./object.ts";
import type { Place } from "./place.ts";
import { versionOf } from "./template.ts";

const replicaSet = z.looseObject({
  metadata,
  spec: z.looseObject({ template: podTemplate }),
});

export interface Owner {
  readonly uid: string;
  readonly selector: z.output<typeof labelSelector>;
  /** Label that tells the pods of one ReplicaSet from those of another. */
  readonly hashLabel: "pod-template-hash" | "rollouts-pod-template-hash";
  readonly revisionAnnotation: string;
}

export interface Revision {
  readonly name: string;
  readonly hash: string;
  /** Counts up with every change; an old one that serves again gets a new number. */
  readonly revision: number;
  readonly version: string | null;
  readonly createdAt: Date;
  readonly template: PodTemplate;
  /** Selects its pods. */
  readonly selector: string;
}

/** Newest revision first. */
export async function revisionsOf(place: Place, owner: Owner): Promise<readonly Revision[]> {
  const { client, namespace, versionIn } = place;
  const selector = selectorText(owner.selector);
  const path = `apis/apps/v1/namespaces/${namespace}/replicasets`;
  const { items } = await client.get({
    path,
    query: { labelSelector: selector },
    schema: listOf(replicaSet),
  });
  return items
    .filter(({ metadata: { ownerReferences } }) => ownerReferences.some(({ uid }) => uid === owner.uid))
    .map(({ metadata: { name, labels, annotations, creationTimestamp }, spec: { template } }): Revision => {
      const hash = labels[owner.hashLabel] ?? "";
      return {
        name,
        hash,
        revision: Number(annotations?.[owner.revisionAnnotation] ?? "0"),
        version: versionOf(template, versionIn),
        createdAt: new Date(creationTimestamp),
        template,
        selector: `${selector},${owner.hashLabel}=${hash}`,
      };
    })
    .sort((one, other) => other.revision - one.revision);
}
