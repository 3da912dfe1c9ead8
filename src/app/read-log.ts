/** The whole audit log in order, a page at a time: leaves of what was pruned, then entries. */

import type { ExportLine } from "../domain/audit/export.ts";
import type { AuditEntry } from "../domain/audit.ts";
import type { StoredCheckpoint, StoreSlices } from "../ports.ts";

type LogStore = Pick<StoreSlices, "audit" | "checkpoints">;

const page = 1_000;

export async function* readLog(
  store: LogStore,
): AsyncGenerator<Extract<ExportLine, { kind: "leaf" | "entry" }>> {
  const prunedTo = await store.audit.prunedTo();
  for (let from = 0; from < prunedTo; ) {
    const leaves = await store.checkpoints.leaves(from, Math.min(page, prunedTo - from));
    if (leaves.length === 0) return;
    for (const [index, leaf] of leaves.entries()) yield { kind: "leaf", seq: from + index + 1, leaf };
    from += leaves.length;
  }
  for await (const entry of readEntries(store, prunedTo + 1)) yield { kind: "entry", entry, proof: null };
}

/** Entries from a number on. */
export async function* readEntries(
  store: Pick<LogStore, "audit">,
  first: number,
): AsyncGenerator<AuditEntry> {
  for (let from = first; ; ) {
    const entries = await store.audit.read(from, page);
    yield* entries;
    const last = entries.at(-1);
    if (last === undefined) return;
    from = last.seq + 1;
  }
}

/** Every checkpoint, oldest first. */
export async function* readCheckpoints(
  store: Pick<LogStore, "checkpoints">,
): AsyncGenerator<StoredCheckpoint> {
  for (let size = -1; ; ) {
    const found = await store.checkpoints.after(size, page);
    yield* found;
    const last = found.at(-1);
    if (last === undefined) return;
    size = last.size;
  }
}
