import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createPost } from "../../src/app/post.ts";
import {
  type Channel,
  type Chat,
  type Job,
  type MessageRef,
  noMetrics,
  type PostResult,
  type Store,
  silentLog,
} from "../../src/ports.ts";
import { createMemoryPosts } from "./memory-posts.ts";

const channel: Channel = { platform: "fake", id: "ops" };
const view = { kind: "incident", title: "t", tone: "info", summary: "s", blocks: [], actions: [] } as const;

/** What happens to one write: fine, or a fault before or after the platform has taken it. */
type Fault =
  | "fine"
  | "rate_limited"
  | "refused_connection"
  | "commit_then_lost"
  | "lost_before_commit"
  | "commit_then_crash"
  | "crash_before_commit";

class Crash extends Error {}

function createPlatform(faults: Fault[]) {
  const messages: { key: string; ref: MessageRef; revision: number; edits: number }[] = [];
  let clockMs = 0;
  const write = (commit: () => MessageRef): PostResult => {
    const fault = faults.shift() ?? "fine";
    if (fault === "rate_limited") return { kind: "rate_limited", retryAfterMs: 3_000, scope: "channel" };
    if (fault === "refused_connection") return { kind: "unreachable", problem: "connection refused" };
    if (fault === "crash_before_commit") throw new Crash();
    if (fault === "lost_before_commit") return { kind: "ambiguous", problem: "timeout" };
    const ref = commit();
    if (fault === "commit_then_crash") throw new Crash();
    return fault === "commit_then_lost" ? { kind: "ambiguous", problem: "reset" } : { kind: "posted", ref };
  };
  const chat: Chat = {
    platform: "fake",
    channelPaceMs: 1_000,
    settleMs: 5_000,
    start: async () => undefined,
    stop: async () => undefined,
    answer: async () => undefined,
    check: async () => [],
    isConnected: () => true,
    post: async (_, message) =>
      write(() => {
        const ref = { channel, data: { id: String(messages.length) } };
        messages.push({ key: message.key, ref, revision: Number(message.view.footer ?? 0), edits: 0 });
        return ref;
      }),
    edit: async (ref, message) => {
      const found = messages.find((candidate) => candidate.ref.data["id"] === ref.data["id"]);
      if (found === undefined) return { kind: "missing", problem: "deleted" };
      return write(() => {
        found.revision = Number(message.view.footer ?? 0);
        found.edits += 1;
        return ref;
      });
    },
    find: async (_, key) => {
      const found = messages.find((message) => message.key === key);
      return found === undefined ? { kind: "absent" } : { kind: "found", ref: found.ref };
    },
  };
  const clock = { now: () => new Date(clockMs) };
  return {
    chat,
    messages,
    clock,
    sleep: async (ms: number) => {
      clockMs += ms;
    },
    advance: (ms: number) => {
      clockMs += ms;
    },
    nowMs: () => clockMs,
  };
}

function createBench(faults: Fault[]) {
  const platform = createPlatform(faults);
  const posts = createMemoryPosts();
  const jobs: { job: Job; runAt: Date | null }[] = [];
  let revision = 1;
  // Only the slices that the poster uses.
  const store = {
    posts,
    troubles: { inWayOf: async () => [] },
    jobs: {
      add: async (job: Job, options?: { runAt?: Date | null }) =>
        void jobs.push({ job, runAt: options?.runAt ?? null }),
    },
  } as unknown as Store;
  const create = () =>
    createPost({
      store,
      chats: new Map([["fake", platform.chat]]),
      channels: [],
      clock: platform.clock,
      log: silentLog,
      metrics: noMetrics,
      sleep: platform.sleep,
      render: async (post) => ({
        view: { ...view, footer: String(post.kind === "incident" ? revision : 1) },
        revision: post.kind === "incident" ? revision : 1,
      }),
    });
  /** Runs jobs as the queue would, with a new poster after every crash, until nothing is left. */
  const drain = async (): Promise<void> => {
    let poster = create();
    for (let round = 0; round < 200; round += 1) {
      try {
        await poster.reconcile(channel);
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        poster = create();
        jobs.push({ job: { task: "post", platform: "fake", channel: "ops" }, runAt: null });
      }
      const next = jobs.shift();
      if (next === undefined) return;
      if (next.runAt !== null) platform.advance(Math.max(0, next.runAt.getTime() - platform.nowMs()));
    }
    throw new Error("the channel never came to rest");
  };
  return {
    ...platform,
    posts,
    drain,
    want: (kind: "incident" | "entry", subject: number, desired: number) => {
      if (kind === "incident") revision = desired;
      return posts.want(
        [
          {
            platform: "fake",
            channel: "ops",
            kind,
            subject,
            desiredRevision: desired,
            threadOf: kind === "entry" ? { kind: "incident", subject: 1 } : null,
          },
        ],
        platform.clock.now(),
      );
    },
  };
}

const faultNames: readonly Fault[] = [
  "fine",
  "rate_limited",
  "refused_connection",
  "commit_then_lost",
  "lost_before_commit",
  "commit_then_crash",
  "crash_before_commit",
];

describe("a channel", () => {
  test("shows one card and each thread line once, at its last revision, whatever dies when", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...faultNames), { maxLength: 12 }), async (faults) => {
        const bench = createBench([...faults]);
        await bench.want("incident", 1, 1);
        await bench.want("entry", 11, 1);
        await bench.want("entry", 12, 1);
        await bench.drain();
        await bench.want("incident", 1, 4);
        await bench.drain();
        const keys = bench.messages.map((message) => message.key);
        expect(new Set(keys).size).toBe(keys.length);
        expect(keys.length).toBe(3);
        expect(bench.messages[0]?.revision).toBe(4);
        expect(
          bench.posts
            .all()
            .every((post) => post.state === "posted" && post.postedRevision >= post.desiredRevision),
        ).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("gets one edit for many revisions", async () => {
    const bench = createBench([]);
    await bench.want("incident", 1, 1);
    await bench.drain();
    for (const revision of [2, 3, 4, 5]) await bench.want("incident", 1, revision);
    await bench.drain();
    expect(bench.messages.map((message) => [message.revision, message.edits])).toEqual([[5, 1]]);
  });

  test("is written to no faster than its pace", async () => {
    const bench = createBench([]);
    await bench.want("incident", 1, 1);
    for (let entry = 0; entry < 5; entry += 1) await bench.want("entry", 100 + entry, 1);
    await bench.drain();
    expect(bench.nowMs()).toBeGreaterThanOrEqual(5_000);
  });

  test("a card that a person deleted is posted anew", async () => {
    const bench = createBench([]);
    await bench.want("incident", 1, 1);
    await bench.drain();
    bench.messages.length = 0;
    await bench.want("incident", 1, 2);
    await bench.drain();
    expect(bench.messages.map((message) => message.revision)).toEqual([2]);
  });
});
