import { sql } from "drizzle-orm";
import { afterEach, expect, test } from "vitest";
import { openClient, openDrizzle } from "../../../src/adapters/store/client.ts";
import { freshStore } from "./fixture.ts";

const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

function openOn(url: string, maxConnections: number) {
  const client = openClient({ url, name: "test", maxConnections });
  ending.push(() => client.end({ timeout: 1 }));
  return openDrizzle(client);
}

test("what comes again is prepared in transactions as outside, and answers the same", async () => {
  const { url } = await freshStore();
  const db = openOn(url, 1);
  const answers: unknown[] = [];
  for (let turn = 1; turn <= 4; turn += 1) {
    answers.push(
      (
        await db.execute(
          sql`select ${`a\0${turn}`}::text as text, ${JSON.stringify({ turn })}::jsonb as json`,
        )
      )[0],
    );
    await db.transaction(async (tx) => {
      answers.push((await tx.execute(sql`select ${turn}::int + 1 as number`))[0]);
    });
  }
  expect(answers).toEqual(
    [1, 2, 3, 4].flatMap((turn) => [{ text: `a\uFFFD${turn}`, json: { turn } }, { number: turn + 1 }]),
  );
  const kept = await db.execute<{ statement: string }>(
    sql`select statement from pg_prepared_statements where statement like 'select $%'`,
  );
  expect(kept.map(({ statement }) => statement).sort()).toEqual([
    "select $1::int + 1 as number",
    "select $1::text as text, $2::jsonb as json",
  ]);
});

test("no statement is sent behind one that waits", async () => {
  const { url } = await freshStore();
  const holder = openOn(url, 1);
  const db = openOn(url, 2);
  const wait = async (number: number) =>
    await db.execute(sql`select pg_advisory_xact_lock(77, ${number}::int)`);
  const ask = async (number: number) =>
    await db.execute<{ number: number }>(sql`select ${number}::int as number`);
  for (let turn = 0; turn < 4; turn += 1) await Promise.all([wait(turn), ask(turn)]);
  for (const number of [8, 9]) await holder.execute(sql`select pg_advisory_lock(77, ${number}::int)`);
  const waiting = [wait(8), wait(9)];
  const blocked = sql`select count(*)::int as count from pg_locks where locktype = 'advisory' and not granted
    and database = (select oid from pg_database where datname = current_database())`;
  await expect.poll(async () => (await holder.execute<{ count: number }>(blocked))[0]?.count).toBe(2);
  const asked = Promise.all([ask(1), ask(2)]);
  await holder.execute(sql`select pg_advisory_unlock(77, 9)`);
  expect((await asked).flat()).toEqual([{ number: 1 }, { number: 2 }]);
  await holder.execute(sql`select pg_advisory_unlock(77, 8)`);
  await Promise.all(waiting);
});
