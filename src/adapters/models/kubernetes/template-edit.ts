/** What is written into the pod template of a Deployment or a Rollout: another version, or a template that was kept. */
import { z } from "zod";
import type { Snapshot } from "../../../ports/model.ts";
import type { PatchOperation } from "./client.ts";
import { type PodTemplate, podTemplate } from "./object.ts";
import { type Edit, type Place, refuseEdit, type ServingQuestion } from "./place.ts";
import type { OperationRecord } from "./record.ts";
import type { Revision } from "./replica-sets.ts";
import { mayBeKept, setVersion, withoutHash } from "./template.ts";

/** Larger templates are not kept; their ReplicaSet is. */
const maxKeptCharacters = 48_000;

const kept = z.object({
  version: z.string().nullable(),
  replicaSet: z.string(),
  hash: z.string(),
  template: podTemplate.nullable(),
});

export function snapshotOf(
  version: string | null,
  current: Revision | null,
  template: PodTemplate,
): Snapshot {
  const isKept = mayBeKept(template) && JSON.stringify(template).length <= maxKeptCharacters;
  return {
    version,
    replicaSet: current?.name ?? "",
    hash: current?.hash ?? "",
    template: isKept ? template : null,
  };
}

/** @param revisions - that are still there. @param current - the one that serves. */
export function editTemplate(
  place: Place,
  template: PodTemplate,
  { to, restore }: ServingQuestion,
  { revisions, current }: { readonly revisions: readonly Revision[]; readonly current: Revision | null },
): Edit {
  const before = current?.name ?? null;
  const snapshot = kept.safeParse(restore);
  if (snapshot.success && snapshot.data.version === to) {
    const { hash, replicaSet, template: copy } = snapshot.data;
    const old = revisions.find((revision) => revision.hash === hash && revision.name === replicaSet);
    const source = old?.template ?? copy;
    if (source !== null)
      return {
        kind: "edit",
        operations: [templatePatch(source)],
        before,
        steps: [
          old === undefined
            ? `put back the pod template of version ${to} that was kept; its ReplicaSet ${replicaSet} is gone`
            : `put back the pod template of ReplicaSet ${replicaSet}, version ${to}`,
        ],
        notes: [],
      };
  }
  const set = setVersion(template, place.versionIn, to);
  if ("problem" in set) return refuseEdit("cannot_set_version", `${place.title}: ${set.problem}`, set.remedy);
  const isLost = restore !== null;
  return {
    kind: "edit",
    operations: set.operations,
    before,
    steps: [set.what],
    notes: isLost
      ? ["the pod template of then is gone: only the version goes back, the rest stays as it is"]
      : [],
  };
}

/** Back to what served before an operation. */
export function undoTemplate(
  place: Place,
  template: PodTemplate,
  record: OperationRecord,
  revisions: readonly Revision[],
): Edit {
  const { from, before } = record;
  const old = revisions.find(({ name }) => name === before);
  if (old !== undefined)
    return { kind: "edit", operations: [templatePatch(old.template)], before, steps: [], notes: [] };
  if (from === null)
    return refuseEdit(
      "nothing_before",
      `${place.title}: nothing served before.`,
      "Scale it down, or deploy another version.",
    );
  return editTemplate(place, template, { to: from, restore: null }, { revisions, current: null });
}

function templatePatch(template: PodTemplate): PatchOperation {
  return { op: "replace", path: "/spec/template", value: withoutHash(template) };
}
