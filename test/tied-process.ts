/** Programs that tests start, and that end with whoever started them, also when that is killed. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

/** Whoever holds the other end of its input is gone: so is the group. A program that ends takes the shell with it. */
const script = '("$@"; kill -KILL 0) & cat > /dev/null; kill -KILL 0';

/**
 * Runs a program in a process group of its own, led by a shell: a signal to the group reaches all that it starts.
 * @returns the shell; it ends by SIGKILL, whatever the program's own end was.
 */
export function spawnTied(
  argv: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): ChildProcessByStdio<Writable, Readable, Readable> {
  const { cwd, env } = options;
  return spawn("sh", ["-c", script, "sh", ...argv], {
    ...{ cwd, env, detached: true },
    stdio: ["pipe", "pipe", "pipe"],
  });
}
