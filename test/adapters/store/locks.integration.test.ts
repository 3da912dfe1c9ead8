import { expect, test } from "vitest";
import type { OpenStore } from "../../../src/adapters/store/store.ts";
import { moveRollout, newRollout } from "../../../src/domain/rollout.ts";
import { plan } from "../../domain/rollout/build.ts";
import { at, freshStore } from "./fixture.ts";

const target = "scorer/production";

async function approved(store: OpenStore, name: string, second: number) {
  const asked = newRollout({
    operationId: name,
    plan,
    requestedBy: "ml",
    requestedIn: null,
    approvalRules: [],
    expiresAt: at(9_999),
    now: at(second),
  });
  return await store.rollouts.insert(asked);
}

test("two replicas race for one target a thousand times: never two holders, always in the order of asking", async () => {
  const { store, another } = await freshStore();
  const replicas = [store, await another()];
  const rounds = 1_000;
  const waiting = await Promise.all(
    // Stored out of order: what counts is when they were asked for.
    Array.from({ length: rounds }, (_, index) => approved(store, `op-${index}`, (index * 7) % rounds)),
  );
  const order = [...waiting]
    .sort((a, b) => a.requestedAt.getTime() - b.requestedAt.getTime())
    .map(({ id }) => id);
  const served: number[] = [];
  const fences: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // The one whose turn it is and the next one, each from both replicas at once.
    const racing = order
      .slice(round, round + 2)
      .flatMap((id) => replicas.map((replica) => ({ id, replica })))
      .toReversed();
    const results = await Promise.all(
      racing.map(async ({ id, replica }) => ({
        id,
        got: await replica.rollouts.lock(target, id, `r${id}`, at(round)),
      })),
    );
    const holders = new Set(results.flatMap(({ id, got }) => (got.kind === "held" ? [id] : [])));
    expect(holders.size).toBe(1);
    const [holder = 0] = holders;
    served.push(holder);
    for (const { id, got } of results) if (id === holder && got.kind === "held") fences.push(got.fence);
    const rollout = waiting.find(({ id }) => id === holder);
    if (rollout === undefined) throw new Error("nobody waits");
    await store.transaction(async (tx) => {
      await tx.rollouts.update(moveRollout(rollout, "cancelled", at(round)));
      await tx.rollouts.unlock(target, holder);
    });
  }
  expect(served).toEqual(order);
  const each = [...new Set(fences)];
  expect(each).toHaveLength(rounds);
  expect(each).toEqual(each.toSorted((one, other) => one - other));
}, 240_000);

test("what a person keeps from everyone nobody takes, the holder neither; let go it is the first's turn", async () => {
  const { store } = await freshStore();
  const [first, second] = [await approved(store, "a", 1), await approved(store, "b", 2)];
  expect(await store.rollouts.hold({ target, by: "sre", reason: "looking", at: at(3) })).toBe(true);
  expect(await store.rollouts.hold({ target, by: "other", reason: "me too", at: at(4) })).toBe(false);
  expect(await store.rollouts.lock(target, first.id, "r", at(5))).toMatchObject({
    kind: "busy",
    held: { by: "sre", reason: "looking", since: at(3) },
  });
  expect(await store.rollouts.locks()).toMatchObject([{ target, rolloutId: null, held: { by: "sre" } }]);
  expect(await store.rollouts.release(target)).toBe(true);
  expect(await store.rollouts.release(target)).toBe(false);
  expect(await store.rollouts.lock(target, second.id, "r", at(6))).toMatchObject({
    kind: "busy",
    rolloutId: first.id,
  });
  expect((await store.rollouts.lock(target, first.id, "r", at(6))).kind).toBe("held");
  expect((await store.rollouts.queue(target)).map(({ id }) => id)).toEqual([first.id, second.id]);
});

test("a fence is good until the lock is taken away, also when the same rollout takes it again", async () => {
  const { store } = await freshStore();
  const { id } = await approved(store, "a", 1);
  const fence = await fenceOf(store, id);
  expect(await store.rollouts.holdsFence(target, id, fence)).toBe(true);
  expect(await store.rollouts.takeAway(target, id)).toBe(true);
  expect(await store.rollouts.takeAway(target, id)).toBe(false);
  expect(await store.rollouts.holdsFence(target, id, fence)).toBe(false);
  // The next one to have it has another than whoever took it away.
  expect(await fenceOf(store, id)).toBeGreaterThanOrEqual(fence + 2);
  expect(await store.rollouts.holdsFence(target, id, fence)).toBe(false);
});

async function fenceOf(store: OpenStore, id: number): Promise<number> {
  const got = await store.rollouts.lock(target, id, "r", at(1));
  if (got.kind !== "held") throw new Error(`rollout ${got.rolloutId} has it`);
  return got.fence;
}
