/** deploy, config, flag, commit and infra come from outside; rollout is one of ours. */
export const changeKinds = ["deploy", "config", "flag", "commit", "infra", "rollout"] as const;
export type ChangeKind = (typeof changeKinds)[number];

/** Where a registry keeps which version serves. */
export interface RegistryPointer {
  /** Backend that keeps it: "mlflow". */
  readonly registry: string;
  /** Name of the model there. */
  readonly name: string;
  readonly alias: string;
}

/** What a registry tells of a pointer; no version when it was removed. */
export interface PointerMove extends RegistryPointer {
  readonly version: string | null;
}

/** Something people or machines did that may have caused an incident. */
export interface Change {
  readonly id: string;
  readonly kind: ChangeKind;
  /** Node of the topology, or null when the sender does not say. */
  readonly service: string | null;
  readonly title: string;
  readonly text: string;
  readonly author: string | null;
  readonly url: string | null;
  readonly at: Date;
  /** Set when the change is a rollout of ours that the bot could roll back. */
  readonly rolloutId: number | null;
  /** Set by a source that tells of a registry's pointer, so that what the bot itself moved is known; not stored. */
  readonly pointer?: PointerMove;
}
