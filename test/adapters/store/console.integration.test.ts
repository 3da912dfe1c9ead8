import { expect, test } from "vitest";
import type { View } from "../../../src/domain/view.ts";
import { at, freshStore } from "./fixture.ts";

const view: View = {
  kind: "incident",
  title: "High latency \0",
  tone: "warning",
  summary: "all of it",
  blocks: [
    { kind: "text", text: [{ text: "since" }, { text: "09:00", at: at(0), style: "bold" }] },
    { kind: "image", png: new Uint8Array([0, 1, 254, 255]), alt: "chart", filename: "a.png" },
    { kind: "table", columns: ["$date"], rows: [["$bytes"]] },
  ],
  actions: [{ label: "Ack", command: "ack 1", style: "primary" }],
};
const cleaned = { ...view, title: "High latency \uFFFD" };

function message(key: string, over: object = {}) {
  return { key, channel: "incidents", threadOf: null, audience: null, view, at: at(0), ...over };
}

test("a view comes back with its moments and its bytes", async () => {
  const { store } = await freshStore();
  const id = await store.console.add(message("k"));
  const found = await store.console.find(id);
  expect(found).toEqual({
    id,
    key: "k",
    channel: "incidents",
    threadOf: null,
    audience: null,
    view: cleaned,
    postedAt: at(0),
    editedAt: null,
    revision: 1,
    replies: 0,
  });
  expect(await store.console.findByKey("k")).toEqual(found);
  expect(await store.console.findByKey("other")).toBeNull();
});

test("adding under a known key adds nothing", async () => {
  const { store, another } = await freshStore();
  const other = await another();
  const ids = await Promise.all(
    [store, other, store, other].map((each) => each.console.add(message("same"))),
  );
  expect(new Set(ids).size).toBe(1);
  expect(await store.console.list("incidents", null, 10)).toHaveLength(1);
});

test("lists show cards for everyone, pages and threads oldest first", async () => {
  const { store } = await freshStore();
  const ids: number[] = [];
  for (const key of ["a", "b", "c"]) ids.push(await store.console.add(message(key)));
  const card = ids[1] ?? 0;
  await store.console.add(message("r1", { threadOf: card }));
  await store.console.add(message("r2", { threadOf: card }));
  await store.console.add(message("secret", { threadOf: card, audience: "session" }));
  await store.console.add(message("mine", { audience: "session", channel: "elsewhere" }));
  const keys = async (list: Promise<readonly { readonly key: string }[]>) =>
    (await list).map((found) => found.key);
  expect(await keys(store.console.list("incidents", null, 2))).toEqual(["b", "c"]);
  expect(await keys(store.console.list("incidents", card, 2))).toEqual(["a"]);
  expect(await keys(store.console.thread(card, 10))).toEqual(["r1", "r2"]);
  expect(await keys(store.console.thread(card, 1))).toEqual(["r2"]);
  expect((await store.console.find(card))?.replies).toBe(2);
  expect(await keys(store.console.privateTo("session", 10))).toEqual(["secret", "mine"]);
  expect(await store.console.channels()).toEqual([{ id: "incidents", newestId: ids[2] }]);
});

test("revisions become visible in order, so that a reader misses nothing", async () => {
  const { store, another } = await freshStore();
  const stores = [store, await another(), await another()];
  let revision = 0;
  const seen: number[] = [];
  let isWritten = false;
  const writing = Promise.all(
    stores.map(async (writer, index) => {
      for (let round = 0; round < 15; round += 1) {
        const id = await writer.console.add(message(`${index}/${round}`));
        await writer.console.edit(id, view, at(round));
      }
    }),
  ).then(() => {
    isWritten = true;
  });
  for (;;) {
    const wasWritten = isWritten;
    const changed = await store.console.changedSince(revision, 5);
    for (const one of changed) seen.push(one.id);
    revision = changed.at(-1)?.revision ?? revision;
    if (wasWritten && changed.length === 0) break;
  }
  await writing;
  expect(new Set(seen).size).toBe(45);
  expect(await store.console.newestRevision()).toBe(90);
});

test("watchers hear of changes by other replicas", async () => {
  const { store, another } = await freshStore();
  const heard = new Promise<void>((resolve) => {
    void store.console.watch(resolve);
  });
  // The first call may be that of the subscription itself; what matters is that changes are heard afterwards.
  await heard;
  const other = await another();
  let calls = 0;
  const watching = await store.console.watch(() => {
    calls += 1;
  });
  const before = calls;
  await other.console.add(message("k"));
  await expect.poll(() => calls, { timeout: 5_000 }).toBeGreaterThan(before);
  await watching.stop();
});

test("pruning takes old private messages only, and never gives a revision twice", async () => {
  const { store } = await freshStore();
  await store.console.add(message("public"));
  await store.console.add(message("p1", { audience: "s" }));
  await store.console.add(message("p2", { audience: "s" }));
  await store.console.add(message("young", { audience: "s", at: at(100) }));
  expect(await store.console.prunePrivate(at(50), 1)).toBe(1);
  expect(await store.console.prunePrivate(at(200), 10)).toBe(1);
  expect(await store.console.newestRevision()).toBe(4);
  expect(await store.console.edit(999, view, at(0))).toBe(false);
});
