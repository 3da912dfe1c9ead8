/** `tocsin audit key`, `checkpoint` and `prove`. */
import { writeFileSync } from "node:fs";
import type { CheckpointOutcome } from "../app/checkpoint.ts";
import { askTree } from "../app/tree.ts";
import { formatConsistency, formatProof } from "../domain/audit/checkpoint.ts";
import { exportLine } from "../domain/audit/export.ts";
import { noMetrics, type Store, type StoredCheckpoint, systemClock } from "../ports.ts";
import { createCheckpoints } from "./checkpoints.ts";
import { type Offline, withBot } from "./offline.ts";

/** Prints the line by which others check signatures. */
export async function printKey(): Promise<void> {
  await withBot(async (offline) => console.log(checkpointsOf(offline).verifierLine));
}

/** Signs what is there now and prints the note. Exit code 1 when it is refused. */
export async function checkpoint(options: { readonly newKey?: boolean }): Promise<void> {
  const outcome = await withBot(async (offline) => {
    const checkpoints = checkpointsOf(offline);
    if (options.newKey === true) await recordNewKey(offline, checkpoints.verifierLine);
    return await checkpoints.sign(options.newKey === true ? "accept" : "refuse");
  });
  print(outcome);
}

/** A new key is an act of its own; the checkpoint that it signs then covers it. */
async function recordNewKey({ store }: Offline, key: string): Promise<void> {
  const before = await store.checkpoints.newest();
  if (before === null || before.key === key) return;
  await store.transaction((tx) =>
    tx.audit.append({
      at: systemClock.now(),
      actor: "tocsin",
      action: "audit.key_changed",
      subject: "audit",
      outcome: "done",
      data: { from: before.key, to: key, via: "cli" },
    }),
  );
}

function print(outcome: CheckpointOutcome): void {
  if (outcome.kind === "refused") {
    console.error(`refused: ${outcome.problem}\n${outcome.remedy}`);
    process.exitCode = 1;
    return;
  }
  if (outcome.checkpoint === null) console.error("the log is empty; there is nothing to sign yet");
  else process.stdout.write(outcome.checkpoint.note);
}

export interface ProveOptions {
  /** Size of an older checkpoint: proves that the log only grew since. */
  readonly since?: string;
  readonly out?: string;
}

/** Writes a proof of one entry, or that the log only grew since a checkpoint. */
export async function prove(seq: string | undefined, options: ProveOptions): Promise<void> {
  if ((seq === undefined) === (options.since === undefined))
    throw new Error("name the number of an entry, or --since and the size of an older checkpoint");
  const proof = await withBot(async ({ store }) => {
    const newest = await store.checkpoints.newest();
    if (newest === null) throw new Error("there is no checkpoint yet; sign one: tocsin audit checkpoint");
    return seq === undefined
      ? await proveGrowth(store, numberOf(options.since ?? "", "--since"), newest)
      : await proveEntry(store, numberOf(seq, "the entry"), newest);
  });
  if (options.out === undefined) process.stdout.write(proof);
  else writeFileSync(options.out, proof, { mode: 0o600 });
}

async function proveEntry(store: Store, seq: number, newest: StoredCheckpoint): Promise<string> {
  if (seq < 1 || seq > newest.size)
    throw new Error(
      `entry ${seq} is not covered by the newest checkpoint, at ${newest.size}; sign one: tocsin audit checkpoint`,
    );
  const [entry] = await store.audit.read(seq, 1);
  const path = await askTree(store.checkpoints, newest.size, (tree) => tree.inclusion(seq - 1));
  const extra = entry?.seq === seq ? exportLine(entry) : null;
  return formatProof({ index: seq - 1, path, note: newest.note, extra });
}

async function proveGrowth(store: Store, since: number, newest: StoredCheckpoint): Promise<string> {
  if (since > newest.size)
    throw new Error(`--since is ${since}, and the newest checkpoint is at ${newest.size}; take an older one`);
  const hashes = await askTree(store.checkpoints, newest.size, (tree) => tree.consistency(since));
  return formatConsistency(since, hashes, newest.note);
}

function numberOf(text: string, what: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new Error(`${what} is "${text}"; expected a whole number`);
}

function checkpointsOf({ config, store, log }: Offline) {
  return createCheckpoints({ config, store, log, metrics: noMetrics, clock: systemClock });
}
