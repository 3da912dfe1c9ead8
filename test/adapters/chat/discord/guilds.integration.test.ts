import { afterEach, expect, test } from "vitest";
import { refIn, type Stage, shapes, stage, view } from "./harness.ts";

let at: Stage;
afterEach(() => at.close());

test("one bot in several servers posts in each, hears each, and registers where it was told", async () => {
  at = await stage({ connect: "later" });
  const { discord } = at;
  const second = discord.addGuild("another team");
  const there = discord.addChannel("incidents", 0, second);
  const beside = await stage({
    beside: discord,
    adapter: { guildIds: [discord.guild.id, second.id] },
    connect: "later",
  });
  try {
    await beside.chat.start(beside.door, shapes);
    await discord.until(() => discord.commands.byScope.size === 2);
    expect([...discord.commands.byScope.keys()].sort()).toEqual([discord.guild.id, second.id].sort());
    for (const channel of [discord.channel, there]) {
      refIn(
        await beside.chat.post({ platform: "discord", id: channel.id }, { key: channel.id, view: view() }),
      );
      expect(discord.messages(channel.id)).toHaveLength(1);
      const before = beside.door.requests.length;
      const done = discord.slash("ack", { incident: 1 }, { user: discord.oncall, channel });
      await discord.until(() => done.ack);
      expect(beside.door.requests[before]?.channel).toEqual({ platform: "discord", id: channel.id });
    }
    const texts = (await beside.chat.check([])).map(({ text }) => text);
    expect(texts).toContain("the bot is in operations");
    expect(texts).toContain("the bot is in another team");
  } finally {
    await beside.close();
  }
});
