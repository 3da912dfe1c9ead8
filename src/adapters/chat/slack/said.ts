/** From what people say to the bot, by mention or in a direct message, to a command request. Pure. */
import { z } from "zod";
import { type Reading, request, requestKey, splitLine } from "./requests.ts";
import { unescapeMarkup } from "./text.ts";

const saidBody = z.object({
  event_id: z.string().optional(),
  event: z.object({
    type: z.enum(["app_mention", "message"]),
    channel_type: z.string().optional(),
    /** Joins, edits, deletions, messages of bots; files and broadcast replies too. */
    subtype: z.string().optional(),
    user: z.string().optional(),
    text: z.string().default(""),
    channel: z.string(),
    ts: z.string(),
    thread_ts: z.string().optional(),
    bot_id: z.string().optional(),
    edited: z.unknown().optional(),
  }),
});
type Said = z.output<typeof saidBody>["event"];

/**
 * "@tocsin ack 12", the only way to speak to us within a thread, where slash commands do not work; or "ack 12" in a
 * direct message. An edited message was carried out as it was first.
 * @param botUserId - ours, or null when not yet known: then the first mention is taken for ours.
 * @see https://github.com/slackapi/bolt-js/issues/1816
 * @see https://docs.slack.dev/reference/events/message.im
 */
export function readSaid(body: unknown, botUserId: string | null, receivedAt: Date): Reading {
  const parsed = saidBody.safeParse(body);
  if (!parsed.success) return null;
  const { event, event_id } = parsed.data;
  const { user, channel, ts, thread_ts: thread } = event;
  if (user === undefined || user === botUserId || !isForUs(event)) return null;
  const isDirect = event.type === "message";
  const parts = {
    key: requestKey("mention", event_id ?? `${channel}/${ts}`),
    user: { id: user, name: undefined },
    channel,
    line: splitLine(afterMention(event.text, botUserId)),
    receivedAt,
    reply: isDirect
      ? { kind: "direct", channel, user, thread_ts: thread }
      : {
          kind: "mention",
          channel,
          user,
          thread_ts: thread ?? ts,
          in_thread: thread === undefined ? undefined : "yes",
        },
  };
  if (thread === undefined) return request(parts);
  return request({
    ...parts,
    thread: [{ channel: { platform: "slack", id: channel }, data: { ts: thread } }],
  });
}

function isForUs({ type, channel_type, subtype, bot_id, edited }: Said): boolean {
  if (bot_id !== undefined || edited !== undefined) return false;
  if (type === "app_mention") return subtype !== "bot_message";
  return channel_type === "im" && subtype === undefined;
}

/** What follows our name; the whole text when it is not in it. */
function afterMention(text: string, botUserId: string | null): string {
  const id = botUserId === null ? "[A-Z0-9]+" : escapePattern(botUserId);
  const match = new RegExp(`<@${id}(?:\\|[^>]*)?>[\\s,:]*`).exec(text);
  const rest = match === null ? text : text.slice(match.index + match[0].length);
  return unescapeMarkup(rest).trim();
}

function escapePattern(text: string): string {
  return text.replace(/[^A-Za-z0-9]/g, "\\$&");
}
