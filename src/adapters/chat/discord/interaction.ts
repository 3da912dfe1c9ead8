/** One interaction as Discord sends it, and the request that it is. */
import { z } from "zod";
import { truncate } from "../../../domain/view.ts";
import type { CommandRequest } from "../../../ports/chat.ts";
import { plainLine } from "./markdown.ts";
import { momentOf, rootsOf } from "./reference.ts";
import { isThread } from "./shapes.ts";

const userShape = z.object({ id: z.string(), username: z.string(), global_name: z.string().nullish() });
const optionValue = z.union([z.string(), z.number(), z.boolean()]);
const menuMessage = z.object({
  id: z.string(),
  channel_id: z.string(),
  content: z.string().default(""),
  author: userShape,
});
export const interactionShape = z.object({
  id: z.string(),
  application_id: z.string(),
  type: z.number(),
  token: z.string(),
  channel_id: z.string().optional(),
  channel: z.object({ id: z.string(), type: z.number(), parent_id: z.string().nullish() }).optional(),
  member: z.object({ user: userShape, nick: z.string().nullish() }).optional(),
  user: userShape.optional(),
  message: z
    .object({
      id: z.string(),
      flags: z.number().default(0),
      components: z
        .array(
          z.object({
            components: z
              .array(z.object({ custom_id: z.string().optional(), label: z.string().optional() }))
              .default([]),
          }),
        )
        .default([]),
    })
    .optional(),
  data: z
    .object({
      name: z.string().optional(),
      /** Of a command: 1 of the slash, 3 in the menu of a message. */
      type: z.number().optional(),
      /** The message in whose menu it is. */
      target_id: z.string().optional(),
      resolved: z.object({ messages: z.record(z.string(), menuMessage).default({}) }).optional(),
      custom_id: z.string().optional(),
      /** Of a form that was sent off. */
      components: z.unknown().optional(),
      options: z
        .array(z.object({ name: z.string(), value: optionValue.optional(), focused: z.boolean().optional() }))
        .default([]),
    })
    .default({ options: [] }),
});
export type Interaction = z.infer<typeof interactionShape>;

/** The request of a command or a pressed button; its key is the interaction's id. */
export function requestOf(
  interaction: Interaction,
  name: string,
  input: CommandRequest["input"],
  kind: "command" | "button",
): CommandRequest {
  const { channel } = interaction;
  const parent = channel !== undefined && isThread(channel.type) ? (channel.parent_id ?? null) : null;
  const place = interaction.channel_id ?? channel?.id ?? null;
  // A button says itself what it is about.
  const isInThread = kind === "command" && parent !== null && place !== null;
  return {
    key: interaction.id,
    account: accountOf(interaction),
    // Cards belong in the channel, also when the command was given in a thread of it.
    channel: place === null ? null : { platform: "discord", id: parent ?? place },
    command: name,
    input,
    receivedAt: new Date(),
    ...(isInThread ? { thread: rootsOf({ platform: "discord", id: parent }, place) } : {}),
    reply: {
      applicationId: interaction.application_id,
      token: interaction.token,
      interactionId: interaction.id,
      kind,
      ...(place === null ? {} : { channelId: place }),
    },
  };
}

/** What the menu of a message pins to an incident, as the options of that command; null when Discord sent no message. */
export function pinnedBy({ data }: Interaction) {
  const message = data.resolved?.messages[data.target_id ?? ""];
  if (message === undefined) return null;
  const { id, channel_id: channel, author, content } = message;
  const name = plainLine(author.global_name ?? author.username, 80);
  return {
    /** Short enough for a custom id. */
    origin: {
      at: momentOf(id)
        .toISOString()
        .replace(/\.\d+Z$/, "Z"),
      message: `discord:${channel}/${id}`,
    },
    text: content === "" ? {} : { text: truncate(`${name}: ${content}`, 2_000) },
  };
}

export function accountOf(interaction: Interaction): CommandRequest["account"] {
  const user = interaction.member?.user ?? interaction.user;
  const name = interaction.member?.nick ?? user?.global_name ?? user?.username ?? "unknown";
  return { platform: "discord", id: user?.id ?? "unknown", name: plainLine(name, 80) };
}
