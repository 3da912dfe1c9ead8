/**
 * An emoji on a message in an incident's thread puts it into the incident's history, where tocsin.yaml names one.
 * Discord says which message it is, who wrote it and when; what is written in it only where the bot is meant. Of any
 * other message author, time and link are kept, and that its words are not known.
 * @see https://discord.com/developers/docs/events/gateway#message-content-intent
 */
import { z } from "zod";
import { truncate } from "../../../domain/view.ts";
import type { ChatDoor, CommandRequest, Log } from "../../../ports.ts";
import type { Api, Failure } from "./api.ts";
import { plainLine } from "./markdown.ts";
import { problemOf } from "./outcome.ts";
import { momentOf, rootsOf } from "./reference.ts";
import { channelShape, isThread } from "./shapes.ts";

/** As much of a message as a history keeps. */
const longestText = 2_000;
/** Discord gives these events no id. What every replica hears within this long is one request, ms. */
const sameEventMs = 5_000;
const unreadable = "a message whose words Discord does not show to the bot; the link leads to it";

const user = z.object({ id: z.string(), username: z.string(), global_name: z.string().nullish() });
const reactionShape = z.object({
  user_id: z.string(),
  channel_id: z.string(),
  message_id: z.string(),
  guild_id: z.string(),
  emoji: z.object({ name: z.string().nullish() }),
  member: z.object({ user, nick: z.string().nullish() }).optional(),
});
type Reaction = z.output<typeof reactionShape>;
const pinnedShape = z.object({ id: z.string(), author: user, content: z.string().default("") });
type Pinned = z.output<typeof pinnedShape>;

export interface PinsOptions {
  readonly api: Api;
  readonly door: ChatDoor;
  /** The bot's own user id. */
  readonly self: () => Promise<string | Failure>;
  /** Emoji that pin, as Discord names them; none for no pins at all. */
  readonly emoji: readonly string[];
  readonly now: () => Date;
  readonly log: Log;
}

/** Makes the function that takes every MESSAGE_REACTION_ADD and MESSAGE_REACTION_REMOVE. */
export function createPins({ api, door, self, emoji, now, log }: PinsOptions) {
  /** Never throws: it is called by the gateway's event. */
  async function handle(data: unknown, change: "added" | "removed"): Promise<void> {
    const parsed = reactionShape.safeParse(data);
    if (!parsed.success || !emoji.includes(parsed.data.emoji.name ?? "")) return;
    try {
      const parent = await parentOf(parsed.data);
      if (parent === null) return;
      const { channel_id: channel, message_id: message } = parsed.data;
      const path = `/channels/${channel}/messages/${message}` as const;
      const found = await api.call({ method: "GET", path, schema: pinnedShape });
      if (found.kind !== "ok") throw new Error(problemOf(found));
      await door.submit(requestOf(parsed.data, found.body, { parent, change, receivedAt: now() }));
    } catch (error) {
      log.error({ error, message: parsed.data.message_id }, "discord: an emoji that pins could not be taken");
    }
  }

  /** The channel of the bot's own thread that the message is in; null elsewhere: people use emoji there, too. */
  async function parentOf({ channel_id: place, user_id: by }: Reaction): Promise<string | null> {
    const ownId = await self();
    if (typeof ownId !== "string") throw new Error(problemOf(ownId));
    if (by === ownId) return null;
    const found = await api.call({ method: "GET", path: `/channels/${place}`, schema: channelShape });
    if (found.kind !== "ok") throw new Error(problemOf(found));
    const { type, parent_id: parent, owner_id: owner } = found.body;
    return isThread(type) && owner === ownId ? (parent ?? null) : null;
  }

  return { handle };
}

function requestOf(
  reaction: Reaction,
  { id, author, content }: Pinned,
  of: { readonly parent: string; readonly change: "added" | "removed"; readonly receivedAt: Date },
): CommandRequest {
  const { user_id: by, channel_id: place, guild_id: guild, member } = reaction;
  const channel = { platform: "discord", id: of.parent };
  const slot = Math.floor(of.receivedAt.getTime() / sameEventMs);
  const text = content.trim() === "" ? unreadable : truncate(content.trim(), longestText);
  return {
    key: `reaction-${id}-${by}-${of.change}-${slot}`,
    account: {
      platform: "discord",
      id: by,
      name: plainLine(member?.nick ?? member?.user.global_name ?? member?.user.username ?? by, 80),
    },
    channel,
    command: "pin",
    input: {
      kind: "options",
      options: {
        text,
        author: plainLine(author.global_name ?? author.username, 80),
        at: momentOf(id).toISOString(),
        message: `discord:${place}/${id}`,
        link: `https://discord.com/channels/${guild}/${place}/${id}`,
        "by-reaction": true,
        ...(of.change === "removed" ? { undo: true } : {}),
      },
    },
    receivedAt: of.receivedAt,
    thread: rootsOf(channel, place),
    reply: { kind: "reaction", channelId: place, messageId: id },
  };
}
