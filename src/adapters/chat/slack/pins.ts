/** Messages of which people make something: a line of an incident's history, by shortcut or emoji, or an incident. Pure. */
import { z } from "zod";
import { truncate } from "../../../domain/view.ts";
import type { CommandRequest, KeyedFormRequest, OptionValues } from "../../../ports/chat.ts";
import type { FormPlace } from "./command-form.ts";
import { request, requestKey } from "./requests.ts";
import { unescapeMarkup } from "./text.ts";

const pinCommand = "pin";
/** What the menu of a message offers, with the command whose form each opens. */
export const messageShortcuts = [
  {
    ...{ callback: "tocsin-pin", name: "Add to incident", command: pinCommand },
    description: "Puts this message into the history of an incident",
  },
  {
    ...{ callback: "tocsin-declare", name: "Declare an incident", command: "declare" },
    description: "Makes an incident of this message",
  },
] as const;
/** As much of a message as a history keeps. */
const longestText = 2_000;

const shortcutBody = z.object({
  type: z.literal("message_action"),
  callback_id: z.string(),
  trigger_id: z.string(),
  response_url: z.string().optional(),
  team: z.object({ domain: z.string() }).optional(),
  user: z.object({ id: z.string(), name: z.string().optional() }),
  channel: z.object({ id: z.string() }),
  message: z.object({
    ts: z.string(),
    thread_ts: z.string().optional(),
    text: z.string().default(""),
    user: z.string().optional(),
    username: z.string().optional(),
  }),
});

/** The shortcut of a message, as the form that it opens; null when it is none of ours. */
export function readMessageShortcut(
  body: unknown,
): { readonly triggerId: string; readonly asked: KeyedFormRequest; readonly place: FormPlace } | null {
  const parsed = shortcutBody.safeParse(body);
  const known = messageShortcuts.find(({ callback }) => callback === parsed.data?.callback_id);
  if (!parsed.success || known === undefined) return null;
  const { trigger_id: triggerId, response_url: responseUrl, team, user, message } = parsed.data;
  const channel = { platform: "slack", id: parsed.data.channel.id };
  const thread = message.thread_ts ?? message.ts;
  const link =
    team === undefined
      ? {}
      : { link: `https://${team.domain}.slack.com/archives/${channel.id}/p${message.ts.replace(".", "")}` };
  return {
    triggerId,
    place: { channel: channel.id, thread, responseUrl },
    asked: {
      key: requestKey("shortcut", triggerId),
      account: { platform: "slack", id: user.id, name: user.name ?? user.id },
      channel,
      command: known.command,
      input: { kind: "options", options: { ...optionsOf(channel.id, message), ...link } },
      thread: [{ channel, data: { ts: thread } }],
    },
  };
}

const reactionBody = z.object({
  event_id: z.string(),
  event: z.object({
    type: z.enum(["reaction_added", "reaction_removed"]),
    user: z.string(),
    reaction: z.string(),
    item: z.object({ type: z.literal("message"), channel: z.string(), ts: z.string() }),
  }),
});

/** An emoji that pins, put on a message or taken off it. */
export interface PinReaction {
  readonly eventId: string;
  readonly isTakenOff: boolean;
  readonly user: string;
  readonly channel: string;
  readonly ts: string;
}

/** Null for every other emoji and event. */
export function readReaction(body: unknown, pins: ReadonlySet<string>): PinReaction | null {
  const parsed = reactionBody.safeParse(body);
  if (!parsed.success || !pins.has(parsed.data.event.reaction)) return null;
  const { event_id: eventId, event } = parsed.data;
  const { channel, ts } = event.item;
  return { eventId, isTakenOff: event.type === "reaction_removed", user: event.user, channel, ts };
}

const repliesShape = z.array(
  z.object({
    ts: z.string(),
    text: z.string().default(""),
    user: z.string().optional(),
    thread_ts: z.string().optional(),
  }),
);

/**
 * The request of such an emoji; null where the message is not in a thread of ours: people pin elsewhere too.
 * @param messages - what conversations.replies says of the message: the root of its thread, and itself.
 */
export function pinRequest(
  reaction: PinReaction,
  messages: unknown,
  at: { readonly botUserId: string | null; readonly receivedAt: Date },
): CommandRequest | null {
  const found = repliesShape.safeParse(messages).data ?? [];
  const message = found.find(({ ts }) => ts === reaction.ts);
  const root = found.find(({ ts }) => ts === message?.thread_ts);
  if (message === undefined || root === undefined || root.user !== at.botUserId || root === message)
    return null;
  const { channel, user } = reaction;
  const said = request({
    key: requestKey("reaction", reaction.eventId),
    user: { id: user, name: undefined },
    channel,
    line: { command: pinCommand, text: "" },
    receivedAt: at.receivedAt,
    thread: [{ channel: { platform: "slack", id: channel }, data: { ts: root.ts } }],
    reply: { kind: "reaction", channel, user, thread_ts: root.ts, in_thread: "yes" },
  });
  const options = {
    ...optionsOf(channel, message),
    "by-reaction": true,
    ...(reaction.isTakenOff ? { undo: true } : {}),
  };
  return { ...said, input: { kind: "options", options } };
}

function optionsOf(
  channel: string,
  message: { readonly ts: string; readonly text: string; readonly user?: string | undefined },
): OptionValues {
  return {
    text: truncate(unescapeMarkup(message.text).trim(), longestText),
    at: new Date(Number(message.ts) * 1_000).toISOString(),
    message: `slack:${channel}/${message.ts}`,
    ...(message.user === undefined ? {} : { author: message.user }),
  };
}
