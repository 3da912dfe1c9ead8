/** A server that already runs on a data folder: finding it, and ending it when nobody owns it. */
import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { hasCode, readIfThere, type ServerFolder } from "./folder.ts";

const run = promisify(execFile);

/** What postmaster.pid says of a server on this folder. */
export interface RunningServer {
  readonly pid: number;
  readonly port: number;
}

/** The server that holds the data folder, or null when none runs; a lock file left by a dead one is removed. */
export async function findRunning(folder: ServerFolder): Promise<RunningServer | null> {
  const file = path.join(folder.data, "postmaster.pid");
  const lines = (await readIfThere(file))?.split("\n") ?? [];
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 1) return null;
  if (!isAlive(pid)) return null;
  if (!(await isPostgres(pid))) {
    // After a reboot the number can belong to any program, and PostgreSQL would refuse to start because of it.
    await rm(file, { force: true });
    return null;
  }
  return { pid, port: Number(lines[3]) };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, "EPERM");
  }
}

async function isPostgres(pid: number): Promise<boolean> {
  const command =
    (await readIfThere(`/proc/${pid}/cmdline`)) ??
    (await run("ps", ["-p", String(pid), "-o", "command="]).then(
      ({ stdout }) => stdout,
      () => "",
    ));
  return command.includes("postgres");
}

/** Ends a server that nobody owns: fast, then hard. */
export async function stopOrphan(server: RunningServer): Promise<void> {
  for (const [signal, timeoutMs] of [
    ["SIGINT", 15_000],
    ["SIGQUIT", 5_000],
  ] as const) {
    signalQuietly(server.pid, signal);
    for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await sleep(50)) {
      if (!isAlive(server.pid)) return;
    }
  }
  throw new Error(
    `The PostgreSQL server with pid ${server.pid}, left by a bot that died, does not stop: kill it.`,
  );
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!hasCode(error, "ESRCH")) throw error;
  }
}
