/**
 * Channels that an app makes: created, described, filled and archived, as Slack lets a bot token do it.
 * @see https://docs.slack.dev/reference/methods/conversations.create
 */
import {
  type Args,
  type Context,
  channelObject,
  fail,
  type Method,
  missingScope,
  type Reply,
  visible,
} from "./method.ts";
import type { FakeChannel } from "./world.ts";

const maxText = 250;
const maxBookmarks = 100;

type Found = { readonly channel: FakeChannel } | { readonly reply: Reply };

/** A channel that the bot may change; private ones need a scope of their own. */
function changeable(id: unknown, context: Context): Found {
  const channel = visible(String(id), context);
  if (channel === null) return { reply: fail("channel_not_found") };
  const needed = channel.isPrivate ? "groups:write" : "channels:manage";
  if (!context.scopes.has(needed)) return { reply: missingScope(needed, context) };
  if (channel.isArchived) return { reply: fail("is_archived") };
  if (!channel.isMember) return { reply: fail("not_in_channel") };
  return { channel };
}

function nameProblem(name: string): string | null {
  if (name === "") return "invalid_name_required";
  if (name.length > 80) return "invalid_name_maxlength";
  if (!/^[a-z0-9_-]+$/.test(name)) return "invalid_name_specials";
  return /[a-z0-9]/.test(name) ? null : "invalid_name_punctuation";
}

function setText(what: "topic" | "purpose") {
  return (args: Args, context: Context): Reply => {
    const found = changeable(args["channel"], context);
    if ("reply" in found) return found.reply;
    const text = String(args[what]);
    if (text.length > maxText) return fail("too_long");
    found.channel[what] = text;
    return { ok: true, channel: channelObject(found.channel) };
  };
}

function inviteOne(user: string, channel: FakeChannel, { world, bot }: Context): string | null {
  if (user === bot.userId) return "cant_invite_self";
  const known = world.users.get(user);
  if (known === undefined) return "user_not_found";
  if (known.standing === "deactivated") return "user_disabled";
  if (known.standing === "guest") return "user_is_restricted";
  if (known.standing === "single_channel_guest") return "user_is_ultra_restricted";
  return channel.members.has(user) ? "already_in_channel" : null;
}

export const ownChannelMethods: Readonly<Record<string, Method>> = {
  "conversations.create": {
    rate: 2,
    token: "bot",
    scopes: ["channels:manage|groups:write"],
    args: { name: "string", is_private: "boolean", team_id: "string" },
    required: ["name"],
    run({ name: wanted, is_private: isPrivate }, context) {
      const { world, bot, now, scopes } = context;
      const needed = isPrivate === true ? "groups:write" : "channels:manage";
      if (!scopes.has(needed)) return missingScope(needed, context);
      const name = String(wanted);
      const problem = nameProblem(name);
      if (problem !== null) return fail(problem);
      // An archived channel keeps its name, and a private one is counted though it is not seen.
      if ([...world.channels.values()].some((one) => one.name === name)) return fail("name_taken");
      const channel = world.addChannel({
        id: world.nextId("C"),
        name,
        isPrivate: isPrivate === true,
        creator: bot.userId,
        created: Math.floor(now() / 1000),
      });
      return { ok: true, channel: channelObject(channel) };
    },
  },
  "users.conversations": {
    rate: 3,
    token: "bot",
    scopes: ["channels:read|groups:read"],
    args: { types: "string", exclude_archived: "boolean", limit: "number", cursor: "string", user: "string" },
    required: [],
    run(args, context) {
      const types = String(args["types"] ?? "public_channel").split(",");
      for (const [type, needed] of [
        ["public_channel", "channels:read"],
        ["private_channel", "groups:read"],
      ] as const)
        if (types.includes(type) && !context.scopes.has(needed)) return missingScope(needed, context);
      const limit = Number(args["limit"] ?? 100);
      if (limit < 1 || limit > 999) return fail("invalid_limit");
      const from = Number(args["cursor"] ?? 0);
      const all = [...context.world.channels.values()]
        .filter((one) => one.isMember && types.includes(one.isPrivate ? "private_channel" : "public_channel"))
        .filter((one) => args["exclude_archived"] !== true || !one.isArchived);
      const next = from + limit < all.length ? String(from + limit) : "";
      return {
        ok: true,
        channels: all.slice(from, from + limit).map(channelObject),
        response_metadata: { next_cursor: next },
      };
    },
  },
  "conversations.setTopic": {
    rate: 2,
    token: "bot",
    scopes: ["channels:manage|groups:write"],
    args: { channel: "string", topic: "string" },
    required: ["channel", "topic"],
    run: setText("topic"),
  },
  "conversations.setPurpose": {
    rate: 2,
    token: "bot",
    scopes: ["channels:manage|groups:write"],
    args: { channel: "string", purpose: "string" },
    required: ["channel", "purpose"],
    run: setText("purpose"),
  },
  "conversations.invite": {
    rate: 3,
    token: "bot",
    scopes: ["channels:manage|groups:write"],
    args: { channel: "string", users: "string", force: "boolean" },
    required: ["channel", "users"],
    run(args, context) {
      const found = changeable(args["channel"], context);
      if ("reply" in found) return found.reply;
      const users = String(args["users"]).split(",");
      for (const user of users) {
        const problem = inviteOne(user, found.channel, context);
        if (problem !== null) return fail(problem, { errors: [{ user, ok: false, error: problem }] });
      }
      for (const user of users) found.channel.members.add(user);
      return { ok: true, channel: channelObject(found.channel) };
    },
  },
  "conversations.archive": {
    rate: 2,
    token: "bot",
    scopes: ["channels:manage|groups:write"],
    args: { channel: "string" },
    required: ["channel"],
    run({ channel: id }, context) {
      const channel = visible(String(id), context);
      if (channel?.isArchived === true) return fail("already_archived");
      const found = changeable(id, context);
      if ("reply" in found) return found.reply;
      found.channel.isArchived = true;
      // A bot does not stay in a channel that is archived.
      found.channel.isMember = false;
      return { ok: true };
    },
  },
  "bookmarks.list": {
    rate: 3,
    token: "bot",
    scopes: ["bookmarks:read"],
    args: { channel_id: "string" },
    required: ["channel_id"],
    run({ channel_id: id }, context) {
      const channel = visible(String(id), context);
      if (channel === null) return fail("channel_not_found");
      if (!channel.isMember) return fail("not_in_channel");
      return { ok: true, bookmarks: channel.bookmarks.map((one) => ({ ...one, type: "link" })) };
    },
  },
  "bookmarks.add": {
    rate: 2,
    token: "bot",
    scopes: ["bookmarks:write"],
    args: { channel_id: "string", title: "string", type: "string", link: "string", emoji: "string" },
    required: ["channel_id", "title", "type"],
    run({ channel_id: id, title, type, link }, context) {
      const channel = visible(String(id), context);
      if (channel === null) return fail("channel_not_found");
      if (!channel.isMember) return fail("not_in_channel");
      if (type !== "link") return fail("invalid_bookmark_type");
      if (!/^https?:\/\//.test(String(link))) return fail("invalid_link");
      if (channel.bookmarks.length >= maxBookmarks) return fail("too_many_bookmarks");
      const bookmark = { id: context.world.nextId("Bk"), title: String(title), link: String(link) };
      channel.bookmarks.push(bookmark);
      return { ok: true, bookmark: { ...bookmark, type: "link" } };
    },
  },
};
