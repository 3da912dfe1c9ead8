/**
 * Chat is a projection of stored state: this brings one channel up to date, one message at a time, effectively once.
 * Before an attempt the post is marked `sending` and committed; whoever finds it so later looks for the message
 * before sending again. The queue runs one such job per channel at a time, so a stuck channel delays no other.
 */
import { heldUntil } from "../domain/chat/trouble.ts";
import type { View } from "../domain/view.ts";
import {
  type Channel,
  type Chat,
  type Clock,
  channelName,
  type Log,
  type MessageRef,
  type Metrics,
  type Post,
  type PostResult,
  type Store,
  type Trouble,
} from "../ports.ts";
import { createObstacles } from "./obstacles.ts";
import { createTurns, type Turn, type Turns } from "./post-turns.ts";

export interface PostOptions {
  readonly store: Store;
  readonly chats: ReadonlyMap<string, Chat>;
  /** Every channel that the configuration names: where it is explained that another takes no messages. */
  readonly channels: readonly Channel[];
  /** What a post shows now, and the revision of that; null when its subject is gone. */
  readonly render: (post: Post) => Promise<{ readonly view: View; readonly revision: number } | null>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Waits; injected so that tests need no real time. */
  readonly sleep: (ms: number) => Promise<void>;
}

/** A job stops after this long and asks for another, so that no channel keeps a worker. */
const sliceMs = 8_000;
const batchSize = 50;
/** While it waits for its turn to edit, a channel looks this often for a new card, which need not wait for that. */
const lookMs = 150;
/** Longer waits are left to a job for later. */
const longWaitMs = 2_000;
const retryMs = [1_000, 2_000, 5_000, 15_000, 60_000] as const;
/** A message that people deleted is posted anew this often; after that it is meant to be gone. */
const mostReposts = 1;
/** Refusals in a row after which an incident's own channel is no longer looked at, but counts as troubled. */
const mostDoubts = 3;

type Attempt =
  | { readonly kind: "done" }
  /** Nothing more can be done in this channel before this moment. */
  | { readonly kind: "wait"; readonly until: Date };

export interface Poster {
  /** Brings a channel up to date. */
  reconcile(channel: Channel): Promise<void>;
}

