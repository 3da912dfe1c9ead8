/**
 * What the bot did to an object, kept as one annotation of it and written together with what it did: there is either
 * both or neither, and so an operation can be found again after a crash.
 */

import { z } from "zod";
import { jsonOf } from "../../../domain/text/json.ts";
import type { PatchOperation } from "./client.ts";
import { KubernetesError } from "./failure.ts";
import { type Metadata, pointer } from "./object.ts";

/** asked: the object was changed. undone: it was changed back, because the operation was cancelled. */
export interface OperationRecord {
  readonly operationId: string;
  readonly to: string;
  readonly from: string | null;
  readonly at: Date;
  readonly by: string;
  readonly state: "asked" | "undone";
  /** The ReplicaSet, or the revision, that served before; null when there was none. */
  readonly before: string | null;
  /** Of the lock under which it was asked for; 0 in records that are older than fences. */
  readonly fence: number;
}

export const historyAnnotation = "tocsin.history";
export const operationAnnotation = "tocsin.operation";
export const changeCause = "kubernetes.io/change-cause";
/** All annotations of an object together may have 256 kB, and a Deployment's are copied to its ReplicaSets. */
const maxRecords = 20;

const stored = z.array(
  z
    .object({
      op: z.string(),
      to: z.string(),
      from: z.string().nullable(),
      at: z.iso.datetime(),
      by: z.string(),
      state: z.enum(["asked", "undone"]),
      before: z.string().nullable(),
      fence: z.number().int().default(0),
    })
    .transform(({ op, at, ...rest }): OperationRecord => ({ ...rest, operationId: op, at: new Date(at) })),
);

/**
 * Oldest first.
 * @param title - of the object, for the message.
 * @throws KubernetesError when someone edited it into something else: what was done cannot be told then.
 */
export function recordsOf(
  { annotations }: Pick<Metadata, "annotations">,
  title: string,
): readonly OperationRecord[] {
  const text = annotations?.[historyAnnotation];
  if (text === undefined || text === "") return [];
  const parsed = stored.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  throw new KubernetesError(
    "unclear",
    `the bot's record was edited; delete the annotation ${historyAnnotation} of ${title} to start anew`,
  );
}

export function recordFor(records: readonly OperationRecord[], operationId: string): OperationRecord | null {
  return records.find((record) => record.operationId === operationId) ?? null;
}

/** With this operation's record as given; the newest stays the last. */
export function withRecord(
  records: readonly OperationRecord[],
  record: OperationRecord,
): readonly OperationRecord[] {
  const isKnown = recordFor(records, record.operationId) !== null;
  if (!isKnown) return [...records, record].slice(-maxRecords);
  return records.map((other) => (other.operationId === record.operationId ? record : other));
}

/** Writes them, with words for `kubectl rollout history`, and only while the object is as it was read. */
export function recordPatch(
  { annotations, resourceVersion }: Pick<Metadata, "annotations" | "resourceVersion">,
  records: readonly OperationRecord[],
): readonly PatchOperation[] {
  const last = records.at(-1);
  const text = JSON.stringify(
    records.map(({ operationId, at, by, ...rest }) => ({
      ...{ op: operationId, at: at.toISOString(), by: by.slice(0, 100), ...rest },
    })),
  );
  const set = (name: string, value: string): PatchOperation => ({
    op: "add",
    path: `/metadata/annotations/${pointer(name)}`,
    value,
  });
  return [
    { op: "test", path: "/metadata/resourceVersion", value: resourceVersion },
    ...(annotations === undefined || annotations === null
      ? [{ op: "add", path: "/metadata/annotations", value: {} } as const]
      : []),
    set(historyAnnotation, text),
    ...(last === undefined
      ? []
      : [
          set(operationAnnotation, last.operationId),
          set(
            changeCause,
            `${last.state === "undone" ? "undo of " : ""}version ${last.to}, ${last.operationId}`,
          ),
        ]),
  ];
}
