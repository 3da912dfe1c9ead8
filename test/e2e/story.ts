/** The story that the end-to-end tests tell, step by step, with real monitoring and both chat platforms. */
import { createHash } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { FakeMessage as DiscordMessage, FakeDiscord } from "../fakes/discord.ts";
import { startFakeDiscord } from "../fakes/discord.ts";
import { type FakeMessage, type FakeSlack, readableText, startFakeSlack } from "../fakes/slack.ts";
import { type BotUnderTest, createBot } from "./bot.ts";
import { eventually } from "./process.ts";
import { type Monitoring, startMonitoring } from "./prometheus.ts";
import { type Shop, shopRules, startShop } from "./shop.ts";

export const slackChannel = "C0INCIDENTS";
const bearer = "alertmanager-token-of-this-test";
const patienceMs = 60_000;

export interface Stage {
  readonly bot: BotUnderTest;
  readonly slack: FakeSlack;
  readonly discord: FakeDiscord;
  readonly shop: Shop;
  readonly monitoring: Monitoring;
  close(): Promise<void>;
}

/** People: one engineer and a lead in Slack, on call in Slack and Discord. */
export const people = { engineer: "U0ENGINEER", lead: "U0LEAD", oncall: "U0ONCALL" } as const;

/**
 * Everything around the bot, and the bot, which is not started yet.
 * @param through - given where the bot takes Alertmanager's deliveries, says where they are sent instead.
 */
export async function setStage(
  through: (webhookUrl: string) => Promise<string> = (webhookUrl) => Promise.resolve(webhookUrl),
): Promise<Stage> {
  const slack = await startFakeSlack();
  const discord = await startFakeDiscord({ isIdentifyPaced: false });
  slack.addChannel({ id: slackChannel, name: "incidents" });
  for (const id of Object.values(people)) slack.addUser({ id, name: id.slice(2).toLowerCase() });
  const shop = await startShop(mkdtempSync(path.join(tmpdir(), "tocsin-shop-")));
  const bot = await createBot({
    config: {
      channels: [{ to: `slack:${slackChannel}` }, { to: `discord:${discord.channel.id}` }],
      // Told again and again within minutes, and a story of its own each time.
      flapping: { firings: 100 },
      rollouts: { to: [`slack:${slackChannel}`] },
      sources: { alertmanager: { bearer: `sha256:${createHash("sha256").update(bearer).digest("hex")}` } },
      people: {
        "ml-engineer": { roles: ["ml-engineer"], slack: people.engineer },
        "sre-lead": { roles: ["sre", "approver"], slack: people.lead },
        oncall: { name: "On call", roles: ["sre"], slack: people.oncall, discord: discord.oncall.id },
      },
      models: { recommender: shop.model },
      topology: {
        edges: [
          ["web", "catalog"],
          ["catalog", "recommender-api"],
        ],
      },
    },
    env: {
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_APP_TOKEN: slack.appToken,
      SLACK_API_URL: slack.apiUrl,
      DISCORD_TOKEN: discord.token,
      DISCORD_API_URL: discord.apiUrl,
      DISCORD_GUILD_ID: discord.guild.id,
    },
  });
  const monitoring = await startMonitoring({
    target: shop.target,
    rules: shopRules,
    webhookUrl: await through(`${bot.url}/webhooks/alertmanager`),
    bearer,
  });
  return {
    bot,
    slack,
    discord,
    shop,
    monitoring,
    async close() {
      await bot.dispose();
      await monitoring.stop();
      await shop.close();
      await discord.close();
      await slack.close();
    },
  };
}

/** All text of a Slack message, as a person reads it. */
export function slackText(message: Pick<FakeMessage, "text" | "blocks">): string {
  return `${message.text}\n${readableText(message.blocks)}`;
}

/** All text of a Discord message, as a person reads it. */
export function discordText(message: DiscordMessage): string {
  return `${message.content}\n${JSON.stringify(message.embeds)}`;
}

export const byBot = (message: FakeMessage): boolean => message.botId !== null;

/** Cards (not thread lines) of the bot in Slack whose text holds `words`. */
export function slackCards(stage: Stage, words: string): readonly FakeMessage[] {
  return stage.slack
    .messagesIn(slackChannel)
    .filter((message) => byBot(message) && slackText(message).includes(words));
}

export function discordCards(stage: Stage, words: string): readonly DiscordMessage[] {
  return stage.discord
    .messages(stage.discord.channel.id)
    .filter((message) => message.author.bot && discordText(message).includes(words));
}

