import { expect, test } from "vitest";
import type { MessageRef, WantedPost } from "../../../src/ports.ts";
import { at, freshStore } from "./fixture.ts";

const place = { platform: "slack", channel: "C1" };
const ref: MessageRef = { channel: { platform: "slack", id: "C1" }, data: { ts: "1.2" } };

function card(subject: number, revision = 1): WantedPost {
  return { ...place, kind: "incident", subject, desiredRevision: revision, threadOf: null };
}
function entry(subject: number, incident: number): WantedPost {
  return {
    ...place,
    kind: "entry",
    subject,
    desiredRevision: 1,
    threadOf: { kind: "incident", subject: incident },
  };
}

test("wanting a post again raises its revision and never lowers it", async () => {
  const { store } = await freshStore();
  await store.posts.want([card(1, 3), card(1, 2)], at(0));
  await store.posts.want([card(1, 1)], at(1));
  const post = await store.posts.findBySubject("slack", "C1", "incident", 1);
  expect(post).toMatchObject({
    desiredRevision: 3,
    postedRevision: 0,
    state: "waiting",
    createdAt: at(0),
    ref: null,
  });
  expect(post?.key).toMatch(/^[a-z0-9]{25}$/);
  expect(await store.posts.find(post?.key ?? "")).toEqual(post);
});

test("an entry knows the key of its card, also of one wanted with it", async () => {
  const { store } = await freshStore();
  await store.posts.want([entry(7, 1), card(1)], at(0));
  const [first, second] = await store.posts.behind("slack", "C1", 10);
  expect(first).toMatchObject({ kind: "incident", threadOf: null });
  expect(second).toMatchObject({ kind: "entry", threadOf: first?.key });
});

test("many that want the same posts at once make each once", async () => {
  const { store, another } = await freshStore();
  const other = await another();
  const wanted = Array.from({ length: 50 }, (_, index) => card(index + 1));
  const asked = Array.from({ length: 8 }, (_, index) => {
    const [mine, order] = index % 2 === 0 ? [store, wanted] : [other, [...wanted].reverse()];
    return mine.posts.want(order, at(0));
  });
  await Promise.all(asked);
  expect(await store.posts.behind("slack", "C1", 1_000)).toHaveLength(50);
});

test("two installations never give the same key", async () => {
  const { store } = await freshStore();
  const { store: elsewhere } = await freshStore();
  for (const each of [store, elsewhere]) await each.posts.want([card(1)], at(0));
  const keys = await Promise.all(
    [store, elsewhere].map(
      async (each) => (await each.posts.findBySubject("slack", "C1", "incident", 1))?.key,
    ),
  );
  expect(new Set(keys).size).toBe(2);
});

test("what lags behind: sending first, then cards, then entries, oldest first; what must wait comes last", async () => {
  const { store } = await freshStore();
  const soon = new Date(Date.now() + 60_000);
  const later = new Date(Date.now() + 120_000);
  await store.posts.want([entry(9, 1)], at(0));
  await store.posts.want([card(1)], at(1));
  await store.posts.want([card(2)], at(2));
  await store.posts.want([card(3)], at(3));
  await store.posts.want([card(4), card(5)], at(4));
  const key = async (subject: number) =>
    (await store.posts.findBySubject("slack", "C1", "incident", subject))?.key ?? "";
  await store.posts.markSending(await key(2), at(5));
  await store.posts.markWaiting(await key(1), later, "rate limited");
  await store.posts.markWaiting(await key(4), soon, "rate limited");
  await store.posts.markPosted(await key(5), 1, ref);
  const order = (await store.posts.behind("slack", "C1", 10)).map((post) => `${post.kind} ${post.subject}`);
  expect(order).toEqual(["incident 2", "incident 3", "entry 9", "incident 4", "incident 1"]);
  expect(await store.posts.behind("slack", "C1", 2)).toHaveLength(2);
  expect(await store.posts.behind("slack", "C2", 10)).toEqual([]);
});

test("a post goes from waiting over sending to posted, and lags again when more is wanted", async () => {
  const { store } = await freshStore();
  await store.posts.want([card(1, 1)], at(0));
  const key = (await store.posts.findBySubject("slack", "C1", "incident", 1))?.key ?? "";
  await store.posts.markSending(key, at(1));
  await store.posts.markWaiting(key, null, "reset");
  await store.posts.markSending(key, at(2));
  expect(await store.posts.find(key)).toMatchObject({
    state: "sending",
    attempts: 2,
    attemptedAt: at(2),
    problem: "reset",
  });
  await store.posts.want([card(1, 2)], at(3));
  await store.posts.markPosted(key, 1, ref);
  expect(await store.posts.channelsBehind()).toEqual([place]);
  expect(await store.posts.behind("slack", "C1", 10)).toMatchObject([
    { key, state: "posted", attempts: 0, ref, problem: null },
  ]);
  await store.posts.markPosted(key, 2, ref);
  expect(await store.posts.channelsBehind()).toEqual([]);
  await store.posts.markMissing(key);
  expect(await store.posts.find(key)).toMatchObject({ state: "waiting", ref: null, postedRevision: 0 });
});

test("a refused post stays refused until a person says to try again", async () => {
  const { store } = await freshStore();
  await store.posts.want([card(1)], at(0));
  const key = (await store.posts.findBySubject("slack", "C1", "incident", 1))?.key ?? "";
  await store.posts.markRefused(key, "not in channel");
  await store.posts.want([card(1, 2)], at(1));
  expect(await store.posts.behind("slack", "C1", 10)).toEqual([]);
  expect(await store.posts.channelsBehind()).toEqual([]);
  expect(await store.posts.refused(10)).toMatchObject([{ key, problem: "not in channel" }]);
  expect(await store.posts.retryRefused("slack", "C2")).toBe(0);
  expect(await store.posts.retryRefused("slack", "C1")).toBe(1);
  expect(await store.posts.behind("slack", "C1", 10)).toHaveLength(1);
});

test("the channels of a subject are those where a card is or will be", async () => {
  const { store } = await freshStore();
  await store.posts.want(
    [card(1), { ...card(1), platform: "discord", channel: "9" }, entry(1, 1), card(2)],
    at(0),
  );
  expect(await store.posts.channelsOf("incident", 1)).toEqual([{ platform: "discord", channel: "9" }, place]);
  const many = await store.posts.channelsOfMany("incident", [1, 2, 3]);
  expect([...many].map(([subject, channels]) => [subject, channels.length])).toEqual(
    expect.arrayContaining([
      [1, 2],
      [2, 1],
    ]),
  );
  expect(await store.posts.channelsOfMany("incident", [])).toEqual(new Map());
});

test("the message of a card leads to its incident; lines of its thread and other messages do not", async () => {
  const { store } = await freshStore();
  await store.posts.want([card(1), entry(7, 1)], at(0));
  const line = { ...ref, data: { ts: "1.3" } };
  const [first, second] = await store.posts.behind("slack", "C1", 10);
  await store.posts.markPosted(first?.key ?? "", 1, ref);
  await store.posts.markPosted(second?.key ?? "", 1, line);
  const elsewhere = { ...ref, channel: { platform: "slack", id: "C2" } };
  expect(await store.posts.findCard([elsewhere, ref])).toMatchObject({ kind: "incident", subject: 1 });
  expect(await store.posts.findCard([line])).toBeNull();
  expect(await store.posts.findCard([elsewhere])).toBeNull();
  expect(await store.posts.findCard([])).toBeNull();
});
