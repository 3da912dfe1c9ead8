/**
 * Runs one command of a model backend in a process of its own, so that it lives on when the bot stops or crashes, and
 * writes down how it ended. Usage: node runner.js FOLDER, where the folder holds spec.json.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { afterCut } from "../../../domain/text/whole-words.ts";
import { heartbeatMs, maxTail, type RunStatus, runFiles, specSchema, writeWhole } from "./state.ts";

/** How often a request to stop is looked for, ms. */
const cancelPollMs = 250;
/** Time between asking a command to end and killing it, ms. */
const graceMs = 10_000;
/** Time for the last output to arrive after the end, ms. */
const drainMs = 1_000;

const folder = process.argv[2];
if (folder === undefined) throw new Error("exec runner: the folder of the operation is missing");
const files = runFiles(folder);
const spec = specSchema.parse(JSON.parse(readFileSync(files.spec, "utf8")));
// Throws when another runner was here first: one operation is run once.
writeFileSync(files.claim, `${process.pid}\n`, { flag: "wx", mode: 0o600 });

const startedAt = new Date().toISOString();
let tail = Buffer.alloc(0);
let isCut = false;
let stopped: "timed_out" | "cancelled" | null = null;

function write(status: Pick<RunStatus, "state"> & Partial<RunStatus>): void {
  const whole: RunStatus = {
    runnerPid: process.pid,
    host: hostname(),
    startedAt,
    at: new Date().toISOString(),
    exitCode: null,
    signal: null,
    problem: null,
    tail: isCut ? afterCut(tail.toString("utf8")) : tail.toString("utf8"),
    ...status,
  };
  writeWhole(files.status, JSON.stringify(whole));
}

function keep(chunk: Buffer): void {
  const joined = Buffer.concat([tail, chunk]);
  isCut ||= joined.length > maxTail;
  tail = joined.subarray(Math.max(0, joined.length - maxTail));
}

/** Ends the command and everything it started: it leads a process group of its own. */
function stop(child: ChildProcess, why: "timed_out" | "cancelled"): void {
  if (stopped !== null) return;
  stopped = why;
  kill(child, "SIGTERM");
  setTimeout(() => kill(child, "SIGKILL"), graceMs).unref();
}

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // It has ended by itself meanwhile.
  }
}

function run(): void {
  const [command = "", ...args] = spec.argv;
  const child = spawn(command, args, {
    shell: false,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    ...(spec.cwd === null ? {} : { cwd: spec.cwd }),
  });
  const timers = [
    setTimeout(() => stop(child, "timed_out"), spec.timeoutMs),
    setInterval(() => write({ state: "running" }), heartbeatMs),
    setInterval(() => existsSync(files.cancel) && stop(child, "cancelled"), cancelPollMs),
  ];
  const end = (status: Pick<RunStatus, "state"> & Partial<RunStatus>) => {
    for (const timer of timers) clearInterval(timer);
    write(status);
    process.exit(0);
  };
  child.on("spawn", () => write({ state: "running" }));
  child.on("error", (error) => {
    if (child.pid === undefined) end({ state: "not_started", problem: error.message });
  });
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  // What it left behind in the background may hold its outputs open for ever, so they are not waited for long.
  child.on("exit", (exitCode, signal) => {
    const over = () => end({ state: stopped ?? "exited", exitCode, signal });
    const late = setTimeout(over, drainMs);
    child.on("close", () => {
      clearTimeout(late);
      over();
    });
  });
}

run();
