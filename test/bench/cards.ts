/**
 * From the receipt of a webhook to the card that people see, while a storm rages: the built bot as a process of its
 * own on its embedded database with fsync on, the storm from another, both chat platforms as fakes that enforce their
 * rate limits, driven by the real clients. Beside it: how soon Slack hears that a command has arrived, how much memory
 * the bot takes, and how long it takes to start.
 *   node --import tsx test/bench/cards.ts [SECONDS]      (needs dist/: npm run build)
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type BotUnderTest, createBot } from "../e2e/bot.ts";
import { eventually } from "../e2e/process.ts";
import { type FakeDiscord, startFakeDiscord } from "../fakes/discord.ts";
import { type FakeSlack, startFakeSlack } from "../fakes/slack.ts";
import { distribution, percentile, report } from "./report.ts";
import { type StormOrder, type StormResult, servicesOf } from "./storm.ts";

const pairs = 20;
const teams = 5;
const alertsPerSecond = 200;
const commandEveryMs = 200;
/** A form is asked for with every so many commands. */
const formEvery = 5;
/** No call to a platform for so long means that everything is shown. */
const quietMs = 5_000;
const patienceMs = 90_000;

interface World {
  readonly slack: FakeSlack;
  readonly discord: FakeDiscord;
  readonly bot: BotUnderTest;
  /** Ids of the teams' channels. */
  readonly slackChannels: readonly string[];
  readonly discordChannels: readonly string[];
}

/** A message as it first appeared in a channel, not in a thread. */
interface FirstCard {
  readonly at: number;
  /** Whose alerts it tells of. */
  readonly pairs: readonly number[];
}

export async function benchCards(seconds = 20): Promise<void> {
  const world = await createWorld();
  try {
    await measureStarts(world.bot);
    await eventually("both platforms are connected", 30_000, async () => isConnected(world));
    await sleep(3_000);
    const idleMb = await memoryMb(world.bot);
    const commands = new AbortController();
    const acknowledging = acknowledge(world, commands.signal);
    const storm = await rage(world.bot, seconds);
    commands.abort();
    const acks = await acknowledging;
    const endMb = await memoryMb(world.bot);
    const shownAt = await untilQuiet(world);
    reportCards(world, storm, shownAt);
    reportRest({ acks, storm, idleMb, endMb, laterMb: await memoryMb(world.bot) });
    for (const problem of [...world.slack.violations, ...world.discord.refused].slice(0, 5))
      console.log(`  a platform objected: ${problem}`);
  } finally {
    await world.bot.dispose();
    await world.discord.close();
    await world.slack.close();
  }
}

async function createWorld(): Promise<World> {
  const slack = await startFakeSlack();
  const discord = await startFakeDiscord({ isIdentifyPaced: false });
  const slackChannels = Array.from({ length: teams }, (_, team) => `C0TEAM${team}`);
  for (const [team, id] of slackChannels.entries()) slack.addChannel({ id, name: `team-${team}` });
  const discordChannels = slackChannels.map((_, team) => discord.addChannel(`team-${team}`).id);
  const bot = await createBot({
    config: {
      channels: slackChannels.flatMap((id, team) => [
        { to: `slack:${id}`, match: [`team="team-${team}"`] },
        { to: `discord:${discordChannels[team]}`, match: [`team="team-${team}"`] },
      ]),
      people: { oncall: { name: "On call", roles: ["sre"], slack: "U0ONCALL" } },
      topology: { edges: Array.from({ length: pairs }, (_, pair) => [...servicesOf(pair)]) },
    },
    env: {
      LOG_LEVEL: "warn",
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_APP_TOKEN: slack.appToken,
      SLACK_API_URL: slack.apiUrl,
      DISCORD_TOKEN: discord.token,
      DISCORD_API_URL: discord.apiUrl,
      DISCORD_GUILD_ID: discord.guild.id,
    },
  });
  return { slack, discord, bot, slackChannels, discordChannels };
}

/** The first start makes the database; the second finds it. Leaves the bot running. */
async function measureStarts(bot: BotUnderTest): Promise<void> {
  const timed = async () => {
    const startedAt = performance.now();
    await bot.start();
    return (performance.now() - startedAt) / 1000;
  };
  const cold = await timed();
  await bot.stop();
  const warm = await timed();
  report({
    measure: "start to ready",
    figure: `${cold.toFixed(1)} s with a new database, ${warm.toFixed(1)} s with an old one (to 0.1 s)`,
    aim: null,
    isMet: null,
  });
}

