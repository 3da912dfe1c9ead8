/** The parts of Discord's replies that the adapter reads. Unknown keys are ignored. */
import { z } from "zod";

const id = z.string().regex(/^\d{1,20}$/);

export const anything = z.unknown();

export const messageShape = z.object({
  id,
  channel_id: id,
  author: z.object({ id }),
  content: z.string().default(""),
  embeds: z
    .array(z.object({ title: z.string().optional(), footer: z.object({ text: z.string() }).optional() }))
    .default([]),
});
export type ApiMessage = z.infer<typeof messageShape>;

const overwriteShape = z.object({
  id,
  type: z.union([z.literal(0), z.literal(1)]),
  allow: z.string(),
  deny: z.string(),
});

/** Loose: a list of tags is written back whole, with what the bot does not know of. */
const tagShape = z.looseObject({ id, name: z.string(), moderated: z.boolean().default(false) });
export type ApiTag = z.infer<typeof tagShape>;

export const channelShape = z.object({
  id,
  type: z.number(),
  guild_id: id.optional(),
  parent_id: id.nullish(),
  owner_id: id.nullish(),
  name: z.string().nullish(),
  permission_overwrites: z.array(overwriteShape).default([]),
  available_tags: z.array(tagShape).default([]),
  applied_tags: z.array(id).default([]),
});
export type ApiChannel = z.infer<typeof channelShape>;

export const guildShape = z.object({
  id,
  name: z.string(),
  owner_id: id,
  roles: z.array(z.object({ id, permissions: z.string() })),
});
export type ApiGuild = z.infer<typeof guildShape>;

export const memberShape = z.object({ roles: z.array(id) });
export const userShape = z.object({ id, username: z.string() });
export const applicationShape = z.object({ id, name: z.string().default("") });
export const threadsShape = z.object({ threads: z.array(channelShape) });

export const gatewayShape = z.object({
  session_start_limit: z.object({ total: z.number(), remaining: z.number(), reset_after: z.number() }),
});

/** Channel types by number. @see https://discord.com/developers/docs/resources/channel#channel-object-channel-types */
export const channelTypes = {
  text: 0,
  directMessage: 1,
  voice: 2,
  announcement: 5,
  announcementThread: 10,
  publicThread: 11,
  privateThread: 12,
  stage: 13,
  forum: 15,
  media: 16,
} as const;

export function isForum(type: number): boolean {
  return type === channelTypes.forum || type === channelTypes.media;
}

export function isThread(type: number): boolean {
  return type >= channelTypes.announcementThread && type <= channelTypes.privateThread;
}
