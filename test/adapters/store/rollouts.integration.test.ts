import { expect, test } from "vitest";
import { beginElapsed } from "../../../src/domain/bake/elapsed.ts";
import { moveBake, newBake } from "../../../src/domain/bake.ts";
import type { Plan } from "../../../src/domain/rollout/plan.ts";
import { moveRollout, newRollout } from "../../../src/domain/rollout.ts";
import { at, freshStore } from "./fixture.ts";

const plan: Plan = {
  kind: "deploy",
  model: "fraud-scorer",
  environment: "production",
  from: "3",
  to: "4",
  digest: null,
  metrics: [{ name: "auc", from: 0.9, to: 0.92 }],
  steps: ["shift"],
  notes: [],
  inverse: "rollback fraud-scorer",
  reason: "better",
  incidentId: null,
  expectedMs: 1000,
};

function wanted(operationId: string, over: Partial<Plan> = {}, requestedAt = at(0)) {
  return newRollout({
    operationId,
    plan: { ...plan, ...over },
    requestedBy: "ml-engineer",
    requestedIn: "slack:C1",
    approvalRules: [{ rule: "r", count: 1, roles: ["sre"] }],
    expiresAt: at(1000),
    now: requestedAt,
  });
}

test("a rollout comes back as it went in", async () => {
  const { store } = await freshStore();
  const wantedRollout = wanted("op-1");
  const rollout = await store.rollouts.insert(wantedRollout);
  expect(rollout).toEqual({ ...wantedRollout, id: rollout.id, version: 1 });
  expect(await store.rollouts.find(rollout.id)).toEqual(rollout);
  expect(await store.rollouts.findByOperationId("op-1")).toEqual(rollout);
  expect(await store.rollouts.findByOperationId("op-2")).toBeNull();
  await expect(store.rollouts.insert(wantedRollout)).rejects.toThrow();
});

test("a bake comes back as it went in, and rollouts are found by it as long as it is open", async () => {
  const { store } = await freshStore();
  const rule = { windowMs: 60_000, onFail: "rollback", checks: [] } as const;
  const bake = newBake(rule, { alerts: ["a/1"], incident: 3 });
  const elapsed = beginElapsed(at(0));
  const rollout = await store.rollouts.insert({ ...wanted("baking"), elapsed, bake });
  expect(await store.rollouts.find(rollout.id)).toMatchObject({ elapsed, bake });
  const open = async () =>
    (await store.rollouts.list({ bake: "open", limit: 5 })).map((other) => other.operationId);
  expect(await open()).toEqual([]);
  const watching = await store.rollouts.update({ ...rollout, bake: moveBake(bake, "watching") });
  expect(await open()).toEqual(["baking"]);
  if (watching?.bake === undefined || watching.bake === null) throw new Error("the bake is gone");
  await store.rollouts.update({ ...watching, bake: moveBake(watching.bake, "passed") });
  expect(await open()).toEqual([]);
});

test("of a version what was kept when it was last replaced is found, and what was kept first stands", async () => {
  const { store } = await freshStore();
  const keep = async (operationId: string, over: Partial<Plan>, image: string) => {
    const { id } = await store.rollouts.insert(wanted(operationId, over));
    await store.rollouts.keepSnapshot(id, { image }, at(1));
    return id;
  };
  const replaced = { model: plan.model, environment: plan.environment, version: "3" };
  expect(await store.rollouts.snapshotOf(replaced)).toBeNull();
  await keep("first", { from: "3", to: "4" }, "old");
  const again = await keep("again", { from: "3", to: "5" }, "new");
  await keep("elsewhere", { from: "3", environment: "staging" }, "staging");
  await keep("of another", { from: "4", to: "3" }, "other");
  await store.rollouts.keepSnapshot(again, { image: "too late" }, at(2));
  expect(await store.rollouts.snapshotOf(replaced)).toEqual({ rolloutId: again, snapshot: { image: "new" } });
});

test("of two that move a rollout from the same version one wins", async () => {
  const { store, another } = await freshStore();
  const other = await another();
  const rollout = await store.rollouts.insert(wanted("op-1"));
  const moved = await Promise.all([
    store.rollouts.update(moveRollout(rollout, "approved", at(1))),
    other.rollouts.update(moveRollout(rollout, "denied", at(1))),
  ]);
  expect(moved.filter((result) => result !== null)).toHaveLength(1);
  expect((await store.rollouts.find(rollout.id))?.version).toBe(2);
});

