/** Erasing what entries say of people, and removing old entries: both are entries themselves. */

import { openCheckpoint, parseVerifier } from "../domain/audit/checkpoint.ts";
import { erasedAction, type FieldPlace, prunedAction, summarizeErasure } from "../domain/audit/erasure.ts";
import { createChainCheck } from "../domain/audit.ts";
import type { Store, StoredCheckpoint } from "../ports.ts";
import { readCheckpoints, readLog } from "./read-log.ts";

/** Who does it, why and when. */
export interface RetentionAct {
  /** Person id. */
  readonly actor: string;
  readonly reason: string;
  readonly now: Date;
}

/** Fields that one act erases at most: its list has to fit one statement. */
const maxFields = 100_000;

export interface Erasure {
  /** Fields that were erased. */
  readonly fields: number;
  /** Entries that they were in. */
  readonly entries: number;
  /** Number of the entry that says so; null when there was nothing to erase. */
  readonly by: number | null;
  /** Entries of format 1 that name the person and cannot be erased. */
  readonly unerasable: number;
}

/**
 * Deletes values and salts of a person, or of chosen entries.
 * @param what - `names`: the ids under which entries know a person; `seqs`: numbers of entries.
 */
export async function eraseFields(
  store: Store,
  what: { readonly names: readonly string[]; readonly seqs: readonly number[] },
  act: RetentionAct,
): Promise<Erasure> {
  return await store.transaction(async (tx) => {
    const places = [
      ...(what.names.length === 0 ? [] : await tx.audit.fieldsOf(what.names, maxFields)),
      ...(what.seqs.length === 0 ? [] : await tx.audit.fieldsIn(what.seqs)),
    ];
    const unique = [...new Map(places.map((place) => [`${place.seq} ${place.field}`, place])).values()];
    const unerasable = what.names.length === 0 ? 0 : await tx.audit.unerasable(what.names);
    if (unique.length === 0) return { fields: 0, entries: 0, by: null, unerasable };
    const by = await erase(tx, unique, act);
    const entries = new Set(unique.map(({ seq }) => seq)).size;
    return { fields: unique.length, entries, by, unerasable };
  });
}

async function erase(
  tx: Parameters<Parameters<Store["transaction"]>[0]>[0],
  places: readonly FieldPlace[],
  { actor, reason, now }: RetentionAct,
): Promise<number> {
  const data = { ...summarizeErasure(places), reason, via: "cli" };
  const record = { at: now, actor, action: erasedAction, subject: "audit", outcome: "done", data } as const;
  const { seq } = await tx.audit.append(record);
  await tx.audit.erase(places, seq);
  await tx.jobs.add({ task: "checkpoint" });
  return seq;
}

/** The newest checkpoint that was signed before a moment; null when there is none. */
export async function checkpointBefore(store: Store, moment: Date): Promise<StoredCheckpoint | null> {
  let found: StoredCheckpoint | null = null;
  for await (const checkpoint of readCheckpoints(store)) if (checkpoint.at < moment) found = checkpoint;
  return found;
}

export type Pruning =
  | { readonly kind: "pruned"; readonly entries: number; readonly by: number }
  | { readonly kind: "refused"; readonly problem: string };

/** Removes the entries that a checkpoint covers, after checking that they are those it was signed over. */
export async function pruneTo(
  store: Store,
  checkpoint: StoredCheckpoint,
  { actor, reason, now }: RetentionAct,
): Promise<Pruning> {
  const { size, note, key } = checkpoint;
  if (size <= (await store.audit.prunedTo()))
    return { kind: "refused", problem: `the entries up to ${size} were pruned before` };
  const problem = await problemUpTo(store, checkpoint);
  if (problem !== null) return { kind: "refused", problem };
  return await store.transaction(async (tx) => {
    const data = { to: size, checkpoint: note, key, reason, via: "cli" };
    const record = { at: now, actor, action: prunedAction, subject: "audit", outcome: "done", data } as const;
    const { seq } = await tx.audit.append(record);
    const entries = await tx.audit.prune(size, seq);
    await tx.jobs.add({ task: "checkpoint" });
    return { kind: "pruned", entries, by: seq };
  });
}

async function problemUpTo(store: Store, { size, note, key }: StoredCheckpoint): Promise<string | null> {
  const check = createChainCheck({ checkpoints: [openCheckpoint(note, parseVerifier(key))] });
  for await (const line of readLog(store)) {
    const fault = line.kind === "entry" ? check.add(line.entry) : check.pruned(line.leaf);
    if (fault !== null) return fault.problem;
    if ((line.kind === "entry" ? line.entry.seq : line.seq) >= size) return null;
  }
  return `the log ends before entry ${size}`;
}
