/** `tocsin audit verify`: a log in the database or in an export, held against checkpoints and proofs kept elsewhere. */
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { OpenStore } from "../adapters/store/store.ts";
import { readCheckpoints, readLog } from "../app/read-log.ts";
import type { Config } from "../config.ts";
import {
  type Checkpoint,
  CheckpointError,
  type CheckpointVerifier,
  isConsistency,
  openCheckpoint,
  openConsistency,
  openProof,
  parseProof,
  parseVerifier,
  splitNotes,
  verifierId,
  verifierOf,
} from "../domain/audit/checkpoint.ts";
import { type ExportLine, parseExportLine } from "../domain/audit/export.ts";
import { verifyInclusion } from "../domain/audit/merkle.ts";
import { counted, verdictText } from "../domain/audit/verdict.ts";
import { type ChainVerdict, createChainCheck, editFault, entryLeaf } from "../domain/audit.ts";
import { auditOrigin, openSigner } from "./audit-key.ts";
import { withBot } from "./offline.ts";

export interface VerifyOptions {
  /** An export instead of the database. */
  readonly export?: string;
  /** Checkpoints that were kept elsewhere: a file with one note or many. */
  readonly checkpoint?: string;
  /** A proof of one entry, or that the log only grew. */
  readonly proof?: string;
  /** Verifier line, or a file that holds it. */
  readonly key?: string;
}

/** Nothing is wrong. */
const intact = 0;
/** Something does not hold. */
const broken = 1;
/** It could not be checked: a file that is not there, a key that is missing. */
const unchecked = 2;

