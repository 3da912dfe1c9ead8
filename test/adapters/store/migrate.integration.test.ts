import postgres from "postgres";
import { afterEach, expect, test } from "vitest";
import { migrate } from "../../../src/adapters/store/migrate.ts";
import { freshDatabase, type TestDatabase } from "../../database.ts";

let database: TestDatabase;
afterEach(() => database.close());

test("four replicas that migrate an empty database at once all succeed", async () => {
  database = await freshDatabase("empty");
  const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => migrate(database.url)));
  expect(outcomes.map((outcome) => outcome.status)).toEqual(Array.from({ length: 4 }, () => "fulfilled"));
  expect(await tableNames()).toEqual(
    expect.arrayContaining(["public.alerts", "graphile_worker._private_jobs"]),
  );
});

test("migrating a migrated database changes nothing", async () => {
  database = await freshDatabase();
  const before = await tableNames();
  await migrate(database.url);
  expect(await tableNames()).toEqual(before);
});

test("a database that is not UTF-8 is refused with what to do", async () => {
  database = await freshDatabase("empty");
  const client = postgres(database.url, { max: 1, onnotice: () => undefined });
  const url = new URL(database.url);
  const name = `${url.pathname.slice(1)}_ascii`;
  url.pathname = `/${name}`;
  await client.unsafe(
    `create database ${name} template template0 encoding 'SQL_ASCII' locale 'C' locale_provider libc`,
  );
  try {
    await expect(migrate(url.href)).rejects.toThrow(
      /has the encoding SQL_ASCII: create one with .* encoding 'UTF8'/,
    );
  } finally {
    await client.unsafe(`drop database ${name} with (force)`);
    await client.end();
  }
});

async function tableNames(): Promise<readonly unknown[]> {
  const client = postgres(database.url, { max: 1 });
  try {
    const rows = await client`
      select schemaname || '.' || tablename as name from pg_tables
      where schemaname in ('public', 'graphile_worker', 'drizzle') order by 1`;
    return rows.map((row) => row["name"]);
  } finally {
    await client.end();
  }
}
