import { expect, onTestFinished, test, vi } from "vitest";
import { createIngest, type IngestLimits, type NewDelivery } from "../../src/app/ingest.ts";
import { noMetrics, silentLog, systemClock } from "../../src/ports/observability.ts";
import { createHeldDeliveries, type HeldCommit } from "./memory-deliveries.ts";

function setUp(limits: Partial<IngestLimits> = {}) {
  const store = createHeldDeliveries();
  const wake = vi.fn();
  const ingest = createIngest({
    store,
    metrics: noMetrics,
    log: silentLog,
    clock: systemClock,
    wake,
    limits,
  });
  return { store, wake, ingest };
}

function delivery(text: string, size = 1): NewDelivery {
  return {
    source: "alertmanager",
    body: Buffer.from(text.padEnd(size)),
    headers: {},
    receivedAt: new Date("2026-03-01T12:00:00Z"),
  };
}

function textsOf(commit: HeldCommit | undefined): readonly string[] {
  return (commit?.group ?? []).map(({ body }) => Buffer.from(body).toString().trim());
}

/** "waiting" until the promise settles. */
function stateOf(promise: Promise<void>): { state: string } {
  const seen = { state: "waiting" };
  promise.then(
    () => {
      seen.state = "accepted";
    },
    (error: unknown) => {
      seen.state = String(error instanceof Error && "reason" in error ? error.reason : error);
    },
  );
  return seen;
}

function fakeTime(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
}

test("nothing is accepted before its commit", async () => {
  const { store, wake, ingest } = setUp();
  const first = ingest.accept(delivery("a"));
  const seen = stateOf(first);
  await store.asked(1);
  expect(seen.state).toBe("waiting");
  expect(wake).not.toHaveBeenCalled();
  store.commits[0]?.commit();
  await first;
  expect(wake).toHaveBeenCalledTimes(1);
});

test("deliveries of one moment share a commit, in the order of arrival", async () => {
  const { store, ingest } = setUp();
  const all = Promise.all(["a", "b", "c"].map((text) => ingest.accept(delivery(text))));
  await store.asked(1);
  expect(textsOf(store.commits[0])).toEqual(["a", "b", "c"]);
  store.commits[0]?.commit();
  await all;
  expect(store.commits).toHaveLength(1);
});

test("what arrives while all commits are under way shares the next one", async () => {
  const { store, ingest } = setUp({ flushes: 2 });
  const accepted: Promise<void>[] = [];
  for (const text of ["a", "b"]) {
    accepted.push(ingest.accept(delivery(text)));
    await store.asked(accepted.length);
  }
  for (const text of ["c", "d", "e"]) accepted.push(ingest.accept(delivery(text)));
  await new Promise((resolve) => setImmediate(resolve));
  expect(store.commits).toHaveLength(2);
  store.commits[1]?.commit();
  await store.asked(3);
  expect(textsOf(store.commits[2])).toEqual(["c", "d", "e"]);
  store.commits[0]?.commit();
  store.commits[2]?.commit();
  await Promise.all(accepted);
});

test("groups are bounded in number and bytes, and one large delivery still goes", async () => {
  const { store, ingest } = setUp({ flushes: 9, groupCount: 2, groupBytes: 100 });
  const sizes = [10, 10, 10, 95, 500, 1];
  const all = Promise.all(sizes.map((size) => ingest.accept(delivery("x", size))));
  await store.asked(5);
  expect(store.commits.map(({ group }) => group.map(({ body }) => body.byteLength))).toEqual([
    [10, 10],
    [10],
    [95],
    [500],
    [1],
  ]);
  for (const commit of store.commits) commit.commit();
  await all;
  expect(ingest.waiting()).toEqual({ count: 0, bytes: 0 });
});

test("a failed commit refuses its whole group and no other", async () => {
  const { store, wake, ingest } = setUp({ groupCount: 2 });
  const states = ["a", "b", "c"].map((text) => stateOf(ingest.accept(delivery(text))));
  await store.asked(2);
  store.commits[0]?.fail(new Error("connection reset"));
  store.commits[1]?.commit();
  await expect
    .poll(() => states.map(({ state }) => state))
    .toEqual(["database_away", "database_away", "accepted"]);
  expect(wake).toHaveBeenCalledTimes(1);
  expect(ingest.waiting().count).toBe(0);
});

