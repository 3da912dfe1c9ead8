/** From what Slack sends to a command request. Pure: payloads in, requests out. */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { CommandRequest, KeyedFormRequest } from "../../../ports/chat.ts";
import { buttonPrefix } from "./render.ts";
import { unescapeMarkup } from "./text.ts";

/** Slash command that takes any of our commands as its first word. */
export const umbrellaCommand = "tocsin";

const slashBody = z.object({
  command: z.string().startsWith("/"),
  text: z.string().default(""),
  user_id: z.string(),
  user_name: z.string().optional(),
  channel_id: z.string().optional(),
  trigger_id: z.string().optional(),
  response_url: z.string().optional(),
});

/** A pressed button. */
export const buttonBody = z.object({
  type: z.literal("block_actions"),
  user: z.object({ id: z.string(), name: z.string().optional(), username: z.string().optional() }),
  channel: z.object({ id: z.string() }).optional(),
  message: z.object({ ts: z.string(), thread_ts: z.string().optional() }).optional(),
  container: z
    .object({ channel_id: z.string(), message_ts: z.string(), thread_ts: z.string() })
    .partial()
    .optional(),
  trigger_id: z.string().optional(),
  response_url: z.string().optional(),
  actions: z
    .array(
      z.object({ action_id: z.string(), action_ts: z.string().optional(), value: z.string().optional() }),
    )
    .min(1),
});

/** A request, or null for what is not for us. */
export type Reading = CommandRequest | null;

/** A slash command: "/ack 12", or "/tocsin ack 12". */
export function readSlashCommand(body: unknown, receivedAt: Date): Reading {
  const parsed = slashBody.safeParse(body);
  if (!parsed.success) return null;
  const { command, text, user_id, user_name, channel_id, trigger_id, response_url } = parsed.data;
  const name = command.slice(1).toLowerCase();
  const typed = unescapeMarkup(text).trim();
  const line = name === umbrellaCommand ? splitLine(typed) : { command: name, text: typed };
  return request({
    key: requestKey("slash", trigger_id ?? response_url ?? JSON.stringify(body)),
    user: { id: user_id, name: user_name },
    channel: channel_id,
    line,
    receivedAt,
    reply: { kind: "slash", channel: channel_id, user: user_id, response_url },
  });
}

/** A button of ours; its value is the command line. */
export function readButton(body: unknown, receivedAt: Date): Reading {
  const parsed = buttonBody.safeParse(body);
  if (!parsed.success) return null;
  const { user, trigger_id, response_url, actions } = parsed.data;
  const pressed = actions[0];
  if (pressed?.value === undefined || !pressed.action_id.startsWith(buttonPrefix)) return null;
  const { channel, thread } = placeOf(parsed.data);
  return request({
    key: requestKey("button", trigger_id ?? JSON.stringify(body)),
    user: { id: user.id, name: user.name ?? user.username },
    channel,
    line: splitLine(pressed.value),
    receivedAt,
    reply: { kind: "button", channel, user: user.id, response_url, thread_ts: thread },
  });
}

/** What a button that opens a form asks for; null without a trigger, which opens it. */
export function askedBy(
  pressed: z.output<typeof buttonBody>,
  line: string,
): { readonly triggerId: string; readonly asked: KeyedFormRequest } | null {
  const { user, trigger_id: triggerId } = pressed;
  if (triggerId === undefined) return null;
  const { channel, thread } = placeOf(pressed);
  const { command, text } = splitLine(line);
  const id = channel === undefined ? null : { platform: "slack", id: channel };
  return {
    triggerId,
    asked: {
      key: requestKey("button", triggerId),
      account: { platform: "slack", id: user.id, name: user.name ?? user.username ?? user.id },
      channel: id,
      command,
      input: { kind: "text", text },
      ...(id === null || thread === undefined ? {} : { thread: [{ channel: id, data: { ts: thread } }] }),
    },
  };
}

/** Where a button was pressed, and under which message a public answer goes. */
export function placeOf({ channel, container, message }: z.output<typeof buttonBody>): {
  readonly channel: string | undefined;
  readonly thread: string | undefined;
} {
  const messageTs = message?.ts ?? container?.message_ts;
  return {
    channel: channel?.id ?? container?.channel_id,
    thread: message?.thread_ts ?? container?.thread_ts ?? messageTs,
  };
}

/** First word and rest; "help" when there is nothing. */
export function splitLine(line: string): { readonly command: string; readonly text: string } {
  const match = /^\/?(\S+)\s*([\s\S]*)$/.exec(line.trim());
  if (match?.[1] === undefined) return { command: "help", text: "" };
  return { command: match[1].toLowerCase(), text: (match[2] ?? "").trim() };
}

/** The same payload delivered again, by a retry or a replay, gives the same key. */
export function requestKey(kind: string, identity: string): string {
  return `slack-${createHash("sha256").update(`${kind}/${identity}`).digest("hex").slice(0, 40)}`;
}

/** A request in our terms. */
export function request(parts: {
  readonly key: string;
  readonly user: { readonly id: string; readonly name: string | undefined };
  readonly channel: string | undefined;
  readonly line: { readonly command: string; readonly text: string };
  readonly receivedAt: Date;
  readonly thread?: CommandRequest["thread"];
  readonly reply: Readonly<Record<string, string | undefined>>;
}): CommandRequest {
  const { key, user, channel, line, receivedAt, thread, reply } = parts;
  return {
    key,
    account: { platform: "slack", id: user.id, name: user.name ?? user.id },
    channel: channel === undefined ? null : { platform: "slack", id: channel },
    command: line.command,
    input: { kind: "text", text: line.text },
    receivedAt,
    ...(thread === undefined ? {} : { thread }),
    reply: Object.fromEntries(
      Object.entries(reply).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
  };
}
