/** A real PostgreSQL in the bot's data folder, for those who do not bring their own. */
import { access } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import type { Log } from "../../ports/observability.ts";
import { type Binaries, prepareBinaries } from "./embedded/binaries.ts";
import { prepareFolder, readPassword, type ServerFolder } from "./embedded/folder.ts";
import {
  checkMajor,
  createData,
  freePort,
  logTail,
  owner,
  type ServerProcess,
  startProcess,
} from "./embedded/process.ts";
import { findRunning, type RunningServer, stopOrphan } from "./embedded/running.ts";

export { EmbeddedUnavailableError } from "./embedded/binaries.ts";

/** Held by one session of the bot for as long as it lives: who has it owns the server. */
const ownerLock = 0x746f6373;
/** Shorter than the time for which a starting bot looks before it believes that a server has no owner, ms. */
const lockCheckMs = 1_000;
const maxDeathsPerMinute = 5;

export interface EmbeddedOptions {
  /** The bot's data folder, TOCSIN_DATA_DIR. */
  readonly dataDir: string;
  readonly log: Log;
  /** PostgreSQL settings over the defaults, for tests. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where the data goes when the server's account cannot enter `dataDir`, for tests. */
  readonly systemFolder?: string;
  /** The `native` folder of a platform package, for tests. */
  readonly native?: string;
  /** Called when the server has died and could not be started again: the bot cannot go on. */
  readonly onLost?: (error: Error) => void;
}

export interface EmbeddedServer {
  /** With the password: never log it. The same for the life of this object, also when the server is restarted. */
  readonly url: string;
  /** Where the data is. */
  readonly folder: string;
  /** Of the server as it now runs. */
  pid(): number;
  /** Orderly stop, harder after `timeoutMs`. */
  stop(timeoutMs?: number): Promise<void>;
}

/** The folder is in use by a bot that lives. */
export class FolderInUseError extends Error {
  override readonly name = "FolderInUseError";
}

interface Place {
  readonly folder: ServerFolder;
  readonly binaries: Binaries;
  readonly password: string;
  readonly dataDir: string;
  readonly settings: Readonly<Record<string, string>>;
}

interface Owned {
  readonly server: ServerProcess;
  readonly session: postgres.Sql;
}

/**
 * Starts the server of a data folder, making the database at the first time. A server left behind by a bot that was
 * killed is stopped first; when the server itself is killed it is started again on the same port.
 * @throws FolderInUseError naming the folder and the process that owns it.
 * @throws EmbeddedUnavailableError where PostgreSQL cannot run.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const place = await preparePlace(options);
  let owned = await takeOver(place, null);
  const { port } = owned.server;
  let isStopping = false;
  let restarting: Promise<void> = Promise.resolve();
  const deaths: number[] = [];

  /** Starts it again whenever it ends without having been told to. */
  function watch({ server, session }: Owned): void {
    const holding = setInterval(() => void keepLock(session), lockCheckMs);
    holding.unref();
    void server.ended.then(() => {
      clearInterval(holding);
      if (!isStopping) restarting = restart(session);
    });
  }

  async function restart(session: postgres.Sql): Promise<void> {
    try {
      options.log.error({ folder: place.folder.data }, "the embedded PostgreSQL has died; starting it again");
      await session.end({ timeout: 0 });
      deaths.push(Date.now());
      if (deaths.filter((at) => at > Date.now() - 60_000).length > maxDeathsPerMinute) {
        throw new Error(`it died more than ${maxDeathsPerMinute} times within a minute`);
      }
      owned = await takeOver(place, port);
      watch(owned);
    } catch (cause) {
      const error = new Error(
        `The embedded PostgreSQL in ${place.folder.data} has died and does not start again: see ${place.folder.home}/server.log.`,
        { cause },
      );
      options.log.error({ problem: String(cause) }, error.message);
      options.onLost?.(error);
    }
  }

  async function stop(timeoutMs = 5_000): Promise<void> {
    isStopping = true;
    await restarting;
    await owned.session.end({ timeout: 0 });
    await owned.server.stop(timeoutMs);
  }

  watch(owned);
  return { url: urlOf(place, port, owner), folder: place.folder.data, pid: () => owned.server.pid, stop };
}

/** A session that was cut off has lost the lock; the client connects again by itself and must take it anew. */
async function keepLock(session: postgres.Sql): Promise<void> {
  await session`
    select pg_try_advisory_lock(${ownerLock}) where not exists (
      select from pg_locks where locktype = 'advisory' and objid = ${ownerLock} and pid = pg_backend_pid())`.catch(
    () => undefined,
  );
}

async function preparePlace(options: EmbeddedOptions): Promise<Place> {
  const folder = await prepareFolder(options.dataDir, options.systemFolder);
  const binaries = await prepareBinaries(folder.home, folder.account, options.native);
  const isNew = !(await isThere(folder.data));
  const password = await readPassword(folder, isNew);
  if (isNew) await createData(folder, binaries, password);
  await checkMajor(folder, binaries);
  return { folder, binaries, password, dataDir: options.dataDir, settings: options.settings ?? {} };
}

