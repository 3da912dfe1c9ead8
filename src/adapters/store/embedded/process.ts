/** The server's processes: making the data folder, starting, watching and stopping PostgreSQL. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chown, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Binaries } from "./binaries.ts";
import { hasCode, readIfThere, type ServerFolder, syncFolder } from "./folder.ts";
import { isAlive } from "./running.ts";

const run = promisify(execFile);

/** Name of the server's superuser and of the bot's database. */
export const owner = "tocsin";

/** The log is started anew at a start that finds it larger than this, bytes. */
const maxLogBytes = 10_000_000;

/**
 * For one bot on a small machine: durable, little memory, few helper processes, no socket outside loopback.
 * Values are PostgreSQL's own words.
 */
const defaultSettings: Readonly<Record<string, string>> = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  max_connections: "80",
  shared_buffers: "64MB",
  work_mem: "8MB",
  maintenance_work_mem: "64MB",
  max_wal_size: "1GB",
  checkpoint_timeout: "10min",
  // Without it, three idle I/O workers; the working set is small.
  io_method: "sync",
  max_parallel_workers_per_gather: "0",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  log_min_messages: "warning",
  log_checkpoints: "off",
  // After a crash all files must reach the disk before recovery: one call for the file system instead of one for each
  // of a thousand files. https://www.postgresql.org/docs/current/runtime-config-error-handling.html
  ...(process.platform === "linux" ? { recovery_init_sync_method: "syncfs" } : {}),
};

/** A PostgreSQL server that this process has started. */
export interface ServerProcess {
  readonly pid: number;
  readonly port: number;
  /** Resolves when it has ended, whatever the cause. */
  readonly ended: Promise<void>;
  /** Fast shutdown; harder after `timeoutMs`. Resolves when it has ended. */
  stop(timeoutMs: number): Promise<void>;
}

/**
 * Makes the data folder when there is none. Works beside it and renames, so that an interrupted start leaves nothing
 * half made, and of two at once one wins.
 */
export async function createData(folder: ServerFolder, binaries: Binaries, password: string): Promise<void> {
  await removeAbandoned(folder.home);
  const partial = path.join(folder.home, `data-partial-${process.pid}`);
  const passwordFile = `${partial}-password`;
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (folder.account !== null) await chown(passwordFile, folder.account.uid, folder.account.gid);
  const options = [
    "--auth=scram-sha-256",
    `--pwfile=${passwordFile}`,
    `--username=${owner}`,
    "--encoding=UTF8",
  ];
  // The builtin locale sorts the same on every machine and after every upgrade of its libraries.
  const locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
  try {
    await run(binaries.initdb, ["-D", partial, ...options, ...locale], {
      cwd: folder.home,
      env: { PATH: "/usr/bin:/bin" },
      timeout: 120_000,
      ...folder.account,
    });
    await rename(partial, folder.data);
    await syncFolder(folder.home);
  } catch (cause) {
    await rm(partial, { recursive: true, force: true });
    if (hasCode(cause, "ENOTEMPTY") || hasCode(cause, "EEXIST")) return;
    throw new Error(`The embedded database could not be created in ${folder.data}: ${reasonOf(cause)}`, {
      cause,
    });
  } finally {
    await rm(passwordFile, { force: true });
  }
}

function reasonOf(cause: unknown): string {
  const stderr = cause instanceof Error && "stderr" in cause ? String(cause.stderr) : "";
  const message = cause instanceof Error ? cause.message : String(cause);
  return (stderr.trim() === "" ? message : stderr).trim().replace(/\s+/g, " ").slice(0, 500);
}

/** What starts that were killed have left behind. */
async function removeAbandoned(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    const pid = /^(?:data|binaries)-partial-(\d+)/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) {
      await rm(path.join(home, name), { recursive: true, force: true });
    }
  }
}

/** @throws Error when another PostgreSQL major made the data. */
export async function checkMajor(folder: ServerFolder, binaries: Binaries): Promise<void> {
  const major = (await readFile(path.join(folder.data, "PG_VERSION"), "utf8")).trim();
  if (major === binaries.major) return;
  throw new Error(
    `The database in ${folder.data} was made by PostgreSQL ${major} and this release brings ${binaries.major}: dump it with the release that made it and load it into a new one, or set DATABASE_URL.`,
  );
}

