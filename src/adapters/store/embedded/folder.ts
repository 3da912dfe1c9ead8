/** Where the embedded server keeps its data, as whom it runs, and its password. */
import { createHash, randomBytes } from "node:crypto";
import {
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  open,
  readFile,
  realpath,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import path from "node:path";

/** PostgreSQL refuses to run as root: the account it runs as instead. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

export interface ServerFolder {
  /** Holds `data` (PGDATA), `server.log` and, where needed, a copy of the programs. Owned by the server's account. */
  readonly home: string;
  readonly data: string;
  readonly passwordFile: string;
  /** Null when the server runs as the user of this process. */
  readonly account: Account | null;
}

/** Where the server's folder goes when the server's account cannot enter the data folder. */
export const systemFolder = "/var/lib/tocsin";

/**
 * Decides where the server lives, and creates the folder.
 * As an ordinary user that is `<dataDir>/postgres`. As root the server runs as `nobody`, so when that account cannot
 * enter the data folder (a clone under /root) it is a folder of `system`, and the file `postgres-location` in the data
 * folder says which: the data is found there at every later start.
 * @param system - only for tests.
 * @throws Error naming the folder and the remedy.
 */
export async function prepareFolder(dataDir: string, system: string = systemFolder): Promise<ServerFolder> {
  await mkdir(dataDir, { recursive: true, mode: 0o711 });
  const folder = await realpath(dataDir);
  const account = process.getuid?.() === 0 ? await nobody() : null;
  const home = account === null ? path.join(folder, "postgres") : await homeForRoot(folder, system);
  await mkdir(home, { recursive: true, mode: 0o700 });
  const found = await lstat(home);
  if (!found.isDirectory() || ![process.getuid?.(), account?.uid].includes(found.uid)) {
    throw new Error(
      `The database folder ${home} belongs to another user (uid ${found.uid}): remove it, or set TOCSIN_DATA_DIR or DATABASE_URL.`,
    );
  }
  if (account !== null) await chown(home, account.uid, account.gid);
  await chmod(home, 0o700);
  return {
    home,
    data: path.join(home, "data"),
    passwordFile: path.join(folder, "postgres-password"),
    account,
  };
}

async function homeForRoot(folder: string, system: string): Promise<string> {
  const pointer = path.join(folder, "postgres-location");
  const known = await readIfThere(pointer);
  if (known !== null) return await knownHome(known.trim(), pointer);
  const inside = path.join(folder, "postgres");
  const { uid } = await stat(folder);
  // Passing through the data folder itself is all that is granted; what lies in it keeps its own modes.
  if (uid === 0 && (await canEnter(path.dirname(folder)))) {
    await chmod(folder, ((await stat(folder)).mode & 0o7777) | 0o011);
  }
  if (await canEnter(folder)) return inside;
  const home = path.join(system, createHash("sha256").update(folder).digest("hex").slice(0, 16));
  await prepareSystemFolder(system);
  await mkdir(home, { recursive: true, mode: 0o700 });
  await writeOnce(pointer, `${home}\n`, 0o644);
  return home;
}

async function knownHome(home: string, pointer: string): Promise<string> {
  const found = await lstat(home).catch(() => null);
  if (found?.isDirectory() === true) return home;
  throw new Error(
    `The database of this folder was in ${home}, as ${pointer} says, and is gone: restore it, or delete ${pointer} to start with an empty database.`,
  );
}

/** A folder that someone else could have prepared would let them read the database. */
async function prepareSystemFolder(system: string): Promise<void> {
  try {
    await mkdir(system, { recursive: true, mode: 0o755 });
  } catch (cause) {
    throw new Error(
      `The account of the embedded database cannot enter the data folder, and ${system} cannot be created: set TOCSIN_DATA_DIR to a folder that every user may enter, or set DATABASE_URL.`,
      { cause },
    );
  }
  const found = await lstat(system);
  const isSafe = found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0;
  if (!isSafe || !(await canEnter(system))) {
    throw new Error(
      `The folder ${system} is not a folder that only root may write and everyone may enter: correct it, or set TOCSIN_DATA_DIR or DATABASE_URL.`,
    );
  }
}

/** Whether every user may enter this folder and those above it. */
export async function canEnter(folder: string): Promise<boolean> {
  let current = await realpath(folder);
  for (;;) {
    const { mode } = await stat(current);
    if ((mode & 0o001) === 0) return false;
    const parent = path.dirname(current);
    if (parent === current) return true;
    current = parent;
  }
}

/** The account `nobody`; its number differs between systems. */
async function nobody(): Promise<Account> {
  const passwd = (await readIfThere("/etc/passwd")) ?? "";
  const match = /^nobody:[^:]*:(-?\d+):(-?\d+):/m.exec(passwd);
  return { uid: Number(match?.[1] ?? 65_534), gid: Number(match?.[2] ?? 65_534) };
}

/**
 * The server's password: made at the first start, kept in a file that only the bot's user may read.
 * @param isNew - whether the database is still to be made; an old one keeps the password it was made with.
 * @throws Error when the file of an existing database is missing or damaged.
 */
export async function readPassword(folder: ServerFolder, isNew: boolean): Promise<string> {
  const known = (await readIfThere(folder.passwordFile))?.trim() ?? null;
  if (known !== null && /^[0-9a-f]{64}$/.test(known)) return known;
  if (!isNew || known !== null) {
    throw new Error(
      `The password file ${folder.passwordFile} of the database in ${folder.data} is ${known === null ? "missing" : "damaged"}: restore it from a backup, or move ${folder.home} away to start with an empty database.`,
    );
  }
  await writeOnce(folder.passwordFile, `${randomBytes(32).toString("hex")}\n`, 0o600);
  // Read back: of two bots that start at once, one has written it.
  return (await readFile(folder.passwordFile, "utf8")).trim();
}

/** Writes a file that is either whole or absent after a power failure; one that is already there stays. */
async function writeOnce(file: string, text: string, mode: number): Promise<void> {
  const partial = `${file}.${process.pid}`;
  await writeFile(partial, text, { mode, flush: true });
  await link(partial, file).catch((error: unknown) => {
    if (!hasCode(error, "EEXIST")) throw error;
  });
  await rm(partial);
  await syncFolder(path.dirname(file));
}

/** Makes a rename in this folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw error;
  }
}

/** Whether a system call failed with this code, for example "ENOENT". */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