function isConnected({ slack, discord }: World): true | null {
  return slack.socketCount() > 0 && discord.commands.puts > 0 ? true : null;
}

async function memoryMb(bot: BotUnderTest): Promise<number> {
  const text = await (await fetch(`${bot.url}/metrics`)).text();
  const bytes = /^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1];
  return Number(bytes) / 1e6;
}

/** Milliseconds from what somebody did until the platform was told that it arrived. */
interface Acknowledged {
  readonly slack: number[];
  readonly discord: number[];
  /** Until the form of a bare command was open. */
  readonly form: number[];
}

/** Someone on each platform asks for the list of incidents again and again, and on Slack for the form of a bare command. */
async function acknowledge({ slack, discord }: World, signal: AbortSignal): Promise<Acknowledged> {
  const waits: Acknowledged = { slack: [], discord: [], form: [] };
  const asking: Promise<void>[] = [];
  let opening = Promise.resolve();
  const time = async (into: number[], act: () => Promise<unknown>) => {
    const askedAt = performance.now();
    await act();
    into.push(performance.now() - askedAt);
  };
  const slash = (command: string) => slack.slash({ command, channel: "C0TEAM0" });
  const channel = discord.channel;
  const onDiscord = async () => {
    const asked = discord.slash("incidents", {}, { user: discord.oncall, channel });
    await discord.until(() => asked.ack, patienceMs);
  };
  const openForm = async () => {
    const opened = slack.callsOf("views.open").length;
    await Promise.all([
      slash("/note"),
      slack.until(() => slack.callsOf("views.open").length > opened, patienceMs),
    ]);
  };
  for (let turn = 0; !signal.aborted; turn += 1) {
    asking.push(
      time(waits.slack, () => slash("/incidents")),
      time(waits.discord, onDiscord),
    );
    // One at a time, so that each is known by being one more.
    if (turn % formEvery === 0) opening = opening.then(() => time(waits.form, openForm));
    await sleep(commandEveryMs);
  }
  await Promise.all([...asking, opening]);
  return waits;
}

async function rage(bot: BotUnderTest, seconds: number): Promise<StormResult> {
  const child = fork(path.join(import.meta.dirname, "storm.ts"), { execArgv: ["--import", "tsx"] });
  const order: StormOrder = {
    url: `${bot.url}/webhooks/alertmanager`,
    seconds,
    alertsPerSecond,
    pairs,
    teams,
  };
  child.send(order);
  const [result] = await once(child, "message", { signal: AbortSignal.timeout((seconds + 60) * 1000) });
  // storm.ts answers with nothing else.
  return result as StormResult;
}

/** When the last call that changed a card or its thread was made. */
async function untilQuiet(world: World): Promise<number> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const last = lastShownAt(world);
    if (Date.now() - last >= quietMs || Date.now() > until) return last;
    await sleep(250);
  }
}

function lastShownAt({ slack, discord }: World): number {
  const shows = slack.calls.filter((call) => /^chat\.(postMessage|update)$/.test(call.method));
  const shown = discord.calls.filter((call) => call.path.startsWith("/channels/") && call.method !== "GET");
  return Math.max(...[...shows, ...shown].map((call) => call.at), 0);
}

/** When a card was last brought up to date; lines of threads are told together, and later. */
function cardShownAt({ slack, slackChannels, discord, discordChannels }: World): number {
  const paths = new Set(discordChannels.map((id) => `/channels/${id}/messages`));
  const inSlack = slack.calls.filter(
    ({ method, channel, args }) =>
      slackChannels.includes(channel ?? "") &&
      (method === "chat.update" || (method === "chat.postMessage" && args["thread_ts"] === undefined)),
  );
  const inDiscord = discord.calls.filter(
    ({ method, path: at }) =>
      (method === "PATCH" || method === "POST") && paths.has(at.replace(/\/\d+$/, "")),
  );
  return Math.max(...[...inSlack, ...inDiscord].map(({ at }) => at), 0);
}

