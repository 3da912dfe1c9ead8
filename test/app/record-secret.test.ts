import { expect, test } from "vitest";
import { recordSecret } from "../../src/app/record-secret.ts";
import { type Log, type Store, type StoreSlices, silentLog } from "../../src/ports.ts";

/** A database that is away for the first tries, and a clock that moves when somebody sleeps. */
function scene(triesAway: number) {
  let nowMs = Date.parse("2026-03-02T09:00:00Z");
  let tries = 0;
  const entries: unknown[] = [];
  const waits: number[] = [];
  const said: string[] = [];
  const tx = { audit: { append: async (entry: unknown) => void entries.push(entry) } };
  const transaction = async (work: (slices: StoreSlices) => Promise<unknown>) => {
    tries += 1;
    if (tries <= triesAway) throw new Error("terminating connection due to administrator command");
    return await work(tx as unknown as StoreSlices);
  };
  const log: Log = {
    ...silentLog,
    warn: (fields, message) => void said.push(`warn ${message} ${JSON.stringify(fields)}`),
    error: (fields, message) => void said.push(`error ${message} ${JSON.stringify(fields)}`),
  };
  const parts = {
    store: { transaction: transaction as Store["transaction"] },
    clock: { now: () => new Date(nowMs) },
    log,
    sleep: async (ms: number) => {
      waits.push(ms);
      nowMs += ms;
    },
  };
  const record = () => recordSecret({ name: "DATABASE_URL", by: "the database", why: "a reason" }, parts);
  return { record, entries, waits, said };
}

test("is one entry, at once, without a word in the log", async () => {
  const { record, entries, waits, said } = scene(0);
  await record();
  expect(entries).toEqual([
    expect.objectContaining({
      at: new Date("2026-03-02T09:00:00Z"),
      action: "secrets.read",
      data: { secrets: ["DATABASE_URL by the database, again from its file: a reason"] },
    }),
  ]);
  expect(waits).toEqual([]);
  expect(said).toEqual([]);
});

test("is tried again, ever less often, until the database is back", async () => {
  const { record, entries, waits, said } = scene(8);
  await record();
  expect(entries).toHaveLength(1);
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  expect(said[0]).toContain("trying again");
  expect(said[0]).toContain("administrator command");
});

test("ends after a day, and says what is missing from the audit log", async () => {
  const { record, entries, waits, said } = scene(Number.POSITIVE_INFINITY);
  await record();
  expect(entries).toEqual([]);
  expect(waits).toHaveLength(1_439);
  expect(said.at(-1)).toMatch(/^error secrets: a change could not be recorded .*DATABASE_URL/);
});
