/** One PostgreSQL for the whole run of the integration tests, with a migrated database to clone. */
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import postgres from "postgres";
import type { TestProject } from "vitest/node";
import { startEmbedded } from "../src/adapters/store/embedded.ts";
import { migrate } from "../src/adapters/store/migrate.ts";
import { silentLog } from "../src/ports/observability.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A server on which databases may be created. */
    readonly serverUrl: string;
    /** Name of the migrated, empty database. */
    readonly templateName: string;
  }
}

/** @returns what vitest calls at the end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startServer();
  const prefix = `tocsin_test_${randomBytes(4).toString("hex")}`;
  const templateName = `${prefix}_template`;
  const admin = postgres(server.url, { max: 1, onnotice: () => undefined });
  await admin.unsafe(`create database ${templateName}`);
  await migrate(databaseUrl(server.url, templateName));
  project.provide("serverUrl", server.url);
  project.provide("templateName", templateName);
  return async () => {
    const left = await admin<{ name: string }[]>`
      select datname as name from pg_database where starts_with(datname, ${prefix})`;
    for (const { name } of left) await admin.unsafe(`drop database if exists ${name} with (force)`);
    await admin.end({ timeout: 5 });
    await server.stop();
  };
}

/** The server named by TEST_DATABASE_URL, else an embedded one that forgets everything at the end. */
async function startServer(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const given = process.env["TEST_DATABASE_URL"];
  if (given !== undefined && given !== "") return { url: given, stop: async () => undefined };
  const dataDir = await mkdtemp(path.join(tmpdir(), "tocsin-test-"));
  await chmod(dataDir, 0o711);
  const server = await startEmbedded({
    dataDir,
    log: silentLog,
    settings: { fsync: "off", synchronous_commit: "off", full_page_writes: "off", max_connections: "200" },
  });
  return {
    url: server.url,
    async stop() {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function databaseUrl(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}
