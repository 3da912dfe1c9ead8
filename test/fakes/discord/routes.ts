/** The REST surface: channels, messages, threads, commands, people. */
import { z } from "zod";
import { readCommands } from "./command-limits.ts";
import { snowflake } from "./ids.ts";
import type { InteractionDesk } from "./interactions.ts";
import { checkLength } from "./limits.ts";
import { createMessage, editMessage, guarded, type Incoming } from "./messages.ts";
import { invalid, Refusal, refusals } from "./refusal.ts";
import { checkTags, patchForum } from "./tags.ts";
import { channelBody, guildBody, memberBody, messageBody, shownToBot, userBody } from "./wire.ts";
import {
  addChannel,
  bits,
  botRights,
  type FakeChannel,
  type FakeMessage,
  isThread,
  type World,
} from "./world.ts";

export interface Request extends Incoming {
  readonly params: readonly string[];
  readonly query: URLSearchParams;
}
export interface Route {
  readonly method: string;
  readonly pattern: RegExp;
  /** For rate limits: the path with every id but the first left out. */
  readonly name: string;
  readonly auth: "bot" | "none";
  readonly handle: (request: Request) => unknown;
}
export interface CommandDesk {
  readonly byScope: Map<string, readonly Record<string, unknown>[]>;
  puts: number;
  created: number;
}

/** What the fake's gateway is told. */
export interface RouteOptions {
  readonly world: World;
  readonly applicationId: string;
  readonly commands: CommandDesk;
  readonly desk: InteractionDesk;
  readonly gatewayInfo: () => unknown;
  readonly dispatch: (event: string, data: unknown) => void;
  readonly dispatchMessage: (message: FakeMessage) => void;
}

const threadInput = z.object({
  name: z.string(),
  auto_archive_duration: z
    .union([z.literal(60), z.literal(1440), z.literal(4320), z.literal(10080)])
    .optional(),
  applied_tags: z.array(z.string()).optional(),
  message: z.unknown().optional(),
  type: z.number().optional(),
});
const maxCreatesPerDay = 200;

