/** conversations.*: channels and what was said in them. */
import {
  type Args,
  type Context,
  channelObject,
  fail,
  type Method,
  messageObject,
  missingScope,
  type Reply,
  visible,
} from "./method.ts";
import { ownChannelMethods } from "./own-channels.ts";
import type { FakeMessage } from "./world.ts";

export const conversationMethods: Readonly<Record<string, Method>> = {
  "conversations.info": {
    rate: 3,
    token: "bot",
    scopes: ["channels:read|groups:read"],
    args: { channel: "string", include_num_members: "boolean", include_locale: "boolean" },
    required: ["channel"],
    run({ channel: id }, context) {
      const channel = visible(String(id), context);
      if (channel === null) return fail("channel_not_found");
      const needed = channel.isPrivate ? "groups:read" : "channels:read";
      if (!context.scopes.has(needed)) return missingScope(needed, context);
      return { ok: true, channel: channelObject(channel) };
    },
  },
  "conversations.list": {
    rate: 2,
    token: "bot",
    scopes: ["channels:read|groups:read"],
    args: {
      cursor: "string",
      exclude_archived: "boolean",
      limit: "number",
      types: "string",
      team_id: "string",
    },
    required: [],
    run: (args, { world }) => ({
      ok: true,
      channels: [...world.channels.values()]
        .filter(
          (one) => (!one.isPrivate || one.isMember) && !(args["exclude_archived"] === true && one.isArchived),
        )
        .map(channelObject),
      response_metadata: { next_cursor: "" },
    }),
  },
  "conversations.history": {
    rate: 3,
    token: "bot",
    scopes: ["channels:history|groups:history"],
    args: {
      channel: "string",
      cursor: "string",
      include_all_metadata: "boolean",
      inclusive: "boolean",
      latest: "string",
      limit: "number",
      oldest: "string",
    },
    required: ["channel"],
    run(args, context) {
      const denied = historyDenied(args, context);
      if (denied !== null) return denied;
      const messages = context.world.messages
        .filter(
          (one) =>
            one.channel === args["channel"] &&
            (one.threadTs === null || one.threadTs === one.ts || one.isBroadcast === true),
        )
        .filter((one) => isWithin(one, args))
        .toReversed();
      return page(messages, args);
    },
  },
  "conversations.replies": {
    rate: 3,
    token: "bot",
    scopes: ["channels:history|groups:history"],
    args: {
      channel: "string",
      ts: "string",
      cursor: "string",
      include_all_metadata: "boolean",
      inclusive: "boolean",
      latest: "string",
      limit: "number",
      oldest: "string",
    },
    required: ["channel", "ts"],
    run(args, context) {
      const denied = historyDenied(args, context);
      if (denied !== null) return denied;
      // "ts" may be of any message in the thread: its root comes first whatever the range is.
      const named = context.world.find(String(args["channel"]), String(args["ts"]));
      const root = named?.threadTs == null ? named : context.world.find(named.channel, named.threadTs);
      if (root === undefined) return fail("thread_not_found");
      const replies = context.world.messages.filter(
        (one) => one.channel === root.channel && one.threadTs === root.ts && isWithin(one, args),
      );
      return page([root, ...replies], args);
    },
  },
  "conversations.join": {
    rate: 3,
    token: "bot",
    scopes: ["channels:join"],
    args: { channel: "string" },
    required: ["channel"],
    run({ channel: id }, { world }) {
      const channel = world.channels.get(String(id));
      if (channel === undefined || channel.isPrivate) return fail("channel_not_found");
      if (channel.isArchived) return fail("is_archived");
      channel.isMember = true;
      return { ok: true, channel: channelObject(channel) };
    },
  },
  ...ownChannelMethods,
};

function historyDenied(args: Args, context: Context): Reply | null {
  const channel = visible(String(args["channel"]), context);
  if (channel === null) return fail("channel_not_found");
  const needed = channel.isPrivate ? "groups:history" : "channels:history";
  if (!context.scopes.has(needed)) return missingScope(needed, context);
  return channel.isMember ? null : fail("not_in_channel");
}

function isWithin(message: FakeMessage, args: Args): boolean {
  const oldest = Number(args["oldest"] ?? 0);
  const latest = Number(args["latest"] ?? Number.POSITIVE_INFINITY);
  const at = Number(message.ts);
  return args["inclusive"] === true ? at >= oldest && at <= latest : at > oldest && at < latest;
}

function page(messages: readonly FakeMessage[], args: Args): Reply {
  const limit = Math.min(Number(args["limit"] ?? 100), 999);
  const from = Number(args["cursor"] ?? 0);
  const isMore = messages.length > from + limit;
  const withMetadata = args["include_all_metadata"] === true;
  return {
    ok: true,
    messages: messages.slice(from, from + limit).map((one) => messageObject(one, withMetadata)),
    has_more: isMore,
    response_metadata: { next_cursor: isMore ? String(from + limit) : "" },
  };
}