/** Says what was found and sets the exit code: 0 intact, 1 broken, 2 could not be checked. */
export async function verify(options: VerifyOptions): Promise<void> {
  try {
    const result = await check(options);
    for (const line of result.lines) (result.code === intact ? console.log : console.error)(line);
    process.exitCode = result.code;
  } catch (error) {
    // What a text from outside says wrongly is a finding; anything else kept us from looking.
    process.exitCode = error instanceof CheckpointError ? broken : unchecked;
    console.error(
      `${process.exitCode === broken ? "broken" : "could not be checked"}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

interface Result {
  readonly code: number;
  readonly lines: readonly string[];
}

async function check(options: VerifyOptions): Promise<Result> {
  const given = options.key === undefined ? null : readKey(options.key);
  if (options.proof !== undefined && options.export === undefined)
    return checkProof(readFileSync(options.proof, "utf8"), needKey(given), options);
  if (options.export === undefined)
    return await withBot(({ store, config }) => checkStore(store, config, given, options));
  const file = options.export;
  const held = options.checkpoint === undefined ? [] : openNotes(options.checkpoint, needKey(given));
  const result = await checkFile(file, given, held);
  if (options.proof === undefined || result.code !== intact) return result;
  const proof = await checkProof(readFileSync(options.proof, "utf8"), needKey(given), options);
  return { code: proof.code, lines: [...result.lines, ...proof.lines] };
}

// ---------- the database ----------

async function checkStore(
  store: OpenStore,
  config: Config,
  given: CheckpointVerifier | null,
  options: VerifyOptions,
): Promise<Result> {
  const own = given ?? verifierOf(openSigner(config, auditOrigin(config, store.installationId)));
  const stored: Checkpoint[] = [];
  for await (const { note, key } of readCheckpoints(store))
    stored.push(openCheckpoint(note, parseVerifier(key)));
  const held = options.checkpoint === undefined ? [] : openNotes(options.checkpoint, own);
  const mark = await store.audit.mark();
  const log = createChainCheck({ heads: mark === null ? [] : [mark], checkpoints: [...stored, ...held] });
  for await (const line of readLog(store)) if (take(log, line) !== null) break;
  return resultOf(log.end(), [
    ...heldText(stored, "of the database", null),
    ...heldText(held, "kept elsewhere", own),
  ]);
}

// ---------- an export ----------

async function checkFile(
  file: string,
  key: CheckpointVerifier | null,
  held: readonly Checkpoint[],
): Promise<Result> {
  const notes: string[] = [];
  let isSelection = false;
  for await (const line of readExport(file)) {
    if (line.kind === "checkpoint") notes.push(line.note);
    if (line.kind === "selection") isSelection = true;
  }
  const own = key === null ? [] : notes.flatMap((note) => openOwn(note, key));
  if (isSelection) return await checkSelection(file, needKey(key), [...own, ...held]);
  const log = createChainCheck({ checkpoints: [...own, ...held] });
  for await (const line of readExport(file)) if (take(log, line) !== null) break;
  const unread =
    key === null && notes.length > 0
      ? [`${counted(notes.length, "checkpoint")} in it not checked: give --key (tocsin audit key prints it)`]
      : [];
  return resultOf(log.end(), [
    ...heldText(own, "in the export", key),
    ...heldText(held, "kept elsewhere", key),
    ...unread,
  ]);
}

/** Entries that stand alone: each must hash to its leaf, and its proof must lead to the newest checkpoint. */
async function checkSelection(
  file: string,
  key: CheckpointVerifier,
  checkpoints: readonly Checkpoint[],
): Promise<Result> {
  const newest = [...checkpoints].sort((a, b) => b.size - a.size)[0];
  if (newest === undefined) throw new Error(`${file} holds no checkpoint of ${key.name}; export it again`);
  let proved = 0;
  let unproved = 0;
  for await (const line of readExport(file)) {
    if (line.kind !== "entry") continue;
    const { entry, proof } = line;
    const fault = editFault(entry);
    if (fault !== null) return brokenAt(fault.seq, fault.problem);
    if (proof === null) unproved += 1;
    else if (verifyInclusion(entryLeaf(entry.hash), entry.seq - 1, newest.size, proof, newest.root))
      proved += 1;
    else
      return brokenAt(entry.seq, `entry ${entry.seq} is not in the log of the checkpoint at ${newest.size}`);
  }
  const newer = unproved === 0 ? "" : `; ${counted(unproved, "entry", "entries")} newer than it, not proved`;
  return {
    code: intact,
    lines: [
      `intact: ${counted(proved, "entry", "entries")} proved, in the log of ${newest.size} that ${nameOf(key)} signed${newer}`,
    ],
  };
}

async function* readExport(file: string): AsyncGenerator<ExportLine> {
  let number = 0;
  const input = createReadStream(file);
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    if (text.trim() !== "") yield parseLine(text, `${file}:${number}`);
  }
}

function parseLine(text: string, where: string): ExportLine {
  try {
    return parseExportLine(text);
  } catch (cause) {
    throw new Error(`${where} is not an audit entry; expected a line of tocsin audit export`, { cause });
  }
}

// ---------- proofs ----------

async function checkProof(proof: string, key: CheckpointVerifier, options: VerifyOptions): Promise<Result> {
  const held = options.checkpoint === undefined ? [] : openNotes(options.checkpoint, key);
  if (isConsistency(proof)) {
    const [older] = held;
    if (older === undefined)
      throw new Error("a consistency proof needs the older checkpoint: --checkpoint FILE");
    const newer = openConsistency(proof, older, key);
    const text = `proved: the log of ${newer.size} entries begins with the ${older.size} of the checkpoint, signed by ${nameOf(key)}`;
    return { code: intact, lines: [text] };
  }
  const { index, extra } = parseProof(proof);
  const line =
    extra === null ? await entryOf(options.export, index + 1) : parseLine(extra, "the entry in the proof");
  if (line.kind !== "entry") throw new Error("the proof comes with something that is not an entry");
  const { entry } = line;
  const fault = editFault(entry);
  if (fault !== null) return brokenAt(fault.seq, fault.problem);
  const { checkpoint } = openProof(proof, entryLeaf(entry.hash), key);
  const other = held.find(
    ({ size, root }) => size === checkpoint.size && !Buffer.from(root).equals(checkpoint.root),
  );
  if (other !== undefined)
    return brokenAt(
      entry.seq,
      `two checkpoints of ${other.size} entries differ: the log was shown in two versions`,
    );
  const what = `${entry.action} on ${entry.subject} by ${entry.actor} at ${entry.at.toISOString()}`;
  const text = `proved: entry ${entry.seq} (${what}) is in the log of ${checkpoint.size} entries that ${nameOf(key)} signed`;
  return { code: intact, lines: [text] };
}

async function entryOf(file: string | undefined, seq: number): Promise<ExportLine> {
  if (file === undefined)
    throw new Error("the proof does not hold its entry; give the export with --export FILE");
  for await (const line of readExport(file)) if (line.kind === "entry" && line.entry.seq === seq) return line;
  throw new Error(`${file} does not hold entry ${seq}, which the proof is of`);
}

// ---------- keys and words ----------

function readKey(text: string): CheckpointVerifier {
  try {
    return parseVerifier(existsSync(text) ? readFileSync(text, "utf8") : text);
  } catch (cause) {
    throw new Error(`--key: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function needKey(key: CheckpointVerifier | null): CheckpointVerifier {
  if (key !== null) return key;
  throw new Error("signatures need the key of the log: --key LINE or FILE (tocsin audit key prints it)");
}

function openNotes(file: string, key: CheckpointVerifier): readonly Checkpoint[] {
  const notes = splitNotes(readFileSync(file, "utf8"));
  if (notes.length === 0) throw new Error(`${file} holds no checkpoint`);
  return notes.map((note) => openCheckpoint(note, key));
}

/** Checkpoints of an older key are left to whoever gives that key; one that was changed is not. */
function openOwn(note: string, key: CheckpointVerifier): readonly Checkpoint[] {
  try {
    return [openCheckpoint(note, key)];
  } catch (error) {
    if (error instanceof CheckpointError && error.message.includes("bears no signature")) return [];
    throw error;
  }
}

function take(log: ReturnType<typeof createChainCheck>, line: ExportLine) {
  if (line.kind === "entry") return log.add(line.entry);
  return line.kind === "leaf" ? log.pruned(line.leaf) : null;
}

function heldText(
  checkpoints: readonly Checkpoint[],
  where: string,
  key: CheckpointVerifier | null,
): readonly string[] {
  if (checkpoints.length === 0) return [];
  const last = Math.max(...checkpoints.map(({ size }) => size));
  const by = key === null ? "" : `, signed by ${nameOf(key)}`;
  return [
    `${counted(checkpoints.length, "checkpoint")} ${where} ${checkpoints.length === 1 ? "holds" : "hold"}, up to entry ${last}${by}`,
  ];
}

function nameOf(key: CheckpointVerifier): string {
  return `${key.name} (${verifierId(key)})`;
}

function resultOf(verdict: ChainVerdict, held: readonly string[]): Result {
  if (verdict.kind === "intact") return { code: intact, lines: [verdictText(verdict), ...held] };
  return { code: broken, lines: [verdictText(verdict)] };
}

function brokenAt(seq: number, problem: string): Result {
  return { code: broken, lines: [`broken at entry ${seq}: ${problem}`] };
}
