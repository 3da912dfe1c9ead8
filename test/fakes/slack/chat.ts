/** chat.*: posting, editing, deleting. */
import { checkBlocks } from "./blocks.ts";
import { effectsOf } from "./markup.ts";
import {
  type Args,
  type Context,
  fail,
  type Method,
  messageObject,
  type Reply,
  stringOrNull,
  visible,
} from "./method.ts";
import type { FakeChannel, FakeMessage } from "./world.ts";

const messageArgs = {
  channel: "string",
  text: "string",
  blocks: "json",
  attachments: "json",
  metadata: "json",
  parse: "string",
  link_names: "boolean",
} as const;

export const chatMethods: Readonly<Record<string, Method>> = {
  "chat.postMessage": {
    rate: "post",
    token: "bot",
    scopes: ["chat:write"],
    args: {
      ...messageArgs,
      thread_ts: "string",
      reply_broadcast: "boolean",
      mrkdwn: "boolean",
      unfurl_links: "boolean",
      unfurl_media: "boolean",
      username: "string",
      icon_emoji: "string",
      icon_url: "string",
      markdown_text: "string",
    },
    required: ["channel"],
    run: postMessage,
  },
  "chat.postEphemeral": {
    rate: 4,
    token: "bot",
    scopes: ["chat:write"],
    args: {
      ...messageArgs,
      user: "string",
      thread_ts: "string",
      username: "string",
      icon_emoji: "string",
      icon_url: "string",
    },
    required: ["channel", "user"],
    run: postEphemeral,
  },
  "chat.update": {
    rate: 3,
    token: "bot",
    scopes: ["chat:write"],
    args: { ...messageArgs, ts: "string", reply_broadcast: "boolean", file_ids: "json", as_user: "boolean" },
    required: ["channel", "ts"],
    run: update,
  },
  "chat.delete": {
    rate: 3,
    token: "bot",
    scopes: ["chat:write"],
    args: { channel: "string", ts: "string" },
    required: ["channel", "ts"],
    run({ channel, ts }, { world, bot }) {
      const index = world.messages.findIndex((one) => one.channel === channel && one.ts === ts);
      const message = world.messages[index];
      if (message === undefined) return fail("message_not_found");
      if (message.botId !== bot.botId) return fail("cant_delete_message");
      world.messages.splice(index, 1);
      return { ok: true, channel, ts };
    },
  },
  "chat.getPermalink": {
    rate: 4,
    token: "bot",
    scopes: [],
    args: { channel: "string", message_ts: "string" },
    required: ["channel", "message_ts"],
    run({ channel, message_ts: ts }, { world, baseUrl }) {
      if (world.find(String(channel), String(ts)) === undefined) return fail("message_not_found");
      return {
        ok: true,
        channel,
        permalink: `${baseUrl}/archives/${channel}/p${String(ts).replace(".", "")}`,
      };
    },
  },
};

function postMessage(args: Args, context: Context): Reply {
  const { world, bot } = context;
  const target = writable(String(args["channel"]), context);
  if ("denied" in target) return target.denied;
  const { channel } = target;
  const problem = contentProblem(args, context) ?? threadProblem(args, channel.id, context);
  if (problem !== null) return problem;
  const isBroadcast = args["reply_broadcast"] === true || args["reply_broadcast"] === "true";
  if (isBroadcast && stringOrNull(args["thread_ts"]) === null) return fail("invalid_arguments");
  const message = world.addMessage({
    ...(isBroadcast ? { isBroadcast } : {}),
    channel: channel.id,
    user: bot.userId,
    botId: bot.botId,
    threadTs: stringOrNull(args["thread_ts"]),
    text: String(args["text"] ?? ""),
    blocks: blocksOf(args),
    metadata: metadataOf(args),
    effects: effects(args, "none"),
  });
  return { ok: true, channel: channel.id, ts: message.ts, message: messageObject(message, true) };
}

