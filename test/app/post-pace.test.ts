/**
 * The poster's pace in virtual time: fifty channels, five hundred incidents in a minute, against a platform that takes
 * one new message a second and channel, after a burst, and refuses everything above that.
 */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createPost } from "../../src/app/post.ts";
import { type Chat, type Job, noMetrics, type PostResult, type Store, silentLog } from "../../src/ports.ts";
import { createMemoryPosts } from "./memory-posts.ts";

beforeEach(() => vi.useFakeTimers({ now: 0 }));
afterEach(() => vi.useRealTimers());

const channelCount = 50;
const incidentCount = 500;
const stormCount = 60;
const paceMs = 1_000;
const burst = 2;
const latencyMs = 40;

/** Refuses what is above the limit of a channel, as Slack does, and remembers when it showed what. */
function createPlatform() {
  const buckets = new Map<string, { tokens: number; at: number }>();
  const shown = new Map<string, number[]>();
  const refused = new Map<string, number>();
  let serial = 0;

  async function write(channel: string): Promise<PostResult> {
    const at = Date.now();
    const bucket = buckets.get(channel) ?? { tokens: burst, at };
    const tokens = Math.min(burst, bucket.tokens + (at - bucket.at) / paceMs);
    buckets.set(channel, { tokens: tokens >= 1 ? tokens - 1 : tokens, at });
    await new Promise((resolve) => setTimeout(resolve, latencyMs));
    if (tokens < 1) {
      refused.set(channel, (refused.get(channel) ?? 0) + 1);
      return { kind: "rate_limited", retryAfterMs: paceMs, scope: "channel" };
    }
    shown.set(channel, [...(shown.get(channel) ?? []), at]);
    serial += 1;
    return { kind: "posted", ref: { channel: { platform: "fake", id: channel }, data: { id: `${serial}` } } };
  }

  const chat: Chat = {
    platform: "fake",
    channelPaceMs: paceMs,
    settleMs: 0,
    start: async () => undefined,
    stop: async () => undefined,
    answer: async () => undefined,
    check: async () => [],
    isConnected: () => true,
    find: async () => ({ kind: "absent" }),
    post: ({ id }) => write(id),
    edit: ({ channel }) => write(channel.id),
  };
  return { chat, shown, refused };
}

/** Jobs as the queue runs them: one of a channel at a time, so many at once, those for later at their time. */
function createQueue(work: (channel: string) => Promise<void>, concurrency: number) {
  const waiting = new Set<string>();
  const running = new Set<string>();

  function pump(): void {
    for (const channel of waiting) {
      if (running.size >= concurrency) return;
      if (running.has(channel)) continue;
      waiting.delete(channel);
      running.add(channel);
      void work(channel).finally(() => {
        running.delete(channel);
        pump();
      });
    }
  }

  return {
    add(channel: string, runAt: Date | null): void {
      const now = () => {
        waiting.add(channel);
        pump();
      };
      if (runAt === null || runAt.getTime() <= Date.now()) now();
      else setTimeout(now, runAt.getTime() - Date.now());
    },
  };
}

test("every channel is shown within two seconds of the platform's pace, and no limit is met", async () => {
  const { chat, shown, refused } = createPlatform();
  const posts = createMemoryPosts();
  const queue = createQueue((id) => poster.reconcile({ platform: "fake", id }), 40);
  // Only the slices that the poster uses.
  const store = {
    posts,
    troubles: { inWayOf: async () => [] },
    jobs: {
      add: async (job: Extract<Job, { task: "post" }>, options?: { runAt?: Date | null }) =>
        queue.add(job.channel, options?.runAt ?? null),
    },
  } as unknown as Store;
  const poster = createPost({
    store,
    chats: new Map([["fake", chat]]),
    channels: [],
    clock: { now: () => new Date() },
    log: silentLog,
    metrics: noMetrics,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    render: async () => ({
      view: { kind: "incident", title: "t", tone: "high", summary: "s", blocks: [], actions: [] },
      revision: 1,
    }),
  });

  const wanted = new Map<string, number[]>();
  for (let index = 0; index < incidentCount; index += 1) {
    const isStorm = index % Math.floor(incidentCount / stormCount) === 0;
    const channel = isStorm ? "c0" : `c${1 + (index % (channelCount - 1))}`;
    const place = { platform: "fake", channel, desiredRevision: 1 } as const;
    await posts.want([{ ...place, kind: "incident", subject: index + 1, threadOf: null }], new Date());
    const at = Date.now();
    wanted.set(channel, [...(wanted.get(channel) ?? []), at]);
    queue.add(channel, null);
    await vi.advanceTimersByTimeAsync(60_000 / incidentCount);
  }
  await vi.advanceTimersByTimeAsync(90_000);

  expect([...shown.values()].flat()).toHaveLength(incidentCount);
  expect([...refused.values()]).toEqual([]);
  for (const [channel, times] of wanted) {
    const perfect = times.reduce((last, at) => Math.max(at, last + paceMs), Number.NEGATIVE_INFINITY);
    const last = Math.max(...(shown.get(channel) ?? []));
    expect(last - perfect, `channel ${channel}`).toBeLessThanOrEqual(2_000);
  }
});
