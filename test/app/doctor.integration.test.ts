import { expect, test } from "vitest";
import { triageScope } from "../../src/app/triage.ts";
import type { Store } from "../../src/ports.ts";
import { freshStore } from "../adapters/store/fixture.ts";
import { examineStore } from "./examine-store.ts";

const start = new Date("2026-03-02T10:00:00Z");
const after = (seconds: number) => new Date(start.getTime() + seconds * 1_000);

async function findings(store: Store, now: Date) {
  const all = await examineStore(store, { now: () => now });
  return all.filter(({ subject }) => subject === "triage");
}

async function receive(store: Store, receivedAt: Date): Promise<number> {
  await store.deliveries.insert([
    { source: "generic", receivedAt, headers: {}, body: new TextEncoder().encode("{}") },
  ]);
  return (await store.deliveries.newest())?.id ?? 0;
}

test("what was received and is not read is a failure once it has waited long, by the oldest that waits", async () => {
  const { store } = await freshStore();
  const hasRead = { status: "ok", subject: "triage", text: "has read what was received" };
  expect(await findings(store, start)).toEqual([hasRead]);
  const first = await receive(store, start);
  await receive(store, after(100));
  expect(await findings(store, after(20))).toEqual([{ ...hasRead, text: "is 20 s behind" }]);
  expect(await findings(store, after(120))).toEqual([
    expect.objectContaining({
      status: "failure",
      text: "what was received is not read: the oldest delivery waits for 2 min",
      remedy: expect.stringMatching(/^start the bot/),
    }),
  ]);
  const lease = await store.leases.acquire(triageScope, "one", 60_000);
  if (lease === null) throw new Error("nobody else leads");
  await store.transaction((tx) => tx.leases.advance(lease, { cursor: first, nextIncidentId: 1 }));
  expect(await findings(store, after(120))).toEqual([{ ...hasRead, text: "is 20 s behind" }]);
  expect(await findings(store, after(160))).toMatchObject([{ status: "failure" }]);
});
