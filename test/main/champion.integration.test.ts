import { afterEach, beforeEach, expect, test } from "vitest";
import generic from "../../src/adapters/sources/generic.ts";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { parseDelivery } from "../../src/app/parse-delivery.ts";
import { createTriage, type Triage } from "../../src/app/triage.ts";
import { createCorrelator } from "../../src/domain/clustering.ts";
import { shippedWeights, type Weights } from "../../src/domain/weights.ts";
import { type Champion, followChampion } from "../../src/main/champion.ts";
import { noMetrics, silentLog, systemClock } from "../../src/ports.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { eventually } from "../e2e/process.ts";

let database: TestDatabase;
let store: OpenStore;
let champion: Champion;
let triage: Triage;
const live: { triage: Triage | null } = { triage: null };

beforeEach(async () => {
  database = await freshDatabase();
  store = await openStore({ url: database.url });
  await store.incidents.saveTopology("test", { edges: [["web", "api"]], services: [] }, new Date());
  champion = await followChampion(store, silentLog, () => live.triage?.reload());
  triage = createTriage({
    store,
    parse: (delivery) =>
      parseDelivery({ name: "generic", source: generic, secrets: [], settings: undefined }, delivery),
    replica: "one",
    routes: [{ to: "console:incidents", match: [] }],
    createCorrelator: () => createCorrelator({ weights: champion.weights() }),
    clock: systemClock,
    log: silentLog,
    metrics: noMetrics,
    timeoutMs: () => 3_600_000,
  });
  live.triage = triage;
  triage.start();
});
afterEach(async () => {
  await triage.stop();
  champion.stop();
  await store.close();
  await database.close();
});

/** A caller and its callee in trouble in the same breath, under names not seen before; returns in how many incidents. */
async function incidentsOfStorm(name: string): Promise<number> {
  const startsAt = new Date().toISOString();
  const body = { alerts: ["web", "api"].map((service) => ({ name, service, severity: "high", startsAt })) };
  await store.deliveries.insert([
    {
      source: "generic",
      headers: {},
      receivedAt: new Date(),
      body: new TextEncoder().encode(JSON.stringify(body)),
    },
  ]);
  triage.wake();
  return await eventually(`the storm ${name}`, 15_000, async () => {
    const found = (await store.incidents.searchAlerts(name, 10)).filter(({ alert }) => alert.name === name);
    return found.length === 2 ? new Set(found.map(({ incidentId }) => incidentId)).size : null;
  });
}

const loners: Weights = {
  ...shippedWeights,
  clustering: {
    ...shippedWeights.clustering,
    threshold: 9.5,
    sharedRoot: 0,
    signals: { ...shippedWeights.clustering.signals, topology: 0, "onset-lag": 0, "same-entity": 0 },
  },
};

async function promote(version: number, parameters: Weights): Promise<void> {
  const known = await store.rollouts.modelVersions("correlator");
  if (!known.some((stored) => stored.version === version))
    await store.rollouts.addModelVersion({
      model: "correlator",
      version,
      createdAt: new Date(),
      createdBy: "ml-engineer",
      operationId: `made-${version}`,
      parameters,
      metrics: {},
      comparison: [],
      description: "",
      digest: String(version),
    });
  await store.rollouts.setAlias({
    model: "correlator",
    environment: "production",
    alias: "champion",
    version,
    by: "ml-engineer",
    at: new Date(),
    operationId: `alias-${version}-${Date.now()}`,
  });
  await eventually(`version ${version} to serve`, 15_000, async () =>
    champion.version() === version ? true : null,
  );
}

test("a promoted version judges live alerts without a restart, and rolling back brings the old judgement back", async () => {
  await promote(1, shippedWeights);
  expect(await incidentsOfStorm("First")).toBe(1);
  await promote(2, loners);
  expect(await incidentsOfStorm("Second")).toBe(2);
  await promote(1, shippedWeights);
  expect(await incidentsOfStorm("Third")).toBe(1);
});
