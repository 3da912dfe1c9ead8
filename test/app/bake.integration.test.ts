import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createCedarPolicy } from "../../src/adapters/policy/cedar.ts";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { rolloutCard } from "../../src/app/rollout-card.ts";
import { triageScope } from "../../src/app/triage.ts";
import { asksPerson, type BakeRule } from "../../src/domain/bake.ts";
import { isFinal } from "../../src/domain/rollout/state.ts";
import type { Rollout } from "../../src/domain/rollout.ts";
import { checkCommand, loadFolders } from "../../src/load.ts";
import type { Command, MetricSource, ModelEntry, Policy } from "../../src/ports.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { verifyChain } from "../domain/audit/chain.ts";
import { buildTracked } from "../domain/build.ts";
import { Crash, createDeath, mortalBackend, mortalStore } from "./mortal.ts";
import {
  createLedger,
  createLedgerBackend,
  createWorld,
  type Ledger,
  modelEntry,
  people,
  shippedPolicy,
  type World,
} from "./rollout-world.ts";

let database: TestDatabase;
let store: OpenStore;
let shipped: Policy;
let permitting: Policy;
let commands: readonly Command[];
let ledger: Ledger;

const minute = 60_000;
const check = {
  name: "errors",
  query: 'errors{version="{{version}}"}',
  max: 0.01,
  min: null,
  holdMs: minute,
};
const rule: BakeRule = { windowMs: 10 * minute, onFail: "rollback", checks: [] };

beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore({ url: database.url });
  shipped = await shippedPolicy();
  permitting = await createCedarPolicy({
    policy: `${asset("policy.cedar")}
      @id("the bot rolls back what fails its bake")
      permit (principal == Person::"tocsin", action == Action::"rollback", resource);`,
    schema: asset("policy.cedarschema"),
    origin: "the test",
  });
  commands = (await loadFolders([path.resolve("commands")], checkCommand)).plugins;
});
afterAll(async () => {
  await store.close();
  await database.close();
});
beforeEach(() => {
  ledger = createLedger();
});

function asset(name: string): string {
  return readFileSync(new URL(`../../assets/${name}`, import.meta.url), "utf8");
}

let worlds = 0;
function world(over: Partial<ModelEntry> = {}, policy = permitting, source?: MetricSource) {
  worlds += 1;
  const model = `baker-${worlds}`;
  const alerts = [[{ name: "model", op: "=", value: model }]] as const;
  const bakes = new Map([["staging", rule]]);
  const entry = modelEntry(createLedgerBackend(ledger, "adopt"), {
    ...{ name: model, alerts, bakes, services: [`${model}-api`] },
    ...over,
  });
  const given = source === undefined ? {} : { source };
  return { model, models: [entry], ...createWorld({ store, policy, models: [entry], commands, ...given }) };
}
type Scene = ReturnType<typeof world>;

async function newest(model: string): Promise<Rollout> {
  const [rollout] = await store.rollouts.list({ model, limit: 1 });
  if (rollout === undefined) throw new Error(`no rollout of ${model}`);
  return rollout;
}

async function found(id: number): Promise<Rollout> {
  const rollout = await store.rollouts.find(id);
  if (rollout === null) throw new Error(`no rollout ${id}`);
  return rollout;
}

/** Something comes in from outside, and triage reads it. */
async function hear(w: World): Promise<void> {
  const receivedAt = w.clock.now();
  await store.deliveries.insert([
    { source: "alertmanager", receivedAt, headers: {}, body: Buffer.from("{}") },
  ]);
  const lease = await store.leases.acquire(triageScope, "test", minute);
  if (lease === null) throw new Error("the lease is held");
  const cursor = (await store.deliveries.newest())?.id ?? 0;
  await store.leases.advance(lease, { cursor, nextIncidentId: lease.nextIncidentId });
}

async function fire(w: Scene, name = "HighErrorRate"): Promise<void> {
  const startsAt = w.clock.now();
  const tracked = buildTracked({ name, labels: { alertname: name, model: w.model }, startsAt });
  await store.incidents.saveAlerts([{ ...tracked, key: `${w.model}-${name}/${startsAt.getTime()}` }]);
}

