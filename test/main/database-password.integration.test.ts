import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type JobHandlers, type JobRunner, runJobs } from "../../src/adapters/store/jobs.ts";
import { migrate } from "../../src/adapters/store/migrate.ts";
import { grantRights } from "../../src/adapters/store/rights.ts";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { openDatabase } from "../../src/main/database.ts";
import { followPassword } from "../../src/main/database-password.ts";
import { recordPassword } from "../../src/main/secrets.ts";
import { type Job, type Log, silentLog, systemClock } from "../../src/ports.ts";
import { onServer } from "../database.ts";
import { type RolesDatabase, rolesDatabase } from "../database-roles.ts";

let roles: RolesDatabase;
let folder: string;
beforeAll(async () => {
  roles = await rolesDatabase();
  await migrate(roles.owner);
  await grantRights(roles.owner, new URL(roles.bot).username);
  folder = mkdtempSync(path.join(tmpdir(), "tocsin-database-"));
});
afterAll(async () => {
  await roles.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The bot's address in a file, and what follows it. */
function scene() {
  const file = path.join(folder, "DATABASE_URL");
  const said: string[] = [];
  const add: Log["info"] = (fields, message) => void said.push(`${message} ${JSON.stringify(fields)}`);
  const write = (text: string) => writeFileSync(file, `${text}\n`);
  write(roles.bot);
  const secretsRead = [{ name: "DATABASE_URL", by: "the database", file }];
  const password = followPassword(roles.bot, { secretsRead }, { ...silentLog, info: add, warn: add });
  if (password === null) throw new Error("nothing follows the file");
  return { file, write, said, password };
}

function withPassword(url: string, password: string): string {
  const address = new URL(url);
  address.password = encodeURIComponent(password);
  return address.href;
}

const role = () => new URL(roles.bot).username;
/** The server takes only this one from now on, and every connection of the bot is cut. */
async function rotate(password: string): Promise<void> {
  await onServer(`alter role ${role()} password '${password}'`);
  await onServer(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${role()}'`);
}

test("store and jobs go on with the password that the role was given, once it is in the file", async () => {
  const { write, password } = scene();
  const address = { url: roles.bot, password: password.current };
  const store = await openStore({ ...address, maxConnections: 2 });
  password.onChange(() => void recordPassword({ store, clock: systemClock, log: silentLog }));
  const done: number[] = [];
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const jobs = await run(address, async (job) => {
    if (job.task !== "explain") return;
    done.push(job.incidentId);
    if (job.incidentId === heldIncident) await held;
  });
  const works = async (incidentId: number) => {
    await expect.poll(() => problemOf(store)).toBeNull();
    await store.jobs.add({ task: "explain", incidentId });
    await expect.poll(() => done).toContain(incidentId);
  };
  try {
    await works(1);
    await works(heldIncident);
    await rotate("a new % one: /@?#");
    await expect.poll(() => problemOf(store)).toContain("password authentication failed");
    // A job that ends while nobody can connect.
    letGo();
    write(withPassword(roles.bot, "a new % one: /@?#"));
    await works(2);
    await expect
      .poll(() => recorded(store))
      .toEqual([expect.stringMatching(/^DATABASE_URL by the database/)]);
    await expect.poll(() => jobsLeft()).toEqual([]);
    expect(done.filter((incidentId) => incidentId === heldIncident)).toHaveLength(1);
    await rotate("another");
    write(withPassword(roles.bot, "another"));
    await works(3);
  } finally {
    await jobs.stop(5_000);
    await store.close();
    await rotate("secret");
  }
});

const heldIncident = 7;

async function jobsLeft(): Promise<readonly unknown[]> {
  const sql = postgres(roles.url, { max: 1 });
  try {
    return await sql`select key from graphile_worker.jobs where key like 'explain%'`;
  } finally {
    await sql.end();
  }
}

/** What keeps the database from answering; null when nothing does. */
async function problemOf(store: OpenStore): Promise<string | null> {
  try {
    await store.ping();
    return null;
  } catch (error) {
    return error instanceof Error ? String(error.cause ?? error) : String(error);
  }
}

async function recorded(store: OpenStore): Promise<unknown> {
  const [entry] = await store.audit.list({ action: "secrets.read", limit: 1 });
  return entry?.data["secrets"];
}

function run(
  address: { readonly url: string; readonly password: () => string },
  handle: (job: Job) => Promise<void>,
): Promise<JobRunner> {
  // Every task of the type is handled alike.
  const handlers = new Proxy({}, { get: () => handle }) as JobHandlers;
  return runJobs({ ...address, handlers, concurrency: 1, log: silentLog, replica: "rotated" });
}

test.each([
  ["is empty", () => "", /is empty/],
  ["is no address", () => "hush", /holds no postgres:\/\/ address/],
  ["has lost its password", () => withPassword(roles.bot, ""), /holds no postgres:\/\/ address/],
  ["names another role", () => withPassword(roles.owner, "hush"), /another server, database or role/],
  ["cannot be decoded", () => roles.bot.replace(":secret@", ":100%@"), /holds no postgres:\/\/ address/],
])("a file that %s leaves the password in use, and the log says why", (_name, text, problem) => {
  const { write, said, password } = scene();
  const told: string[] = [];
  password.onChange(() => void told.push("changed"));
  write(text());
  expect(password.current()).toBe("secret");
  expect(said.join()).toMatch(problem);
  expect(said.join()).not.toMatch(/secret@|hush"|100%/);
  expect(told).toEqual([]);
  write(withPassword(roles.bot, "other"));
  expect(password.current()).toBe("other");
  expect(told).toEqual(["changed"]);
});

test("a bot that is opened on the address follows its file", async () => {
  const { file, write } = scene();
  const secretsRead = [{ name: "DATABASE_URL", by: "the database", file }];
  const config = { databaseUrl: roles.bot, migrationUrl: null, dataDir: folder, secretsRead };
  const database = await openDatabase(config, silentLog, () => undefined);
  expect(database.password?.current()).toBe("secret");
  write(withPassword(roles.bot, "other"));
  expect(database.password?.current()).toBe("other");
  await database.stop();
});

test("nothing is followed where the address is in the environment, or needs no password", () => {
  const inFile = { secretsRead: [{ name: "DATABASE_URL", by: "the database", file: "/nowhere" }] };
  const inEnvironment = { secretsRead: [{ name: "DATABASE_URL", by: "the database", file: null }] };
  expect(followPassword(roles.bot, inEnvironment, silentLog)).toBeNull();
  expect(followPassword("postgres://bot@db/tocsin", inFile, silentLog)).toBeNull();
  expect(followPassword("postgres://bot:100%@db/tocsin", inFile, silentLog)).toBeNull();
});
