/** What becomes of a post by what its platform answered. */
import type { Chat, Clock, Log, Metrics, Post, PostResult, Store } from "../../ports.ts";
import type { Obstacles } from "../obstacles.ts";
import type { Turns } from "./turns.ts";

export interface RecordOptions {
  readonly store: Store;
  readonly obstacles: Obstacles;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** A post that was written to its platform, as of a revision of what it shows. */
export interface Writing {
  readonly chat: Chat;
  readonly turns: Turns;
  readonly post: Post;
  readonly revision: number;
}

/** What an attempt to write a post means for its channel. */
export type Attempt =
  | { readonly kind: "done" }
  /** Nothing more can be done in this channel before this moment. */
  | { readonly kind: "wait"; readonly until: Date };

const retryMs = [1_000, 2_000, 5_000, 15_000, 60_000] as const;
/** A message that people deleted is posted anew this often; after that it is meant to be gone. */
const mostReposts = 1;
/** Refusals in a row after which an incident's own channel is no longer looked at, but counts as troubled. */
const mostDoubts = 3;

/** @returns stores what the platform answered, and says when the channel goes on. */
export function createRecordResult(options: RecordOptions) {
  const { store, obstacles, clock, log, metrics } = options;

  async function record(result: PostResult, writing: Writing): Promise<Attempt> {
    const { chat, post, revision } = writing;
    if (result.kind === "posted") {
      await store.posts.markPosted(post.key, revision, result.ref);
      return { kind: "done" };
    }
    if (result.kind === "missing") return isGone(post, result.problem);
    if (result.kind === "refused" && result.reach === "channel" && (await isDoubted(post))) {
      await store.posts.markWaiting(post.key, later(clock, backOff(post)), result.problem);
      return { kind: "done" };
    }
    if (result.kind === "refused" && result.reach !== "message") {
      const until = await obstacles.met(post, result);
      await store.posts.markWaiting(post.key, until, result.problem);
      return { kind: "done" };
    }
    if (result.kind === "refused") {
      log.error(
        {
          post: post.key,
          channel: `${post.platform}:${post.channel}`,
          problem: result.problem,
          remedy: result.remedy,
        },
        "post: refused by the platform",
      );
      await store.posts.markRefused(post.key, `${result.problem}; ${result.remedy}`);
      return { kind: "done" };
    }
    if (result.kind === "rate_limited") return waitFor(writing, result);
    if (result.kind === "ambiguous") {
      // Stays `sending`: the next attempt looks for it first.
      log.warn({ post: post.key, problem: result.problem }, "post: unknown whether it arrived");
      return {
        kind: "wait",
        until: later(
          clock,
          post.ref === null ? Math.max(500, Math.min(chat.settleMs, 2_000)) : backOff(post),
        ),
      };
    }
    const until = later(clock, backOff(post));
    await store.posts.markWaiting(post.key, until, result.problem);
    return { kind: "wait", until };
  }

  /**
   * An incident's own channel that takes nothing may have been archived by people, who are told so where the incident is
   * shown, and not as of a trouble. It is looked at first; what still waits after that is a trouble like any other.
   */
  async function isDoubted(post: Post): Promise<boolean> {
    if (post.attempts > mostDoubts) return false;
    const incidentId = await store.incidentChannels.doubt(post.platform, post.channel, clock.now());
    if (incidentId === null) return false;
    await store.jobs.add({ task: "channel", incidentId });
    return true;
  }

  /**
   * A card that somebody deleted is posted once more, at its next change or line; whoever deletes that one too means it.
   * For a line that has no message yet it is the card of its thread that is gone.
   */
  async function isGone(post: Post, problem: string): Promise<Attempt> {
    const card = post.ref === null && post.threadOf !== null ? await store.posts.find(post.threadOf) : post;
    if (card !== null && card.ref !== null && card.reposts < mostReposts) {
      log.info({ post: card.key, problem }, "post: a message is gone; posting it anew");
      await store.posts.markMissing(card.key);
    } else if (card !== null && card.ref !== null) {
      log.info({ post: card.key, problem }, "post: a message is gone again; leaving it so");
      await store.posts.markRefused(card.key, `${problem} for the second time, so it is left so`);
    }
    if (card !== post) await store.posts.markWaiting(post.key, later(clock, 500), problem);
    return { kind: "done" };
  }

  async function waitFor(
    { post, chat, turns }: Writing,
    result: { readonly retryAfterMs: number; readonly scope: "channel" | "platform" },
  ): Promise<Attempt> {
    const until = later(clock, result.retryAfterMs);
    metrics.count("tocsin_rate_limited_total", { platform: chat.platform, scope: result.scope });
    turns.hold(post, until.getTime(), result.scope);
    await store.posts.markWaiting(post.key, until, "rate limited by the platform");
    return { kind: "wait", until };
  }

  return record;
}

/** How long to wait before the next attempt, ms; longer with each. */
export function backOff(post: Post): number {
  return retryMs[Math.min(post.attempts, retryMs.length - 1)] ?? 60_000;
}

/** So many ms from now. */
export function later(clock: Clock, ms: number): Date {
  return new Date(clock.now().getTime() + ms);
}
