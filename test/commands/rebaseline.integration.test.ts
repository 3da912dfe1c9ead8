import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { takePushes } from "../../src/app/take-pushes.ts";
import type { Profile } from "../../src/domain/monitoring/judge-profile.ts";
import { type ProfilePush, shippedMonitoring } from "../../src/domain/monitoring/profile-push.ts";
import { checkCommand, loadFolders } from "../../src/load.ts";
import {
  createLedger,
  createLedgerBackend,
  createTestClock,
  createWorld,
  modelEntry,
  shippedPolicy,
  type World,
} from "../app/rollout-world.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";

let database: TestDatabase;
let store: OpenStore;
let world: World;
const clock = createTestClock();
const settings = { ...shippedMonitoring, referenceRows: 100 };

beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore({ url: database.url });
  const policy = await shippedPolicy();
  const { plugins: commands } = await loadFolders([path.resolve("commands")], checkCommand);
  const models = [modelEntry(createLedgerBackend(createLedger(), "adopt"))];
  world = createWorld({ store, policy, models, commands, clock });
});
afterAll(async () => {
  await store.close();
  await database.close();
});

function push(rows: number, id: string | null = null): ProfilePush {
  const current: Profile = {
    features: new Map([
      [
        "country",
        { histogram: { kind: "categorical", counts: new Map([["SE\0\ud800", rows]]), other: 0 }, nulls: 0 },
      ],
    ]),
    prediction: null,
    labels: null,
    rows,
  };
  return { model: "scorer", environment: "production", id, at: clock.now(), current, reference: null };
}

async function take(...pushes: readonly ProfilePush[]): Promise<void> {
  await store.transaction((tx) => takePushes(tx, pushes, settings, clock.now()));
}
const reference = () => store.monitoring.find("scorer", "production", null);
const windows = () =>
  store.monitoring.windows("scorer", "production", {
    before: new Date(clock.now().getTime() + 1),
    limit: 10,
  });

test("without a reference the first rows become it, and later ones go into windows, each id once", async () => {
  await take(push(60, "a"), push(60, "a"));
  expect(await reference()).toMatchObject({ isComplete: false, profile: { rows: 60 } });
  await take(push(60, "b"));
  expect(await reference()).toMatchObject({ isComplete: true, profile: { rows: 120 } });
  await take(push(10, "c"), push(10, "c"), push(5));
  clock.pass(3_600_000);
  await take(push(7));
  expect((await windows()).map(({ profile }) => profile.rows)).toEqual([7, 15]);
});

test("who may retrain may forget it, which is audited; others may not", async () => {
  expect(await world.say("reader", "rebaseline scorer --environment production")).toMatch(
    /may not|not allowed|denied/i,
  );
  expect(await reference()).not.toBeNull();
  expect(await world.say("ml", "rebaseline scorer --environment production --reason moved")).toBe(
    "The next rows of scorer in production become its reference.",
  );
  expect(await reference()).toBeNull();
  const [entry] = await store.audit.list({ action: "model.rebaselined", limit: 1 });
  expect(entry).toMatchObject({ actor: "ml", subject: "model:scorer/production", data: { reason: "moved" } });
  expect(await world.say("ml", "rebaseline scorer --environment production")).toMatch(/^Nothing is kept/);
});
