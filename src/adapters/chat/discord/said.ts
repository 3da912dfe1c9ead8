/**
 * What people say to the bot: "@Tocsin ack 12" in channels and threads, "ack 12" in direct messages. Discord gives the
 * content of these two without the privileged intent MESSAGE_CONTENT, and of nothing else.
 * @see https://discord.com/developers/docs/events/gateway#message-content-intent
 */
import { z } from "zod";
import { referenceOf, referTo } from "../../../domain/command/reference.ts";
import type { ChatDoor, CommandRequest, Log } from "../../../ports.ts";
import type { Api, Failure } from "./api.ts";
import { plainLine } from "./markdown.ts";
import { problemOf } from "./outcome.ts";
import { note, notStored } from "./prompts.ts";
import { inReplyTo, rootsOf } from "./reference.ts";
import { channelShape, isThread, messageShape } from "./shapes.ts";

const saidShape = z.object({
  id: z.string(),
  channel_id: z.string(),
  guild_id: z.string().optional(),
  /** 0 is an ordinary message, 19 a reply; the others are notices of Discord's. */
  type: z.union([z.literal(0), z.literal(19)]),
  author: z.object({
    id: z.string(),
    username: z.string(),
    global_name: z.string().nullish(),
    bot: z.boolean().default(false),
  }),
  member: z.object({ nick: z.string().nullish() }).optional(),
  webhook_id: z.string().optional(),
  content: z.string(),
});
type Said = z.output<typeof saidShape>;

export interface SaidOptions {
  readonly api: Api;
  readonly door: ChatDoor;
  /** The bot's own user id. */
  readonly self: () => Promise<string | Failure>;
  readonly log: Log;
}

/** Makes the function that takes every MESSAGE_CREATE. */
export function createSaid({ api, door, self, log }: SaidOptions) {
  /** Never throws: it is called by the gateway's event. */
  async function handle(data: unknown): Promise<void> {
    const parsed = saidShape.safeParse(data);
    // Most messages are not for the bot, and come without content: those cost nothing more.
    if (!parsed.success || parsed.data.content === "") return;
    const said = parsed.data;
    if (said.author.bot || said.webhook_id !== undefined) return;
    try {
      const ownId = await self();
      if (typeof ownId !== "string") throw new Error(problemOf(ownId));
      const line = lineFor(said, ownId);
      if (line === null) return;
      await accept(said, requestOf(said, line, await parentOf(said)));
    } catch (error) {
      log.error({ error, message: said.id }, "discord: a message to the bot could not be taken");
    }
  }

  /** The channel of the thread that this was said in; null outside of threads, and where Discord does not say. */
  async function parentOf(said: Said): Promise<string | null> {
    if (said.guild_id === undefined) return null;
    const path = `/channels/${said.channel_id}` as const;
    const reply = await api.call({ method: "GET", path, schema: channelShape });
    if (reply.kind !== "ok") {
      log.warn({ problem: problemOf(reply) }, "discord: cannot tell whether this was said in a thread");
      return null;
    }
    return isThread(reply.body.type) ? (reply.body.parent_id ?? null) : null;
  }

  async function accept(said: Said, request: CommandRequest): Promise<void> {
    try {
      await door.submit(request);
    } catch (error) {
      const reference = referenceOf(request.key);
      log.error({ error, reference }, "discord: a request could not be stored");
      const body = { ...note(referTo(notStored, reference)), ...inReplyTo(said.id) };
      const path = `/channels/${said.channel_id}/messages` as const;
      const told = await api.call({ method: "POST", path, body, schema: messageShape });
      if (told.kind !== "ok")
        log.warn({ problem: problemOf(told) }, "discord: cannot say that a request failed");
    }
  }

  return { handle };
}

/** The command line: what follows our name, or all of a direct message. Null when it is not for us. */
function lineFor(said: Said, ownId: string): string | null {
  const match = new RegExp(`<@!?${ownId}>[\\s,:]*`).exec(said.content);
  if (match !== null) return said.content.slice(match.index + match[0].length).trim();
  return said.guild_id === undefined ? said.content.trim() : null;
}

function requestOf(said: Said, line: string, parent: string | null): CommandRequest {
  const { author, channel_id: place } = said;
  const [, name = "help", text = ""] = /^\/?(\S+)\s*([\s\S]*)$/.exec(line) ?? [];
  const channel = { platform: "discord", id: parent ?? place };
  return {
    key: `said-${said.id}`,
    account: {
      platform: "discord",
      id: author.id,
      name: plainLine(said.member?.nick ?? author.global_name ?? author.username, 80),
    },
    channel,
    command: name.toLowerCase(),
    input: { kind: "text", text: text.trim() },
    receivedAt: new Date(),
    ...(parent === null ? {} : { thread: rootsOf(channel, place) }),
    reply: {
      ...{ kind: "said", channelId: place, messageId: said.id },
      ...(said.guild_id === undefined ? {} : { guildId: said.guild_id }),
    },
  };
}