/** Starts the server and takes the owner's lock; whatever stands in the way is waited for, stopped or named. */
async function takeOver(place: Place, fixedPort: number | null): Promise<Owned> {
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    const running = await findRunning(place.folder);
    if (running !== null) {
      await clear(place, running);
      continue;
    }
    const owned = await startOwned(place, fixedPort ?? (await freePort(null)));
    if (owned !== null) return owned;
    await sleep(200 * attempt);
  }
  throw new Error(
    `The embedded PostgreSQL in ${place.folder.data} does not start; its log ends: ${await logTail(place.folder)}`,
  );
}

/** Null when the server ended at once: someone else was faster, or what it needs is not yet free. */
async function startOwned(place: Place, port: number): Promise<Owned | null> {
  const server = await startProcess(place.folder, place.binaries, port, place.settings);
  const isEnded = server.ended.then(() => "ended" as const);
  const url = urlOf(place, port, "postgres");
  try {
    for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
      const question = await Promise.race([ask(url), isEnded]);
      if (question === "ended") return null;
      if (question.kind === "locked") return await own(server, question.session);
      if (question.kind === "wrong_password") throw new Error(wrongPassword(place));
      await sleep(25);
    }
    throw new Error(
      `The embedded PostgreSQL did not answer within 60 s; its log ends: ${await logTail(place.folder)}`,
    );
  } catch (error) {
    await server.stop(5_000);
    throw error;
  }
}

async function own(server: ServerProcess, session: postgres.Sql): Promise<Owned> {
  const found = await session`select 1 from pg_database where datname = ${owner}`;
  if (found.length === 0) await session.unsafe(`create database ${owner}`);
  return { server, session };
}

/** Makes way: throws when the server that runs has a living owner, else sees to it that it ends. */
async function clear(place: Place, running: RunningServer): Promise<void> {
  const url = urlOf(place, running.port, "postgres");
  // A bot that was just killed has a watchdog that is stopping the server now; and a bot that has just
  // started a server needs a moment to take the lock.
  for (const deadline = Date.now() + 3_000; Date.now() < deadline; await sleep(100)) {
    if ((await findRunning(place.folder)) === null) return;
    const answer = await ask(url);
    if (answer.kind === "locked") await answer.session.end({ timeout: 0 });
    if (answer.kind === "busy") throw inUse(place, answer.owner);
    if (answer.kind === "wrong_password") throw new Error(wrongPassword(place));
  }
  await stopOrphan(running);
}

type Answer =
  | { readonly kind: "locked"; readonly session: postgres.Sql }
  | { readonly kind: "busy"; readonly owner: string }
  | { readonly kind: "wrong_password" }
  | { readonly kind: "not_ready" };

/** Tries to take the owner's lock of the server at `url`. */
async function ask(url: string): Promise<Answer> {
  const session = postgres(url, {
    max: 1,
    connect_timeout: 3,
    max_lifetime: null,
    fetch_types: false,
    onnotice: () => undefined,
    connection: { application_name: `tocsin owner ${process.pid}` },
  });
  let isKept = false;
  try {
    const [row] = await session`select pg_try_advisory_lock(${ownerLock}) as taken`;
    isKept = row?.["taken"] === true;
    if (isKept) return { kind: "locked", session };
    const [holder] = await session`
      select application_name as name from pg_stat_activity join pg_locks using (pid)
      where locktype = 'advisory' and objid = ${ownerLock} and granted`;
    return { kind: "busy", owner: String(holder?.["name"] ?? "unknown") };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    return { kind: code === "28P01" ? "wrong_password" : "not_ready" };
  } finally {
    if (!isKept) await session.end({ timeout: 0 });
  }
}

function inUse(place: Place, name: string): FolderInUseError {
  const pid = /\d+$/.exec(name)?.[0] ?? "unknown";
  return new FolderInUseError(
    `Another Tocsin (pid ${pid}) already uses the data folder ${place.dataDir}: stop it, or set TOCSIN_DATA_DIR to another folder.`,
  );
}

function wrongPassword(place: Place): string {
  return `The password in ${place.folder.passwordFile} is not that of the database in ${place.folder.data}: restore the file from a backup.`;
}

function urlOf(place: Place, port: number, database: string): string {
  return `postgres://${owner}:${place.password}@127.0.0.1:${port}/${database}`;
}

async function isThere(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}

/**
 * The address of the server that a running bot holds on this data folder, for commands beside it; null when none runs.
 * It holds the password: never log it.
 */
export async function findEmbedded(dataDir: string, system?: string): Promise<string | null> {
  if (!(await isThere(dataDir))) return null;
  const folder = await prepareFolder(dataDir, system);
  const running = (await isThere(folder.data)) ? await findRunning(folder) : null;
  if (running === null) return null;
  const password = await readPassword(folder, false);
  return `postgres://${owner}:${password}@127.0.0.1:${running.port}/${owner}`;
}
