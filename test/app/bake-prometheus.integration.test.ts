/** Checks of a bake against a real Prometheus that has scraped how each version did. */
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPrometheus } from "../../src/adapters/prometheus.ts";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import type { BakeRule } from "../../src/domain/bake.ts";
import { isFinal } from "../../src/domain/rollout/state.ts";
import type { Rollout } from "../../src/domain/rollout.ts";
import { checkCommand, loadFolders } from "../../src/load.ts";
import type { Command, Policy } from "../../src/ports.ts";
import { noPrometheus, type ScrapedPrometheus, startScraped } from "../adapters/prometheus-server.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import {
  createLedger,
  createLedgerBackend,
  createTestClock,
  createWorld,
  modelEntry,
  shippedPolicy,
} from "./rollout-world.ts";

const why = noPrometheus();
const minute = 60_000;
/** The rollouts happened two hours ago, in whole steps, and all that Prometheus knows of them is scraped. */
const start = Math.floor((Date.now() - 120 * minute) / 15_000) * 15_000;
const rule: BakeRule = {
  windowMs: 10 * minute,
  onFail: "ask",
  checks: [
    {
      name: "error ratio",
      query: 'sum by (model) (errors{model="{{model}}",version="{{version}}"})',
      ...{ max: 0.05, min: null, holdMs: minute },
    },
  ],
};

let prometheus: ScrapedPrometheus;
let database: TestDatabase;
let store: OpenStore;
let policy: Policy;
let commands: readonly Command[];

beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore({ url: database.url });
  policy = await shippedPolicy();
  commands = (await loadFolders([path.resolve("commands")], checkCommand)).plugins;
  if (why !== null) return;
  const of = (model: string, version = "2") => `errors{model="${model}",version="${version}",pod="a"}`;
  prometheus = await startScraped({
    rules: "groups: []\n",
    past: { fromMs: start - 5 * minute, toMs: start + 30 * minute, stepMs: 15_000 },
    series: [
      { series: of("good"), valueAt: () => 0.002 },
      // What another version does says nothing of this one.
      { series: of("good", "1"), valueAt: () => 0.9 },
      { series: of("bad"), valueAt: (at) => (at < start + 4 * minute ? 0.002 : 0.31) },
      { series: of("spiky"), valueAt: (at) => (at === start + 4 * minute ? 0.31 : 0.002) },
      { series: of("gone"), valueAt: (at) => (at < start + minute ? 0.002 : null) },
      { series: of("unseen", "1"), valueAt: () => 0.002 },
    ],
  });
});
afterAll(async () => {
  await store.close();
  await database.close();
  if (why === null) await prometheus.stop();
});

/** A deploy of version 2 at that time, watched to the end of its window. */
async function bakeOf(model: string): Promise<Rollout["bake"]> {
  const clock = createTestClock(start);
  const bakes = new Map([["staging", rule]]);
  const backend = createLedgerBackend(createLedger(), "adopt");
  const entry = modelEntry(backend, { name: model, alerts: [], services: [], bakes });
  const source = createPrometheus({ url: prometheus.url, auth: null, tenant: null, clock });
  const world = createWorld({ store, policy, models: [entry], commands, clock, source });
  await world.say("ml", `deploy ${model} 2 --environment staging`);
  const newest = async () => {
    const [rollout] = await store.rollouts.list({ model, limit: 1 });
    if (rollout === undefined) throw new Error(`no rollout of ${model}`);
    return rollout;
  };
  for (let look = 0; look < 60; look += 1) {
    const { id, state, bake } = await newest();
    if (isFinal(state) && bake?.state !== "watching") return bake;
    await world.apply.step(id);
    clock.pass(isFinal(state) ? 30_000 : 2_000);
  }
  throw new Error("the bake never came to an end");
}

describe.skipIf(why !== null)(
  `a bake whose checks are asked of Prometheus${why === null ? "" : `: ${why}`}`,
  () => {
    test.each([
      ["good", "passed", /error ratio: 0\.002, must be at most 0\.05/],
      ["bad", "failed", /error ratio: 0\.31 at worst, must be at most 0\.05, outside for/],
      ["spiky", "passed", /error ratio: 0\.002 to 0\.31/],
      ["gone", "inconclusive", /error ratio: no value in the last/],
      ["unseen", "inconclusive", /error ratio: no values at all/],
    ])("of a version that is %s has %s", async (model, state, text) => {
      const bake = await bakeOf(model);
      expect(bake).toMatchObject({ state });
      expect(bake?.checks[0]?.text).toMatch(text);
    });
  },
);
