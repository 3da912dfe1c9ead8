/** The whole bot while every connection for its own work is taken: what people and senders wait for goes on. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStore } from "../../src/adapters/store/store.ts";
import type { Bot } from "../../src/main.ts";
import { type FreshBot, freshBot } from "./bot.ts";

let fresh: FreshBot;
let bot: Bot;

beforeEach(async () => {
  fresh = await freshBot();
  bot = fresh.bot;
});
afterEach(() => fresh.dispose());

/** More transactions than the bot's store has connections for: what is asked of it later waits behind them. */
function occupy() {
  const most = 64;
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  let begun = 0;
  const working = Array.from({ length: most }, () =>
    bot.store.transaction(async (tx) => {
      begun += 1;
      await tx.incidents.newest();
      await ended;
    }),
  );
  return {
    isFull: () => begun > 0 && begun < most,
    async end() {
      end();
      await Promise.all(working);
    },
  };
}

test("a webhook becomes an incident and a command is kept while the bot's own work takes all its connections", async () => {
  const other = await openStore({ url: fresh.database.url, maxConnections: 2 });
  const work = occupy();
  try {
    const body = { alerts: [{ name: "HighLatency", labels: { service: "checkout" } }] };
    const answer = await fetch(`${bot.url}/webhooks/generic`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect([answer.status, await answer.text()]).toEqual([202, expect.anything()]);
    await expect.poll(() => other.incidents.newest(), { timeout: 10_000 }).toBe(1);
    await bot.submit({
      key: "test-1",
      account: { platform: "console", id: "oncall", name: "On call" },
      channel: null,
      command: "incidents",
      input: { kind: "text", text: "" },
      receivedAt: new Date(),
      reply: {},
    });
    expect((await other.requests.take("test-1"))?.command).toBe("incidents");
    expect(work.isFull()).toBe(true);
  } finally {
    await work.end();
    await other.close();
  }
});
