/** The story's people as they are when a bot comes and goes: they do a thing again when nothing came of it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { FakeMessage as DiscordMessage } from "../fakes/discord.ts";
import type { FakeMessage } from "../fakes/slack.ts";
import { byBot, discordText, people, type Stage, slackChannel, slackText } from "./story.ts";

/** After this long without a result a person does it again, ms. */
const againAfterMs = 4_000;
const patienceMs = 120_000;
const resolved = /\bresolved \w+ incident \d+/;

/**
 * Does something until its result is seen. What a person cannot do at the moment (a button that is not there yet, a
 * dialog that does not open) is tried again like everything else.
 */
export async function insist(
  what: string,
  isDone: () => boolean,
  act: () => Promise<unknown> | unknown,
): Promise<void> {
  let problem = "";
  for (const until = Date.now() + patienceMs; Date.now() < until; ) {
    if (isDone()) return;
    try {
      await act();
    } catch (error) {
      problem = ` (last: ${String(error)})`;
    }
    await soon(isDone, againAfterMs);
  }
  throw new Error(`${what} did not come about within ${patienceMs / 1000} s${problem}`);
}

/** Waits for something that nobody has to do anything for. */
export function witness(what: string, isSeen: () => boolean): Promise<void> {
  return insist(what, isSeen, () => undefined);
}

async function soon(isDone: () => boolean, withinMs: number): Promise<boolean> {
  for (const until = Date.now() + withinMs; Date.now() < until; await sleep(50)) if (isDone()) return true;
  return isDone();
}

/** One round: a bad version goes live, the incident is acknowledged, rolled back by two people, and over. */
export async function liveThroughIt(stage: Stage): Promise<void> {
  await changeVersion(stage, "deploy", "2", () =>
    stage.slack.slash({
      command: "/deploy",
      text: 'recommender 2 --reason "weekly training"',
      channel: slackChannel,
      user: people.engineer,
    }),
  );
  await witness("the explained incident, on both platforms", () => {
    const [slack, discord] = [openInSlack(stage), openInDiscord(stage)];
    return slack !== undefined && discord !== undefined && isExplained(slackText(slack));
  });
  await insist(
    "the acknowledgement",
    () => (openInSlack(stage)?.text ?? "").includes("Acknowledged by On call"),
    () =>
      stage.slack.press({ message: present(openInSlack(stage)), button: "Acknowledge", user: people.oncall }),
  );
  await changeVersion(stage, "rollback", "1", () => askForRollback(stage));
  await witness(
    "the end of the incident, on both platforms",
    () => openInSlack(stage) === undefined && openInDiscord(stage) === undefined,
  );
}

const isExplained = (text: string) => /probable cause/i.test(text);

/** Someone asks, the lead approves; returns when the version serves. */
async function changeVersion(
  stage: Stage,
  kind: "deploy" | "rollback",
  version: string,
  ask: () => Promise<unknown> | unknown,
): Promise<void> {
  const before = newestRollout(stage, kind)?.number ?? 0;
  const isAsked = () => (newestRollout(stage, kind)?.number ?? 0) > before;
  await insist(`the card of the ${kind}`, isAsked, ask);
  await insist(
    `version ${version} serves`,
    () => stage.shop.liveVersion() === version,
    () =>
      stage.slack.press({
        message: present(newestRollout(stage, kind)?.card),
        button: "Approve",
        user: people.lead,
      }),
  );
}

/**
 * On call presses the button in Discord, which asks back, and then the one in the question. Where the rollout is not
 * blamed (it began seconds before the alerts, which is less than the ranking expects) they type the command instead.
 */
async function askForRollback(stage: Stage): Promise<void> {
  const { discord } = stage;
  const [user, button] = [discord.oncall, "Roll back recommender"];
  const earlier = new Set(discord.answers().map((message) => message.id));
  const question = () =>
    discord.answers().find((message) => !earlier.has(message.id) && hasText(message, button));
  const card = present(openInDiscord(stage));
  if (!discord.buttons(card).some(({ label }) => label === button)) {
    discord.slash("rollback", { model: "recommender" }, { user, channel: discord.channel });
    return;
  }
  discord.press(card, button, { user });
  if (await soon(() => question() !== undefined, againAfterMs))
    discord.press(present(question()), button, { user });
}

function hasText(message: DiscordMessage, words: string): boolean {
  return discordText(message).includes(words);
}

/** Slack's card of the incident that is not over. */
function openInSlack({ slack }: Stage): FakeMessage | undefined {
  return slack
    .messagesIn(slackChannel)
    .findLast(
      (message) => byBot(message) && isIncident(slackText(message)) && !resolved.test(slackText(message)),
    );
}

function openInDiscord({ discord }: Stage): DiscordMessage | undefined {
  return discord
    .messages(discord.channel.id)
    .findLast(
      (message) =>
        message.author.bot && isIncident(discordText(message)) && !resolved.test(discordText(message)),
    );
}

const isIncident = (text: string) => /\bincident \d+: ErrorRateHigh on/.test(text);

interface RolloutCard {
  readonly number: number;
  readonly card: FakeMessage;
}

function newestRollout({ slack }: Stage, kind: string): RolloutCard | undefined {
  const title = new RegExp(`^Rollout (\\d+): ${kind} recommender`);
  return slack
    .messagesIn(slackChannel)
    .flatMap((card) => {
      const number = title.exec(card.text)?.[1];
      return number === undefined ? [] : [{ number: Number(number), card }];
    })
    .reduce<RolloutCard | undefined>(
      (best, one) => (best && best.number > one.number ? best : one),
      undefined,
    );
}

function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error("there is no such card at the moment");
  return value;
}