function postEphemeral(args: Args, context: Context): Reply {
  const target = writable(String(args["channel"]), context);
  if ("denied" in target) return target.denied;
  const { channel } = target;
  const user = String(args["user"]);
  if (!context.world.users.has(user)) return fail("user_not_in_channel");
  const problem = contentProblem(args, context) ?? threadProblem(args, channel.id, context);
  if (problem !== null) return problem;
  context.world.ephemerals.push({
    channel: channel.id,
    user,
    text: String(args["text"] ?? ""),
    blocks: blocksOf(args),
    threadTs: stringOrNull(args["thread_ts"]),
    effects: effects(args, "none"),
    via: "chat.postEphemeral",
  });
  return { ok: true, message_ts: (context.now() / 1000).toFixed(6) };
}

function update(args: Args, context: Context): Reply {
  const target = writable(String(args["channel"]), context);
  if ("denied" in target) return target.denied;
  const { channel } = target;
  const message = context.world.find(channel.id, String(args["ts"]));
  if (message === undefined) return fail("message_not_found");
  if (message.botId !== context.bot.botId) return fail("cant_update_message");
  const problem = contentProblem(args, context);
  if (problem !== null) return problem;
  message.text = String(args["text"] ?? "");
  message.blocks = blocksOf(args);
  message.metadata = metadataOf(args) ?? message.metadata;
  // Unlike chat.postMessage, chat.update parses as the client does unless told otherwise.
  message.effects = effects(args, "client");
  message.edits += 1;
  return {
    ok: true,
    channel: channel.id,
    ts: message.ts,
    text: message.text,
    message: messageObject(message, true),
  };
}

function writable(
  id: string,
  context: Context,
): { readonly channel: FakeChannel } | { readonly denied: Reply } {
  const channel = visible(id, context);
  if (channel === null) return { denied: fail("channel_not_found") };
  if (channel.isArchived) return { denied: fail("is_archived") };
  if (!channel.isMember && !context.scopes.has("chat:write.public"))
    return { denied: fail("not_in_channel") };
  if (channel.isReadOnly) return { denied: fail("restricted_action") };
  return { channel };
}

/** Text, blocks and metadata that Slack would refuse. */
export function contentProblem(args: Args, { warn }: Pick<Context, "warn">): Reply | null {
  const text = String(args["text"] ?? "");
  if (text === "" && args["blocks"] === undefined) return fail("no_text");
  if (text.length > 40_000) return fail("msg_too_long");
  if (text.length > 4_000) warn(`text has ${text.length} characters; Slack advises 4,000`);
  if (text === "") warn("no top-level text: screen readers and notifications show nothing");
  if (args["blocks"] !== undefined) {
    const problem = checkBlocks(args["blocks"]);
    if (problem !== null) return fail(problem.error, { response_metadata: { messages: problem.messages } });
  }
  if (args["metadata"] !== undefined && metadataOf(args) === null) return fail("invalid_metadata_format");
  if (!["none", "full", "client", undefined].includes(stringOrNull(args["parse"]) ?? undefined))
    return fail("invalid_arguments");
  return null;
}

function threadProblem(args: Args, channel: string, { world, warn }: Context): Reply | null {
  const ts = stringOrNull(args["thread_ts"]);
  if (ts === null) return null;
  const root = world.find(channel, ts);
  if (root === undefined) return fail("thread_not_found");
  if (root.threadTs !== null && root.threadTs !== root.ts) warn(`thread_ts ${ts} is a reply; use its parent`);
  return null;
}

export function blocksOf(args: Args): readonly unknown[] {
  return Array.isArray(args["blocks"]) ? args["blocks"] : [];
}

function metadataOf(args: Args): FakeMessage["metadata"] {
  const metadata = args["metadata"];
  if (typeof metadata !== "object" || metadata === null) return null;
  const { event_type: type, event_payload: payload } = {
    event_type: undefined,
    event_payload: undefined,
    ...metadata,
  };
  if (typeof type !== "string" || typeof payload !== "object" || payload === null) return null;
  return { event_type: type, event_payload: { ...(payload as object) } };
}

function effects(args: Args, defaultParse: "none" | "client") {
  const parse = stringOrNull(args["parse"]) ?? defaultParse;
  return effectsOf({
    text: String(args["text"] ?? ""),
    blocks: blocksOf(args),
    parse: parse === "full" || parse === "client" ? parse : "none",
    linkNames: args["link_names"] === true,
    mrkdwn: args["mrkdwn"] !== false,
  });
}
