import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { at, freshStore } from "./fixture.ts";

function delivery(body: string | Uint8Array, source = "alertmanager") {
  const headers = { "content-type": "application/json" };
  return { source, body: typeof body === "string" ? Buffer.from(body) : body, headers, receivedAt: at(0) };
}

test("a delivery comes back byte for byte, whatever the bytes are", async () => {
  const { store } = await freshStore();
  const bodies = [
    Buffer.from([...Array(256).keys()]),
    Buffer.from('{"text":"naïve \\u0000 \u{1F514}"}'),
    Buffer.alloc(0),
    Buffer.from("x".repeat(300_000)),
    Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28]),
  ];
  await store.deliveries.insert(bodies.map((body) => delivery(body)));
  const read = await store.deliveries.after(0, 10);
  expect(read.map((stored) => Buffer.from(stored.body).toString("hex"))).toEqual(
    bodies.map((body) => body.toString("hex")),
  );
  expect(read[0]).toMatchObject({ source: "alertmanager", receivedAt: at(0), headers: delivery("").headers });
});

test("text that PostgreSQL refuses in a header does not lose the group", async () => {
  const { store } = await freshStore();
  const hostile = { ...delivery("{}"), headers: { "x-name": "a\0b\uD800" } };
  await store.deliveries.insert([delivery("[1]"), hostile, delivery("[2]")]);
  const read = await store.deliveries.after(0, 10);
  expect(read).toHaveLength(3);
  expect(read[1]?.headers).toEqual({ "x-name": "a\uFFFDb\uFFFD" });
});

test("no delivery is seen before one with a smaller id, so that a cursor misses none", async () => {
  const { store, another } = await freshStore();
  const other = await another();
  const bodies = async () =>
    (await store.deliveries.after(0, 10)).map((stored) => Buffer.from(stored.body).toString());
  const later: Promise<void>[] = [];
  await store.transaction(async (tx) => {
    await tx.deliveries.insert([delivery("first")]);
    later.push(other.deliveries.insert([delivery("second")]));
    later.push(other.transaction((otherTx) => otherTx.deliveries.insert([delivery("third")])));
    await sleep(250);
    expect(await bodies()).toEqual([]);
  });
  await Promise.all(later);
  expect((await bodies())[0]).toBe("first");
  expect(await bodies()).toHaveLength(3);
});

test("an insert inside a transaction that fails is not kept", async () => {
  const { store } = await freshStore();
  const failing = store.transaction(async (tx) => {
    await tx.deliveries.insert([delivery("{}")]);
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(await store.deliveries.newest()).toBeNull();
});

test("a buried delivery is counted until it is replayed", async () => {
  const { store } = await freshStore();
  await store.deliveries.insert([{ ...delivery("{}"), receivedAt: new Date() }]);
  const id = await store.deliveries.bury(delivery("{", "grafana"), "the body is not JSON\0");
  expect(await store.deliveries.heard()).toEqual([
    { source: "alertmanager", lastDay: 1, lastAt: expect.any(Date), dead: 0 },
    { source: "grafana", lastDay: 0, lastAt: null, dead: 1 },
  ]);
  expect(await store.deliveries.findDead(id)).toMatchObject({
    problem: "the body is not JSON\uFFFD",
    replayedAt: null,
  });
  await store.deliveries.markReplayed(id, at(5));
  expect(await store.deliveries.dead(10)).toEqual([]);
  expect((await store.deliveries.findDead(id))?.replayedAt).toEqual(at(5));
});

test("pruning never removes what triage has still to read", async () => {
  const { store } = await freshStore();
  await store.deliveries.insert([delivery("1"), delivery("2"), delivery("3")]);
  const [first, second] = await store.deliveries.after(0, 3);
  expect(await store.deliveries.prune(at(10), 100)).toBe(0);
  const lease = await store.leases.acquire("triage", "a", 10_000);
  if (lease === null || first === undefined || second === undefined) throw new Error("nothing to test with");
  await store.leases.advance(lease, { cursor: second.id, nextIncidentId: 1 });
  expect(await store.deliveries.prune(at(10), 1)).toBe(1);
  expect(await store.deliveries.prune(at(10), 100)).toBe(1);
  expect(await store.deliveries.after(0, 10)).toHaveLength(1);
});

test("dead deliveries that are too old go, whether or not they were replayed", async () => {
  const { store } = await freshStore();
  const replayed = await store.deliveries.bury({ ...delivery("{"), receivedAt: at(0) }, "no JSON");
  await store.deliveries.bury({ ...delivery("["), receivedAt: at(1) }, "no JSON");
  const young = await store.deliveries.bury({ ...delivery("("), receivedAt: at(5) }, "no JSON");
  await store.deliveries.markReplayed(replayed, at(3));
  expect(await store.deliveries.pruneDead(at(5), 1)).toEqual({ replayed: 1, unread: 0 });
  expect(await store.deliveries.pruneDead(at(5), 10)).toEqual({ replayed: 0, unread: 1 });
  expect((await store.deliveries.dead(10)).map(({ id }) => id)).toEqual([young]);
});
