import { createDiscord } from "../../../src/adapters/chat/discord.ts";
import type { Channel, ChatDoor, MessageRef } from "../../../src/ports/chat.ts";
import { noMetrics, silentLog } from "../../../src/ports/observability.ts";
import {
  type ChatHarness,
  chatContract,
  type Handled,
  type Shown,
  sampleCommands,
} from "../../contracts/chat.ts";
import { readMarkup } from "../../fakes/discord/markup.ts";
import {
  type FakeDiscord,
  type FakeInteraction,
  type FakeMessage,
  startFakeDiscord,
} from "../../fakes/discord.ts";

chatContract("discord", startHarness);

async function startHarness(door: ChatDoor): Promise<ChatHarness> {
  const discord = await startFakeDiscord({ perRoute: 50 });
  const other = discord.addChannel("other");
  const chat = await createDiscord({
    token: discord.token,
    apiUrl: discord.apiUrl,
    guildIds: [discord.guild.id],
    log: silentLog,
    metrics: noMetrics,
  });
  await chat.start(door, sampleCommands);
  await discord.until(() => discord.commands.byScope.size > 0);
  const done: FakeInteraction[] = [];
  const show = (message: FakeMessage) => shown(discord, message);
  const channelOf = (id: string): Channel => ({ platform: "discord", id });

  async function handled(interaction: FakeInteraction): Promise<Handled> {
    done.push(interaction);
    await discord.until(() => interaction.ack ?? (interaction.ackAttempts > 0 || null));
    return {
      isAcknowledged: interaction.ack !== null,
      again: async () => {
        const before = interaction.ackAttempts;
        discord.repeat(interaction);
        await discord.until(() => interaction.ackAttempts > before);
        return handled(interaction);
      },
    };
  }

  return {
    chat,
    channel: channelOf(discord.channel.id),
    otherChannel: channelOf(other.id),
    unknownChannel: channelOf("123456789012345678"),
    cards: (channel) => discord.messages(channel.id).map(show),
    replies: (card) => discord.messages(card.data["message"] ?? "").map(show),
    privately: () => [
      ...done.flatMap(({ original }) =>
        original?.visibleTo == null || original.isDeleted ? [] : [show(original)],
      ),
      ...discord.directMessages(discord.oncall).map(show),
    ],
    attached: (channel) =>
      discord
        .messages(channel.id)
        .flatMap(({ attachments }) => attachments.map(({ filename, text }) => ({ filename, text }))),
    remove: (ref) => discord.deleteMessage(messageOf(discord, ref)),
    fail: (how, channel) => {
      const kinds = {
        rate_limited: "rate_limit",
        lost_after_commit: "commit_then_reset",
        failed_before_commit: "error",
      } as const;
      discord.faults.add({ kind: kinds[how], method: "POST", channel: channel.id, retryAfterMs: 3_000 });
    },
    command: (name, text, channel) => {
      const where = channel.id === other.id ? other : discord.channel;
      return handled(discord.slash(name, optionsOf(text), { user: discord.oncall, channel: where }));
    },
    press: async (commandLine, channel) => {
      const card = discord.messages(channel.id).at(-1);
      if (card === undefined) throw new Error("no card to press a button on");
      const button = discord.buttons(card).find(({ customId }) => customId?.slice(1) === commandLine);
      const id = button?.customId ?? commandLine;
      const pressed = discord.press(card, id, { user: discord.oncall });
      if (!id.startsWith("?")) return handled(pressed);
      const prompt = await discord.until(() => pressed.original);
      return handled(discord.press(prompt, `!${commandLine}`, { user: discord.oncall }));
    },
    // Refusals that a test provokes on purpose (an unknown channel) are no violations; malformed requests are.
    violations: () => [
      ...discord.violations,
      ...discord.refused.filter((line) => / (?:50035|50006|50109|40005) |the fake itself/.test(line)),
    ],
    close: () => discord.close(),
  };
}

/** "12 --note looking" as the typed options of /ack. */
function optionsOf(text: string): Readonly<Record<string, string | number>> {
  const [bare = "", note] = text.split(" --note ");
  return { incident: Number(bare), ...(note === undefined ? {} : { note }) };
}

function messageOf(discord: FakeDiscord, ref: MessageRef): FakeMessage {
  const found = discord.messages(ref.data["channel"] ?? "").find(({ id }) => id === ref.data["message"]);
  if (found === undefined) throw new Error("no such message");
  return found;
}

function shown(discord: FakeDiscord, message: FakeMessage): Shown {
  const readings = [
    readMarkup(message.content),
    ...message.embeds.flatMap((embed) => [
      readMarkup(embed.title ?? "", "one line"),
      readMarkup(embed.description ?? ""),
      ...(embed.fields ?? []).flatMap(({ name, value }) => [readMarkup(name, "one line"), readMarkup(value)]),
    ]),
  ];
  const footers = message.embeds.map((embed) => embed.footer?.text ?? "");
  const pings = discord.pings
    .filter(({ messageId }) => messageId === message.id)
    .map(({ who }) => `ping ${who}`);
  const raw = JSON.stringify([message.content, message.embeds]);
  const mentions = /@everyone|@here|<@[!&]?\d|<#\d|<a?:\w+:\d|<\/\w+:\d/.test(raw)
    ? [`raw mention in ${raw.slice(0, 200)}`]
    : [];
  return {
    text: [...readings.map(({ text }) => text), ...footers].join("\n"),
    buttons: discord.buttons(message).map(({ customId }) => (customId ?? "").slice(1)),
    sideEffects: [...readings.flatMap(({ effects }) => effects), ...pings, ...mentions],
  };
}
