/** `tocsin audit export`: the log as lines, for auditors and for other systems. */
import { readCheckpoints, readEntries, readLog } from "../app/read-log.ts";
import { askTree } from "../app/tree.ts";
import { exportCheckpoint, exportLeaf, exportLine, exportSelection } from "../domain/audit/export.ts";
import { cloudEventOf, ocsfEventOf } from "../domain/audit/formats.ts";
import type { AuditEntry } from "../domain/audit.ts";
import type { StoredCheckpoint, StoreSlices } from "../ports.ts";
import { auditOrigin } from "./audit-key.ts";
import { withBot } from "./offline.ts";
import { openLineOutput } from "./output.ts";
import { packageVersion } from "./package.ts";

export interface ExportOptions {
  readonly out?: string;
  readonly format: "jsonl" | "ocsf" | "cloudevents";
  /** Only entries about this. */
  readonly subject?: string;
  /** Only entries from, or before, a moment: ISO 8601. */
  readonly from?: string;
  readonly to?: string;
  /** Every entry with its path to the newest checkpoint. */
  readonly proofs?: boolean;
}

type Slices = Pick<StoreSlices, "audit" | "checkpoints">;

/** Streams every entry, or those asked for; memory does not grow with the log. */
export async function exportEntries(options: ExportOptions): Promise<void> {
  const isWanted = filterOf(options);
  const out = openLineOutput(options.out);
  await withBot(async ({ store, config }) => {
    const origin = auditOrigin(config, store.installationId);
    const lines =
      options.format === "jsonl" ? jsonLines(store, options, isWanted) : eventLines(store, options, origin);
    for await (const line of lines) await out.write(line);
  });
  await out.end();
}

type Filter = ((entry: AuditEntry) => boolean) | null;

/** Null when the whole log is wanted. */
function filterOf({ subject, from, to }: ExportOptions): Filter {
  const [after, before] = [momentOf(from, "--from"), momentOf(to, "--to")];
  if (subject === undefined && after === null && before === null) return null;
  return (entry) =>
    (subject === undefined || entry.subject === subject) &&
    (after === null || entry.at >= after) &&
    (before === null || entry.at < before);
}

function momentOf(text: string | undefined, option: string): Date | null {
  if (text === undefined) return null;
  const moment = new Date(text);
  if (!Number.isNaN(moment.getTime())) return moment;
  throw new Error(`${option} is "${text}"; expected a moment, for example 2026-11-01T12:00Z`);
}

/** The whole log with all checkpoints behind it; a selection with the newest checkpoint and a proof for each entry. */
async function* jsonLines(store: Slices, options: ExportOptions, isWanted: Filter): AsyncGenerator<string> {
  const newest = await store.checkpoints.newest();
  const { subject, from, to } = options;
  if (isWanted !== null) yield exportSelection({ subject, from, to });
  for await (const line of readLog(store)) {
    if (line.kind === "leaf") {
      if (isWanted === null) yield exportLeaf(line.seq, line.leaf);
      continue;
    }
    const { entry } = line;
    if (isWanted !== null && !isWanted(entry)) continue;
    const isProved = isWanted !== null || options.proofs === true;
    yield exportLine(entry, isProved ? await proofOf(store, entry, newest) : null);
  }
  if (isWanted === null) for await (const { note } of readCheckpoints(store)) yield exportCheckpoint(note);
  else if (newest !== null) yield exportCheckpoint(newest.note);
}

async function proofOf(store: Slices, { seq }: AuditEntry, newest: StoredCheckpoint | null) {
  if (newest === null || seq > newest.size) return null;
  return await askTree(store.checkpoints, newest.size, (tree) => tree.inclusion(seq - 1));
}

async function* eventLines(store: Slices, options: ExportOptions, origin: string): AsyncGenerator<string> {
  const isWanted = filterOf(options);
  const write = options.format === "ocsf" ? ocsfEventOf : cloudEventOf;
  for await (const entry of readEntries(store, 1)) {
    if (isWanted === null || isWanted(entry))
      yield JSON.stringify(write(entry, { origin, version: packageVersion }));
  }
}
