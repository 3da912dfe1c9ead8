/** What a method of the Web API is: arguments, scopes, rate tier. */
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
  /** Home tabs that were published, by person. */
  readonly homes: Map<string, Args>;
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

/** An answer with HTTP 200 and ok: false. */
export function fail(error: string, more: Readonly<Record<string, unknown>> = {}): Reply {
  return { ok: false, error, ...more };
}

export function missingScope(needed: string, { scopes }: Pick<Context, "scopes">): Reply {
  return fail("missing_scope", { needed, provided: [...scopes].join(",") });
}

/** A channel the bot can see: private ones only as a member. */
export function visible(id: string, { world }: Context): FakeChannel | null {
  const channel = world.channels.get(id);
  return channel === undefined || (channel.isPrivate && !channel.isMember) ? null : channel;
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

export function channelObject(channel: FakeChannel): Readonly<Record<string, unknown>> {
  return {
    id: channel.id,
    name: channel.name,
    is_channel: true,
    is_private: channel.isPrivate,
    is_archived: channel.isArchived,
    is_member: channel.isMember,
    created: channel.created,
    ...(channel.creator === null ? {} : { creator: channel.creator }),
    topic: { value: channel.topic },
    purpose: { value: channel.purpose },
  };
}

export function stringOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
