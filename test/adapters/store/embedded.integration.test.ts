import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import {
  chmod,
  chown,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findNative } from "../../../src/adapters/store/embedded/binaries.ts";
import { canEnter } from "../../../src/adapters/store/embedded/folder.ts";
import { isAlive } from "../../../src/adapters/store/embedded/running.ts";
import {
  type EmbeddedOptions,
  type EmbeddedServer,
  startEmbedded,
} from "../../../src/adapters/store/embedded.ts";
import { silentLog } from "../../../src/ports/observability.ts";

const isRoot = process.getuid?.() === 0;
const repository = fileURLToPath(new URL("../../..", import.meta.url));
const nobody = { uid: 65_534, gid: 65_534 };

let base: string;
const ending: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), "tocsin-embedded-"));
  await chmod(base, 0o711);
});

afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
  await rm(base, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

async function start(dataDir: string, over: Partial<EmbeddedOptions> = {}): Promise<EmbeddedServer> {
  const server = await startEmbedded({ dataDir, log: silentLog, ...over });
  ending.push(() => server.stop());
  return server;
}

async function query(url: string, statement: string): Promise<readonly unknown[]> {
  const client = postgres(url, { max: 1, onnotice: () => undefined, connect_timeout: 5 });
  try {
    return (await client.unsafe(statement)).map((row) => Object.values(row)[0]);
  } finally {
    await client.end({ timeout: 1 });
  }
}

const remember = "create table kept as select 'still here' as what";
const recall = "select what from kept";

test("the server is durable, on loopback, asks for the password, and keeps its data over a stop", async () => {
  const dataDir = path.join(base, "a data folder with 'quotes' and spaces", "x".repeat(120));
  const server = await start(dataDir);
  expect(new URL(server.url).hostname).toBe("127.0.0.1");
  const shown = async (name: string) => (await query(server.url, `show ${name}`))[0];
  expect(await shown("fsync")).toBe("on");
  expect(await shown("synchronous_commit")).toBe("on");
  expect(await shown("full_page_writes")).toBe("on");
  expect(await shown("listen_addresses")).toBe("127.0.0.1");
  expect(await query(server.url, "select current_database()")).toEqual(["tocsin"]);
  const wrong = new URL(server.url);
  wrong.password = "0".repeat(64);
  await expect(query(wrong.href, "select 1")).rejects.toThrow(/password authentication failed/);
  expect((await stat(path.join(dataDir, "postgres-password"))).mode & 0o777).toBe(0o600);
  await query(server.url, remember);
  await server.stop();
  expect(isAlive(server.pid())).toBe(false);
  const again = await start(dataDir);
  expect(await query(again.url, recall)).toEqual(["still here"]);
});

test("a second bot on the same folder is refused, naming the folder and the first bot", async () => {
  const server = await start(base);
  await expect(start(base)).rejects.toThrow(
    `Another Tocsin (pid ${process.pid}) already uses the data folder ${base}`,
  );
  const child = await startBot({ dataDir: base });
  expect(child.said).toMatch(/^refused/);
  expect(child.said).toContain(`pid ${process.pid}`);
  expect(await query(server.url, "select 1")).toEqual([1]);
});

test("of two bots that start at once on a new folder one wins and the other is refused", async () => {
  const bots = await Promise.all([startBot({ dataDir: base }), startBot({ dataDir: base })]);
  const words = bots.map((bot) => bot.said.split(" ")[0]).sort();
  expect(words, bots.map((bot) => bot.said).join("\n")).toEqual(["refused", "up"]);
  const up = bots.find((bot) => bot.said.startsWith("up"));
  await query(up?.server().url ?? "", remember);
});

test("a bot that is killed leaves no server behind, and the next one finds the data", async () => {
  const bot = await startBot({ dataDir: base });
  const { url, pid } = bot.server();
  await query(url, remember);
  bot.child.kill("SIGKILL");
  await expect.poll(() => isAlive(pid), { timeout: 15_000 }).toBe(false);
  const server = await start(base);
  expect(await query(server.url, recall)).toEqual(["still here"]);
});

test("the next bot may start at the very moment the first is killed", async () => {
  const bot = await startBot({ dataDir: base });
  await query(bot.server().url, remember);
  bot.child.kill("SIGKILL");
  const server = await start(base);
  expect(await query(server.url, recall)).toEqual(["still here"]);
});

test("a server whose bot and watchdog were both killed is stopped by the next start", async () => {
  const bot = await startBot({ dataDir: base });
  const { url, pid } = bot.server();
  await query(url, remember);
  process.kill(watchdogOf(pid), "SIGKILL");
  bot.child.kill("SIGKILL");
  await once(bot.child, "exit");
  await sleep(300);
  expect(isAlive(pid)).toBe(true);
  const server = await start(base);
  expect(isAlive(pid)).toBe(false);
  expect(await query(server.url, recall)).toEqual(["still here"]);
});

test("a server that is killed comes back at the same address with its data", async () => {
  const server = await start(base);
  await query(server.url, remember);
  const killed = server.pid();
  process.kill(killed, "SIGKILL");
  await expect.poll(() => query(server.url, recall).catch(() => "away")).toEqual(["still here"]);
  await expect.poll(() => server.pid(), { timeout: 10_000 }).not.toBe(killed);
  await expect(start(base)).rejects.toThrow("already uses the data folder");
});

test("bot and server killed together: the next start recovers", async () => {
  const bot = await startBot({ dataDir: base });
  const { url, pid } = bot.server();
  await query(url, remember);
  bot.child.kill("SIGKILL");
  process.kill(pid, "SIGKILL");
  const server = await start(base);
  expect(await query(server.url, recall)).toEqual(["still here"]);
});

test("stopping while the server is being restarted leaves none behind", async () => {
  const server = await start(base);
  process.kill(server.pid(), "SIGKILL");
  await sleep(20);
  await server.stop();
  expect(isAlive(server.pid())).toBe(false);
});

test("an interrupt at the terminal does not reach the server before the bot stops it", async () => {
  const bot = await startBot({ dataDir: base });
  const { url } = bot.server();
  // The child leads its own process group, as a foreground job of a shell does, and ignores the signal itself.
  process.kill(-(bot.child.pid ?? 0), "SIGINT");
  await sleep(300);
  expect(await query(url, "select 1")).toEqual([1]);
});

test("a bot that has lost its owner's session takes the lock again", async () => {
  const server = await start(base);
  await query(
    server.url,
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'tocsin owner %'",
  );
  await sleep(2_500);
  await expect(start(base)).rejects.toThrow("already uses the data folder");
});

test("a lock file that names a program that is no server does not stop the start", async () => {
  const server = await start(base);
  const file = path.join(server.folder, "postmaster.pid");
  const lines = (await readFile(file, "utf8")).split("\n");
  await query(server.url, remember);
  await server.stop();
  await writeFile(file, [String(process.pid), ...lines.slice(1)].join("\n"));
  const again = await start(base);
  expect(await query(again.url, recall)).toEqual(["still here"]);
});

test("what an interrupted first start left is removed", async () => {
  const server = await start(base);
  const home = path.dirname(server.folder);
  await server.stop();
  await rename(server.folder, path.join(home, "data-partial-999999"));
  await writeFile(path.join(home, "data-partial-999999-password"), "x");
  await start(base);
  expect((await readdir(home)).sort()).toEqual(["data", "server.log"]);
});

test("a password file that is damaged, missing or of another database is a clear error", async () => {
  const server = await start(base);
  await server.stop();
  const file = path.join(base, "postgres-password");
  const password = await readFile(file, "utf8");
  await writeFile(file, "not a password");
  await expect(start(base)).rejects.toThrow(/password file .*postgres-password.* is damaged: restore it/);
  await rm(file);
  await expect(start(base)).rejects.toThrow(/password file .*postgres-password.* is missing: restore it/);
  await writeFile(file, "0".repeat(64));
  await expect(start(base)).rejects.toThrow(/postgres-password is not that of the database/);
  await writeFile(file, password);
  expect(await query((await start(base)).url, "select 1")).toEqual([1]);
});

test("data of another PostgreSQL major is left alone, with what to do", async () => {
  const server = await start(base);
  await server.stop();
  await writeFile(path.join(server.folder, "PG_VERSION"), "15\n");
  await expect(start(base)).rejects.toThrow(
    /made by PostgreSQL 15 and this release brings 18.*set DATABASE_URL/,
  );
});

test("a platform without programs is told to set DATABASE_URL", () => {
  expect(() => findNative("sunos", "x64")).toThrow(/no embedded PostgreSQL for sunos-x64.*set DATABASE_URL/);
});

test("programs that this machine cannot run are an error that says to set DATABASE_URL", async () => {
  const native = await copyNative(path.join(base, "package"));
  await writeFile(path.join(native, "bin", "postgres"), "\x7fELF nonsense");
  await expect(start(path.join(base, "data"), { native })).rejects.toThrow(
    /does not run on this machine .*: set DATABASE_URL/,
  );
});

test("library links that npm did not make are made", async () => {
  const native = await copyNative(path.join(base, "package"));
  await removeLinks(native);
  const server = await start(path.join(base, "data"), { native });
  expect(await query(server.url, "select 1")).toEqual([1]);
  expect(
    (await readdir(path.join(native, "lib"))).filter((name) => /^libicuuc\.so/.test(name)).sort(),
  ).toEqual(["libicuuc.so", "libicuuc.so.60", "libicuuc.so.60.2"]);
});

const needsRoot = isRoot ? "" : " (skipped: needs root)";

describe.skipIf(!isRoot)(`as root${needsRoot}`, () => {
  test("the server runs as nobody", async () => {
    const server = await start(path.join(base, "data"));
    expect((await stat(`/proc/${server.pid()}`)).uid).toBe(nobody.uid);
  });

  test("a data folder closed to others is opened for passing through only", async () => {
    const dataDir = path.join(base, "closed");
    await mkdir(dataDir, { mode: 0o700 });
    await start(dataDir);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o711);
    expect((await stat(path.join(dataDir, "postgres"))).mode & 0o777).toBe(0o700);
  });

  test("a package and a data folder that others cannot reach: programs and data go to the system folder, and are found again", async () => {
    const clone = path.join(base, "root home", "clone");
    const system = path.join(base, "var", "tocsin");
    await mkdir(clone, { recursive: true });
    const native = await copyNative(path.join(clone, "package"));
    await removeLinks(native);
    await chmod(path.join(base, "root home"), 0o700);
    const options = { native, systemFolder: system };
    const dataDir = path.join(clone, ".tocsin");
    const server = await start(dataDir, options);
    expect(server.folder.startsWith(`${system}/`)).toBe(true);
    expect((await readFile(path.join(dataDir, "postgres-location"), "utf8")).trim()).toBe(
      path.dirname(server.folder),
    );
    await query(server.url, remember);
    await expect(start(dataDir, options)).rejects.toThrow("already uses the data folder");
    await server.stop();
    const again = await start(dataDir, options);
    expect(again.folder).toBe(server.folder);
    expect(await query(again.url, recall)).toEqual(["still here"]);
    await again.stop();
    await rm(path.dirname(again.folder), { recursive: true });
    await expect(start(dataDir, options)).rejects.toThrow(
      /is gone: restore it, or delete .*postgres-location/,
    );
  });

  test("a system folder that someone else could have prepared is not used", async () => {
    const closed = path.join(base, "closed");
    const system = path.join(base, "system");
    await mkdir(closed, { mode: 0o700 });
    await mkdir(system);
    const dataDir = path.join(closed, "data");
    await chmod(system, 0o777);
    await expect(start(dataDir, { systemFolder: system })).rejects.toThrow(/only root may write/);
    await chmod(system, 0o755);
    await chown(system, nobody.uid, nobody.gid);
    await expect(start(dataDir, { systemFolder: system })).rejects.toThrow(/only root may write/);
  });

  test("an ordinary user needs nothing of this, and may have a package that is not theirs to write", async ({
    skip,
  }) => {
    if (!(await canEnter(repository)))
      return skip("the repository is in a folder that ordinary users cannot enter");
    const dataDir = path.join(base, "data");
    await mkdir(dataDir);
    await chown(dataDir, nobody.uid, nobody.gid);
    const native = await copyNative(path.join(base, "package"));
    await removeLinks(native);
    const bot = await startBot({ dataDir, native }, nobody);
    expect(bot.said).toMatch(/^up/);
    const { url, pid, folder } = bot.server();
    expect((await stat(`/proc/${pid}`)).uid).toBe(nobody.uid);
    expect(folder).toBe(path.join(dataDir, "postgres", "data"));
    await query(url, remember);
    bot.child.kill("SIGKILL");
    const again = await startBot({ dataDir, native }, nobody);
    expect(await query(again.server().url, recall)).toEqual(["still here"]);
  });
});

