/** What the fake Discord knows: servers, channels, messages, people. */
import { EventEmitter } from "node:events";
import { snowflake } from "./ids.ts";

export interface FakeUser {
  readonly id: string;
  readonly username: string;
  readonly global_name: string | null;
  readonly bot: boolean;
}
export interface Overwrite {
  readonly id: string;
  readonly type: 0 | 1;
  allow: string;
  deny: string;
}
export interface FakeTag {
  readonly id: string;
  readonly name: string;
  readonly moderated: boolean;
  readonly emoji_id: string | null;
  readonly emoji_name: string | null;
}
export interface FakeChannel {
  readonly id: string;
  readonly type: number;
  readonly guildId: string | null;
  name: string;
  readonly parentId: string | null;
  readonly ownerId: string | null;
  tags: readonly FakeTag[];
  readonly overwrites: Overwrite[];
  requiresTag: boolean;
  appliedTags: readonly string[];
  isArchived: boolean;
  isLocked: boolean;
  autoArchiveMinutes: number;
  isDeleted: boolean;
  /** For a direct message: with whom. */
  readonly recipientId: string | null;
}
export interface FakeAttachment {
  readonly id: string;
  readonly filename: string;
  readonly size: number;
  /** Its bytes read as UTF-8. */
  readonly text: string;
  readonly description: string | null;
}
export interface Button {
  readonly style: number;
  readonly label: string;
  readonly customId: string | null;
  readonly url: string | null;
}
/** A message. `embeds` and `components` are as they were sent. */
export interface FakeMessage {
  readonly id: string;
  readonly channelId: string;
  readonly author: FakeUser;
  content: string;
  embeds: readonly EmbedBody[];
  components: readonly unknown[];
  attachments: readonly FakeAttachment[];
  flags: number;
  readonly nonce: string | null;
  readonly replyTo: string | null;
  editedAt: number | null;
  edits: number;
  isDeleted: boolean;
  /** For a private answer: who alone sees it. */
  readonly visibleTo: string | null;
}
export interface EmbedBody {
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly url?: string | undefined;
  readonly color?: number | undefined;
  readonly fields?:
    | readonly { readonly name: string; readonly value: string; readonly inline?: boolean | undefined }[]
    | undefined;
  readonly footer?: { readonly text: string } | undefined;
  readonly author?: { readonly name: string } | undefined;
  readonly image?: { readonly url: string } | undefined;
}
export interface FakeGuild {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string;
  readonly roles: { readonly id: string; readonly name: string; permissions: string }[];
  readonly memberRoles: Map<string, string[]>;
}
/** A mention that would have notified someone. */
export interface Ping {
  readonly channelId: string;
  readonly messageId: string;
  readonly who: string;
}

export const bits = {
  manageChannels: 1n << 4n,
  viewChannel: 1n << 10n,
  sendMessages: 1n << 11n,
  embedLinks: 1n << 14n,
  attachFiles: 1n << 15n,
  readHistory: 1n << 16n,
  manageThreads: 1n << 34n,
  createThreads: 1n << 35n,
  sendInThreads: 1n << 38n,
} as const;
/** What an invited bot has here unless a test takes it away. */
export const defaultPermissions =
  Object.values(bits).reduce((all, bit) => all | bit, 0n) & ~(bits.manageThreads | bits.manageChannels);

export type World = ReturnType<typeof createWorld>;

export function createWorld(bot: FakeUser) {
  const changes = new EventEmitter();
  changes.setMaxListeners(0);
  let skewMs = 0;
  const world = {
    bot,
    users: new Map<string, FakeUser>([[bot.id, bot]]),
    guilds: new Map<string, FakeGuild>(),
    channels: new Map<string, FakeChannel>(),
    messages: new Map<string, FakeMessage>(),
    pings: [] as Ping[],
    /** People who refuse direct messages. */
    closedTo: new Set<string>(),
    changes,
    now: () => Date.now() + skewMs,
    advance: (ms: number) => {
      skewMs += ms;
      changes.emit("change");
    },
    changed: () => changes.emit("change"),
    /** Not deleted, oldest first. */
    inChannel: (channelId: string) =>
      [...world.messages.values()].filter((each) => each.channelId === channelId && !each.isDeleted),
  };
  return world;
}

export function addGuild(world: World, name: string, owner: FakeUser): FakeGuild {
  const id = snowflake(world.now());
  const guild: FakeGuild = {
    id,
    name,
    ownerId: owner.id,
    roles: [{ id, name: "@everyone", permissions: defaultPermissions.toString() }],
    memberRoles: new Map(),
  };
  world.guilds.set(id, guild);
  return guild;
}

export function addChannel(
  world: World,
  options: Partial<Pick<FakeChannel, "parentId" | "ownerId" | "recipientId" | "autoArchiveMinutes">> & {
    readonly id?: string;
    readonly guildId: string | null;
    readonly name: string;
    readonly type: number;
  },
): FakeChannel {
  const channel: FakeChannel = {
    id: options.id ?? snowflake(world.now()),
    type: options.type,
    guildId: options.guildId,
    name: options.name,
    parentId: options.parentId ?? null,
    ownerId: options.ownerId ?? null,
    recipientId: options.recipientId ?? null,
    tags: [],
    overwrites: [],
    requiresTag: false,
    appliedTags: [],
    isArchived: false,
    isLocked: false,
    autoArchiveMinutes: options.autoArchiveMinutes ?? 1440,
    isDeleted: false,
  };
  world.channels.set(channel.id, channel);
  return channel;
}

export function isThread(channel: FakeChannel): boolean {
  return channel.type >= 10 && channel.type <= 12;
}

/** What the bot may do in a channel: everyone's rights, its roles', then the overwrites. A thread has its parent's. */
export function botRights(world: World, channel: FakeChannel): bigint {
  if (channel.guildId === null) return ~0n;
  if (isThread(channel)) {
    const parent = channel.parentId === null ? undefined : world.channels.get(channel.parentId);
    return parent === undefined ? 0n : botRights(world, parent);
  }
  const guild = world.guilds.get(channel.guildId);
  if (guild === undefined) return 0n;
  const mine = new Set([guild.id, ...(guild.memberRoles.get(world.bot.id) ?? [])]);
  let rights = guild.roles
    .filter(({ id }) => mine.has(id))
    .reduce((all, role) => all | BigInt(role.permissions), 0n);
  if ((rights & 8n) !== 0n) return ~0n;
  const apply = (list: readonly Overwrite[]) => {
    for (const each of list) rights &= ~BigInt(each.deny);
    for (const each of list) rights |= BigInt(each.allow);
  };
  apply(channel.overwrites.filter(({ id }) => id === guild.id));
  apply(channel.overwrites.filter(({ id, type }) => type === 0 && id !== guild.id && mine.has(id)));
  apply(channel.overwrites.filter(({ id, type }) => type === 1 && id === world.bot.id));
  return rights;
}
