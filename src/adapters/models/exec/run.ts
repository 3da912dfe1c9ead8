/** Starts, watches and stops the long commands, each under a runner of its own. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { hostname } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { NotStartedError } from "../../../ports/model.ts";
import type { Pulse } from "./pulse.ts";
import { heartbeatMs, type RunSpec, type RunStatus, readStatus, runFiles, writeWhole } from "./state.ts";

/** How long a runner may take to say that it runs, ms; a Node process starts in well under a second. */
const bootMs = 15_000;
const bootPollMs = 20;
/** Silence after which a runner counts as gone although a process has its id, ms. */
const silentMs = 30 * heartbeatMs;

/**
 * Starts a command under a runner and waits until the runner says that it runs.
 * @throws NotStartedError when the command certainly was not started; any other error leaves that open.
 */
export async function startRun(
  folder: string,
  spec: RunSpec,
  env: Readonly<Record<string, string>>,
): Promise<RunStatus> {
  if (existsSync(runFiles(folder).claim)) throw new Error(`exec: ${folder} was started before`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeWhole(runFiles(folder).spec, JSON.stringify(spec));
  } catch (error) {
    throw new NotStartedError(`exec: cannot write to ${folder}: ${String(error)}`, { cause: error });
  }
  const runner = spawn(process.execPath, [...runnerArguments(), folder], {
    detached: true,
    stdio: "ignore",
    env,
  });
  let hasExited = false;
  runner.on("exit", () => {
    hasExited = true;
  });
  const failure = new Promise<never>((_resolve, reject) => runner.on("error", reject));
  runner.unref();
  const status = await Promise.race([firstStatus(folder, () => hasExited), failure]);
  if (status === null)
    throw new Error(`exec: the runner in ${folder} said nothing; nobody knows what it did`);
  if (status.state === "not_started") {
    throw new NotStartedError(
      `exec: ${spec.argv[0] ?? ""} cannot be run: ${status.problem ?? "no reason given"}`,
    );
  }
  return status;
}

async function firstStatus(folder: string, hasExited: () => boolean): Promise<RunStatus | null> {
  for (let waited = 0; waited < bootMs; waited += bootPollMs) {
    const wasOver = hasExited();
    const status = readStatus(folder);
    if (status !== null || wasOver) return status;
    await sleep(bootPollMs);
  }
  return null;
}

/** The runner beside this file; in a checkout it is TypeScript and needs a loader. */
function runnerArguments(): string[] {
  const here = fileURLToPath(import.meta.url);
  const extension = path.extname(here);
  const runner = path.join(path.dirname(here), `runner${extension}`);
  if (extension !== ".ts") return [runner];
  const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  return ["--import", loader, runner];
}

export type RunState =
  | { readonly kind: "status"; readonly status: RunStatus }
  /** It runs, or ran, on another machine, which alone can see it. */
  | { readonly kind: "elsewhere"; readonly host: string }
  | { readonly kind: "lost"; readonly problem: string; readonly tail: string };

/** How a started command fares. */
export function lookAtRun(folder: string, host: string, pulse: Pulse): RunState {
  if (host !== hostname()) return { kind: "elsewhere", host };
  const before = readStatus(folder);
  const isGone = before === null || pulse.stillMs(folder, before.at) > silentMs || !hasProcess(before);
  // Read again after the look at the process: it may have ended between the two.
  const status = readStatus(folder);
  if (status === null) return { kind: "lost", problem: `${folder} has no status file any more`, tail: "" };
  if (status.state === "running" && isGone) {
    const problem = `its process ${status.runnerPid} is gone without a word since ${status.at}`;
    return { kind: "lost", problem, tail: status.tail };
  }
  return { kind: "status", status };
}

function hasProcess({ runnerPid }: RunStatus): boolean {
  try {
    process.kill(runnerPid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to someone else.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Whether an operation was started on this machine; waits for a runner that may be about to say so. */
export async function findRun(folder: string): Promise<RunStatus | "claimed" | "unclaimed"> {
  for (let waited = 0; ; waited += 100) {
    const status = readStatus(folder);
    if (status !== null) return status;
    const isClaimed = existsSync(runFiles(folder).claim);
    const hasSpec = existsSync(runFiles(folder).spec);
    // Without a spec no runner was ever spawned here; with one it may be booting.
    if (!hasSpec || waited >= (isClaimed ? bootMs : 3_000)) return isClaimed ? "claimed" : "unclaimed";
    await sleep(100);
  }
}

/** Asks the runner to stop its command; it looks for this file a few times a second. */
export function cancelRun(folder: string): void {
  writeFileSync(runFiles(folder).cancel, "", { mode: 0o600 });
}
