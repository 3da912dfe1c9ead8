/** Things as Discord's API writes them. */
import { msOf } from "./ids.ts";
import {
  type FakeChannel,
  type FakeGuild,
  type FakeMessage,
  type FakeUser,
  isThread,
  type World,
} from "./world.ts";

export function userBody(user: FakeUser) {
  return { ...user, discriminator: "0", avatar: null };
}

export function channelBody(channel: FakeChannel) {
  const base = { id: channel.id, type: channel.type, name: channel.name };
  if (channel.guildId === null) return { ...base, recipients: [] };
  if (isThread(channel))
    return {
      ...base,
      guild_id: channel.guildId,
      parent_id: channel.parentId,
      owner_id: channel.ownerId,
      message_count: 0,
      member_count: 1,
      applied_tags: channel.appliedTags,
      thread_metadata: {
        archived: channel.isArchived,
        locked: channel.isLocked,
        auto_archive_duration: channel.autoArchiveMinutes,
        archive_timestamp: new Date(msOf(channel.id)).toISOString(),
      },
    };
  return {
    ...base,
    guild_id: channel.guildId,
    parent_id: channel.parentId,
    position: 0,
    nsfw: false,
    permission_overwrites: channel.overwrites,
    ...(channel.type === 15 ? { available_tags: channel.tags, flags: channel.requiresTag ? 1 << 4 : 0 } : {}),
  };
}

/** History never holds the nonce: only the reply to the request that set it does. */
export function messageBody(message: FakeMessage) {
  return {
    id: message.id,
    channel_id: message.channelId,
    type: message.replyTo === null ? 0 : 19,
    author: userBody(message.author),
    content: message.content,
    embeds: message.embeds.map((embed) => ({ type: "rich", ...embed })),
    components: message.components,
    attachments: message.attachments.map((each) => ({
      ...each,
      url: `https://cdn.discordapp.com/attachments/${message.channelId}/${each.id}/${each.filename}`,
      proxy_url: "",
    })),
    mentions: [],
    mention_roles: [],
    mention_everyone: false,
    pinned: false,
    tts: false,
    flags: message.flags,
    timestamp: new Date(msOf(message.id)).toISOString(),
    edited_timestamp: message.editedAt === null ? null : new Date(message.editedAt).toISOString(),
    ...(message.replyTo === null
      ? {}
      : { message_reference: { message_id: message.replyTo, channel_id: message.channelId } }),
  };
}

/**
 * Without MESSAGE_CONTENT a bot is shown what is in a message only where it is meant: in its own, in direct messages,
 * and where it is mentioned.
 */
export function shownToBot<Body extends object>(world: World, message: FakeMessage, body: Body): Body {
  const isMeant =
    world.channels.get(message.channelId)?.guildId == null ||
    message.author.id === world.bot.id ||
    new RegExp(`<@!?${world.bot.id}>`).test(message.content);
  return isMeant ? body : { ...body, content: "", embeds: [], components: [], attachments: [] };
}

/** As the gateway says that there is a new message. */
export function createdBody(world: World, message: FakeMessage, guild: FakeGuild | null) {
  const named = [...message.content.matchAll(/<@!?(\d+)>/g)].map(([, id = ""]) => world.users.get(id));
  const mentions = named.filter((user) => user !== undefined).map(userBody);
  const { user: _user, ...member } =
    guild === null ? { user: null } : memberBody(world, guild, message.author);
  const place = guild === null ? {} : { guild_id: guild.id, member };
  return { ...messageBody(message), mentions, ...place };
}

export function guildBody(world: World, guild: FakeGuild) {
  const channels = [...world.channels.values()].filter(
    (each) => each.guildId === guild.id && !each.isDeleted,
  );
  return {
    id: guild.id,
    name: guild.name,
    owner_id: guild.ownerId,
    icon: null,
    roles: guild.roles.map((role, position) => ({
      ...role,
      position,
      color: 0,
      colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
      hoist: false,
      managed: false,
      mentionable: false,
      flags: 0,
    })),
    emojis: [],
    stickers: [],
    features: [],
    verification_level: 0,
    premium_tier: 0,
    preferred_locale: "en-US",
    channels: channels.filter((each) => !isThread(each)).map(channelBody),
    threads: channels.filter((each) => isThread(each) && !each.isArchived).map(channelBody),
    members: [memberBody(world, guild, world.bot)],
    member_count: 2,
    large: false,
    unavailable: false,
    voice_states: [],
    presences: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
    system_channel_flags: 0,
  };
}

export function memberBody(_world: World, guild: FakeGuild, user: FakeUser) {
  return {
    user: userBody(user),
    nick: null,
    roles: guild.memberRoles.get(user.id) ?? [],
    joined_at: new Date(msOf(guild.id)).toISOString(),
    deaf: false,
    mute: false,
    flags: 0,
    permissions: "0",
  };
}
