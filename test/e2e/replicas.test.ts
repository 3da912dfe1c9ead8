/** Two bots on one PostgreSQL: one is killed, the other carries on within fifteen seconds, and nothing happens twice. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { type EmbeddedServer, startEmbedded } from "../../src/adapters/store/embedded.ts";
import { openStore } from "../../src/adapters/store/store.ts";
import { silentLog } from "../../src/ports.ts";
import { type FakeSlack, readableText, startFakeSlack } from "../fakes/slack.ts";
import { type BotUnderTest, createBot } from "./bot.ts";
import { eventually } from "./process.ts";

const channel = "C0INCIDENTS";
const toStop: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop();
});

async function startServer(): Promise<EmbeddedServer> {
  const folder = mkdtempSync(path.join(tmpdir(), "tocsin-replicas-"));
  chmodSync(folder, 0o711);
  const server = await startEmbedded({ dataDir: folder, log: silentLog });
  toStop.push(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return server;
}

async function startReplica(databaseUrl: string, slack: FakeSlack): Promise<BotUnderTest> {
  const bot = await createBot({
    config: { channels: [{ to: `slack:${channel}` }], topology: { edges: [["web", "api"]] } },
    env: {
      DATABASE_URL: databaseUrl,
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_APP_TOKEN: slack.appToken,
      SLACK_API_URL: slack.apiUrl,
    },
  });
  toStop.push(() => bot.dispose());
  await bot.start();
  return bot;
}

async function sendAlert(bot: BotUnderTest, name: string): Promise<void> {
  const alert = {
    status: "firing",
    labels: { alertname: name, service: "api", severity: "critical" },
    annotations: {},
    startsAt: new Date().toISOString(),
    endsAt: "0001-01-01T00:00:00Z",
  };
  const response = await fetch(`${bot.url}/webhooks/alertmanager`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ version: "4", status: "firing", receiver: "r", alerts: [alert] }),
  });
  expect(response.status).toBe(202);
}

async function leads(bot: BotUnderTest): Promise<boolean> {
  return /tocsin_triage_leader 1/.test(await (await fetch(`${bot.url}/metrics`)).text());
}

test("a killed leader is followed within fifteen seconds, with one card and no alert twice", async () => {
  const server = await startServer();
  const slack = await startFakeSlack();
  toStop.push(() => slack.close());
  slack.addChannel({ id: channel, name: "incidents" });
  const first = await startReplica(server.url, slack);
  const second = await startReplica(server.url, slack);
  const store = await openStore({ url: server.url, maxConnections: 2 });
  toStop.push(() => store.close());
  await eventually("the first leads", 15_000, async () => ((await leads(first)) ? true : null));
  // Whichever replica takes a webhook, the leader turns it into incidents.
  for (let index = 0; index < 5; index += 1) await sendAlert(second, `Before${index}`);
  await eventually("five alerts", 20_000, async () =>
    (await store.incidents.find(1))?.alertCount === 5 ? true : null,
  );
  await first.kill();
  const killedAt = Date.now();
  for (let index = 0; index < 5; index += 1) await sendAlert(second, `After${index}`);
  await eventually("takeover", 15_000, async () =>
    (await store.incidents.find(1))?.alertCount === 10 ? true : null,
  );
  expect(Date.now() - killedAt).toBeLessThan(15_000);
  expect((await store.incidents.alerts(1, 50)).map((alert) => alert.seenCount)).toEqual(Array(10).fill(1));
  const cards = () =>
    slack.messagesIn(channel).filter((message) => readableText(message.blocks).includes("on api"));
  await eventually("the card shows all", 30_000, () =>
    cards().some((card) => readableText(card.blocks).includes("10 firing")) ? true : null,
  );
  expect(cards()).toHaveLength(1);
  expect(slack.violations).toEqual([]);
});