function slackCards({ slack, slackChannels }: World): FirstCard[] {
  return slack.calls
    .filter((call) => call.method === "chat.postMessage" && call.outcome === "ok")
    .filter((call) => slackChannels.includes(call.channel ?? "") && call.args["thread_ts"] === undefined)
    .map((call) => ({ at: call.at, pairs: pairsIn(call.args) }));
}

function discordCards({ discord, discordChannels }: World): FirstCard[] {
  const paths = new Set(discordChannels.map((id) => `/channels/${id}/messages`));
  return discord.calls
    .filter((call) => call.method === "POST" && call.isCommitted && paths.has(call.path))
    .map((call) => ({ at: call.at, pairs: pairsIn(call.body) }));
}

function pairsIn(message: unknown): number[] {
  const found = JSON.stringify(message).matchAll(/\bp(\d\d)\b/g);
  return [...new Set([...found].map((match) => Number(match[1])))];
}

/**
 * From the sending of the earliest alert that a card tells of to the card. A pair that has been told of may open
 * another incident later, whose first alert nobody knows from outside: that card does not count.
 */
function waitsOf(cards: readonly FirstCard[], storm: StormResult): number[] {
  const told = new Set<number>();
  const waits: number[] = [];
  for (const card of cards) {
    const isNews = card.pairs.length > 0 && card.pairs.every((pair) => !told.has(pair));
    for (const pair of card.pairs) told.add(pair);
    if (isNews)
      waits.push(card.at - Math.min(...card.pairs.map((pair) => storm.firstSentAt[pair] ?? Infinity)));
  }
  return waits;
}

function reportCards(world: World, storm: StormResult, shownAt: number): void {
  const [inSlack, inDiscord] = [slackCards(world), discordCards(world)];
  const platforms = { Slack: waitsOf(inSlack, storm), Discord: waitsOf(inDiscord, storm) };
  for (const [platform, waits] of Object.entries(platforms)) {
    report({
      measure: `receipt to first card in ${platform}, ${alertsPerSecond} alerts/s`,
      figure: distribution(waits),
      aim: "p50 <= 150 ms, p99 <= 1 s",
      isMet: percentile(waits, 0.5) <= 150 && percentile(waits, 0.99) <= 1_000,
    });
  }
  const told = new Set(inSlack.flatMap((card) => card.pairs)).size;
  report({
    measure: "last alert to the last state of every card",
    figure: `${((cardShownAt(world) - storm.lastSentAt) / 1000).toFixed(1)} s, the last line of a thread after ${((shownAt - storm.lastSentAt) / 1000).toFixed(1)} s; ${inSlack.length} incidents of ${told} pairs of services in ${teams} channels of each platform`,
    aim: null,
    isMet: null,
  });
  const edits = world.slack.callsOf("chat.update");
  console.log(
    `  Slack took ${edits.length} edits, ${edits.filter((call) => call.outcome === "429").length} of them answered 429`,
  );
}

function reportRest(seen: {
  readonly acks: Acknowledged;
  readonly storm: StormResult;
  readonly idleMb: number;
  readonly endMb: number;
  readonly laterMb: number;
}): void {
  const { acks, storm } = seen;
  const waits = {
    "Slack command to acknowledgement in the storm": acks.slack,
    "Discord command to acknowledgement in the storm": acks.discord,
    "bare command to its open form on Slack in the storm": acks.form,
  };
  for (const [measure, values] of Object.entries(waits))
    report({
      measure,
      figure: distribution(values),
      aim: "p99 <= 300 ms",
      isMet: percentile(values, 0.99) <= 300,
    });
  report({
    measure: "webhook to 202 in the storm",
    figure: `${distribution(storm.answerMs)}, ${storm.refused} refused, ${storm.alerts} alerts`,
    aim: null,
    isMet: null,
  });
  report({
    measure: "memory of the bot",
    figure: `${seen.idleMb.toFixed(0)} MB idle, ${seen.endMb.toFixed(0)} MB at the end of the storm, ${seen.laterMb.toFixed(0)} MB when all is shown`,
    aim: "<= 300 MB",
    isMet: Math.max(seen.idleMb, seen.endMb, seen.laterMb) <= 300,
  });
}

if (process.argv[1] === import.meta.filename) await benchCards(Number(process.argv[2] ?? 20));
