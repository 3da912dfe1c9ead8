import { afterEach, describe, expect, test } from "vitest";
import type { CommandRequest } from "../../../../src/ports.ts";
import { entry, eventually, refIn, type Stage, stage, view } from "./harness.ts";

let current: Stage | null = null;
afterEach(async () => {
  // By 50008 the adapter learns that a channel is a forum, by 50007 that somebody takes no direct messages.
  const refused = (current?.discord.refused ?? []).filter((line) => !/ 5000[78] /.test(line));
  const violations = current?.discord.violations ?? [];
  await current?.close();
  current = null;
  expect({ refused, violations }).toEqual({ refused: [], violations: [] });
});

async function start(over: Parameters<typeof stage>[0] = {}): Promise<Stage> {
  current = await stage(over);
  return current;
}

async function nextRequest({ door }: Stage, count = 1): Promise<CommandRequest> {
  await eventually(() => door.requests.length >= count);
  const request = door.requests[count - 1];
  if (request === undefined) throw new Error("no request");
  return request;
}

describe("mentions", () => {
  test("a mention in a channel is a command, and its public answer a reply that pings nobody", async () => {
    const on = await start();
    const { discord, chat, channel } = on;
    const said = discord.say(
      discord.channel,
      discord.oncall,
      `hey <@${discord.bot.id}>, ACK 12 "it is mine"`,
    );
    const request = await nextRequest(on);
    expect(request).toMatchObject({
      command: "ack",
      input: { kind: "text", text: '12 "it is mine"' },
      account: { platform: "discord", id: discord.oncall.id, name: "oncall" },
      channel,
    });
    expect(request).not.toHaveProperty("thread");
    await chat.answer(request, view({ kind: "answer" }), "public");
    await chat.answer(request, view({ kind: "answer" }), "public");
    const replies = discord.messages(discord.channel.id).filter(({ replyTo }) => replyTo === said.id);
    expect(replies).toHaveLength(1);
    expect(discord.pings).toEqual([]);
  });

  test("a private answer to a mention comes in a direct message, and the channel hears only that it came", async () => {
    const on = await start();
    const { discord, chat } = on;
    const said = discord.say(discord.channel, discord.oncall, `<@${discord.bot.id}> incidents`);
    const request = await nextRequest(on);
    const secret = view({ kind: "answer", title: "Two incidents of the bank" });
    await chat.answer(request, secret, "private");
    await chat.answer(request, secret, "private");
    const [direct, ...more] = discord.directMessages(discord.oncall);
    expect(more).toEqual([]);
    expect(JSON.stringify(direct)).toContain("Two incidents of the bank");
    expect(JSON.stringify(direct)).toContain(
      `https://discord.com/channels/${discord.guild.id}/${discord.channel.id}/${said.id}`,
    );
    const replies = discord.messages(discord.channel.id).filter(({ replyTo }) => replyTo === said.id);
    expect(replies.map(({ content, flags }) => [content, flags])).toEqual([
      ["Answered in a direct message to you.", 1 << 12],
    ]);
    expect(discord.pings).toEqual([]);
  });

  test.each([
    ["answer", "Two incidents of the bank", "The answer is for you alone"],
    ["error", "There is no command", "There is no command"],
    ["help", "What you can do", "What you can do"],
  ] as const)(
    "who takes no direct messages reads in the channel, of an %s, what anybody may",
    async (kind, title, shown) => {
      const on = await start();
      const { discord, chat } = on;
      discord.refuseDirectMessages(discord.oncall);
      const said = discord.say(discord.channel, discord.oncall, `<@${discord.bot.id}> incidents`);
      await chat.answer(await nextRequest(on), view({ kind, title }), "private");
      const [reply, ...more] = discord
        .messages(discord.channel.id)
        .filter(({ replyTo }) => replyTo === said.id);
      expect(more).toEqual([]);
      expect(JSON.stringify(reply)).toContain(shown);
      expect(JSON.stringify(reply).includes(title)).toBe(kind !== "answer");
    },
  );

  test("in the thread of a card the request names the card's message, as it was posted", async () => {
    const on = await start();
    const { discord, chat, channel } = on;
    const card = refIn(await chat.post(channel, { key: "card1", view: view() }));
    await chat.post(channel, { key: "line1", view: entry("A line."), thread: card });
    const [thread] = discord.threads(discord.channel);
    if (thread === undefined) throw new Error("no thread");
    discord.say(thread, discord.oncall, `<@!${discord.bot.id}> ack`);
    const request = await nextRequest(on);
    expect(request.channel).toEqual(channel);
    expect(request.thread).toContainEqual(card);
    await chat.answer(request, view({ kind: "answer" }), "public");
    expect(discord.messages(thread.id).at(-1)?.replyTo).not.toBeNull();
  });

  test("a slash command in the thread names the card's message too; a button does not", async () => {
    const on = await start();
    const { discord, chat, channel } = on;
    const card = refIn(await chat.post(channel, { key: "card1", view: view() }));
    await chat.post(channel, { key: "line1", view: view({ kind: "answer" }), thread: card });
    const [thread] = discord.threads(discord.channel);
    const [line] = discord.messages(thread?.id ?? "");
    if (thread === undefined || line === undefined) throw new Error("no thread");
    discord.slash("deploy", { model: "scorer" }, { user: discord.oncall, channel: thread });
    expect((await nextRequest(on)).thread).toContainEqual(card);
    discord.press(line, "Acknowledge", { user: discord.oncall });
    expect(await nextRequest(on, 2)).not.toHaveProperty("thread");
  });

  test("in a forum's post too", async () => {
    const on = await start();
    const { discord, chat } = on;
    const forum = discord.addChannel("board", 15);
    const place = { platform: "discord", id: forum.id };
    const card = refIn(await chat.post(place, { key: "card2", view: view() }));
    const [post] = discord.threads(forum);
    if (post === undefined) throw new Error("no post");
    discord.say(post, discord.oncall, `<@${discord.bot.id}> why`);
    const request = await nextRequest(on);
    expect(request).toMatchObject({ command: "why", channel: place });
    expect(request.thread).toContainEqual(card);
  });

  test("bots, the bot itself and those who speak to others are not answered", async () => {
    const on = await start();
    const { discord, door, chat, channel } = on;
    const mention = `<@${discord.bot.id}> ack 12`;
    discord.say(discord.channel, discord.addBot("other"), mention);
    discord.say(discord.channel, discord.bot, mention);
    discord.say(discord.channel, discord.oncall, "ack 12");
    discord.say(discord.channel, discord.oncall, `<@${discord.oncall.id}> ack 12`);
    await chat.post(channel, { key: "card1", view: view() });
    discord.say(discord.channel, discord.oncall, `<@${discord.bot.id}> why 1`);
    await nextRequest(on);
    expect(door.requests.map(({ command }) => command)).toEqual(["why"]);
  });

  test("an event that comes again is the same request", async () => {
    const on = await start();
    const { discord, door } = on;
    const said = discord.say(discord.channel, discord.oncall, `<@${discord.bot.id}> ack 12`);
    discord.repeatMessage(said);
    await nextRequest(on, 2);
    expect(new Set(door.requests.map(({ key }) => key)).size).toBe(1);
  });

  test("what cannot be stored is said in reply", async () => {
    const on = await start({ door: { submit: () => Promise.reject(new Error("database away")) } });
    const { discord } = on;
    const said = discord.say(discord.channel, discord.oncall, `<@${discord.bot.id}> ack 12`);
    const reply = await discord.until(() =>
      discord.messages(discord.channel.id).find(({ replyTo }) => replyTo === said.id),
    );
    expect(reply.content).toContain("Nothing was done");
  });
});

describe("direct messages", () => {
  test.each([
    ["ack 12", "ack", "12"],
    ["/ack 12", "ack", "12"],
    ["help", "help", ""],
  ])("%s needs no mention, and is answered there", async (text, command, rest) => {
    const on = await start();
    const { discord, chat } = on;
    discord.sayDirectly(discord.oncall, text);
    const request = await nextRequest(on);
    expect(request).toMatchObject({ command, input: { text: rest } });
    await chat.answer(request, view({ kind: "answer" }), "private");
    expect(discord.directMessages(discord.oncall).at(-1)?.author.id).toBe(discord.bot.id);
  });
});
