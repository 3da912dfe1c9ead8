/** The whole bot while triage cannot store anything: how long alerts have waited is told wherever people look. */
import postgres from "postgres";
import { afterEach, beforeEach, expect, test } from "vitest";
import { watchTriageLag } from "../../src/main/triage-lag.ts";
import type { Bot } from "../../src/main.ts";
import { noMetrics, silentLog, systemClock } from "../../src/ports.ts";
import { type FreshBot, freshBot } from "./bot.ts";

let fresh: FreshBot;
let bot: Bot;

beforeEach(async () => {
  fresh = await freshBot();
  bot = fresh.bot;
  await expect.poll(() => text("/readyz"), { timeout: 10_000 }).toContain('"leads"');
});
afterEach(() => fresh.dispose());

/** Whoever wants to move the cursor waits for as long as this is held. */
async function holdCursor() {
  const sql = postgres(fresh.database.url, { max: 1, onnotice: () => undefined });
  const connection = await sql.reserve();
  await connection`begin`;
  await connection`select 1 from leases for update`;
  return {
    async release() {
      await connection`rollback`;
      connection.release();
      await sql.end({ timeout: 1 });
    },
  };
}

async function sendAlert(): Promise<void> {
  const answer = await fetch(`${bot.url}/webhooks/generic`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ alerts: [{ name: "HighLatency", labels: { service: "checkout" } }] }),
  });
  expect(answer.status).toBe(202);
}

async function text(at: string): Promise<string> {
  return await (await fetch(`${bot.url}${at}`)).text();
}

async function lagInMetrics(): Promise<number> {
  return Number(/^tocsin_triage_lag_seconds (\S+)$/m.exec(await text("/metrics"))?.[1]);
}

test("alerts that triage cannot take are told in metrics and the readiness check, until it has taken them", async () => {
  const cursor = await holdCursor();
  try {
    await sendAlert();
    await expect.poll(lagInMetrics, { timeout: 15_000 }).toBeGreaterThan(5);
    expect(await text("/readyz")).toMatch(/the oldest delivery waits for \d+ s/);
  } finally {
    await cursor.release();
  }
  await expect.poll(lagInMetrics, { timeout: 15_000 }).toBe(0);
  expect(await text("/readyz")).not.toContain("waits for");
  expect(await bot.store.incidents.newest()).toBe(1);
});

test("it is the age of the oldest one that waits, by any replica, and not known while the database is away", async () => {
  const lag = watchTriageLag({ store: bot.store, clock: systemClock, log: silentLog, metrics: noMetrics });
  const cursor = await holdCursor();
  try {
    expect(lag.ms()).toBe(null);
    await lag.look();
    expect(lag.ms()).toBe(0);
    await sendAlert();
    const later = { ...systemClock, now: () => new Date(Date.now() + 60_000) };
    const aMinuteLater = watchTriageLag({
      store: bot.store,
      clock: later,
      log: silentLog,
      metrics: noMetrics,
    });
    await aMinuteLater.look();
    expect(Math.round((aMinuteLater.ms() ?? 0) / 60_000)).toBe(1);
    aMinuteLater.stop();
    const leases = { ...bot.store.leases, cursor: () => Promise.reject(new Error("away")) };
    const away = watchTriageLag({
      ...{ store: { ...bot.store, leases }, clock: systemClock },
      ...{ log: silentLog, metrics: noMetrics },
    });
    await away.look();
    expect(away.ms()).toBe(null);
    away.stop();
  } finally {
    lag.stop();
    await cursor.release();
  }
});