export function routesOf(options: RouteOptions): readonly Route[] {
  const { world, applicationId, commands, desk } = options;
  const routes: Route[] = [];
  const on = (
    method: string,
    path: string,
    handle: (request: Request) => unknown,
    auth: "bot" | "none" = "bot",
  ) => {
    const pattern = new RegExp(
      `^${path
        .replace(/:tag/g, "(@original|\\d+)")
        .replace(/:token/g, "([^/]+)")
        .replace(/:id/g, "(\\d+)")}$`,
    );
    routes.push({ method, pattern, name: path, auth, handle });
  };

  on("GET", "/gateway/bot", options.gatewayInfo);
  on("GET", "/users/@me", () => userBody(world.bot));
  on("GET", "/applications/@me", () => ({ id: applicationId, name: world.bot.username, flags: 0 }));
  on("GET", "/oauth2/applications/@me", () => ({ id: applicationId, name: world.bot.username, flags: 0 }));
  on("POST", "/users/@me/channels", ({ body }) => openDirect(body));
  on("GET", "/guilds/:id", ({ params }) => guildBody(world, guildOf(params[0])));
  on("GET", "/guilds/:id/members/:id", ({ params }) => {
    const user = world.users.get(params[1] ?? "");
    if (user === undefined) throw new Refusal(404, 10007, "Unknown Member");
    return memberBody(world, guildOf(params[0]), user);
  });
  on("GET", "/guilds/:id/threads/active", ({ params }) => ({
    threads: [...world.channels.values()]
      .filter((each) => each.guildId === params[0] && isThread(each) && !each.isArchived && !each.isDeleted)
      .reverse()
      .map(channelBody),
    members: [],
    has_more: false,
  }));
  for (const scope of ["/applications/:id/commands", "/applications/:id/guilds/:id/commands"]) {
    on("GET", scope, ({ params }) => commands.byScope.get(scopeOf(params)) ?? []);
    on("PUT", scope, ({ params, body }) => putCommands(params, body));
  }
  on("GET", "/channels/:id", ({ params }) => channelBody(visible(params[0])));
  on("PATCH", "/channels/:id", ({ params, body }) => patchChannel(visible(params[0]), body));
  on("DELETE", "/channels/:id", ({ params }) => {
    const channel = visible(params[0]);
    channel.isDeleted = true;
    return channelBody(channel);
  });
  on("GET", "/channels/:id/messages", ({ params, query }) => history(visible(params[0]), query));
  on("POST", "/channels/:id/messages", (request) => {
    const channel = visible(request.params[0]);
    const message = createMessage(world, channel, request);
    options.dispatchMessage(message);
    return sent(message);
  });
  on("GET", "/channels/:id/messages/:id", ({ params }) => {
    needs(visible(params[0]), bits.readHistory);
    const message = messageOf(params);
    return shownToBot(world, message, messageBody(message));
  });
  on("PATCH", "/channels/:id/messages/:id", (request) => {
    const channel = visible(request.params[0]);
    const message = messageOf(request.params);
    if (message.author.id !== world.bot.id) throw refusals.notAuthor();
    if (channel.isArchived) throw refusals.archived();
    return messageBody(editMessage(world, message, request));
  });
  on("DELETE", "/channels/:id/messages/:id", ({ params }) => {
    messageOf(params).isDeleted = true;
    return null;
  });
  on("PUT", "/channels/:id/messages/pins/:id", ({ params }) => void messageOf(params));
  on("POST", "/channels/:id/messages/:id/threads", ({ params, body }) => threadFromMessage(params, body));
  on("POST", "/channels/:id/threads", (request) => threadIn(visible(request.params[0]), request));
  on("POST", "/interactions/:id/:token/callback", (request) => desk.callback(request), "none");
  on("GET", "/webhooks/:id/:token/messages/:tag", (request) => desk.getMessage(request), "none");
  on("PATCH", "/webhooks/:id/:token/messages/:tag", (request) => desk.editMessage(request), "none");
  on("DELETE", "/webhooks/:id/:token/messages/:tag", (request) => desk.deleteMessage(request), "none");
  on("POST", "/webhooks/:id/:token", (request) => desk.followUp(request), "none");
  return routes;

  function sent(message: FakeMessage) {
    return { ...messageBody(message), ...(message.nonce === null ? {} : { nonce: message.nonce }) };
  }

  function guildOf(id = "") {
    const guild = world.guilds.get(id);
    if (guild === undefined) throw refusals.unknownGuild();
    return guild;
  }

  function visible(id = ""): FakeChannel {
    const channel = world.channels.get(id);
    if (channel === undefined || channel.isDeleted) throw refusals.unknownChannel();
    if ((botRights(world, channel) & bits.viewChannel) === 0n) throw refusals.missingAccess();
    return channel;
  }

  function needs(channel: FakeChannel, bit: bigint): void {
    if ((botRights(world, channel) & bit) === 0n) throw refusals.missingPermissions();
  }

  function messageOf(params: readonly string[]): FakeMessage {
    const channel = visible(params[0]);
    const message = world.messages.get(params[1] ?? "");
    if (
      message === undefined ||
      message.isDeleted ||
      message.channelId !== channel.id ||
      message.visibleTo !== null
    )
      throw refusals.unknownMessage();
    return message;
  }

  function openDirect(body: unknown) {
    const { recipient_id: recipientId } = guarded(z.object({ recipient_id: z.string() }), body);
    if (!world.users.has(recipientId)) throw new Refusal(400, 50033, "Invalid Recipient(s)");
    const known = [...world.channels.values()].find((each) => each.recipientId === recipientId);
    return channelBody(known ?? addChannel(world, { guildId: null, name: "", type: 1, recipientId }));
  }

  function scopeOf(params: readonly string[]): string {
    if (params[0] !== applicationId) throw new Refusal(404, 10002, "Unknown Application");
    if (params[1] !== undefined) guildOf(params[1]);
    return params[1] ?? "global";
  }

  function putCommands(params: readonly string[], body: unknown) {
    const scope = scopeOf(params);
    const known = commands.byScope.get(scope) ?? [];
    const wanted = readCommands(body);
    const fresh = wanted.filter(({ name }) => !known.some((each) => each["name"] === name));
    if (commands.created + fresh.length > maxCreatesPerDay)
      throw new Refusal(400, 30034, "Max number of daily application command creates has been reached (200)");
    commands.created += fresh.length;
    commands.puts += 1;
    const stored = wanted.map((each) => storedCommand(each, known, params[1]));
    commands.byScope.set(scope, stored);
    world.changed();
    return stored;
  }

  /** As Discord returns it: with its own fields, and without those that have their default. */
  function storedCommand(
    each: ReturnType<typeof readCommands>[number],
    known: readonly Record<string, unknown>[],
    guildId: string | undefined,
  ) {
    const old = known.find(({ name }) => name === each.name);
    return {
      id: old?.["id"] ?? snowflake(world.now()),
      application_id: applicationId,
      version: snowflake(world.now()),
      default_member_permissions: null,
      nsfw: false,
      type: each.type,
      name: each.name,
      name_localizations: null,
      description: each.description,
      description_localizations: null,
      ...(guildId === undefined
        ? { dm_permission: true, contexts: null, integration_types: [0] }
        : { guild_id: guildId }),
      ...(each.options.length === 0
        ? {}
        : {
            options: each.options.map(({ required, autocomplete, choices, ...rest }) => ({
              ...rest,
              description_localizations: null,
              ...(required === true ? { required } : {}),
              ...(autocomplete === true ? { autocomplete } : {}),
              ...(choices === undefined || choices.length === 0
                ? {}
                : { choices: choices.map((choice) => ({ ...choice, name_localizations: null })) }),
            })),
          }),
    };
  }

  function patchChannel(channel: FakeChannel, body: unknown) {
    if (channel.type === 15 || channel.type === 16) return channelBody(patchForum(world, channel, body));
    const patch = guarded(
      z.object({
        archived: z.boolean().optional(),
        locked: z.boolean().optional(),
        name: z.string().optional(),
        applied_tags: z.array(z.string()).optional(),
      }),
      body,
    );
    const rights = botRights(world, channel);
    const mayManage = (rights & bits.manageThreads) !== 0n;
    if (!isThread(channel)) throw refusals.missingPermissions();
    if (channel.isLocked && !mayManage) throw refusals.missingPermissions();
    if (patch.locked !== undefined && !mayManage) throw refusals.missingPermissions();
    if (patch.archived === undefined && channel.isArchived) throw refusals.archived();
    if (patch.archived === false && (rights & bits.sendInThreads) === 0n) throw refusals.missingPermissions();
    if (patch.applied_tags !== undefined) {
      const forum = world.channels.get(channel.parentId ?? "");
      if (forum?.type !== 15 && forum?.type !== 16) throw refusals.notForType();
      if (channel.ownerId !== world.bot.id && !mayManage) throw refusals.missingPermissions();
      checkTags(world, forum, { before: channel.appliedTags, after: patch.applied_tags });
      channel.appliedTags = patch.applied_tags;
    }
    if (patch.archived !== undefined) channel.isArchived = patch.archived;
    if (patch.locked !== undefined) channel.isLocked = patch.locked;
    if (patch.name !== undefined) channel.name = patch.name;
    world.changed();
    return channelBody(channel);
  }

  /** Without Read Message History Discord answers an empty list. */
  function history(channel: FakeChannel, query: URLSearchParams) {
    if (channel.type === 15) throw refusals.notText();
    const limit = Number(query.get("limit") ?? "50");
    if (!Number.isInteger(limit) || limit < 1 || limit > 100)
      throw invalid("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100.");
    if ((botRights(world, channel) & bits.readHistory) === 0n) return [];
    const after = query.get("after");
    const before = query.get("before");
    if (after !== null && before !== null)
      throw invalid("before", "CHOICE", "Only one of before, after, around");
    const all = world.inChannel(channel.id).filter((each) => each.visibleTo === null);
    const chosen =
      after !== null
        ? all.filter((each) => BigInt(each.id) > BigInt(after)).slice(0, limit)
        : all.filter((each) => before === null || BigInt(each.id) < BigInt(before)).slice(-limit);
    return chosen.reverse().map(messageBody);
  }

  function threadFromMessage(params: readonly string[], body: unknown) {
    const channel = visible(params[0]);
    const message = messageOf(params);
    const input = guarded(threadInput, body);
    checkLength("name", input.name, 1, 100);
    if (channel.type !== 0 && channel.type !== 5) throw refusals.notForType();
    needs(channel, bits.createThreads);
    if (world.channels.has(message.id)) throw refusals.threadExists();
    const thread = addChannel(world, {
      id: message.id,
      guildId: channel.guildId,
      parentId: channel.id,
      ownerId: world.bot.id,
      name: input.name,
      type: channel.type === 5 ? 10 : 11,
      autoArchiveMinutes: input.auto_archive_duration ?? 1440,
    });
    options.dispatch("THREAD_CREATE", { ...channelBody(thread), newly_created: true });
    world.changed();
    return channelBody(thread);
  }

  /** A post in a forum: a thread with its first message, whose id it shares. */
  function threadIn(channel: FakeChannel, request: Request) {
    if (channel.type !== 15 && channel.type !== 16) throw refusals.notForType();
    const input = guarded(threadInput, request.body);
    checkLength("name", input.name, 1, 100);
    needs(channel, bits.sendMessages);
    if (input.message === undefined) throw invalid("message", "BASE_TYPE_REQUIRED", "This field is required");
    const tags = input.applied_tags ?? [];
    checkTags(world, channel, { before: [], after: tags });
    const thread = addChannel(world, {
      guildId: channel.guildId,
      parentId: channel.id,
      ownerId: world.bot.id,
      name: input.name,
      type: 11,
      autoArchiveMinutes: input.auto_archive_duration ?? 1440,
    });
    thread.appliedTags = tags;
    try {
      const message = createMessage(world, thread, { ...request, body: input.message }, thread.id);
      options.dispatch("THREAD_CREATE", { ...channelBody(thread), newly_created: true });
      return { ...channelBody(thread), message: messageBody(message) };
    } catch (error) {
      world.channels.delete(thread.id);
      throw error;
    }
  }
}
