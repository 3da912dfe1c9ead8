import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { LeaseLostError } from "../../../src/ports.ts";
import { anIncident, freshStore } from "./fixture.ts";

test("of many that ask at once one gets the lease", async () => {
  const { store, another } = await freshStore();
  const stores = [store, await another()];
  const asked = await Promise.all(
    Array.from({ length: 8 }, (_, index) => stores[index % 2]?.leases.acquire("triage", `r${index}`, 60_000)),
  );
  expect(asked.filter((lease) => lease !== null)).toHaveLength(1);
});

test("renewing keeps the fence, a change of holder raises it", async () => {
  const { store } = await freshStore();
  const first = await store.leases.acquire("triage", "a", 60_000);
  const renewed = await store.leases.acquire("triage", "a", 60_000);
  expect(renewed?.fence).toBe(first?.fence);
  if (renewed === null) throw new Error("not renewed");
  await store.leases.release(renewed);
  const next = await store.leases.acquire("triage", "b", 60_000);
  expect(next?.fence).toBe(renewed.fence + 1);
});

test("a lease that ran out goes to the next, with the cursor", async () => {
  const { store } = await freshStore();
  const lease = await store.leases.acquire("triage", "a", 60);
  if (lease === null) throw new Error("not acquired");
  await store.leases.advance(lease, { cursor: 41, nextIncidentId: 7 });
  expect(await store.leases.acquire("triage", "b", 60_000)).toBeNull();
  await sleep(80);
  const next = await store.leases.acquire("triage", "b", 60_000);
  expect(next).toMatchObject({ holder: "b", cursor: 41, nextIncidentId: 7, fence: lease.fence + 1 });
});

test("who has lost the lease commits nothing", async () => {
  const { store } = await freshStore();
  const lease = await store.leases.acquire("triage", "a", 1);
  if (lease === null) throw new Error("not acquired");
  await sleep(10);
  await store.leases.acquire("triage", "b", 60_000);
  const commit = store.transaction(async (tx) => {
    await tx.incidents.save([anIncident(1)]);
    await tx.leases.advance(lease, { cursor: 1, nextIncidentId: 2 });
  });
  await expect(commit).rejects.toBeInstanceOf(LeaseLostError);
  expect(await store.incidents.find(1)).toBeNull();
});

test("a commit in progress is finished before another can take over", async () => {
  const { store, another } = await freshStore();
  const other = await another();
  const lease = await store.leases.acquire("triage", "a", 30);
  if (lease === null) throw new Error("not acquired");
  let taking: Promise<unknown> = Promise.resolve();
  await store.transaction(async (tx) => {
    await tx.leases.advance(lease, { cursor: 5, nextIncidentId: 2 });
    await sleep(50);
    taking = other.leases.acquire("triage", "b", 60_000);
    await sleep(50);
  });
  expect(await taking).toMatchObject({ holder: "b", cursor: 5 });
});