/** A port on loopback that nobody uses: `wanted` when it is free. */
export async function freePort(wanted: number | null): Promise<number> {
  const server = createServer();
  try {
    server.listen({ host: "127.0.0.1", port: wanted ?? 0, exclusive: true });
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port on 127.0.0.1 is free");
    return address.port;
  } catch (error) {
    if (wanted === null) throw error;
    return await freePort(null);
  } finally {
    server.close();
  }
}

/**
 * Starts the server and a watchdog that stops it when this process ends, however it ends.
 * Both lead their own process group: a Ctrl-C at the terminal is for the bot, which then stops them in order.
 */
export async function startProcess(
  folder: ServerFolder,
  binaries: Binaries,
  port: number,
  settings: Readonly<Record<string, string>>,
): Promise<ServerProcess> {
  const all = { ...defaultSettings, ...settings, port: String(port) };
  const flags = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const log = await openLog(path.join(folder.home, "server.log"));
  const server = spawn(binaries.postgres, ["-D", folder.data, ...flags], {
    cwd: folder.home,
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
    stdio: ["ignore", log.fd, log.fd],
    detached: true,
    ...folder.account,
  });
  const ended = new Promise<void>((resolve) => {
    server.once("exit", () => resolve());
    server.once("error", () => resolve());
  });
  const failed = once(server, "spawn").catch((error: unknown) => error);
  const [problem] = [await failed, await log.close()];
  if (problem instanceof Error || server.pid === undefined) {
    throw new Error(`The embedded PostgreSQL ${binaries.postgres} cannot be started`, { cause: problem });
  }
  const watchdog = startWatchdog(server.pid);
  server.unref();
  return toServerProcess(server, server.pid, port, ended, watchdog);
}

function toServerProcess(
  server: ChildProcess,
  pid: number,
  port: number,
  ended: Promise<void>,
  watchdog: ChildProcess,
): ServerProcess {
  const wholeEnd = ended.then(() => {
    watchdog.kill("SIGKILL");
  });
  return {
    pid,
    port,
    ended: wholeEnd,
    async stop(timeoutMs) {
      const waits = [
        ["SIGINT", timeoutMs],
        ["SIGQUIT", 3_000],
        ["SIGKILL", 3_000],
      ] as const;
      for (const [signal, waitMs] of waits) {
        server.kill(signal);
        const timer = new AbortController();
        const late = sleep(waitMs, "late" as const, { signal: timer.signal }).catch(() => "late" as const);
        const outcome = await Promise.race([wholeEnd, late]);
        timer.abort();
        if (outcome !== "late") return;
      }
    },
  };
}

/**
 * A shell that reads its standard input, which only this process holds open: when it closes, this process is gone.
 * SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one.
 */
function startWatchdog(pid: number): ChildProcess {
  const script = `trap '' TERM INT HUP
while read -r line; do :; done
kill -INT "$1" 2>/dev/null || exit 0
i=0; while [ $i -lt 60 ]; do sleep 0.5; kill -0 "$1" 2>/dev/null || exit 0; i=$((i+1)); done
kill -QUIT "$1"`;
  const watchdog = spawn("/bin/sh", ["-c", script, "tocsin-watchdog", String(pid)], {
    cwd: "/",
    env: { PATH: "/usr/bin:/bin" },
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  watchdog.on("error", () => {
    // Without a shell there is no watchdog; the next start stops the server that it finds.
  });
  watchdog.stdin.on("error", () => {
    // The watchdog was killed.
  });
  watchdog.unref();
  unrefStream(watchdog.stdin);
  return watchdog;
}

/** Lets the process end while the pipe is open: its closing is the signal. */
function unrefStream(stream: unknown): void {
  if (
    typeof stream === "object" &&
    stream !== null &&
    "unref" in stream &&
    typeof stream.unref === "function"
  ) {
    stream.unref();
  }
}

async function openLog(file: string) {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  return await open(file, size > maxLogBytes ? "w" : "a", 0o600);
}

/** The end of the server's log, for an error message. */
export async function logTail(folder: ServerFolder): Promise<string> {
  const text = (await readIfThere(path.join(folder.home, "server.log"))) ?? "";
  return text.trim().split("\n").slice(-5).join(" | ").slice(-600);
}
