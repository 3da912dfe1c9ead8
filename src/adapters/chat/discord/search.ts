/** Finding a message again after an attempt whose outcome nobody knows. */
import type { Channel, FindResult, MessageRef } from "../../../ports/chat.ts";
import type { Api, Failure, Reply } from "./api.ts";
import { blindOf, codes } from "./outcome.ts";
import { type createRights, permissions } from "./permissions.ts";
import { hasMark, markOf, momentOf, placeOf, refOf, snowflakeAt } from "./reference.ts";
import { type ApiChannel, type ApiMessage, isForum, messageShape, threadsShape } from "./shapes.ts";

const pageSize = 100;
const maxPages = 10;
/** Nothing arrives later than this after its attempt, ms. */
const latestArrivalMs = 15 * 60_000;
/** Forum posts have no nonce: an absent one is not believed before this age, ms. */
const forumSettleMs = 30_000;
/** Clocks of the bot and of Discord may differ by this much, ms. */
const skewMs = 60_000;
/** Waits this long for a rate limit while reading pages; more makes the search blind. */
const maxWaitMs = 2_000;
const maxForumPosts = 25;

export interface SearchOptions {
  readonly api: Api;
  readonly self: () => Promise<string | Failure>;
  readonly rights: ReturnType<typeof createRights>;
}

type Scan = { readonly kind: "found"; readonly message: ApiMessage } | { readonly kind: "absent" } | Failure;

export function createSearch({ api, self, rights }: SearchOptions) {
  async function find(channel: Channel, key: string, since: Date, thread?: MessageRef): Promise<FindResult> {
    const me = await self();
    if (typeof me !== "string") return blindOf(me, channel.id);
    const wanted = { mark: markOf(key), me, since };
    const card = thread === undefined ? null : placeOf(thread);
    if (card !== null) {
      const inThread = await scan(card.message, wanted);
      if (inThread.kind === "found") return found(channel, inThread.message);
      // Without a thread an entry is either not there or, where the channel has no threads, beside its card.
      const isThreadless = inThread.kind === "denied" && inThread.code === codes.unknownChannel;
      if (inThread.kind !== "absent" && !isThreadless) return blindOf(inThread, channel.id);
      if (inThread.kind === "absent") return believe(card.message);
    }
    return findIn(channel, card?.channel ?? channel.id, wanted);
  }

  async function findIn(channel: Channel, channelId: string, wanted: Wanted): Promise<FindResult> {
    const scanned = await scan(channelId, wanted);
    if (scanned.kind === "found") return found(channel, scanned.message);
    if (scanned.kind !== "absent" && scanned.kind !== "denied") return blindOf(scanned, channel.id);
    const held = await rights.of(channelId);
    if (held.kind !== "rights") return blindOf(held, channel.id);
    if (isForum(held.channel.type)) return findInForum(channel, held.channel, wanted);
    return scanned.kind === "denied" ? blindOf(scanned, channelId) : believed(held.bits, channelId);
  }

  /** Without Read Message History Discord shows an empty channel instead of refusing. */
  async function believe(channelId: string): Promise<FindResult> {
    const held = await rights.of(channelId);
    return held.kind === "rights" ? believed(held.bits, channelId) : blindOf(held, channelId);
  }

  /** Own messages after `since`, oldest first, a bounded number of pages. */
  async function scan(channelId: string, wanted: Wanted): Promise<Scan> {
    let after = snowflakeAt(new Date(wanted.since.getTime() - skewMs));
    for (let page = 0; page < maxPages; page += 1) {
      const reply = await patiently(() =>
        api.call({
          method: "GET",
          path: `/channels/${channelId}/messages`,
          query: { after, limit: `${pageSize}` },
          schema: messageShape.array(),
        }),
      );
      if (reply.kind !== "ok") return reply;
      const message = reply.body.find((each) => each.author.id === wanted.me && hasMark(each, wanted.mark));
      if (message !== undefined) return { kind: "found", message };
      if (reply.body.length < pageSize) return { kind: "absent" };
      after = newest(reply.body);
    }
    const isCovered = momentOf(after).getTime() > wanted.since.getTime() + latestArrivalMs;
    return isCovered
      ? { kind: "absent" }
      : { kind: "ambiguous", problem: "too many messages since the attempt" };
  }

  /** The first message of every post that we opened since then. */
  async function findInForum(channel: Channel, forum: ApiChannel, wanted: Wanted): Promise<FindResult> {
    const reply = await patiently(() =>
      api.call({
        method: "GET",
        path: `/guilds/${forum.guild_id}/threads/active`,
        schema: threadsShape,
      }),
    );
    if (reply.kind !== "ok") return blindOf(reply, channel.id);
    const oldest = BigInt(snowflakeAt(new Date(wanted.since.getTime() - skewMs)));
    const ours = reply.body.threads
      .filter((thread) => thread.parent_id === forum.id && thread.owner_id === wanted.me)
      .filter((thread) => BigInt(thread.id) >= oldest)
      .slice(0, maxForumPosts);
    for (const thread of ours) {
      const starter = await patiently(() =>
        api.call({
          method: "GET",
          path: `/channels/${thread.id}/messages/${thread.id}`,
          schema: messageShape,
        }),
      );
      if (starter.kind === "ok" && hasMark(starter.body, wanted.mark)) return found(channel, starter.body);
      if (starter.kind !== "ok" && starter.kind !== "denied") return blindOf(starter, channel.id);
    }
    if (Date.now() - wanted.since.getTime() < forumSettleMs)
      return { kind: "blind", problem: "the attempt is too young to be sure that it never arrives" };
    return { kind: "absent" };
  }

  return { find };
}

interface Wanted {
  readonly mark: string;
  readonly me: string;
  readonly since: Date;
}

function found(channel: Channel, message: ApiMessage): FindResult {
  return { kind: "found", ref: refOf(channel, { channel: message.channel_id, message: message.id }) };
}

function believed(bits: bigint, channelId: string): FindResult {
  if ((bits & permissions["Read Message History"]) !== 0n) return { kind: "absent" };
  const problem = `the bot may not read the history of channel ${channelId} (Read Message History)`;
  const remedy = "give the bot's role Read Message History in the channel";
  return { kind: "blind", problem, obstacle: { reach: "message", problem, remedy } };
}

function newest(messages: readonly ApiMessage[]): string {
  return messages.reduce((last, each) => (BigInt(each.id) > BigInt(last) ? each.id : last), "0");
}

/** Waits once or twice for a short rate limit: reading pages must not start over. */
async function patiently<Body>(act: () => Promise<Reply<Body>>): Promise<Reply<Body>> {
  for (let attempt = 0; ; attempt += 1) {
    const reply = await act();
    if (reply.kind !== "rate_limited" || reply.retryAfterMs > maxWaitMs || attempt === 2) return reply;
    await new Promise((resolve) => setTimeout(resolve, reply.retryAfterMs));
  }
}
