import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { rolloutCard } from "../../src/app/rollout-card.ts";
import { newBake } from "../../src/domain/bake.ts";
import type { EvaluationGate } from "../../src/domain/rollout/evaluation-gate.ts";
import type { MetricComparison } from "../../src/domain/rollout/metric-comparison.ts";
import { checkCommand, loadFolders } from "../../src/load.ts";
import type { Command, Policy } from "../../src/ports.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import {
  createLedger,
  createLedgerBackend,
  createTestClock,
  createWorld,
  drive,
  modelEntry,
  people,
  shippedPolicy,
} from "./rollout-world.ts";

let database: TestDatabase;
let store: OpenStore;
let policy: Policy;
let commands: readonly Command[];
let worlds = 0;

beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore({ url: database.url });
  policy = await shippedPolicy();
  commands = (await loadFolders([path.resolve("commands")], checkCommand)).plugins;
});
afterAll(async () => {
  await store.close();
  await database.close();
});

const gate: EvaluationGate = {
  environments: ["staging"],
  metrics: [{ name: "auc", better: "higher", minGain: -0.01, minRows: 100, interval: "required" }],
  servedIn: null,
  bakedIn: null,
  tags: {},
  missing: "refuse",
};

function world(gates: readonly EvaluationGate[], environments = ["staging"]) {
  worlds += 1;
  const model = `gated-${worlds}`;
  const ledger = createLedger();
  const measured: { now: MetricComparison[] } = {
    now: [{ name: "auc", champion: 0.9, challenger: 0.92, interval: [0.01, 0.03], n: 400 }],
  };
  const tags: { now: Record<string, string> } = { now: {} };
  const ledgerBackend = createLedgerBackend(ledger, "adopt");
  const backend = {
    ...ledgerBackend,
    compare: () => Promise.resolve(measured.now),
    versions: async (name: string) =>
      (await ledgerBackend.versions(name)).map((version) => ({ ...version, tags: tags.now })),
  };
  const models = [modelEntry(backend, { name: model, environments, gates })];
  const clock = createTestClock();
  const everyone = [...people, { id: "sre", name: "sre", roles: ["sre"], accounts: { console: "sre" } }];
  const w = createWorld({ store, policy, models, commands, clock, people: everyone });
  const newest = async () => (await store.rollouts.list({ model, limit: 1 }))[0];
  return { ...w, ledger, model, models, measured, tags, newest };
}

test("a version that passes is deployed, with the numbers in its plan", async () => {
  const w = world([gate]);
  await w.say("ml", `deploy ${w.model} 2`);
  const rollout = await w.newest();
  expect(rollout?.plan.facts?.checks).toEqual([
    {
      name: "Evaluation",
      text: expect.stringMatching(/^passed: auc 0\.9 → 0\.92, gain 0\.01 to 0\.03 \(95 %, n 400\)/),
    },
  ]);
  expect(await drive(w, store, rollout?.id ?? 0)).toBe("succeeded");
});

test.each([
  ["worse", { interval: [-0.05, -0.02] as const }, "does not pass the evaluation gate of staging: auc"],
  ["measured on few rows", { n: 12 }, "on 12 rows; 100 are needed"],
])("a version that is %s is refused, and nothing is asked of anyone", async (_name, over, because) => {
  const w = world([gate]);
  w.measured.now = w.measured.now.map((comparison) => ({ ...comparison, ...over }));
  expect(await w.say("ml", `deploy ${w.model} 2`)).toContain(because);
  expect(await w.newest()).toBeUndefined();
});

test("a version that nobody measured is refused, or let through with a word where that is configured", async () => {
  const strict = world([gate]);
  strict.measured.now = [];
  expect(await strict.say("ml", `deploy ${strict.model} 2`)).toContain("set missing: warn");
  const lenient = world([{ ...gate, missing: "warn" }]);
  lenient.measured.now = [];
  await lenient.say("ml", `deploy ${lenient.model} 2`);
  expect((await lenient.newest())?.plan.facts?.checks[0]?.text).toContain(
    "not enough data, which is let through",
  );
});

test("what no longer passes when it is about to start does not start", async () => {
  const w = world([gate]);
  await w.say("ml", `deploy ${w.model} 2`);
  w.measured.now = [];
  const id = (await w.newest())?.id ?? 0;
  expect(await drive(w, store, id)).toBe("failed");
  expect((await w.newest())?.result).toContain("cannot pass the evaluation gate");
});

test("a rollback is never kept from going back", async () => {
  const w = world([gate]);
  await w.say("ml", `deploy ${w.model} 2`);
  expect(await drive(w, store, (await w.newest())?.id ?? 0)).toBe("succeeded");
  w.measured.now = [];
  w.clock.pass(60_000);
  await w.say("ml", `rollback ${w.model}`);
  expect(await drive(w, store, (await w.newest())?.id ?? 0)).toBe("succeeded");
});

