import { isDeepStrictEqual } from "node:util";
import { covers } from "../../src/domain/chat/trouble.ts";
import type { Post, PostStore } from "../../src/ports.ts";

/** Posts in memory, with the behaviour of the real slice that the poster relies on. */
export function createMemoryPosts(): PostStore & { all(): readonly Post[] } {
  const posts = new Map<string, Post>();
  const change = async (key: string, patch: Partial<Post>): Promise<void> => {
    const post = posts.get(key);
    if (post !== undefined) posts.set(key, { ...post, ...patch });
  };
  const bySubject = (platform: string, channel: string, kind: string, subject: number) =>
    [...posts.values()].find(
      (post) =>
        post.platform === platform &&
        post.channel === channel &&
        post.kind === kind &&
        post.subject === subject,
    ) ?? null;
  const rank = (post: Post): number => (post.state === "sending" ? 0 : post.kind === "entry" ? 2 : 1);
  const isBehind = (post: Post) => post.postedRevision < post.desiredRevision && post.state !== "refused";
  return {
    all: () => [...posts.values()],
    async want(wanted, now) {
      for (const want of wanted) {
        const known = bySubject(want.platform, want.channel, want.kind, want.subject);
        if (known !== null) {
          await change(known.key, { desiredRevision: Math.max(known.desiredRevision, want.desiredRevision) });
          continue;
        }
        const card =
          want.threadOf === null
            ? null
            : bySubject(want.platform, want.channel, want.threadOf.kind, want.threadOf.subject);
        const key = `k${posts.size + 1}`;
        posts.set(key, {
          key,
          platform: want.platform,
          channel: want.channel,
          kind: want.kind,
          subject: want.subject,
          threadOf: card?.key ?? null,
          desiredRevision: want.desiredRevision,
          postedRevision: 0,
          state: "waiting",
          ref: null,
          attempts: 0,
          attemptedAt: null,
          notBefore: null,
          problem: null,
          reposts: 0,
          createdAt: now,
        });
      }
    },
    channelsOf: async (kind, subject) =>
      [...posts.values()].filter((post) => post.kind === kind && post.subject === subject),
    channelsOfMany: async () => new Map(),
    find: async (key) => posts.get(key) ?? null,
    findBySubject: async (platform, channel, kind, subject) => bySubject(platform, channel, kind, subject),
    findCard: async (refs) =>
      [...posts.values()].find(
        ({ ref, threadOf }) => threadOf === null && refs.some((one) => isDeepStrictEqual(one, ref)),
      ) ?? null,
    behind: async (platform, channel, limit) =>
      [...posts.values()]
        .filter((post) => post.platform === platform && post.channel === channel && isBehind(post))
        .sort((a, b) => rank(a) - rank(b))
        .slice(0, limit),
    channelsBehind: async () => [...posts.values()].filter(isBehind),
    markSending: (key, at) =>
      change(key, { state: "sending", attemptedAt: at, attempts: (posts.get(key)?.attempts ?? 0) + 1 }),
    markPosted: (key, revision, ref) =>
      change(key, { state: "posted", postedRevision: revision, ref, notBefore: null, problem: null }),
    markWaiting: (key, notBefore, problem) => change(key, { state: "waiting", notBefore, problem }),
    markRefused: (key, problem) => change(key, { state: "refused", problem }),
    markMissing: (key) =>
      change(key, {
        state: "waiting",
        ref: null,
        postedRevision: 0,
        notBefore: null,
        reposts: (posts.get(key)?.reposts ?? 0) + 1,
      }),
    async holdThread(card, until) {
      for (const post of posts.values())
        if (post.threadOf === card && post.state === "waiting") await change(post.key, { notBefore: until });
    },
    async release(place) {
      const freed = [...posts.values()].filter((post) => covers(place, post) && post.state === "waiting");
      for (const { key } of freed) await change(key, { notBefore: null, attempts: 0 });
      return freed;
    },
    countBehind: async (place) =>
      [...posts.values()].filter((post) => covers(place, post) && isBehind(post)).length,
    refused: async () => [...posts.values()].filter((post) => post.state === "refused"),
    forget: () => Promise.resolve(),
    retryRefused: async () => 0,
  };
}
