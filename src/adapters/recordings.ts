/** Recordings on disk: one delivery per line as JSON, plain or gzipped, alone or in folders. */
import { createReadStream } from "node:fs";
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { isSafeNumber, parse as parseLossless } from "lossless-json";

/** One line of a recording. */
export interface RecordedLine {
  readonly at: Date;
  readonly source: string;
  readonly body: unknown;
  /** "FILE:LINE". */
  readonly where: string;
}

/** A recording found under a path; `name` is relative to that path, without its ending. */
export interface RecordingFile {
  readonly path: string;
  readonly name: string;
}

const endings = [".jsonl.gz", ".jsonl"] as const;

/** A number that a double cannot hold, at least sixteen digits; only such lines pay for the slower parser. */
const longNumber = /\d{16}/;

/**
 * Reads a recording line by line; blank lines are skipped.
 * @throws Error naming file and line when one is not a delivery, or the file cannot be read.
 */
export async function* readRecording(path: string): AsyncGenerator<RecordedLine> {
  const file = createReadStream(path);
  const bytes = path.endsWith(".gz") ? file.pipe(createGunzip()) : file;
  // A pipe does not hand on the first stream's error.
  if (bytes !== file) file.on("error", (error) => bytes.destroy(error));
  let number = 0;
  try {
    for await (const line of createInterface({ input: bytes, crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      if (line.trim() !== "") yield toDelivery(line, `${path}:${number}`);
    }
  } catch (error) {
    if (error instanceof RecordingError) throw error;
    throw new RecordingError(`${path}:${number + 1}: cannot be read: ${messageOf(error)}`, { cause: error });
  } finally {
    file.destroy();
  }
}

/** A line or file that is no recording; the message names file and line. */
export class RecordingError extends Error {
  override readonly name = "RecordingError";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function toDelivery(line: string, where: string): RecordedLine {
  let json: unknown;
  try {
    json = longNumber.test(line) ? parseLossless(line, undefined, toNumber) : JSON.parse(line);
  } catch (error) {
    throw new RecordingError(`${where}: not JSON: ${messageOf(error)}`, { cause: error });
  }
  const remedy = 'expected {"at": RFC 3339, "source": name, "body": {...}}';
  if (typeof json !== "object" || json === null) throw new RecordingError(`${where}: ${remedy}`);
  const { at, source, body } = json as Record<string, unknown>; // Any object may be read as a record of unknowns.
  const time = typeof at === "string" ? new Date(at) : new Date(Number.NaN);
  if (Number.isNaN(time.getTime()))
    throw new RecordingError(`${where}: "at" is ${JSON.stringify(at)}; ${remedy}`);
  if (typeof source !== "string")
    throw new RecordingError(`${where}: "source" is ${JSON.stringify(source)}; ${remedy}`);
  return { at: time, source, body, where };
}

/** Whole numbers beyond 2^53 stay as their digits. */
function toNumber(digits: string): number | string {
  return isSafeNumber(digits) || !/^-?\d+$/.test(digits) ? Number(digits) : digits;
}

/**
 * The recordings under a path: the file itself, or every *.jsonl and *.jsonl.gz in the folder and below, by name.
 * @throws RecordingError when there is none.
 */
export async function findRecordings(path: string): Promise<readonly RecordingFile[]> {
  const info = await stat(path).catch((error: unknown) => {
    throw new RecordingError(`${path}: cannot be read: ${messageOf(error)}`, { cause: error });
  });
  if (!info.isDirectory()) {
    const ending = endings.find((candidate) => path.endsWith(candidate));
    const name = relative(dirname(path), path);
    return [{ path, name: ending === undefined ? name : name.slice(0, -ending.length) }];
  }
  const found: RecordingFile[] = [];
  for (const entry of await readdir(path, { recursive: true })) {
    const ending = endings.find((candidate) => entry.endsWith(candidate));
    if (ending !== undefined) found.push({ path: join(path, entry), name: entry.slice(0, -ending.length) });
  }
  if (found.length === 0) throw new RecordingError(`${path}: holds no *.jsonl or *.jsonl.gz file`);
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Writes a prediction to DIR/NAME.pred.json, sub-folders kept. */
export async function writePrediction(folder: string, name: string, prediction: unknown): Promise<string> {
  const path = join(folder, `${name}.pred.json`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(prediction)}\n`);
  return path;
}
