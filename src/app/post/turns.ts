/**
 * Whose turn it is to be written, as far as this replica's pace decides: token buckets per channel for new messages and
 * for edits, which have allowances of their own on every platform, and one per platform for the edits of all channels.
 * @see https://docs.slack.dev/apis/web-api/rate-limits (chat.postMessage per channel, chat.update by tier)
 * @see https://discord.com/developers/docs/topics/rate-limits (per route)
 */
import type { Chat, Post } from "../../ports.ts";

/** A post and the moment from which this replica may write it, ms. */
export interface Turn {
  readonly post: Post;
  readonly atMs: number;
}

export type Pace = Pick<Chat, "channelPaceMs" | "editsPerMinute">;

export interface Turns {
  /** The first of `posts` that may be written now, or whichever may be soonest; null of none. */
  next(posts: readonly Post[], nowMs: number): Turn | null;
  /** It is being written. */
  take(post: Post, nowMs: number): void;
  /** The platform said to wait: in this channel, or everywhere. */
  hold(post: Post, untilMs: number, scope: "channel" | "platform"): void;
}

interface Allowance {
  readonly name: string;
  /** Tokens that come back in a millisecond. */
  readonly perMs: number;
  readonly capacity: number;
  /** Tokens that must be there. */
  readonly needed: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** A new card may use a short burst, which thread lines leave alone. */
const cardBurst = 2;
const maxBuckets = 10_000;

export function createTurns(pace: Pace): Turns {
  const buckets = new Map<string, Bucket>();
  const heldUntil = new Map<string, number>();

  function allowancesOf(post: Post): Allowance[] {
    const channel = channelOf(post);
    const perMs = 1 / pace.channelPaceMs;
    const allowances: Allowance[] = [];
    if (pace.channelPaceMs > 0 && post.ref === null) {
      const needed = post.threadOf === null ? 1 : cardBurst;
      allowances.push({ name: channel, perMs, capacity: cardBurst, needed });
    }
    if (pace.channelPaceMs > 0 && post.ref !== null)
      allowances.push({ name: channel, perMs, capacity: 1, needed: 1 });
    const perMinute = pace.editsPerMinute;
    if (perMinute !== undefined && post.ref !== null)
      allowances.push({
        name: platformOf(post),
        perMs: perMinute / 60_000,
        capacity: perMinute / 2,
        needed: 1,
      });
    return allowances;
  }

  function tokensOf({ name, perMs, capacity }: Allowance, nowMs: number): number {
    const bucket = buckets.get(name) ?? { tokens: capacity, atMs: nowMs };
    return Math.min(capacity, bucket.tokens + Math.max(0, nowMs - bucket.atMs) * perMs);
  }

  function freeAt(post: Post, nowMs: number): number {
    const held = [channelOf(post), platformOf(post)].map((name) => heldUntil.get(name) ?? nowMs);
    const refilled = allowancesOf(post).map((allowance) => {
      const missing = allowance.needed - tokensOf(allowance, nowMs);
      return missing <= 0 ? nowMs : nowMs + Math.ceil(missing / allowance.perMs);
    });
    return Math.max(nowMs, ...held, ...refilled);
  }

  return {
    next(posts, nowMs) {
      let soonest: Turn | null = null;
      for (const post of posts) {
        const turn = { post, atMs: freeAt(post, nowMs) };
        if (turn.atMs <= nowMs) return turn;
        if (soonest === null || turn.atMs < soonest.atMs) soonest = turn;
      }
      return soonest;
    },
    take(post, nowMs) {
      if (buckets.size > maxBuckets) buckets.clear();
      for (const allowance of allowancesOf(post))
        buckets.set(allowance.name, { tokens: tokensOf(allowance, nowMs) - 1, atMs: nowMs });
    },
    hold(post, untilMs, scope) {
      if (heldUntil.size > maxBuckets) heldUntil.clear();
      heldUntil.set(scope === "channel" ? channelOf(post) : platformOf(post), untilMs);
    },
  };
}

function kindOf(post: Post): string {
  return post.ref === null ? "post" : "edit";
}

function channelOf(post: Post): string {
  return `${post.platform}:${post.channel} ${kindOf(post)}`;
}

function platformOf(post: Post): string {
  return `${post.platform} ${kindOf(post)}`;
}
