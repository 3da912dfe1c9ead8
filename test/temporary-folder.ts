/** Everything that a run of the tests writes beside the repository lies in one folder, which goes with the run. */
import { chmodSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const prefix = "tocsin-tests-";
/** Of dead runs; the rest is left to the next one. */
const maxSwept = 50;

/**
 * Vitest's global setup. Tests, and the programs that they start, find the folder as the system's own for temporary
 * files. A run that is killed cannot clean up: the next one does, by the process id in the name.
 */
export default function setup(): void {
  const base = tmpdir();
  // Every project of the run calls this; the first one decides.
  if (path.basename(base) === `${prefix}${process.pid}`) return;
  sweep(base);
  const folder = path.join(base, `${prefix}${process.pid}`);
  mkdirSync(folder, { recursive: true });
  // Like the system's own: the database server may run under another account.
  chmodSync(folder, 0o1777);
  process.env["TMPDIR"] = folder;
  process.on("exit", () => remove(folder));
}

/** Removes the folders of runs whose process is gone. */
export function sweep(base: string): void {
  const dead = readdirSync(base)
    .filter((name) => name.startsWith(prefix))
    .filter((name) => !isAlive(Number(name.slice(prefix.length))));
  for (const name of dead.slice(0, maxSwept)) remove(path.join(base, name));
}

/** What is still written to, or belongs to another account, is left to a later run: the tests have nothing to do with it. */
function remove(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    process.stderr.write(`${folder} could not be removed: ${String(error)}\n`);
  }
}

/** What is no process id counts as alive: it is not ours to remove. */
function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It may not be asked, so it is there.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