async function deploy(w: Scene, version = "2"): Promise<Rollout> {
  await w.say("ml", `deploy ${w.model} ${version} --environment staging`);
  const { id } = await newest(w.model);
  for (let look = 0; look < 10 && !isFinal((await found(id)).state); look += 1) {
    await w.apply.step(id);
    w.clock.pass(2_000);
  }
  const rollout = await found(id);
  expect(rollout).toMatchObject({ state: "succeeded", bake: { state: "watching" } });
  return rollout;
}

/** Steps every rollout of the model until nothing is left that could move by itself. */
async function settle(w: Scene, stepMs = 30_000, steps = 60): Promise<void> {
  for (let step = 0; step < steps; step += 1) {
    const rollouts = await store.rollouts.list({ model: w.model, limit: 20 });
    const moving = rollouts.filter(isMoving);
    if (moving.length === 0) return;
    for (const { id } of moving) await w.apply.step(id);
    w.clock.pass(stepMs);
  }
}

function isMoving({ state, bake }: Rollout): boolean {
  if (!isFinal(state)) return state !== "unknown" && state !== "pending";
  return bake !== null && (bake.state === "watching" || bake.undo !== null);
}

async function cardOf(w: Scene, id: number) {
  const authority = { policy: shipped, people, models: w.models };
  return await rolloutCard(store.rollouts, authority, id, w.clock.now());
}

describe("a version that serves", () => {
  test("passes after its window, not before, and frees its target meanwhile", async () => {
    const w = world();
    const { id } = await deploy(w);
    await w.apply.step(id);
    await hear(w);
    for (let look = 0; look < 19; look += 1) {
      w.clock.pass(30_000);
      await w.apply.step(id);
    }
    expect((await found(id)).bake?.state).toBe("watching");
    const lock = await store.rollouts.lock(`${w.model}/staging`, 1_000_000, "test", w.clock.now());
    expect(lock.kind).toBe("held");
    await store.rollouts.unlock(`${w.model}/staging`, 1_000_000);
    await settle(w);
    expect((await found(id)).bake).toMatchObject({ state: "passed" });
    const entries = await store.audit.list({ subject: `rollout:${id}`, limit: 1 });
    expect(entries[0]?.action).toBe("rollout.bake_passed");
  });

  test("cannot be judged when nothing was heard from any source, and a person is asked", async () => {
    const w = world();
    const { id } = await deploy(w);
    await settle(w);
    expect((await found(id)).bake).toMatchObject({ state: "inconclusive" });
    const card = await cardOf(w, id);
    expect(card?.summary).toContain("no source delivered anything");
    expect(card?.actions.map(({ command }) => command)).toEqual([
      `bake ${id} --as extend`,
      `bake ${id} --as accept`,
      `rollback ${w.model} 1 --environment staging`,
      `audit --subject rollout:${id}`,
    ]);
    await w.say("ml", `bake ${id} --as extend`);
    await w.apply.step(id);
    await hear(w);
    await settle(w);
    expect((await found(id)).bake).toMatchObject({ state: "passed" });
  });

  test("is rolled back by the bot when an alert of its own fires, where the policy says so", async () => {
    const w = world();
    const { id } = await deploy(w);
    await fire(w);
    await settle(w, 2_000, 8);
    const undo = await newest(w.model);
    expect(undo).toMatchObject({ requestedBy: "tocsin", plan: { kind: "rollback", from: "2", to: "1" } });
    expect(undo.plan.reason).toContain(`the bake of rollout ${id} failed: alert HighErrorRate fired`);
    expect(ledger.serving).toBe("1");
    expect((await found(id)).bake).toMatchObject({
      state: "failed",
      answer: { as: "rolled_back", by: `rollout ${undo.id}` },
    });
    const asked = await store.audit.list({
      subject: `rollout:${undo.id}`,
      action: "rollout.requested",
      limit: 1,
    });
    expect(asked[0]).toMatchObject({ actor: "tocsin", data: { planHash: undo.planHash } });
  });

  test("is not rolled back by the bot under the shipped policy: a person is asked, with a button", async () => {
    const w = world({}, shipped);
    const { id } = await deploy(w);
    await fire(w);
    await settle(w, 2_000, 8);
    expect((await newest(w.model)).id).toBe(id);
    const card = await cardOf(w, id);
    expect(card?.summary).toContain(
      "The bot did not roll back: the bot may not: no rule of the policy permits it",
    );
    expect(card?.actions.map(({ label }) => label)).toEqual(["Accept", "Roll back", "Audit"]);
    await w.say("ml", `bake ${id} --as accept`);
    expect((await found(id)).bake).toMatchObject({ state: "failed", answer: { as: "accepted", by: "ml" } });
  });

  test("is not failed by what fired before the rollout began", async () => {
    const w = world();
    await fire(w);
    w.clock.pass(minute);
    const { id } = await deploy(w);
    await w.apply.step(id);
    await hear(w);
    await settle(w);
    expect((await found(id)).bake?.state).toBe("passed");
  });

  test("is no longer watched when another rollout of the target begins", async () => {
    const w = world();
    const first = await deploy(w);
    await w.apply.step(first.id);
    await deploy(w, "3");
    expect((await found(first.id)).bake).toMatchObject({ state: "superseded", answer: { as: "replaced" } });
  });

  test("a rollback whose own bake fails is not undone by the bot: it asks", async () => {
    const w = world();
    await deploy(w);
    await fire(w);
    await settle(w, 2_000, 8);
    const undo = await newest(w.model);
    await fire(w, "StillBad");
    await settle(w, 2_000, 8);
    expect((await newest(w.model)).id).toBe(undo.id);
    const { bake } = await found(undo.id);
    expect(bake === null ? false : asksPerson(bake)).toBe(true);
    expect(bake?.undoProblem).toContain("never undone by the bot itself");
  });

  test("cannot be judged while the source of metrics is away", async () => {
    const away: MetricSource = {
      range: () => Promise.resolve({ kind: "unreadable", because: "connection refused", scope: "server" }),
      rules: () => Promise.resolve({ kind: "rules", rules: [] }),
      check: () => Promise.resolve([]),
    };
    const w = world({ bakes: new Map([["staging", { ...rule, checks: [check] }]]) }, permitting, away);
    const { id } = await deploy(w);
    await w.apply.step(id);
    await hear(w);
    await settle(w);
    const { bake } = await found(id);
    expect(bake).toMatchObject({ state: "inconclusive" });
    expect(bake?.findings.join()).toContain("connection refused");
  });

  test.each([3_600_000, -3_600_000])(
    "a clock that jumps by %d ms ends no bake early and holds none up",
    async (jump) => {
      const w = world();
      const { id } = await deploy(w);
      await w.apply.step(id);
      await hear(w);
      w.clock.pass(30_000);
      await w.apply.step(id);
      w.clock.pass(jump);
      await w.apply.step(id);
      expect((await found(id)).bake).toMatchObject({ state: "watching" });
      expect((await found(id)).bake?.watch?.elapsed.ms).toBeLessThanOrEqual(2 * minute);
      await settle(w);
      expect((await found(id)).bake?.state).toBe("passed");
    },
  );
});

