/** What the bot may do in a channel, worked out from REST so that `doctor` needs no gateway. */
import type { Api, Failure } from "./api.ts";
import { type ApiChannel, type ApiGuild, channelShape, guildShape, isThread, memberShape } from "./shapes.ts";

/** Bits that the bot needs. @see https://discord.com/developers/docs/topics/permissions */
export const permissions = {
  "View Channel": 1n << 10n,
  "Send Messages": 1n << 11n,
  "Embed Links": 1n << 14n,
  "Attach Files": 1n << 15n,
  "Read Message History": 1n << 16n,
  "Create Public Threads": 1n << 35n,
  "Send Messages in Threads": 1n << 38n,
} as const;
/** Bits that the bot can do without; what they are for stays out then. */
export const optionalPermissions = {
  "Manage Channels": 1n << 4n,
  "Manage Threads": 1n << 34n,
} as const;
export type PermissionName = keyof typeof permissions;

const administrator = 1n << 3n;
const everything = (1n << 60n) - 1n;

/** All bits that the bot needs, for the invitation link. */
export const neededBits = Object.values(permissions).reduce((all, bit) => all | bit, 0n);

interface Standing {
  readonly guild: ApiGuild;
  readonly roles: readonly string[];
}

/** The documented order: everyone, roles, then overwrites of everyone, of roles, of the member. */
export function permissionsIn(channel: ApiChannel, standing: Standing, self: string): bigint {
  const { guild, roles } = standing;
  if (guild.owner_id === self) return everything;
  const mine = new Set([guild.id, ...roles]);
  let bits = 0n;
  for (const role of guild.roles) if (mine.has(role.id)) bits |= BigInt(role.permissions);
  if ((bits & administrator) !== 0n) return everything;
  const overwrites = channel.permission_overwrites;
  const steps = [
    overwrites.filter(({ id }) => id === guild.id),
    overwrites.filter(({ id, type }) => type === 0 && id !== guild.id && mine.has(id)),
    overwrites.filter(({ id, type }) => type === 1 && id === self),
  ];
  for (const step of steps) {
    const deny = step.reduce((all, each) => all | BigInt(each.deny), 0n);
    const allow = step.reduce((all, each) => all | BigInt(each.allow), 0n);
    bits = (bits & ~deny) | allow;
  }
  return bits;
}

/** Names of what is missing. */
export function missingPermissions(bits: bigint): PermissionName[] {
  return Object.entries(permissions)
    .filter(([, bit]) => (bits & bit) === 0n)
    .map(([name]) => name as PermissionName); // The keys of `permissions` are exactly these names.
}

export interface Rights {
  readonly kind: "rights";
  /** The channel that was asked about. */
  readonly channel: ApiChannel;
  readonly bits: bigint;
}

/** Roles change seldom; asking again after this long is soon enough, ms. */
const keptMs = 60_000;
const maxKept = 100;

/** Looks up rights; a guild's roles are kept for a minute. */
export function createRights(api: Api, self: () => Promise<string | Failure>) {
  const kept = new Map<string, { readonly standing: Standing; readonly until: number }>();

  async function standingIn(guildId: string, me: string): Promise<Standing | Failure> {
    const known = kept.get(guildId);
    if (known !== undefined && known.until > Date.now()) return known.standing;
    const guild = await api.call({ method: "GET", path: `/guilds/${guildId}`, schema: guildShape });
    if (guild.kind !== "ok") return guild;
    const member = await api.call({
      method: "GET",
      path: `/guilds/${guildId}/members/${me}`,
      schema: memberShape,
    });
    if (member.kind !== "ok") return member;
    const standing = { guild: guild.body, roles: member.body.roles };
    if (kept.size >= maxKept) kept.clear();
    kept.set(guildId, { standing, until: Date.now() + keptMs });
    return standing;
  }

  /** Rights in a channel; those of a thread are its parent's. */
  async function of(channelId: string): Promise<Rights | Failure> {
    const me = await self();
    if (typeof me !== "string") return me;
    const asked = await api.call({ method: "GET", path: `/channels/${channelId}`, schema: channelShape });
    if (asked.kind !== "ok") return asked;
    const channel = asked.body;
    if (channel.guild_id === undefined) return { kind: "rights", channel, bits: everything };
    const ruling = await rulingChannel(channel);
    if (ruling.kind !== "ok") return ruling;
    const standing = await standingIn(channel.guild_id, me);
    if ("kind" in standing) return standing;
    return { kind: "rights", channel, bits: permissionsIn(ruling.body, standing, me) };
  }

  async function rulingChannel(channel: ApiChannel) {
    if (!isThread(channel.type) || typeof channel.parent_id !== "string")
      return { kind: "ok" as const, body: channel };
    return api.call({ method: "GET", path: `/channels/${channel.parent_id}`, schema: channelShape });
  }

  return { of };
}
