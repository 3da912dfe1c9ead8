/** Web API methods: arguments, scopes, rate tier and what each does. */
import { checkBlocks } from "./blocks.ts";
import { effectsOf } from "./markup.ts";
import type { Tier } from "./pace.ts";
import type { FakeChannel, FakeMessage, World } from "./world.ts";

export type Args = Readonly<Record<string, unknown>>;
export type Reply = Readonly<Record<string, unknown>> & { readonly ok: boolean; readonly error?: string };

export interface Context {
  readonly world: World;
  readonly now: () => number;
  readonly scopes: ReadonlySet<string>;
  readonly bot: {
    readonly userId: string;
    readonly botId: string;
    readonly teamId: string;
    readonly appId: string;
  };
  readonly baseUrl: string;
  readonly openSocketUrl: () => string;
  /** Uses up a trigger; why not, or null. */
  readonly takeTrigger: (id: string) => "expired_trigger_id" | "exchanged_trigger_id" | null;
  readonly views: Map<string, { readonly view: Args; hash: string }>;
  /** Something that works in the fake but that nobody should do. */
  readonly warn: (problem: string) => void;
}

type ArgType = "string" | "number" | "boolean" | "json";

export interface Method {
  /** "post" is one per second and channel, with a small burst. */
  readonly rate: Tier | "post";
  readonly token: "bot" | "app";
  readonly scopes: readonly string[];
  readonly args: Readonly<Record<string, ArgType>>;
  readonly required: readonly string[];
  run(args: Args, context: Context): Reply;
}

const messageArgs = {
  channel: "string",
  text: "string",
  blocks: "json",
  attachments: "json",
  metadata: "json",
  parse: "string",
  link_names: "boolean",
} as const;

const fail = (error: string, more: Readonly<Record<string, unknown>> = {}): Reply => ({
  ok: false,
  error,
  ...more,
});

export const methods: Readonly<Record<string, Method>> = {
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
          (one) => one.channel === args["channel"] && (one.threadTs === null || one.threadTs === one.ts),
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
      const root = context.world.find(String(args["channel"]), String(args["ts"]));
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
  "conversations.create": {
    rate: 2,
    token: "bot",
    scopes: ["channels:manage"],
    args: { name: "string", is_private: "boolean", team_id: "string" },
    required: ["name"],
    run({ name, is_private: isPrivate }, { world }) {
      if (!/^[a-z0-9_-]{1,80}$/.test(String(name))) return fail("invalid_name_specials");
      if ([...world.channels.values()].some((one) => one.name === name)) return fail("name_taken");
      const channel = world.addChannel({
        id: world.nextId("C"),
        name: String(name),
        isPrivate: isPrivate === true,
      });
      return { ok: true, channel: channelObject(channel) };
    },
  },
  "conversations.archive": {
    rate: 2,
    token: "bot",
    scopes: ["channels:manage"],
    args: { channel: "string" },
    required: ["channel"],
    run({ channel: id }, context) {
      const channel = visible(String(id), context);
      if (channel === null) return fail("channel_not_found");
      if (channel.isArchived) return fail("already_archived");
      channel.isArchived = true;
      return { ok: true };
    },
  },
  "conversations.setTopic": {
    rate: 2,
    token: "bot",
    scopes: ["channels:manage"],
    args: { channel: "string", topic: "string" },
    required: ["channel", "topic"],
    run({ channel: id, topic }, context) {
      const channel = visible(String(id), context);
      if (channel === null) return fail("channel_not_found");
      if (!channel.isMember) return fail("not_in_channel");
      return String(topic).length > 250 ? fail("too_long") : { ok: true, channel: channelObject(channel) };
    },
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
      return storeView(context.world.nextId("V"), args["view"], context);
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

function postMessage(args: Args, context: Context): Reply {
  const { world, bot } = context;
  const target = writable(String(args["channel"]), context);
  if ("denied" in target) return target.denied;
  const { channel } = target;
  const problem = contentProblem(args, context) ?? threadProblem(args, channel.id, context);
  if (problem !== null) return problem;
  const message = world.addMessage({
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
  const title = record["title"];
  const titleText = typeof title === "object" && title !== null && "text" in title ? String(title.text) : "";
  if (record["type"] !== "modal" || titleText.length === 0 || titleText.length > 24)
    return fail("invalid_arguments");
  const problem = checkBlocks(record["blocks"], 100);
  if (problem !== null)
    return fail("invalid_arguments", { response_metadata: { messages: problem.messages } });
  const hash = `${now()}.${views.size}`;
  views.set(id, { view: record, hash });
  return { ok: true, view: { ...record, id, hash } };
}

/** A channel the bot can see: private ones only as a member. */
function visible(id: string, { world }: Context): FakeChannel | null {
  const channel = world.channels.get(id);
  return channel === undefined || (channel.isPrivate && !channel.isMember) ? null : channel;
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

function historyDenied(args: Args, context: Context): Reply | null {
  const channel = visible(String(args["channel"]), context);
  if (channel === null) return fail("channel_not_found");
  const needed = channel.isPrivate ? "groups:history" : "channels:history";
  if (!context.scopes.has(needed)) return missingScope(needed, context);
  return channel.isMember ? null : fail("not_in_channel");
}

export function missingScope(needed: string, { scopes }: Pick<Context, "scopes">): Reply {
  return fail("missing_scope", { needed, provided: [...scopes].join(",") });
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

export function messageObject(
  message: FakeMessage,
  withMetadata: boolean,
): Readonly<Record<string, unknown>> {
  return {
    type: "message",
    ts: message.ts,
    user: message.user,
    text: message.text,
    blocks: message.blocks,
    ...(message.botId === null ? {} : { bot_id: message.botId }),
    ...(message.threadTs === null ? {} : { thread_ts: message.threadTs }),
    ...(withMetadata && message.metadata !== null ? { metadata: message.metadata } : {}),
  };
}

function channelObject(channel: FakeChannel): Readonly<Record<string, unknown>> {
  return {
    id: channel.id,
    name: channel.name,
    is_channel: true,
    is_private: channel.isPrivate,
    is_archived: channel.isArchived,
    is_member: channel.isMember,
  };
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

function stringOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
