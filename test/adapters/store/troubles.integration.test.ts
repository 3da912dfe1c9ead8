import { expect, test } from "vitest";
import { at, freshStore } from "./fixture.ts";

const archived = {
  platform: "slack",
  channel: "C1",
  part: null,
  reach: "channel",
  problem: "archived",
  remedy: "unarchive it",
  metBy: "post",
} as const;

test("is news once, whoever meets it first", async () => {
  const { store, another } = await freshStore();
  const stores = [store, await another(), await another()];
  const noted = await Promise.all(stores.map((one) => one.troubles.note(archived, at(0))));
  expect(noted.filter(({ isNews }) => isNews)).toHaveLength(1);
  expect(await store.troubles.open(10)).toHaveLength(1);
});

test("one of the platform stands in the way in every channel of it, one of a channel only there", async () => {
  const { store } = await freshStore();
  await store.troubles.note(archived, at(0));
  await store.troubles.note({ ...archived, channel: null, problem: "revoked" }, at(1));
  const problems = async (platform: string, channel: string) =>
    (await store.troubles.inWayOf(platform, channel)).map(({ problem }) => problem).sort();
  expect(await problems("slack", "C1")).toEqual(["archived", "revoked"]);
  expect(await problems("slack", "C2")).toEqual(["revoked"]);
  expect(await problems("discord", "C1")).toEqual([]);
});

test("a probe is had by one, when its time has come, and counted", async () => {
  const { store, another } = await freshStore();
  const stores = [store, await another()];
  const { trouble } = await store.troubles.note(archived, at(0));
  const claim = (seconds: number) =>
    Promise.all(stores.map((one) => one.troubles.claimProbe(trouble.id, at(seconds), at(seconds + 30))));
  expect(await claim(14)).toEqual([false, false]);
  expect((await claim(15)).sort()).toEqual([false, true]);
  expect(await store.troubles.find(trouble.id)).toMatchObject({ probes: 2, probeAt: at(45) });
});

test("one that comes back within an hour is the same, later it is another", async () => {
  const { store } = await freshStore();
  const { trouble } = await store.troubles.note(archived, at(0));
  expect(await store.troubles.heal(trouble.id, at(100))).toMatchObject({ healedAt: at(100), revision: 2 });
  expect(await store.troubles.heal(trouble.id, at(101))).toBeNull();
  const back = await store.troubles.note({ ...archived, problem: "archived again" }, at(200));
  expect(back).toMatchObject({
    isNews: true,
    trouble: { id: trouble.id, healedAt: null, revision: 3, problem: "archived again" },
  });
  await store.troubles.heal(trouble.id, at(300));
  const later = await store.troubles.note(archived, at(300 + 3_601));
  expect(later.isNews).toBe(true);
  expect(later.trouble.id).not.toBe(trouble.id);
});

test("what waits at a place is counted, held and released there alone", async () => {
  const { store } = await freshStore();
  const want = (channel: string, subject: number, of: number | null = null) =>
    store.posts.want(
      [
        {
          platform: "slack",
          channel,
          kind: of === null ? "incident" : "entry",
          subject,
          desiredRevision: 1,
          threadOf: of === null ? null : { kind: "incident", subject: of },
        },
      ],
      at(0),
    );
  await want("C1", 1);
  await want("C1", 11, 1);
  await want("C1", 2);
  await want("C2", 3);
  const card = await store.posts.findBySubject("slack", "C1", "incident", 1);
  if (card === null) throw new Error("there is no card");
  const thread = { platform: "slack", channel: "C1", part: `thread:${card.key}` };
  const channel = { platform: "slack", channel: "C1", part: null };
  expect(await store.posts.countBehind(thread)).toBe(1);
  expect(await store.posts.countBehind(channel)).toBe(3);
  expect(await store.posts.countBehind({ ...channel, channel: null })).toBe(4);
  await store.posts.holdThread(card.key, at(60));
  const line = await store.posts.findBySubject("slack", "C1", "entry", 11);
  expect(line?.notBefore).toEqual(at(60));
  expect((await store.posts.findBySubject("slack", "C1", "incident", 2))?.notBefore).toBeNull();
  expect(await store.posts.release(channel)).toEqual([{ platform: "slack", channel: "C1" }]);
  expect((await store.posts.findBySubject("slack", "C1", "entry", 11))?.notBefore).toBeNull();
});
