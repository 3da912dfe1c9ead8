/** Every method of the Web API that this Slack knows. */
import { randomUUID } from "node:crypto";
import { checkHome, checkModal } from "./blocks.ts";
import { chatMethods } from "./chat.ts";
import { conversationMethods } from "./conversations.ts";
import { effectsOf } from "./markup.ts";
import { type Args, type Context, fail, type Method, type Reply, stringOrNull } from "./method.ts";

export const methods: Readonly<Record<string, Method>> = {
  ...chatMethods,
  ...conversationMethods,
  "auth.test": {
    rate: 4,
    token: "bot",
    scopes: [],
    args: {},
    required: [],
    run: (_, { bot, baseUrl }) => ({
      ok: true,
      url: `${baseUrl}/`,
      team: "Example Team",
      user: "tocsin",
      team_id: bot.teamId,
      user_id: bot.userId,
      bot_id: bot.botId,
      is_enterprise_install: false,
    }),
  },
  "apps.connections.open": {
    rate: 2,
    token: "app",
    scopes: [],
    args: {},
    required: [],
    run: (_, { openSocketUrl }) => ({ ok: true, url: openSocketUrl() }),
  },
  "users.info": {
    rate: 4,
    token: "bot",
    scopes: ["users:read"],
    args: { user: "string", include_locale: "boolean" },
    required: ["user"],
    run({ user: id }, { world }) {
      const user = world.users.get(String(id));
      return user === undefined
        ? fail("user_not_found")
        : { ok: true, user: { id: user.id, name: user.name } };
    },
  },
  "reactions.add": {
    rate: 3,
    token: "bot",
    scopes: ["reactions:write"],
    args: { channel: "string", timestamp: "string", name: "string" },
    required: ["channel", "timestamp", "name"],
    run({ channel, timestamp: ts, name }, { world }) {
      if (world.find(String(channel), String(ts)) === undefined) return fail("message_not_found");
      const isThere = world.reactions.some(
        (one) => one.channel === channel && one.ts === ts && one.name === name,
      );
      if (isThere) return fail("already_reacted");
      world.reactions.push({ channel: String(channel), ts: String(ts), name: String(name) });
      return { ok: true };
    },
  },
  "views.open": {
    rate: 4,
    token: "bot",
    scopes: [],
    args: { trigger_id: "string", view: "json", interactivity_pointer: "string" },
    required: ["trigger_id", "view"],
    run(args, context) {
      const stale = context.takeTrigger(String(args["trigger_id"]));
      if (stale !== null) return fail(stale);
      // No two views in the world have one id: two fakes over one database must not either.
      const id = `V${randomUUID().replaceAll("-", "").slice(0, 12).toUpperCase()}`;
      return storeView(id, args["view"], context);
    },
  },
  "views.update": {
    rate: 4,
    token: "bot",
    scopes: [],
    args: { view_id: "string", view: "json", hash: "string", external_id: "string" },
    required: ["view"],
    run(args, context) {
      const id = String(args["view_id"]);
      const stored = context.views.get(id);
      if (stored === undefined) return fail("not_found");
      if (args["hash"] !== undefined && args["hash"] !== stored.hash) return fail("hash_conflict");
      return storeView(id, args["view"], context);
    },
  },
  "views.publish": {
    rate: 4,
    token: "bot",
    scopes: [],
    args: { user_id: "string", view: "json", hash: "string" },
    required: ["user_id", "view"],
    run({ user_id: user, view }, { world, homes }) {
      if (!world.users.has(String(user))) return fail("user_not_found");
      const problems = checkHome(view);
      if (problems !== null || typeof view !== "object" || view === null)
        return fail("invalid_arguments", { response_metadata: { messages: problems ?? [] } });
      homes.set(String(user), { ...view });
      return { ok: true, view: { ...view, id: `V-home-${String(user)}` } };
    },
  },
  "files.getUploadURLExternal": {
    rate: 4,
    token: "bot",
    scopes: ["files:write"],
    args: { filename: "string", length: "number", alt_txt: "string", snippet_type: "string" },
    required: ["filename", "length"],
    run({ filename, length, alt_txt: alt }, { world, baseUrl }) {
      if (typeof length !== "number" || length <= 0) return fail("invalid_arguments");
      if (typeof alt === "string" && alt.length > 1000) return fail("alt_txt_too_large");
      const id = world.nextId("F");
      world.files.set(id, {
        id,
        filename: String(filename),
        altText: typeof alt === "string" ? alt : null,
        length,
        bytes: null,
        sharedIn: null,
      });
      return { ok: true, upload_url: `${baseUrl}/upload/v1/${id}`, file_id: id };
    },
  },
  "files.completeUploadExternal": {
    rate: 4,
    token: "bot",
    scopes: ["files:write"],
    args: {
      files: "json",
      channel_id: "string",
      channels: "string",
      thread_ts: "string",
      initial_comment: "string",
      blocks: "json",
    },
    required: ["files"],
    run: completeUpload,
  },
};

function completeUpload(args: Args, { world, bot }: Context): Reply {
  const files = Array.isArray(args["files"]) ? args["files"] : [];
  const first: unknown = files[0];
  const id = typeof first === "object" && first !== null && "id" in first ? String(first.id) : "";
  const file = world.files.get(id);
  if (file === undefined || files.length !== 1) return fail("file_not_found");
  if (file.bytes === null) return fail("file_upload_incomplete");
  if (file.sharedIn !== null) return fail("file_already_shared");
  const channelId = stringOrNull(args["channel_id"]);
  if (channelId === null) return { ok: true, files: [{ id }] };
  const channel = world.channels.get(channelId);
  if (channel === undefined) return fail("channel_not_found");
  if (!channel.isMember) return fail("not_in_channel");
  const threadTs = stringOrNull(args["thread_ts"]);
  file.sharedIn = { channel: channelId, threadTs };
  const none = effectsOf({ text: "", blocks: [], parse: "none", linkNames: false, mrkdwn: false });
  world.addMessage({
    channel: channelId,
    user: bot.userId,
    botId: bot.botId,
    threadTs,
    text: "",
    blocks: [],
    metadata: null,
    effects: none,
    fileId: id,
  });
  return { ok: true, files: [{ id, title: file.filename }] };
}

function storeView(id: string, view: unknown, { views, now }: Context): Reply {
  if (typeof view !== "object" || view === null) return fail("invalid_arguments");
  const record: Args = { ...view };
  const problems = checkModal(record);
  if (problems !== null) return fail("invalid_arguments", { response_metadata: { messages: problems } });
  const hash = `${now()}.${views.size}`;
  views.set(id, { view: record, hash });
  return { ok: true, view: { ...record, id, hash } };
}
