/** Who made an object what it is: the bot, or someone around it; and what will write over it. */

import { fieldManager } from "./client.ts";
import type { Metadata } from "./object.ts";
import type { OperationRecord } from "./record.ts";

export interface Origin {
  readonly since: Date | null;
  readonly by: string | null;
}

/**
 * Since when and by whom a version is asked for: from the bot's last record, or else from the program that last wrote
 * the specification, as the server noted it.
 */
export function originOf(
  { managedFields }: Pick<Metadata, "managedFields">,
  records: readonly OperationRecord[],
  version: string | null,
): Origin {
  const last = records.at(-1);
  if (last !== undefined && last.state === "asked" && last.to === version)
    return { since: last.at, by: last.by };
  const writer = managedFields
    .filter(
      ({ manager, subresource, fieldsV1 }) =>
        manager !== fieldManager && subresource === undefined && fieldsV1?.["f:spec"] !== undefined,
    )
    .toSorted((one, other) => (one.time ?? "").localeCompare(other.time ?? ""))
    .at(-1);
  if (writer?.time === undefined) return { since: null, by: null };
  return { since: new Date(writer.time), by: writer.manager === "" ? null : writer.manager };
}

const keepers: readonly (readonly [string, string])[] = [
  ["argocd.argoproj.io/tracking-id", "Argo CD"],
  ["argocd.argoproj.io/instance", "Argo CD"],
  ["kustomize.toolkit.fluxcd.io/name", "Flux"],
  ["helm.toolkit.fluxcd.io/name", "Flux"],
];

/** Says who keeps the object as Git has it, and so may take back what the bot does. */
export function ownershipNotes({
  labels,
  annotations,
}: Pick<Metadata, "labels" | "annotations">): readonly string[] {
  const found = keepers.find(([key]) => labels[key] !== undefined || annotations?.[key] !== undefined);
  if (found === undefined) return [];
  return [
    `${found[1]} keeps it as Git has it: Git and cluster differ after this, and a sync takes it back; change Git too, or let it ignore what the bot sets`,
  ];
}