test("lists narrow by state, model, environment and time, newest first", async () => {
  const { store } = await freshStore();
  const a = await store.rollouts.insert(wanted("a"));
  const b = await store.rollouts.insert(wanted("b", { model: "other" }, at(10)));
  const c = await store.rollouts.insert(wanted("c", { environment: "staging" }, at(20)));
  await store.rollouts.update(moveRollout(a, "denied", at(1)));
  const ids = async (filter: Parameters<typeof store.rollouts.list>[0]) =>
    (await store.rollouts.list(filter)).map((rollout) => rollout.id);
  expect(await ids({ limit: 10 })).toEqual([c.id, b.id, a.id]);
  expect(await ids({ limit: 10, states: ["pending"] })).toEqual([c.id, b.id]);
  expect(await ids({ limit: 10, model: "fraud-scorer", environment: "production" })).toEqual([a.id]);
  expect(await ids({ limit: 1, since: at(10) })).toEqual([c.id]);
});

test("a person speaks once on a rollout", async () => {
  const { store } = await freshStore();
  const said = {
    rolloutId: 1,
    person: "sre-lead",
    decision: "approve" as const,
    planHash: "h",
    reason: "ok",
    via: "slack",
    at: at(0),
  };
  expect(await store.rollouts.addApproval(said)).toBe(true);
  expect(await store.rollouts.addApproval({ ...said, decision: "deny" })).toBe(false);
  expect(await store.rollouts.approvals(1)).toEqual([said]);
});

test("a target has one holder; the fence grows when it changes hands", async () => {
  const { store, another } = await freshStore();
  const other = await another();
  const target = "fraud-scorer/production";
  const taken = await Promise.all(
    [1, 2, 3, 4].map((id) => (id % 2 === 0 ? other : store).rollouts.lock(target, id, "r", at(id))),
  );
  const held = taken.filter((result) => result.kind === "held");
  expect(held).toHaveLength(1);
  const fence = held[0]?.fence ?? 0;
  // Never below the time: what remembers an older one takes it also when this database was lost.
  expect(Math.abs(fence - Date.now() / 1_000)).toBeLessThan(600);
  const busy = taken.find((result) => result.kind === "busy");
  if (busy?.kind !== "busy") throw new Error("nobody was refused");
  const holder = busy.rolloutId;
  expect(busy.since).toEqual(at(holder));
  expect(await store.rollouts.lock(target, holder, "r", at(9))).toEqual({ kind: "held", fence });
  const again = await store.rollouts.lock(target, holder, "r2", at(9));
  if (again.kind !== "held") throw new Error("it is its own");
  expect(again.fence).toBeGreaterThan(fence);
  await store.rollouts.unlock(target, holder === 1 ? 2 : 1);
  expect((await store.rollouts.lock(target, 99, "r", at(9))).kind).toBe("busy");
  await store.rollouts.unlock(target, holder);
  const next = await store.rollouts.lock(target, 99, "r", at(9));
  if (next.kind !== "held") throw new Error("it is free");
  expect(next.fence).toBeGreaterThan(again.fence);
});

test("the builtin registry keeps versions and who made what champion when", async () => {
  const { store } = await freshStore();
  const version = {
    model: "correlator",
    version: 1,
    createdAt: at(0),
    createdBy: "ml-engineer",
    operationId: "op-1",
    parameters: { weights: [0.1, -2] },
    comparison: [{ name: "f1", champion: 0.8, challenger: 0.9, interval: [0.01, 0.2] as const, n: 40 }],
    metrics: { f1: 0.8 },
    description: "first",
    digest: "d",
  };
  await store.rollouts.addModelVersion(version);
  await expect(store.rollouts.addModelVersion(version)).rejects.toThrow();
  expect(await store.rollouts.modelVersions("correlator")).toEqual([version]);
  expect(await store.rollouts.findModelVersionByOperation("op-1")).toEqual(version);
  const alias = { model: "correlator", environment: "production", alias: "champion", by: "sre-lead" };
  await store.rollouts.setAlias({ ...alias, version: 1, at: at(1), operationId: "op-1" });
  await store.rollouts.setAlias({ ...alias, version: 2, at: at(2), operationId: "op-2" });
  expect(await store.rollouts.aliasHistory("correlator", "production", "champion")).toEqual([
    { version: 2, since: at(2), by: "sre-lead", operationId: "op-2" },
    { version: 1, since: at(1), by: "sre-lead", operationId: "op-1" },
  ]);
});
