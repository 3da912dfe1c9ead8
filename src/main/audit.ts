/** `tocsin audit verify` and `tocsin audit export`. */
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { z } from "zod";
import { type AuditEntry, type ChainVerdict, createChainCheck, exportLine } from "../domain/audit.ts";
import type { AuditStore } from "../ports.ts";
import { withBot } from "./offline.ts";

const page = 1_000;

/** Checks the chain and says so; exit code 1 at the first bad entry. */
export async function verify(options: { readonly export?: string }): Promise<void> {
  const verdict =
    options.export === undefined
      ? await withBot(({ store }) => verifyStore(store.audit))
      : await verifyFile(options.export);
  if (verdict.kind === "intact") {
    const end =
      verdict.head === null ? "" : `, the last is ${verdict.head.seq} with hash ${verdict.head.hash}`;
    console.log(`intact: ${verdict.entries} entries${end}`);
    return;
  }
  console.error(
    `broken at entry ${verdict.seq} (${verdict.reason}): ${verdict.problem}; ${verdict.entries} entries before it are intact`,
  );
  process.exitCode = 1;
}

async function verifyStore(audit: AuditStore): Promise<ChainVerdict> {
  const mark = await audit.mark();
  const check = createChainCheck(mark === null ? [] : [mark]);
  for await (const entry of readAll(audit)) if (check.add(entry) !== null) break;
  return check.end();
}

async function verifyFile(file: string): Promise<ChainVerdict> {
  const check = createChainCheck();
  let number = 0;
  for await (const line of createInterface({
    input: createReadStream(file),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    number += 1;
    if (line.trim() !== "" && check.add(parseLine(line, `${file}:${number}`)) !== null) break;
  }
  return check.end();
}

const entrySchema = z.object({
  seq: z.int(),
  at: z.iso.datetime(),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  outcome: z.enum(["done", "denied", "refused", "failed", "requested"]),
  data: z.record(z.string(), z.unknown()),
  previousHash: z.string(),
  hash: z.string(),
});

function parseLine(line: string, where: string): AuditEntry {
  try {
    const entry = entrySchema.parse(JSON.parse(line));
    return { ...entry, at: new Date(entry.at) };
  } catch (cause) {
    throw new Error(`${where} is not an audit entry; expected a line of tocsin audit export`, { cause });
  }
}

/** Writes every entry, one JSON object per line, in order. */
export async function exportEntries(options: { readonly out?: string }): Promise<void> {
  const out = options.out === undefined ? process.stdout : createWriteStream(options.out, { mode: 0o600 });
  await withBot(async ({ store }) => {
    for await (const entry of readAll(store.audit)) {
      if (!out.write(`${exportLine(entry)}\n`)) await once(out, "drain");
    }
  });
  if (out !== process.stdout) {
    out.end();
    await once(out, "finish");
  }
}

/** The whole log in order, a page at a time. */
async function* readAll(audit: AuditStore): AsyncGenerator<AuditEntry> {
  for (let from = 1; ; ) {
    const entries = await audit.read(from, page);
    yield* entries;
    const last = entries.at(-1);
    if (last === undefined) return;
    from = last.seq + 1;
  }
}
