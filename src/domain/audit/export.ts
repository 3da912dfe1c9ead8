/** The lines of an export of the audit log: canonical JSON, enough for anyone to verify the log without its database. */
import { z } from "zod";
import { type AuditEntry, canonicalJson, recordFields } from "./entry.ts";
import type { TreeHash } from "./merkle.ts";

/** One line of an export. */
export type ExportLine =
  | { readonly kind: "entry"; readonly entry: AuditEntry; readonly proof: readonly TreeHash[] | null }
  /** What is left of an entry that was pruned. */
  | { readonly kind: "leaf"; readonly seq: number; readonly leaf: TreeHash }
  /** First line of an export that is not of the whole log: its entries stand alone, each with its proof. */
  | { readonly kind: "selection"; readonly filter: Readonly<Record<string, unknown>> }
  /** A signed checkpoint of the log. */
  | { readonly kind: "checkpoint"; readonly note: string };

/**
 * One entry with every field, so that anyone can verify it.
 * @param proof - its audit path to the newest checkpoint, for an entry that stands without its neighbours.
 */
export function exportLine(entry: AuditEntry, proof: readonly TreeHash[] | null = null): string {
  const { seq, previousHash, hash, committed } = entry;
  const version = committed === undefined ? {} : { version: 2, ...committed };
  const path = proof === null ? {} : { proof: proof.map((node) => Buffer.from(node).toString("base64")) };
  return canonicalJson({ ...recordFields(entry), seq, previousHash, hash, ...version, ...path });
}

export function exportLeaf(seq: number, leaf: TreeHash): string {
  return canonicalJson({ seq, leaf: Buffer.from(leaf).toString("base64") });
}

export function exportCheckpoint(note: string): string {
  return canonicalJson({ checkpoint: note });
}

export function exportSelection(filter: Readonly<Record<string, unknown>>): string {
  return canonicalJson({ selection: filter });
}

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const node = z.base64().transform((text) => new Uint8Array(Buffer.from(text, "base64")));
const leafSchema = z.strictObject({ seq: z.int().positive(), leaf: node });
const checkpointSchema = z.strictObject({ checkpoint: z.string().max(100_000) });
const selectionSchema = z.strictObject({ selection: z.record(z.string(), z.unknown()) });
const recordShape = {
  seq: z.int().positive(),
  at: z.iso.datetime().transform((text) => new Date(text)),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  outcome: z.enum(["done", "denied", "refused", "failed", "requested"]),
  data: z.record(z.string(), z.unknown()),
  previousHash: hex,
  hash: hex,
  proof: z.array(node).max(63).optional(),
};
const entrySchema = z.strictObject(recordShape);
const committedSchema = z.strictObject({
  ...recordShape,
  version: z.literal(2),
  commitments: z.record(z.string(), hex),
  salts: z.record(z.string(), z.string().regex(/^[0-9a-f]{32}$/)),
  erased: z.record(z.string(), z.int().positive()),
});

/** @throws Error when the text is no line of an export. */
export function parseExportLine(text: string): ExportLine {
  const json: unknown = JSON.parse(text);
  if (typeof json !== "object" || json === null) throw new Error("a line of an export is a JSON object");
  if ("leaf" in json) return { kind: "leaf", ...leafSchema.parse(json) };
  if ("checkpoint" in json) return { kind: "checkpoint", note: checkpointSchema.parse(json).checkpoint };
  if ("selection" in json) return { kind: "selection", filter: selectionSchema.parse(json).selection };
  if (!("version" in json)) {
    const { proof = null, ...entry } = entrySchema.parse(json);
    return { kind: "entry", entry, proof };
  }
  const {
    version: _version,
    proof = null,
    commitments,
    salts,
    erased,
    ...entry
  } = committedSchema.parse(json);
  return { kind: "entry", entry: { ...entry, committed: { commitments, salts, erased } }, proof };
}
