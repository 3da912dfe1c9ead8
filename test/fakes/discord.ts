/**
 * A Discord of our own, for the real discord.js over loopback: gateway and REST, with Discord's limits enforced and
 * faults on demand. What the real one refuses, this one refuses with the same codes, and lists in `refused`.
 *
 * ```ts
 * const discord = await startFakeDiscord();
 * const chat = await createDiscord({ token: discord.token, apiUrl: discord.apiUrl, log, metrics });
 * await chat.start(door, commands);
 * await chat.post({ platform: "discord", id: discord.channel.id }, message);
 * discord.messages(discord.channel.id);                  // what people see
 * discord.press(card, "Acknowledge", { user });          // what people do
 * discord.faults.add({ kind: "commit_then_reset", method: "POST", path: "/messages" });
 * await discord.close();
 * ```
 *
 * A bot in another process connects with DISCORD_TOKEN=`token` and DISCORD_API_URL=`apiUrl`.
 * Not modelled: voice, reactions of the bot's own, webhooks other than those of interactions, components other than buttons.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Actors, createActors } from "./discord/actors.ts";
import { createFaults } from "./discord/faults.ts";
import { createFakeGateway } from "./discord/gateway.ts";
import { snowflake } from "./discord/ids.ts";
import { createDesk } from "./discord/interactions.ts";
import { type Call, createRest } from "./discord/rest.ts";
import { type CommandDesk, routesOf } from "./discord/routes.ts";
import {
  addChannel,
  addGuild,
  bits,
  createWorld,
  type FakeChannel,
  type FakeGuild,
  type FakeMessage,
  type FakeTag,
  type FakeUser,
} from "./discord/world.ts";

export type { Fault } from "./discord/faults.ts";
export type { FakeInteraction } from "./discord/interactions.ts";
export type { Call } from "./discord/rest.ts";
export type { FakeChannel, FakeGuild, FakeMessage, FakeUser, Ping } from "./discord/world.ts";
export { bits } from "./discord/world.ts";

export interface FakeDiscordOptions {
  /** Requests a second per route and channel; default 5. */
  readonly perRoute?: number;
  /** Requests a second of the whole bot; default 50. */
  readonly global?: number;
  /** False allows more than one new session in five seconds; default true. */
  readonly isIdentifyPaced?: boolean;
}

export type FakeDiscord = Awaited<ReturnType<typeof startFakeDiscord>>;