interface Bot {
  readonly child: ChildProcess;
  /** Its first line. */
  readonly said: string;
  server(): { readonly url: string; readonly folder: string; readonly pid: number };
}

/** A bot as a process of its own, which leads its own process group. */
async function startBot(
  options: object,
  account: { readonly uid?: number; readonly gid?: number } = {},
): Promise<Bot> {
  const script = fileURLToPath(new URL("./embedded-bot.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", script, JSON.stringify(options)], {
    stdio: ["ignore", "pipe", "inherit"],
    cwd: repository,
    detached: true,
    ...account,
  });
  ending.push(async () => {
    const server = said.startsWith("up") ? parse(said) : null;
    child.kill("SIGKILL");
    if (server !== null) await expect.poll(() => isAlive(server.pid)).toBe(false);
  });
  let said = "";
  for await (const chunk of child.stdout) {
    said += String(chunk);
    if (said.includes("\n")) break;
  }
  return { child, said, server: () => parse(said) };
}

function parse(said: string): { readonly url: string; readonly folder: string; readonly pid: number } {
  if (!said.startsWith("up ")) throw new Error(`the bot did not start: ${said}`);
  return JSON.parse(said.slice(3));
}

/** The shell that watches over the server with this pid. */
function watchdogOf(pid: number): number {
  const found = commandLines().find(([, command]) => command.includes(`tocsin-watchdog ${pid}`));
  if (found === undefined) throw new Error(`no watchdog of ${pid} runs`);
  return found[0];
}

/** Of every process; from /proc where there is one, because small images have no ps. */
function commandLines(): readonly (readonly [number, string])[] {
  if (existsSync("/proc/self/cmdline")) {
    const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    return pids.map((pid) => [Number(pid), commandLine(pid)]);
  }
  const lines = execFileSync("ps", ["-eo", "pid=,args="], { encoding: "utf8" }).split("\n");
  return lines.map((line) => [Number.parseInt(line, 10), line]);
}

/** Empty when the process has ended meanwhile. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

/** A copy of the platform's package, as npm would have put it there; returns its folder of programs. */
async function copyNative(folder: string): Promise<string> {
  const native = findNative();
  await cp(path.join(native, "..", "package.json"), path.join(folder, "package.json"));
  await cp(native, path.join(folder, "native"), { recursive: true, verbatimSymlinks: true });
  return path.join(folder, "native");
}

async function removeLinks(native: string): Promise<void> {
  const list: { target: string }[] = JSON.parse(readFileSync(path.join(native, "pg-symlinks.json"), "utf8"));
  for (const { target } of list) await rm(path.join(native, path.relative("native", target)));
}