// ---------- canaries ----------

/** A backend whose canary holds at two steps until it is let on. */
function canaryWorld(over: Partial<ModelEntry> = {}, policy = permitting) {
  const advanced: string[] = [];
  const holds = ["25 %", "50 %"];
  ledger.outcome = (operation) => {
    const hold = holds.find((name) => !advanced.includes(name));
    if (hold === undefined || operation.kind === "rollback")
      return {
        kind: "succeeded",
        result: `${operation.to} serves`,
        newVersion: null,
        metrics: {},
        logTail: "",
      };
    return { kind: "holding", hold, trafficPercent: Number.parseInt(hold, 10), steps: [], logTail: "" };
  };
  const backend = {
    ...createLedgerBackend(ledger, "adopt"),
    advance: (_ref: unknown, _operation: unknown, hold: string) => {
      advanced.push(hold);
      return Promise.resolve();
    },
  };
  const w = world({ backend, ...over }, policy);
  return { ...w, advanced };
}

async function beginCanary(w: Scene): Promise<number> {
  await w.say("ml", `deploy ${w.model} 2 --environment staging`);
  const { id } = await newest(w.model);
  for (let look = 0; look < 6; look += 1) {
    await w.apply.step(id);
    w.clock.pass(1_000);
  }
  await hear(w);
  return id;
}