test.each([
  ["deliveries", { queueCount: 2 }, 1],
  ["bytes", { queueBytes: 100 }, 50],
])(
  "more waiting %s than the limit are refused at once, and taken again after a commit",
  async (_name, limits, size) => {
    const { store, ingest } = setUp(limits);
    const states = [1, 2, 3].map(() => stateOf(ingest.accept(delivery("x", size))));
    await store.asked(1);
    expect(states.map(({ state }) => state)).toEqual(["waiting", "waiting", "overloaded"]);
    store.commits[0]?.commit();
    await expect.poll(() => states[0]?.state).toBe("accepted");
    const later = ingest.accept(delivery("x", size));
    await store.asked(2);
    store.commits[1]?.commit();
    await later;
  },
);

test("a database that hangs is given up on, and is not asked more than its share", async () => {
  fakeTime();
  const { store, ingest } = setUp({ flushes: 1, timeoutMs: 1_000 });
  const hung = stateOf(ingest.accept(delivery("a")));
  await store.asked(1);
  const behind = stateOf(ingest.accept(delivery("b")));
  await vi.advanceTimersByTimeAsync(2_100);
  expect([hung.state, behind.state]).toEqual(["database_away", "database_away"]);
  expect(store.commits).toHaveLength(1);

  const fresh = ingest.accept(delivery("c"));
  store.commits[0]?.commit();
  await store.asked(2);
  expect(textsOf(store.commits[1])).toEqual(["c"]);
  store.commits[1]?.commit();
  await fresh;
  expect(ingest.waiting()).toEqual({ count: 0, bytes: 0 });
});

test("stopping refuses what is new and commits what waits", async () => {
  const { store, ingest } = setUp({ flushes: 1 });
  const waiting = [ingest.accept(delivery("a"))];
  await store.asked(1);
  waiting.push(ingest.accept(delivery("b")));
  let hasStopped = false;
  const stopped = ingest.stop().then(() => {
    hasStopped = true;
  });
  await expect(ingest.accept(delivery("c"))).rejects.toMatchObject({
    reason: "stopping",
    retryAfterSeconds: 5,
  });
  await expect(ingest.bury(delivery("d"), "bad")).rejects.toMatchObject({ reason: "stopping" });
  store.commits[0]?.commit();
  await store.asked(2);
  expect(hasStopped).toBe(false);
  store.commits[1]?.commit();
  await Promise.all([...waiting, stopped]);
});

test("stopping does not wait for a database that hangs", async () => {
  fakeTime();
  const { store, ingest } = setUp({ flushes: 1, timeoutMs: 1_000 });
  const states = ["a", "b"].map((text) => stateOf(ingest.accept(delivery(text))));
  await store.asked(1);
  const stopped = ingest.stop();
  await vi.advanceTimersByTimeAsync(2_100);
  await stopped;
  for (const { state } of states) expect(state).not.toBe("waiting");
});

test("a delivery that cannot be parsed is kept with its problem", async () => {
  const { store, ingest } = setUp();
  await ingest.bury(delivery("{"), "the body is not JSON");
  expect(store.buried).toMatchObject([{ problem: "the body is not JSON" }]);
  expect(ingest.waiting()).toEqual({ count: 0, bytes: 0 });
});

test("a database that cannot keep an unparseable delivery makes its sender come back", async () => {
  const store = { insert: async () => undefined, bury: () => Promise.reject(new Error("connection reset")) };
  const ingest = createIngest({
    store,
    metrics: noMetrics,
    log: silentLog,
    clock: systemClock,
    wake: () => undefined,
  });
  await expect(ingest.bury(delivery("{"), "bad")).rejects.toMatchObject({ reason: "database_away" });
  expect(ingest.waiting()).toEqual({ count: 0, bytes: 0 });
});