/** Starts on 127.0.0.1 and a free port, with one server, one channel `incidents`, a bot and a person `oncall`. */
export async function startFakeDiscord(options: FakeDiscordOptions = {}) {
  const bot = makeUser("tocsin", true);
  const world = createWorld(bot);
  const applicationId = snowflake(Date.now());
  let token = `${Buffer.from(bot.id).toString("base64")}.fake.${snowflake(Date.now())}`;
  const violations: string[] = [];
  const faults = createFaults();
  const desk = createDesk(world, applicationId);
  const commands: CommandDesk = { byScope: new Map(), puts: 0, created: 0 };
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A server listening on a port has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  const gateway = createFakeGateway(server, {
    world,
    token: () => token,
    applicationId,
    url: () => `ws://127.0.0.1:${port}`,
    isIdentifyPaced: options.isIdentifyPaced ?? true,
    onViolation: (what) => violations.push(what),
  });
  const rest = createRest({
    world,
    faults,
    token: () => token,
    limits: { perRoute: options.perRoute ?? 5, global: options.global ?? 50 },
    routes: routesOf({
      world,
      applicationId,
      commands,
      desk,
      dispatch: gateway.dispatch,
      dispatchMessage: gateway.dispatchMessage,
      gatewayInfo: () => ({
        url: `ws://127.0.0.1:${port}`,
        shards: 1,
        session_start_limit: {
          total: 1000,
          remaining: Math.max(0, gateway.state.remaining),
          reset_after: 86_400_000,
          max_concurrency: 1,
        },
      }),
    }),
  });
  server.on("request", (request, response) => {
    rest.handle(request, response).catch((error: unknown) => {
      // A bot that was killed while it asked is no fault of the fake's.
      if (request.complete)
        violations.push(
          `the fake failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
      response.destroy();
    });
  });
  const oncall = makeUser("oncall", false);
  const guild = addGuild(world, "operations", oncall);
  const channel = addChannel(world, { guildId: guild.id, name: "incidents", type: 0 });
  const actors: Actors = createActors({
    world,
    desk,
    commands,
    applicationId,
    dispatch: gateway.dispatch,
    dispatchMessage: gateway.dispatchMessage,
  });

  return {
    ...actors,
    /** For DISCORD_API_URL. */
    apiUrl: `http://127.0.0.1:${port}/api`,
    get token() {
      return token;
    },
    applicationId,
    bot,
    /** A person in the server. */
    oncall,
    guild,
    channel,
    faults,
    gateway,
    /** Every REST request in order of arrival, with what came of it. */
    calls: rest.calls as readonly Call[],
    /** Requests that broke a rule of Discord's, with its words; empty in a test without faults of the bot. */
    refused: rest.refused as readonly string[],
    violations: violations as readonly string[],
    /** Mentions that would have notified someone. */
    pings: world.pings,
    commands,
    now: world.now,
    /** Moves Discord's clock. */
    advance: world.advance,
    addUser: (name: string): FakeUser => makeUser(name, false),
    /** Another application's bot. */
    addBot: (name: string): FakeUser => makeUser(name, true),
    addGuild: (name: string): FakeGuild => addGuild(world, name, oncall),
    /** @param type - 0 text, 2 voice, 5 announcement, 15 forum. */
    addChannel: (name: string, type = 0, where = guild): FakeChannel =>
      addChannel(world, { guildId: where.id, name, type }),
    addTag(forum: FakeChannel, name: string, more: Partial<FakeTag> = {}): FakeTag {
      const tag = {
        id: snowflake(world.now()),
        name,
        moderated: false,
        emoji_id: null,
        emoji_name: null,
        ...more,
      };
      forum.tags = [...forum.tags, tag];
      return tag;
    },
    /** Names of the tags that a post carries, in order. */
    tagsOf: (post: FakeChannel): readonly string[] =>
      post.appliedTags.map(
        (id) =>
          world.channels.get(post.parentId ?? "")?.tags.find((tag) => tag.id === id)?.name ?? `gone ${id}`,
      ),
    /** Takes a permission from the bot in one channel. */
    deny(where: FakeChannel, permission: keyof typeof bits): void {
      const denied = where.overwrites.find(({ id }) => id === bot.id)?.deny ?? "0";
      const deny = (BigInt(denied) | bits[permission]).toString();
      where.overwrites.splice(0, where.overwrites.length, { id: bot.id, type: 1, allow: "0", deny });
    },
    /** Gives the bot permissions in the whole server that it did not have. */
    grant(permission: keyof typeof bits): void {
      const everyone = guild.roles[0];
      if (everyone !== undefined)
        everyone.permissions = (BigInt(everyone.permissions) | bits[permission]).toString();
    },
    /** Puts an emoji on a message as a person, or takes it off. */
    react(
      message: FakeMessage,
      emoji: string,
      doing: { readonly user: FakeUser; readonly isTakenOff?: true },
    ) {
      gateway.dispatchReaction(message, doing.user, emoji, doing.isTakenOff ? "REMOVE" : "ADD");
    },
    /** Makes the token invalid, as when someone resets it. */
    resetToken(): void {
      token = `reset.${snowflake(Date.now())}`;
    },
    /** Public messages of a channel or thread, oldest first. */
    messages: (channelId: string): readonly FakeMessage[] =>
      world.inChannel(channelId).filter((each) => each.visibleTo === null),
    /** Private answers, whoever sees them, oldest first. */
    answers: (): readonly FakeMessage[] =>
      [...world.messages.values()].filter((each) => each.visibleTo !== null),
    /** The thread that was started from a message, or null. */
    threadOf: (message: FakeMessage): FakeChannel | null => world.channels.get(message.id) ?? null,
    /** The channel that a thread belongs to, by its id; null for what is no thread. */
    parentOf: (threadId: string): string | null => world.channels.get(threadId)?.parentId ?? null,
    threads: (parent: FakeChannel): readonly FakeChannel[] =>
      [...world.channels.values()].filter((each) => each.parentId === parent.id && !each.isDeleted),
    /** What the bot wrote to a person directly. */
    directMessages: (user: FakeUser): readonly FakeMessage[] =>
      [...world.channels.values()]
        .filter((each) => each.recipientId === user.id)
        .flatMap((each) => world.inChannel(each.id)),
    refuseDirectMessages: (user: FakeUser) => world.closedTo.add(user.id),
    /** Resolves with the first value that is not undefined, null or false; checks after every change. */
    until<Value>(look: () => Value | undefined | null | false, timeoutMs = 5_000): Promise<Value> {
      return until(world, look, timeoutMs);
    },
    async close(): Promise<void> {
      gateway.close();
      rest.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  function makeUser(name: string, isBot: boolean): FakeUser {
    const user = { id: snowflake(Date.now()), username: name, global_name: name, bot: isBot };
    if (!isBot) world.users.set(user.id, user);
    return user;
  }
}

function until<Value>(
  world: ReturnType<typeof createWorld>,
  look: () => Value | undefined | null | false,
  timeoutMs: number,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      world.changes.off("change", check);
      reject(new Error(`fake discord: waited ${timeoutMs} ms in vain for: ${look.toString().slice(0, 200)}`));
    }, timeoutMs);
    function check(): void {
      const value = look();
      if (value === undefined || value === null || value === false) return;
      clearTimeout(timer);
      world.changes.off("change", check);
      resolve(value);
    }
    world.changes.on("change", check);
    check();
  });
}