describe("a canary that holds", () => {
  test("is let on step by step when all is well, with an audit entry for each decision, and then bakes", async () => {
    const w = canaryWorld();
    const id = await beginCanary(w);
    for (let look = 0; look < 200 && !isFinal((await found(id)).state); look += 1) {
      await w.apply.step(id);
      w.clock.pass(3_000);
      if (look % 10 === 0) await hear(w);
    }
    expect(new Set(w.advanced)).toEqual(new Set(["25 %", "50 %"]));
    expect(await found(id)).toMatchObject({ state: "succeeded", bake: { state: "watching" } });
    const actions = (await store.audit.list({ subject: `rollout:${id}`, limit: 50 })).map(
      ({ action }) => action,
    );
    expect(actions.filter((action) => action === "rollout.advancing")).toHaveLength(2);
    expect(actions.filter((action) => action === "rollout.holding")).toHaveLength(2);
  });

  test("is cancelled when an alert of its own fires, and the card says why", async () => {
    const w = canaryWorld();
    const id = await beginCanary(w);
    await fire(w);
    await settle(w, 2_000, 10);
    const rollout = await found(id);
    expect(rollout).toMatchObject({ state: "cancelled", bake: null });
    expect(rollout.result).toContain(
      "cancelled by tocsin: the canary failed at 25 %: alert HighErrorRate fired",
    );
    expect(ledger.serving).toBe("1");
  });

  test("waits for a person when nothing is watched, who lets it on", async () => {
    const w = canaryWorld({ alerts: [], services: [], bakes: new Map() });
    const id = await beginCanary(w);
    await settle(w, 3_000, 40);
    expect((await found(id)).progress.hold).toMatchObject({ name: "25 %", state: "asking" });
    const card = await cardOf(w, id);
    expect(card?.actions.map(({ label }) => label)).toEqual(["Let it on", "Watch longer", "Cancel"]);
    await w.say("ml", `bake ${id} --as advance`);
    await w.apply.step(id);
    expect(w.advanced).toContain("25 %");
  });

  test("that runs longer than the model may is asked to stop", async () => {
    const w = canaryWorld({ timeoutMs: minute, holdMs: 60 * minute });
    const id = await beginCanary(w);
    await settle(w, 15_000, 12);
    expect((await found(id)).result).toBe("cancelled by tocsin: it took longer than 1 min");
  });
});

// ---------- the bot dies at any moment ----------

