/** The built bot reads a real Prometheus, and shows what it found in the thread of the incident on every platform. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { noPrometheus, type ScrapedPrometheus, startScraped } from "../adapters/prometheus-server.ts";
import { type FakeDiscord, startFakeDiscord } from "../fakes/discord.ts";
import { type FakeSlack, startFakeSlack } from "../fakes/slack.ts";
import { type BotUnderTest, createBot } from "./bot.ts";
import { eventually } from "./process.ts";
import { byBot, discordText, slackText } from "./story.ts";

const why = noPrometheus();
const minute = 60_000;
const slackChannel = "C0INCIDENTS";
const now = Math.floor(Date.now() / 15_000) * 15_000;
const onset = now - 6 * minute;
const began = onset - 3 * minute;
const rose = "the value behind ErrorRateHigh on checkout rose from 0.2 % to 31 % (155 times as much)";

let prometheus: ScrapedPrometheus;
let slack: FakeSlack;
let discord: FakeDiscord;
let bot: BotUnderTest;

beforeAll(async () => {
  if (why !== null) return;
  slack = await startFakeSlack();
  discord = await startFakeDiscord({ isIdentifyPaced: false });
  slack.addChannel({ id: slackChannel, name: "incidents" });
  prometheus = await startScraped({
    past: { fromMs: now - 70 * minute, toMs: now, stepMs: 15_000 },
    rules: "groups: [{ name: shop, rules: [{ alert: ErrorRateHigh, expr: 'shop_error_ratio > 0.05' }] }]",
    series: [
      { series: 'shop_error_ratio{service="checkout"}', valueAt: (at) => (at < began ? 0.002 : 0.31) },
    ],
  });
  bot = await createBot({
    config: { channels: [{ to: `slack:${slackChannel}` }, { to: `discord:${discord.channel.id}` }] },
    env: {
      PROMETHEUS_URL: prometheus.url,
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_APP_TOKEN: slack.appToken,
      SLACK_API_URL: slack.apiUrl,
      DISCORD_TOKEN: discord.token,
      DISCORD_API_URL: discord.apiUrl,
      DISCORD_GUILD_ID: discord.guild.id,
    },
  });
});
afterAll(async () => {
  if (why !== null) return;
  await bot.dispose();
  await prometheus.stop();
  await discord.close();
  await slack.close();
});
beforeEach(({ skip, onTestFailed }) => {
  if (why !== null) skip(why);
  onTestFailed(() => console.error(tellFailure()));
});

function threadMessages({ channel, messages, threads }: FakeDiscord) {
  return threads(channel).flatMap((thread) => messages(thread.id));
}

function slackReplies(): readonly string[] {
  const cards = slack.messagesIn(slackChannel);
  return cards.flatMap((card) => slack.repliesTo(slackChannel, card.ts).map(slackText));
}

/** What everyone saw, for whoever reads the failure. */
function tellFailure(): string {
  const messages = slack.messagesIn(slackChannel).map((message) => slackText(message).slice(0, 600));
  return [...messages, ...slackReplies(), bot.output().slice(-4_000)].join("\n---\n");
}

async function deliver(source: string, body: unknown): Promise<void> {
  const response = await fetch(`${bot.url}/webhooks/${source}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(202);
}

test("an incident's thread gets the chart once, with the same words, on Slack and Discord; the card cites them", async () => {
  await bot.start();
  await eventually("Slack connected", 20_000, () => (slack.socketCount() > 0 ? true : null));
  await eventually("Discord commands", 20_000, () => (discord.commands.puts > 0 ? true : null));
  const change = {
    id: "d-1",
    kind: "deploy",
    service: "checkout",
    title: "checkout v2.3.1",
    at: new Date(began - minute),
  };
  await deliver("changes", { changes: [change] });
  await deliver("alertmanager", {
    version: "4",
    alerts: [
      {
        status: "firing",
        labels: { alertname: "ErrorRateHigh", service: "checkout", severity: "critical" },
        annotations: { summary: "checkout answers errors" },
        startsAt: new Date(onset),
      },
    ],
  });

  await eventually(
    "Slack: the line",
    60_000,
    () => slackReplies().find((text) => text.includes(rose)) ?? null,
  );
  const file = await eventually(
    "Slack: the chart",
    20_000,
    () => [...slack.files.values()].find(({ bytes }) => bytes !== null) ?? null,
  );
  expect([...(file.bytes ?? []).slice(1, 4)]).toEqual([...Buffer.from("PNG")]);
  expect(file.altText).toContain("rose from 0.2 % to 31 %");
  expect(file.altText).toContain("deploy of checkout: checkout v2.3.1");

  const discordLine = await eventually(
    "Discord: the line",
    60_000,
    () =>
      threadMessages(discord).find(
        (message) => discordText(message).includes(rose) && message.attachments.length > 0,
      ) ?? null,
  );
  expect(discordLine.attachments[0]?.description).toContain("rose from 0.2 % to 31 %");

  const card = await eventually(
    "Slack: the card cites it",
    30_000,
    () =>
      slack
        .messagesIn(slackChannel)
        .find((message) => byBot(message) && slackText(message).includes("0.2 % to 31 %")) ?? null,
  );
  expect(slackText(card)).toMatch(/31 %.*\[\d+\]/s);
  expect([...slack.files.values()]).toHaveLength(1);
  expect(slack.violations).toEqual([]);
  expect(discord.violations).toEqual([]);

  const doctor = await bot.cli("doctor");
  expect(doctor.output).toMatch(/prometheus.*reachable, version 2\./);
  expect(doctor.output).toContain("1 alerting rule");
});
