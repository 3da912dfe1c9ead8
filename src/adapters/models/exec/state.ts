/** What a runner writes about the command it runs, and how it is read; one folder per operation. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";

/** What the runner is told to do. Holds no secrets: those come by the environment. */
export const specSchema = z.object({
  argv: z.array(z.string()).min(1),
  cwd: z.string().nullable(),
  timeoutMs: z.number().int().positive(),
});
export type RunSpec = z.infer<typeof specSchema>;

export const statusSchema = z.object({
  state: z.enum(["running", "exited", "not_started", "timed_out", "cancelled"]),
  /** Process id of the runner on `host`. */
  runnerPid: z.number().int(),
  host: z.string(),
  /** ISO 8601. */
  startedAt: z.string(),
  /** When the runner last wrote, ISO 8601: it writes at least every {@link heartbeatMs} while the command runs. */
  at: z.string(),
  exitCode: z.number().int().nullable(),
  signal: z.string().nullable(),
  /** Why the command could not be started; null otherwise. */
  problem: z.string().nullable(),
  /** The last part of what the command wrote to both of its outputs. */
  tail: z.string(),
});
export type RunStatus = z.infer<typeof statusSchema>;

export const heartbeatMs = 2_000;
/** Bytes of output kept. */
export const maxTail = 8_192;

/** Paths inside the folder of an operation. */
export function runFiles(folder: string) {
  return {
    spec: path.join(folder, "spec.json"),
    /** Made exclusively by the one runner that may run this operation. */
    claim: path.join(folder, "claim"),
    status: path.join(folder, "status.json"),
    /** Its existence asks the runner to stop the command. */
    cancel: path.join(folder, "cancel"),
  };
}

/** Writes a file so that a reader sees all of it or what was there before. */
export function writeWhole(file: string, content: string): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.tmp`;
  writeFileSync(draft, content, { mode: 0o600 });
  renameSync(draft, file);
}

/** What the runner last wrote; null when there is nothing yet. @throws Error when the file is not what a runner writes. */
export function readStatus(folder: string): RunStatus | null {
  const file = runFiles(folder).status;
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw new Error(`exec: cannot read ${file}`, { cause: error });
  }
  const parsed = statusSchema.safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error(`exec: ${file} is not a status file; move the folder away`);
  return parsed.data;
}
