/** Brings a database up to date: our tables from `migrations/`, and those of the job queue. */
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { readMigrationFiles } from "drizzle-orm/migrator";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate as applyMigrations } from "drizzle-orm/postgres-js/migrator";
import { Logger, runMigrations } from "graphile-worker";
import postgres from "postgres";
import { tasks } from "./job-queue.ts";

/** Neither drizzle's migrator nor the job queue's takes a lock of its own that suffices. */
const migrationLock = 0x6d696772;

/** The oldest PostgreSQL that still gets fixes and is tested. */
const oldestVersion = 15;

/** How long to wait for another replica that is migrating, ms. */
const lockTimeoutMs = 120_000;

/**
 * Applies what is missing; safe to call from many replicas at once.
 * @throws Error when the database cannot be reached, or another replica holds the migration for two minutes.
 */
export async function migrate(url: string): Promise<void> {
  const client = postgres(url, {
    max: 1,
    fetch_types: false,
    onnotice: () => undefined,
    connection: { application_name: "tocsin migrations" },
  });
  try {
    await checkEncoding(client);
    await client`select set_config('lock_timeout', ${String(lockTimeoutMs)}, false)`;
    await client`select pg_advisory_lock(${migrationLock})`;
    // A role that may not create anything can still use a database that its owner has migrated.
    if (!(await isCurrent(client)))
      await applyMigrations(drizzle(client), { migrationsFolder: migrationsFolder() });
    await runMigrations({ connectionString: url, logger: new Logger(() => () => undefined) });
    await nameTasks(client);
  } finally {
    // Closing the session frees the lock.
    await client.end({ timeout: 5 });
  }
}

/**
 * The job queue writes down the name of a task when it first hears of it, in any order: two transactions that are the
 * first to add jobs of several kinds would wait for each other in a circle.
 */
async function nameTasks(client: postgres.Sql): Promise<void> {
  await client`
    insert into graphile_worker._private_tasks (identifier)
    select name from jsonb_array_elements_text(${JSON.stringify(tasks)}::text::jsonb) as name
    where not exists (select from graphile_worker._private_tasks where identifier = name)
    on conflict do nothing`;
}

/** Whether everything in `migrations/` was applied: the newest by its time, as the migrator itself decides. */
async function isCurrent(client: postgres.Sql): Promise<boolean> {
  const [table] = await client`select to_regclass('drizzle.__drizzle_migrations') is not null as is_there`;
  if (table?.["is_there"] !== true) return false;
  const [last] = await client`select max(created_at)::text as at from drizzle.__drizzle_migrations`;
  const newest = Math.max(
    0,
    ...readMigrationFiles({ migrationsFolder: migrationsFolder() }).map((file) => file.folderMillis),
  );
  return Number(last?.["at"]) >= newest;
}

/** In any other encoding, half of what alerts say cannot be stored. */
async function checkEncoding(client: postgres.Sql): Promise<void> {
  const [row] = await client`
    select current_database() as name, getdatabaseencoding() as encoding, current_setting('server_version_num')::int as version`;
  if (row?.["encoding"] !== "UTF8") {
    throw new Error(
      `The database ${row?.["name"]} has the encoding ${row?.["encoding"]}: create one with "create database tocsin encoding 'UTF8' template template0" and name it in DATABASE_URL.`,
    );
  }
  if (row["version"] < oldestVersion * 10_000) {
    throw new Error(
      `The database server is PostgreSQL ${Math.floor(row["version"] / 10_000)}: use ${oldestVersion} or later.`,
    );
  }
}

/** `migrations/` lies in the package's root, whether this file runs from src/ or from dist/. */
function migrationsFolder(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const candidate = path.join(folder, "migrations");
    if (existsSync(path.join(candidate, "meta", "_journal.json"))) return candidate;
    const parent = path.dirname(folder);
    if (parent === folder)
      throw new Error("The folder migrations/ of the package is missing: install it again.");
    folder = parent;
  }
}
