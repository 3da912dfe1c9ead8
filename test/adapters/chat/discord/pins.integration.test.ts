import { afterEach, describe, expect, test } from "vitest";
import { type DiscordScene, discordScene } from "../../../commands/chat-scene.ts";
import { commandScene } from "../../../commands/scene.ts";
import { entry, view } from "./harness.ts";

const scene = commandScene();
const pin = "📌";
const patienceMs = 30_000;
let open: DiscordScene[] = [];

afterEach(async () => {
  for (const { discord, close } of open.splice(0)) {
    await close();
    expect([...discord.refused, ...discord.violations]).toEqual([]);
  }
});

/** The thread of an incident's card, with a message of somebody in it. */
async function thread(emoji: readonly string[] = [pin]) {
  const started = await discordScene(scene, undefined, emoji);
  open = [...open, started];
  const { discord, chat } = started;
  const incident = await scene.incident();
  const channel = { platform: "discord", id: discord.channel.id };
  const target = { platform: "discord", channel: channel.id } as const;
  const card = { ...target, kind: "incident", subject: incident.id, desiredRevision: 1 } as const;
  const { posts } = scene.store();
  await posts.want([{ ...card, threadOf: null }], scene.clock.now());
  const post = await posts.findBySubject("discord", channel.id, "incident", incident.id);
  const posted = await chat.post(channel, { key: "card1", view: view() });
  if (post === null || posted.kind !== "posted") throw new Error("no card");
  await posts.markPosted(post.key, 1, posted.ref);
  await chat.post(channel, { key: "line1", view: entry("A line."), thread: posted.ref });
  const [place] = discord.threads(discord.channel);
  if (place === undefined) throw new Error("no thread");
  const message = discord.say(place, discord.oncall, "the queue drains");
  const pinned = async () =>
    (await scene.store().incidents.timeline(incident.id, 50))
      .filter(({ kind }) => kind === "note")
      .map(({ text, at, isPosted, data }) => ({ text, at, isPosted, data }));
  const count = (wanted: number) =>
    expect.poll(async () => (await pinned()).length, { timeout: patienceMs }).toBe(wanted);
  return { ...started, incident, place, message, pinned, count };
}

describe("an emoji that tocsin.yaml names, in the thread of an incident", () => {
  test("keeps author, time and link of a message whose words Discord does not show, and says so", async () => {
    const { discord, message, place, pinned, count } = await thread();
    discord.react(message, pin, { user: discord.oncall });
    await count(1);
    const [line] = await pinned();
    expect(line?.text).toBe(
      "oncall: a message whose words Discord does not show to the bot; the link leads to it",
    );
    expect(line?.isPosted).toBe(false);
    expect(line?.data).toMatchObject({
      pin: {
        author: "oncall",
        message: `discord:${place.id}/${message.id}`,
        link: `https://discord.com/channels/${discord.guild.id}/${place.id}/${message.id}`,
      },
    });
    expect(discord.directMessages(discord.oncall)).toEqual([]);
  });

  test("keeps the words of a message that mentions the bot", async () => {
    const { discord, place, pinned, count } = await thread();
    const meant = discord.say(place, discord.addUser("ada"), `<@${discord.bot.id}> why do they fail`);
    discord.react(meant, pin, { user: discord.oncall });
    await count(1);
    expect((await pinned())[0]?.text).toContain("why do they fail");
  });

  test("taken off takes the message out again", async () => {
    const { discord, message, incident, count } = await thread();
    discord.react(message, pin, { user: discord.oncall });
    await count(1);
    discord.react(message, pin, { user: discord.oncall, isTakenOff: true });
    await count(2);
    const last = (await scene.store().incidents.timeline(incident.id, 50)).at(-1);
    expect(last?.text).toBe("unpinned by oncall");
  });

  test("other emoji, and messages elsewhere, are nobody's business", async () => {
    const { discord, message, requests, count } = await thread();
    discord.react(message, "👀", { user: discord.oncall });
    discord.react(discord.say(discord.channel, discord.oncall, "lunch?"), pin, { user: discord.oncall });
    discord.react(message, pin, { user: discord.oncall });
    await count(1);
    expect(requests.filter(({ command }) => command === "pin")).toHaveLength(1);
  });

  test("put there by somebody who may not is answered in a direct message", async () => {
    const { discord, message, userOf, pinned } = await thread();
    const reader = userOf("reader");
    discord.react(message, pin, { user: reader });
    await discord.until(() => discord.directMessages(reader).length > 0, patienceMs);
    expect(JSON.stringify(discord.directMessages(reader))).toContain("you may not work on incident");
    expect(await pinned()).toEqual([]);
  });
});

test("without such an emoji the bot does not even hear of them", async () => {
  const { discord, message, requests } = await thread([]);
  discord.react(message, pin, { user: discord.oncall });
  discord.say(discord.channel, discord.oncall, `<@${discord.bot.id}> help`);
  await expect.poll(() => requests.length, { timeout: patienceMs }).toBe(1);
  expect(requests.map(({ command }) => command)).toEqual(["help"]);
});
