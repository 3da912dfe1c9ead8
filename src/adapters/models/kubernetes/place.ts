/** Where a model serves in one environment, and what every kind of object there can be asked. */
import type { Observed, PlannedOperation, Snapshot } from "../../../ports/model.ts";
import type { KubernetesClient, PatchOperation } from "./client.ts";
import type { Metadata } from "./object.ts";
import type { OperationRecord } from "./record.ts";
import type { KubernetesSettings } from "./settings.ts";
import type { VersionIn } from "./template.ts";

export interface Place {
  readonly model: string;
  readonly environment: string;
  readonly settings: KubernetesSettings;
  readonly client: KubernetesClient;
  readonly namespace: string;
  readonly name: string;
  readonly versionIn: VersionIn;
  /** "apis/apps/v1/namespaces/ml/deployments". */
  readonly collection: string;
  /** For messages: "Deployment scorer in ml". */
  readonly title: string;
}

/** One reading of the object. */
export interface Sight<Seen> {
  readonly metadata: Metadata;
  readonly records: readonly OperationRecord[];
  /** Version that serves, all of it or what a canary leaves; null when it carries none. */
  readonly live: string | null;
  /** Version that the object asks for; another than `live` while a canary is on its way, or after it was aborted. */
  readonly wanted: string | null;
  readonly seen: Seen;
}

/** What would be written, or why nothing can be. */
export type Edit =
  | {
      readonly kind: "edit";
      readonly operations: readonly PatchOperation[];
      /** Kept in the record: what to go back to when this is cancelled. */
      readonly before: string | null;
      readonly steps: readonly string[];
      readonly notes: readonly string[];
    }
  | { readonly kind: "refuse"; readonly reason: string; readonly problem: string; readonly remedy: string };

export function refuseEdit(
  reason: string,
  problem: string,
  remedy: string,
): Extract<Edit, { kind: "refuse" }> {
  return { kind: "refuse", reason, problem, remedy };
}

export type ServingQuestion = Pick<PlannedOperation, "restore"> & { readonly to: string };

/** One kind of object that serves. What they have in common is in serve.ts. */
export interface ServingKind<Seen> {
  readonly plural: string;
  /** "apis/apps/v1". */
  readonly group: string;
  /** As messages call it: "Deployment". */
  readonly word: string;
  read(place: Place): Promise<Sight<Seen>>;
  /** Versions that it can still go back to, newest first, and when each came. */
  versions(
    place: Place,
    sight: Sight<Seen>,
  ): Promise<readonly { readonly version: string; readonly createdAt: Date }[]>;
  snapshot(place: Place, sight: Sight<Seen>): Promise<Snapshot>;
  edit(place: Place, sight: Sight<Seen>, question: ServingQuestion): Promise<Edit>;
  /** Takes an operation back. What has to be done before the object is written is done here. */
  undo(place: Place, sight: Sight<Seen>, record: OperationRecord): Promise<Edit>;
  /** How far it is; `record` is the newest, and the object asks for what it says. */
  progress(place: Place, sight: Sight<Seen>, record: OperationRecord): Promise<Observed>;
  advance?(place: Place, sight: Sight<Seen>, hold: string): Promise<void>;
}
