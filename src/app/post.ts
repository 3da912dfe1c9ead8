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
  type Store,
  type Trouble,
} from "../ports.ts";
import { createObstacles } from "./obstacles.ts";
import { type Attempt, backOff, createRecordResult, later } from "./post/record-result.ts";
import { createTurns, type Turn, type Turns } from "./post/turns.ts";

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

/** Where it writes, and what stands in the way there. */
interface Place {
  readonly chat: Chat;
  readonly turns: Turns;
  readonly troubles: readonly Trouble[];
}

export interface Poster {
  /** Brings a channel up to date. */
  reconcile(channel: Channel): Promise<void>;
}

export function createPost(options: PostOptions): Poster {
  const { store, clock, metrics, log } = options;
  const obstacles = createObstacles(options);
  const record = createRecordResult({ store, obstacles, clock, log, metrics });
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
    { chat, turns, troubles }: Place,
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
    const attempt = await attemptOne({ chat, turns, troubles }, channel, next.post);
    return attempt.kind === "wait" ? attempt.until : null;
  }

  async function comeBack(channel: Channel, at: Date | null): Promise<void> {
    if (at === null) return;
    await store.jobs.add({ task: "post", platform: channel.platform, channel: channel.id }, { runAt: at });
  }

  async function attemptOne(
    { chat, turns, troubles }: Place,
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
    return record(result, { chat, turns, post, revision: rendered.revision });
  }

  /** An earlier attempt may have reached the platform: look before sending again. Null means it surely did not. */
  async function settle(
    { chat, troubles }: Pick<Place, "chat" | "troubles">,
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

  return { reconcile };
}

function isEdited(post: Post): boolean {
  return post.kind === "incident" || post.kind === "rollout" || post.kind === "trouble";
}

function earliest(times: readonly (Date | null)[]): Date | null {
  const known = times.filter((time) => time !== null).map((time) => time.getTime());
  return known.length === 0 ? null : new Date(Math.min(...known));
}

function latest(a: Date | null, b: Date | null): Date | null {
  if (a === null || b === null) return a ?? b;
  return a > b ? a : b;
}