test("a version must have served elsewhere for as long as is asked", async () => {
  const served = { environment: "staging", ms: 3_600_000 };
  const w = world(
    [{ ...gate, environments: ["production"], metrics: [], servedIn: served }],
    ["staging", "production"],
  );
  const ask = () => w.say("ml", `deploy ${w.model} 3 --environment production`);
  expect(await ask()).toContain("version 3 served 0 s in staging; 1 h are asked for");
  const since = w.clock.now();
  const seen = (seenAt: Date) => ({
    ...{ model: w.model, environment: "staging", part: "serving" as const, version: "3", after: null, since },
    ...{ seenAt, by: "ml", cause: "first" as const, rolloutId: null, auditSeq: null, previousId: 0 },
  });
  w.clock.pass(30 * 60_000);
  const record = await store.serving.add(seen(w.clock.now()));
  expect(await ask()).toContain("version 3 served 30 min in staging");
  w.clock.pass(31 * 60_000);
  await store.serving.see(record?.id ?? 0, w.clock.now());
  await ask();
  const checks = (await w.newest())?.plan.facts?.checks;
  expect(checks?.[0]?.text).toMatch(/^passed: version 3 served 1 h( 1 min)? in staging/);
});

test("a version must have passed its bake elsewhere", async () => {
  const w = world(
    [{ ...gate, environments: ["production"], metrics: [], bakedIn: "staging" }],
    ["staging", "production"],
  );
  const ask = () => w.say("ml", `deploy ${w.model} 2 --environment production`);
  expect(await ask()).toContain("version 2 was not watched in staging");
  await w.say("ml", `deploy ${w.model} 2 --environment staging`);
  const staging = (await w.newest())?.id ?? 0;
  expect(await drive(w, store, staging)).toBe("succeeded");
  w.ledger.serving = "1";
  const settle = async (state: "failed" | "passed") => {
    const rollout = await store.rollouts.find(staging);
    if (rollout === null) throw new Error("no rollout");
    const rule = { windowMs: 60_000, onFail: "ask", checks: [] } as const;
    const bake = { ...newBake(rule, { alerts: [], incident: 0 }), state, findings: ["errors doubled"] };
    await store.rollouts.update({ ...rollout, bake });
  };
  await settle("failed");
  expect(await ask()).toContain(`(rollout ${staging}) failed: errors doubled`);
  await settle("passed");
  w.clock.pass(1_000);
  w.measured.now = [];
  await ask();
  expect((await w.newest())?.plan.facts?.checks[0]?.text).toBe(
    `passed: the bake of version 2 in staging (rollout ${staging}) passed`,
  );
});

test("a version must carry the tags that are asked for", async () => {
  const w = world([{ ...gate, metrics: [], tags: { validation_status: "approved" } }]);
  w.tags.now = { validation_status: "pending" };
  expect(await w.say("ml", `deploy ${w.model} 2`)).toContain('tag validation_status is "pending"');
  w.tags.now = { validation_status: "approved" };
  expect(await w.say("ml", `deploy ${w.model} 2`)).toContain("starts now");
});

describe("a gate that refuses", () => {
  const worse = [{ name: "auc", champion: 0.9, challenger: 0.8, interval: [-0.15, -0.05] as const, n: 400 }];

  test("is broken only with a reason and a second person, loudly, with a review", async () => {
    const w = world([gate]);
    w.measured.now = [...worse];
    const line = `deploy ${w.model} 2`;
    expect(await w.say("sre", line)).toContain("--break-glass");
    expect(await w.say("ml", `${line} --break-glass "fraud"`)).toContain("responders break the glass");
    expect(await w.say("sre", `${line} --break-glass "fraud"`)).toContain("It waits for an approval");
    const rollout = await w.newest();
    const id = rollout?.id ?? 0;
    const card = await rolloutCard(store.rollouts, { policy, people, models: w.models }, id, w.clock.now());
    expect(card).toMatchObject({ tone: "bad", title: expect.stringMatching(/^BREAKS THE GATE: /) });
    expect(JSON.stringify(card?.blocks)).toContain("broken: Version 2");
    const [entry] = await store.audit.list({ subject: `rollout:${id}`, limit: 1 });
    expect(entry?.data).toMatchObject({ breakGlass: "fraud", checks: [{ name: "Evaluation" }] });
    await w.say("lead", `approve ${id}`);
    expect(await drive(w, store, id)).toBe("succeeded");
    expect(await store.rollouts.openReviews(50)).toContainEqual(
      expect.objectContaining({ rolloutId: id, openedBy: "sre", reason: "fraud" }),
    );
  });

  test("is not broken by glass that was broken for a freeze before it refused", async () => {
    const w = world([gate]);
    await w.say("sre", `freeze add model=${w.model} --for 2h --reason "year end"`);
    await w.say("sre", `deploy ${w.model} 2 --break-glass "fraud"`);
    const id = (await w.newest())?.id ?? 0;
    await w.say("lead", `approve ${id}`);
    w.measured.now = [...worse];
    expect(await drive(w, store, id)).toBe("failed");
    expect((await w.newest())?.result).toContain("does not pass the evaluation gate");
  });

  test("that passes when the rollout starts is no obstacle to it", async () => {
    const w = world([gate]);
    const passing = w.measured.now;
    w.measured.now = [...worse];
    await w.say("sre", `deploy ${w.model} 2 --break-glass "fraud"`);
    const id = (await w.newest())?.id ?? 0;
    await w.say("lead", `approve ${id}`);
    w.measured.now = passing;
    expect(await drive(w, store, id)).toBe("succeeded");
  });
});