/** Waits for a Slack card that satisfies `is`. */
export function slackCard(stage: Stage, what: string, is: (text: string) => boolean): Promise<FakeMessage> {
  return eventually(
    `Slack: ${what}`,
    patienceMs,
    () =>
      stage.slack.messagesIn(slackChannel).find((message) => byBot(message) && is(slackText(message))) ??
      null,
  );
}

export function discordCard(
  stage: Stage,
  what: string,
  is: (text: string) => boolean,
): Promise<DiscordMessage> {
  return eventually(
    `Discord: ${what}`,
    patienceMs,
    () =>
      stage.discord
        .messages(stage.discord.channel.id)
        .find((message) => message.author.bot && is(discordText(message))) ?? null,
  );
}

/** The engineer asks in Slack for version 2, the lead approves; returns when it serves. */
export async function deployBadVersion(stage: Stage): Promise<void> {
  await stage.slack.slash({
    command: "/deploy",
    text: 'recommender 2 --reason "weekly training"',
    channel: slackChannel,
    user: people.engineer,
  });
  const card = await slackCard(
    stage,
    "the plan of the deploy",
    (text) => text.includes("deploy recommender") && /waiting for approval/i.test(text),
  );
  await stage.slack.press({ message: card, button: "Approve", user: people.lead });
  await eventually("version 2 serves", patienceMs, () => (stage.shop.liveVersion() === "2" ? true : null));
}

/** Resolves when both platforms show the incident with the rollout as its probable cause. */
export async function seeIncident(stage: Stage): Promise<{ slack: FakeMessage; discord: DiscordMessage }> {
  const isExplained = (text: string) =>
    text.includes("ErrorRateHigh") && /probable cause/i.test(text) && text.includes("deploy recommender");
  return {
    slack: await slackCard(stage, "the explained incident", isExplained),
    discord: await discordCard(stage, "the explained incident", isExplained),
  };
}

export async function acknowledgeInSlack(stage: Stage): Promise<void> {
  const { slack } = await seeIncident(stage);
  await stage.slack.press({ message: slack, button: "Acknowledge", user: people.oncall });
  await slackCard(
    stage,
    "the acknowledgement",
    (text) => text.includes("ErrorRateHigh") && text.includes("On call"),
  );
}

/** On call presses Roll back in Discord; the lead approves in Slack; returns when version 1 serves again. */
export async function rollBack(stage: Stage): Promise<void> {
  const { discord } = await seeIncident(stage);
  const user = stage.discord.oncall;
  stage.discord.press(discord, "Roll back recommender", { user });
  // Discord has no dialogs of its own: the bot asks back, privately.
  const question = await eventually(
    "Discord: the question",
    patienceMs,
    () =>
      stage.discord.answers().findLast((message) => discordText(message).includes("Roll back recommender")) ??
      null,
  );
  stage.discord.press(question, "Roll back recommender", { user });
  const plan = await slackCard(
    stage,
    "the plan of the rollback",
    (text) => text.includes("rollback recommender") && /waiting for approval/i.test(text),
  );
  await stage.slack.press({ message: plan, button: "Approve", user: people.lead });
  await eventually("version 1 serves", patienceMs, () => (stage.shop.liveVersion() === "1" ? true : null));
}

export async function seeResolved(stage: Stage): Promise<void> {
  const isOver = (text: string) => text.includes("ErrorRateHigh") && /resolved/i.test(text);
  await slackCard(stage, "the incident resolved", isOver);
  await discordCard(stage, "the incident resolved", isOver);
}

/** Someone on call asks for a digest in Slack and reads it, card and thread. */
export async function readDigest(stage: Stage): Promise<string> {
  await stage.slack.slash({ command: "/digest", text: "now", channel: slackChannel, user: people.oncall });
  const card = await slackCard(
    stage,
    "the digest",
    (text) => text.includes("Digest: ") && text.includes("rollback recommender"),
  );
  const detail = await eventually("Slack: the digest's detail", patienceMs, () => {
    const replies = stage.slack.repliesTo(slackChannel, card.ts).map(slackText);
    return replies.find((text) => text.includes("ErrorRateHigh")) ?? null;
  });
  return `${slackText(card)}\n${detail}`;
}

/** What helps to understand a failure: the end of the bot's log and what people were answered. */
export function tellFailure({ bot, slack, discord }: Stage): string {
  const answers = [
    ...slack.ephemerals.map((message) => `slack, privately: ${slackText(message)}`),
    ...discord.answers().map((message) => `discord, privately: ${discordText(message)}`),
  ];
  return [
    ...answers,
    ...slack.violations,
    ...discord.violations,
    ...discord.refused,
    bot.output().slice(-6_000),
  ].join("\n");
}
