/** The clock of the machine is set forward or back by an hour while a rollout starts. */
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { checkCommand, loadFolders } from "../../src/load.ts";
import type { Command, ModelBackend, Policy } from "../../src/ports.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import {
  createLedger,
  createLedgerBackend,
  createWorld,
  drive,
  modelEntry,
  shippedPolicy,
} from "./rollout-world.ts";

let database: TestDatabase;
let store: OpenStore;
let policy: Policy;
let commands: readonly Command[];
beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore({ url: database.url });
  policy = await shippedPolicy();
  commands = (await loadFolders([path.resolve("commands")], checkCommand)).plugins;
});
afterAll(async () => {
  await store?.close();
  await database?.close();
});

const hourMs = 3_600_000;
const jumps = [
  ["forward", hourMs],
  ["back", -hourMs],
] as const;
let worlds = 0;

/** A rollout whose start got no answer, and a backend that cannot be asked until it is back. */
async function inDoubt() {
  const ledger = createLedger();
  const backend = createLedgerBackend(ledger, "adopt");
  const network = { isBack: false };
  const away = () => Promise.reject(new Error("connection refused"));
  const entry = {
    ...backend,
    start: (...args: Parameters<ModelBackend["start"]>) => (network.isBack ? backend.start(...args) : away()),
    findByOperationId: (id: string) => (network.isBack ? backend.findByOperationId(id) : away()),
  };
  worlds += 1;
  const model = `jumper-${worlds}`;
  const world = createWorld({ store, policy, commands, models: [modelEntry(entry, { name: model })] });
  await world.say("ml", `deploy ${model} 2 --environment staging`);
  const [rollout] = await store.rollouts.list({ model, limit: 1 });
  if (rollout === undefined) throw new Error("it was not asked for");
  await world.apply.step(rollout.id);
  const state = async () => (await store.rollouts.find(rollout.id))?.state;
  expect(await state()).toBe("starting");
  return { ledger, network, world, id: rollout.id, state };
}

test.each(jumps)("%s: a start whose backend comes back is carried out, once", async (_name, jumpMs) => {
  const { ledger, network, world, id, state } = await inDoubt();
  world.clock.pass(jumpMs);
  await world.apply.step(id);
  expect(await state()).toBe("starting");
  network.isBack = true;
  expect(await drive(world, store, id)).toBe("succeeded");
  expect(ledger.starts).toHaveLength(1);
});

test.each(jumps)(
  "%s: a start whose backend stays away is left to a person after ten minutes",
  async (_name, jumpMs) => {
    const { world, id, state } = await inDoubt();
    let lookedMs = 0;
    for (let look = 0; look < 200 && (await state()) === "starting"; look += 1) {
      world.clock.pass(look === 30 ? jumpMs : 5_000);
      lookedMs += 5_000;
      await world.apply.step(id);
    }
    expect(await state()).toBe("unknown");
    // One look adds a minute at most, whatever the clock says.
    expect(Math.abs(lookedMs - 600_000)).toBeLessThanOrEqual(60_000);
  },
);

test.each(jumps)("%s: work that runs is watched on, and not taken for overdue", async (_name, jumpMs) => {
  const { ledger, network, world, id, state } = await inDoubt();
  network.isBack = true;
  ledger.outcome = () => ({ kind: "running", steps: [], logTail: "" });
  await world.apply.step(id);
  world.clock.pass(jumpMs);
  await world.apply.step(id);
  expect(await state()).toBe("running");
  ledger.outcome = createLedger().outcome;
  expect(await drive(world, store, id)).toBe("succeeded");
});
