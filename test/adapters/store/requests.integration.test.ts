import { expect, test } from "vitest";
import type { CommandRequest } from "../../../src/ports.ts";
import { at, freshStore } from "./fixture.ts";

const request: CommandRequest = {
  key: "slack:1",
  account: { platform: "slack", id: "U1", name: "a\uD800b" },
  channel: null,
  command: "ack",
  input: { kind: "options", options: { incident: 12, force: true, note: "x\0" } },
  receivedAt: at(0),
  reply: { url: "https://example.org" },
};

test("the same request delivered twice is one request", async () => {
  const { store } = await freshStore();
  const added = await Promise.all([
    store.requests.add(request),
    store.requests.add(request),
    store.requests.add(request),
  ]);
  expect(added.filter((isNew) => isNew)).toHaveLength(1);
});

test("a person and a sender wait for no other work of the store", async () => {
  const { store } = await freshStore();
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  // All four connections, each in a transaction that goes on.
  const working = Array.from({ length: 4 }, () =>
    store.transaction(async (tx) => {
      await tx.incidents.newest();
      await ended;
    }),
  );
  const body = new TextEncoder().encode("{}");
  await store.keepRequest(request);
  await store.deliveries.insert([{ source: "generic", headers: {}, body, receivedAt: at(0) }]);
  end();
  await Promise.all(working);
  expect(await store.requests.take("slack:1")).not.toBeNull();
});

test("a request is taken as it was, with what PostgreSQL refuses replaced", async () => {
  const { store } = await freshStore();
  await store.requests.add(request);
  expect(await store.requests.take("slack:1")).toEqual({
    ...request,
    account: { ...request.account, name: "a\uFFFDb" },
    input: { kind: "options", options: { incident: 12, force: true, note: "x\uFFFD" } },
  });
});

test("of two that take a request, the second waits and finds it done", async () => {
  const { store, another } = await freshStore();
  const other = await another();
  await store.requests.add(request);
  let second: Promise<CommandRequest | null> = Promise.resolve(request);
  await store.transaction(async (tx) => {
    expect(await tx.requests.take("slack:1")).not.toBeNull();
    second = other.transaction((otherTx) => otherTx.requests.take("slack:1"));
    await tx.requests.finish("slack:1", "done", at(1));
  });
  expect(await second).toBeNull();
  expect(await store.requests.take("unknown")).toBeNull();
});

test("only finished requests are pruned", async () => {
  const { store } = await freshStore();
  await store.requests.add(request);
  await store.requests.add({ ...request, key: "slack:2" });
  await store.requests.finish("slack:2", "done", at(1));
  expect(await store.requests.prune(at(60))).toBe(1);
  expect(await store.requests.take("slack:1")).not.toBeNull();
});