describe("a bot that dies at any moment of a bake and of its own rollback", () => {
  async function tell(at: number) {
    ledger = createLedger();
    const living = world();
    const [entry] = living.models;
    if (entry === undefined) throw new Error("no model");
    await living.say("ml", `deploy ${living.model} 2 --environment staging`);
    const { id } = await newest(living.model);
    const death = createDeath(at);
    const dying = createWorld({
      ...{ store: mortalStore(store, death), policy: permitting, commands, clock: living.clock },
      models: [{ ...entry, backend: mortalBackend(entry.backend, death) }],
    });
    let hasFired = false;
    const run = async (w: World) => {
      for (let step = 0; step < 60; step += 1) {
        const rollouts = await store.rollouts.list({ model: living.model, limit: 20 });
        const first = rollouts.find((rollout) => rollout.id === id);
        if (!hasFired && first?.bake?.state === "watching") {
          hasFired = true;
          await fire(living);
        }
        const moving = rollouts.filter(isMoving);
        // The bake of the bot's own rollback goes on; what is looked at here is over when it has begun.
        if (moving.every(({ id: other, bake }) => other !== id && bake?.state === "watching") && hasFired)
          return;
        for (const { id: other } of moving) await w.apply.step(other);
        living.clock.pass(2_000);
      }
      throw new Error("it never came to an end");
    };
    try {
      await run(dying);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
    await run(living);
    const rollouts = await store.rollouts.list({ model: living.model, limit: 20 });
    return { id, rollouts, moments: death.moments() };
  }

  test("rolls back once, starts everything once, and leaves nothing unaudited", async () => {
    const calm = await tell(Number.POSITIVE_INFINITY);
    expect(calm.moments).toBeGreaterThan(30);
    for (let at = 1; at <= calm.moments; at += 1) {
      const where = `death at moment ${at} of ${calm.moments}`;
      const { id, rollouts } = await tell(at);
      const undo = rollouts.find((rollout) => rollout.id !== id);
      expect(rollouts, where).toHaveLength(2);
      expect(
        rollouts.find((rollout) => rollout.id === id),
        where,
      ).toMatchObject({
        state: "succeeded",
        bake: { state: "failed", answer: { as: "rolled_back", by: `rollout ${undo?.id}` } },
      });
      expect(undo, where).toMatchObject({ state: "succeeded", requestedBy: "tocsin", plan: { to: "1" } });
      expect(ledger.starts, where).toHaveLength(2);
      expect(ledger.serving, where).toBe("1");
      const told = async (rolloutId: number) =>
        (await store.audit.list({ subject: `rollout:${rolloutId}`, limit: 50 })).map(({ action }) => action);
      expect(await told(id), where).toEqual(
        expect.arrayContaining(["rollout.succeeded", "rollout.bake_failed", "rollout.bake_ended"]),
      );
      expect(await told(undo?.id ?? 0), where).toEqual(
        expect.arrayContaining(["rollout.requested", "rollout.starting", "rollout.succeeded"]),
      );
    }
    const mark = await store.audit.mark();
    expect(verifyChain(await store.audit.read(1, 100_000), mark === null ? [] : [mark]).kind).toBe("intact");
  }, 300_000);
});

describe("a bot that dies at any moment while a canary holds", () => {
  /** @param end - `well`: nothing is wrong; `alert`: an alert of the model fires at the first hold. */
  async function tell(at: number, end: "well" | "alert") {
    ledger = createLedger();
    const living = canaryWorld({ holdMs: 4_000 });
    const [entry] = living.models;
    if (entry === undefined) throw new Error("no model");
    await living.say("ml", `deploy ${living.model} 2 --environment staging`);
    const { id } = await newest(living.model);
    const death = createDeath(at);
    const dying = createWorld({
      ...{ store: mortalStore(store, death), policy: permitting, commands, clock: living.clock },
      models: [{ ...entry, backend: mortalBackend(entry.backend, death) }],
    });
    let hasFired = false;
    let holdsFrom: number | null = null;
    const run = async (w: World) => {
      for (let step = 0; step < 120; step += 1) {
        const { state, progress } = await found(id);
        if (isFinal(state)) return;
        if (progress.hold !== null) holdsFrom ??= death.moments();
        if (end === "alert" && !hasFired && progress.hold !== null) {
          hasFired = true;
          await fire(living);
        }
        if (progress.hold !== null) await hear(living);
        await w.apply.step(id);
        living.clock.pass(2_000);
      }
      throw new Error("it never came to an end");
    };
    try {
      await run(dying);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
    await run(living);
    const told = (await store.audit.list({ subject: `rollout:${id}`, limit: 50 })).map(
      ({ action }) => action,
    );
    const times = (action: string) => told.filter((one) => one === action).length;
    return {
      rollout: await found(id),
      advanced: living.advanced,
      times,
      moments: death.moments(),
      holdsFrom,
    };
  }

  test("lets it on only after what was decided and written, at each step, and starts it once", async () => {
    const calm = await tell(Number.POSITIVE_INFINITY, "well");
    // What comes before the first hold dies elsewhere.
    const from = calm.holdsFrom ?? Number.NaN;
    expect(calm.moments - from).toBeGreaterThan(15);
    for (let at = from; at <= calm.moments; at += 1) {
      const where = `death at moment ${at} of ${calm.moments}`;
      const { rollout, advanced, times } = await tell(at, "well");
      expect(rollout, where).toMatchObject({ state: "succeeded", bake: { state: "watching" } });
      expect([...new Set(advanced)], where).toEqual(["25 %", "50 %"]);
      expect(ledger.starts, where).toHaveLength(1);
      expect(
        [times("rollout.holding"), times("rollout.advancing"), times("rollout.succeeded")],
        where,
      ).toEqual([2, 2, 1]);
    }
  }, 300_000);

  test("stops one that fails, once, and never lets it on", async () => {
    const calm = await tell(Number.POSITIVE_INFINITY, "alert");
    const from = calm.holdsFrom ?? Number.NaN;
    expect(calm.moments - from).toBeGreaterThan(3);
    for (let at = from; at <= calm.moments; at += 1) {
      const where = `death at moment ${at} of ${calm.moments}`;
      const { rollout, advanced, times } = await tell(at, "alert");
      expect(rollout, where).toMatchObject({ state: "cancelled", bake: null });
      expect(advanced, where).toEqual([]);
      expect(ledger.serving, where).toBe("1");
      expect([times("rollout.cancelling"), times("rollout.cancelled")], where).toEqual([1, 1]);
    }
  }, 300_000);
});