export function createPost(options: PostOptions): Poster {
  const { store, clock, metrics, log } = options;
  const obstacles = createObstacles(options);
  const turnsOf = new Map([...options.chats].map(([name, chat]) => [name, createTurns(chat)]));

  async function reconcile(channel: Channel): Promise<void> {
    const chat = options.chats.get(channel.platform);
    const turns = turnsOf.get(channel.platform);
    if (chat === undefined || turns === undefined) {
      log.warn(
        { channel: channelName(channel) },
        "post: no such chat platform is configured; its posts wait",
      );
      return;
    }
    const startedAt = clock.now().getTime();
    while (clock.now().getTime() - startedAt < sliceMs) {
      const [behind, troubles] = await Promise.all([
        store.posts.behind(channel.platform, channel.id, batchSize),
        store.troubles.inWayOf(channel.platform, channel.id),
      ]);
      const dueAt = (post: Post) => latest(post.notBefore, heldUntil(troubles, post));
      const due = behind.filter((post) => (dueAt(post) ?? clock.now()) <= clock.now());
      const next = turns.next(due, clock.now().getTime());
      if (next === null) return comeBack(channel, earliest(behind.map(dueAt)));
      const blocked = await takeTurn({ chat, turns, troubles }, channel, next);
      if (blocked !== null) return comeBack(channel, blocked);
    }
    await store.jobs.add({ task: "post", platform: channel.platform, channel: channel.id });
  }

  /** One attempt when its turn has come; otherwise a short wait, after which something else may be more urgent. */
  async function takeTurn(
    {
      chat,
      turns,
      troubles,
    }: { readonly chat: Chat; readonly turns: Turns; readonly troubles: readonly Trouble[] },
    channel: Channel,
    next: Turn,
  ): Promise<Date | null> {
    const now = clock.now().getTime();
    const waitMs = next.atMs - now;
    if (waitMs > longWaitMs) return new Date(next.atMs);
    if (waitMs > 0) {
      metrics.count("tocsin_rate_limit_waits_total", { platform: channel.platform });
      await options.sleep(Math.min(waitMs, lookMs));
      return null;
    }
    // Somebody else tries whether the platform takes messages again.
    if (!(await obstacles.mayTry(next.post, troubles))) return null;
    turns.take(next.post, now);
    const attempt = await attemptOne({ chat, troubles }, channel, next.post);
    return attempt.kind === "wait" ? attempt.until : null;
  }

  async function comeBack(channel: Channel, at: Date | null): Promise<void> {
    if (at === null) return;
    await store.jobs.add({ task: "post", platform: channel.platform, channel: channel.id }, { runAt: at });
  }

  async function attemptOne(
    { chat, troubles }: { readonly chat: Chat; readonly troubles: readonly Trouble[] },
    channel: Channel,
    post: Post,
  ): Promise<Attempt> {
    if (post.state === "sending" && post.ref === null) {
      const settled = await settle({ chat, troubles }, channel, post);
      if (settled !== null) return settled;
    }
    const rendered = await options.render(post);
    if (rendered === null) {
      await store.posts.markRefused(post.key, "what it was about no longer exists");
      return { kind: "done" };
    }
    const thread = await threadOf(post);
    if (thread === "never") {
      await store.posts.markRefused(post.key, "the card it hangs under was refused");
      return { kind: "done" };
    }
    if (thread === "not yet") {
      await store.posts.markWaiting(post.key, later(clock, 2_000), null);
      return { kind: "done" };
    }
    await store.posts.markSending(post.key, clock.now());
    const message = { key: post.key, view: rendered.view, ...(thread === null ? {} : { thread }) };
    const startedAt = performance.now();
    const result = post.ref === null ? await chat.post(channel, message) : await chat.edit(post.ref, message);
    metrics.observe("tocsin_post_seconds", (performance.now() - startedAt) / 1000, {
      platform: channel.platform,
    });
    metrics.count("tocsin_posts_total", {
      platform: channel.platform,
      kind: post.kind,
      outcome: result.kind,
    });
    if (result.kind === "posted") await obstacles.overcome(post, troubles);
    if (result.kind === "posted" && result.aside !== undefined)
      await obstacles.beside(post, result.aside, troubles);
    return record(chat, post, rendered.revision, result);
  }

  /** An earlier attempt may have reached the platform: look before sending again. Null means it surely did not. */
  async function settle(
    { chat, troubles }: { readonly chat: Chat; readonly troubles: readonly Trouble[] },
    channel: Channel,
    post: Post,
  ): Promise<Attempt | null> {
    const attemptedAt = post.attemptedAt ?? post.createdAt;
    const thread = await threadOf(post);
    const found = await chat.find(
      channel,
      post.key,
      new Date(attemptedAt.getTime() - 60_000),
      typeof thread === "object" && thread !== null ? thread : undefined,
    );
    if (found.kind !== "blind")
      await obstacles.overcome(
        post,
        troubles.filter(({ part }) => part === `post:${post.key}`),
      );
    if (found.kind === "found") {
      log.info(
        { post: post.key, channel: channelName(channel) },
        "post: found the message of an interrupted attempt",
      );
      // A card is edited next, since nobody knows which revision it shows; a thread line is never edited.
      await store.posts.markPosted(post.key, isEdited(post) ? 0 : post.desiredRevision, found.ref);
      return { kind: "done" };
    }
    if (found.kind === "blind") {
      // It is not known whether this one arrived, so it keeps its state; the others of the channel go on.
      if (found.obstacle !== undefined) {
        await obstacles.met(post, { ...found.obstacle, reach: "message" });
        return { kind: "done" };
      }
      log.warn(
        { post: post.key, problem: found.problem },
        "post: cannot look whether an interrupted attempt arrived; trying later",
      );
      return { kind: "wait", until: later(clock, backOff(post)) };
    }
    const believedAt = new Date(attemptedAt.getTime() + chat.settleMs);
    return believedAt > clock.now() ? { kind: "wait", until: believedAt } : null;
  }

  async function threadOf(post: Post): Promise<MessageRef | null | "not yet" | "never"> {
    if (post.threadOf === null) return null;
    const card = await store.posts.find(post.threadOf);
    if (card?.state === "refused") return "never";
    return card?.ref ?? "not yet";
  }

  async function record(chat: Chat, post: Post, revision: number, result: PostResult): Promise<Attempt> {
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
    if (result.kind === "rate_limited") return waitFor(post, chat, result);
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
    post: Post,
    chat: Chat,
    result: { readonly retryAfterMs: number; readonly scope: "channel" | "platform" },
  ): Promise<Attempt> {
    const until = later(clock, result.retryAfterMs);
    metrics.count("tocsin_rate_limited_total", { platform: chat.platform, scope: result.scope });
    turnsOf.get(chat.platform)?.hold(post, until.getTime(), result.scope);
    await store.posts.markWaiting(post.key, until, "rate limited by the platform");
    return { kind: "wait", until };
  }

  return { reconcile };
}

function isEdited(post: Post): boolean {
  return post.kind === "incident" || post.kind === "rollout" || post.kind === "trouble";
}

function backOff(post: Post): number {
  return retryMs[Math.min(post.attempts, retryMs.length - 1)] ?? 60_000;
}

function later(clock: Clock, ms: number): Date {
  return new Date(clock.now().getTime() + ms);
}

function earliest(times: readonly (Date | null)[]): Date | null {
  const known = times.filter((time) => time !== null).map((time) => time.getTime());
  return known.length === 0 ? null : new Date(Math.min(...known));
}

function latest(a: Date | null, b: Date | null): Date | null {
  if (a === null || b === null) return a ?? b;
  return a > b ? a : b;
}
