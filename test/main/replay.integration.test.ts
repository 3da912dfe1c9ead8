import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createBuiltin } from "../../src/adapters/models/builtin.ts";
import generic from "../../src/adapters/sources/generic.ts";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { replay, toPrediction } from "../../src/app/replay.ts";
import { createTrainer } from "../../src/app/train.ts";
import { createCorrelator } from "../../src/domain/clustering.ts";
import { shippedWeights, type Weights } from "../../src/domain/weights.ts";
import { incidentsHolding, keptDeliveries } from "../../src/main/replay-kept.ts";
import { versionJudge } from "../../src/main/replay-versions.ts";
import { silentLog, systemClock } from "../../src/ports.ts";
import { inlineLearning } from "../app/inline-learning.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { buildTracked } from "../domain/build.ts";
import { sketchChange } from "../domain/learning/judgement-build.ts";

let database: TestDatabase;
let store: OpenStore;

beforeEach(async () => {
  database = await freshDatabase();
  store = await openStore({ url: database.url });
});
afterEach(async () => {
  await store.close();
  await database.close();
});

const noon = Date.parse("2026-03-01T12:00:00Z");

/** One delivery a second, as it would come in; every third is too old for a day's replay. */
async function receive(count: number): Promise<void> {
  const group = Array.from({ length: count }, (_, index) => {
    const isOld = index < count / 3;
    const receivedAt = new Date(noon + index * 1_000 - (isOld ? 3 * 86_400_000 : 0));
    const alert = {
      name: `Problem${index % 7}`,
      service: `service-${index % 5}`,
      status: "firing",
      labels: { number: String(index) },
      startsAt: receivedAt.toISOString(),
    };
    return {
      source: "generic",
      receivedAt,
      headers: {},
      body: new TextEncoder().encode(JSON.stringify(alert)),
    };
  });
  await store.deliveries.insert(group);
}

async function decisionsUnder(weights: Weights) {
  const result = await replay({
    deliveries: (await keptDeliveries(store, 1)).tape.read(),
    sources: new Map([["generic", generic]]),
    correlator: createCorrelator({ weights }),
    weights,
  });
  expect(result.problems).toEqual([]);
  return toPrediction(result);
}

describe("replaying what the bot received", () => {
  test("takes the days asked for, in order, page by page, and nothing that came later", async () => {
    await receive(1_800);
    const { tape, since } = await keptDeliveries(store, 1);
    await store.deliveries.insert([
      {
        source: "generic",
        receivedAt: new Date(noon + 9_000_000),
        headers: {},
        body: new TextEncoder().encode("{}"),
      },
    ]);
    expect(since).toEqual(new Date(noon + 1_799_000 - 86_400_000));
    const seen: number[] = [];
    for await (const { at } of tape.read()) seen.push(at.getTime());
    expect(seen).toHaveLength(1_200);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen[0]).toBe(noon + 600_000);
  });

  test("has the changes that the bot keeps of the time, and of two hours before", async () => {
    await receive(30);
    const early = noon - 86_400_000 - 3_600_000;
    const change = (id: string, ms: number) => sketchChange({ id, at: new Date(ms) });
    await store.incidents.saveChanges([
      change("old", noon - 2 * 86_400_000),
      change("before", early),
      change("during", noon),
    ]);
    const { tape } = await keptDeliveries(store, 1);
    expect(tape.storedChanges?.map(({ id }) => id)).toEqual(["before", "during"]);
  });

  test("knows in which incidents the bot holds alerts, however many are asked for", async () => {
    const held = [12, 13].map((incidentId) => buildTracked({ name: `Problem${incidentId}` }, { incidentId }));
    await store.incidents.saveAlerts(held);
    const strangers = Array.from({ length: 1_500 }, (_, index) => `unheard-of/${index}`);
    const [first = "", second = ""] = held.map(({ key }) => key);
    expect(await incidentsHolding(store, [first, ...strangers, second])).toEqual(
      new Map([
        [first, 12],
        [second, 13],
      ]),
    );
  });

  test("is refused when there is nothing", async () => {
    await expect(keptDeliveries(store, 7)).rejects.toThrow("--days 7: the bot received nothing");
  });
});

describe("versions to judge with", () => {
  test("are the shipped weights, a number or the champion; another is refused with those there are", async () => {
    await createBuiltin(parts()).prepare?.([{ name: "correlator", environments: ["production"] }]);
    expect((await versionJudge(store, "shipped")).weights).toEqual(shippedWeights);
    expect(await versionJudge(store, "champion")).toEqual(await versionJudge(store, "1"));
    await expect(versionJudge(store, "9")).rejects.toThrow(
      'no version "9" of the correlator; known: 1, champion',
    );
  });

  test("a rollback brings back exactly the decisions of the version before", async () => {
    await receive(300);
    const backend = createBuiltin(parts());
    await backend.prepare?.([{ name: "correlator", environments: ["production"] }]);
    const harsh: Weights = {
      ...shippedWeights,
      clustering: {
        ...shippedWeights.clustering,
        gapMs: 1_000,
        firingGapMs: 1_000,
        threshold: 9,
        bridge: { ...shippedWeights.clustering.bridge, base: -10 },
      },
    };
    await store.rollouts.addModelVersion({
      model: "correlator",
      version: 2,
      createdAt: new Date(noon),
      createdBy: "ml-engineer",
      operationId: "made-by-hand",
      parameters: harsh,
      metrics: {},
      comparison: [],
      description: "joins nothing",
      digest: "none",
    });
    const serving = async () => decisionsUnder((await versionJudge(store, "champion")).weights);
    const point = (kind: "deploy" | "rollback", from: string, to: string) =>
      backend.start({
        operationId: `${kind}-${to}`,
        kind,
        model: "correlator",
        environment: "production",
        from,
        to,
        restore: null,
        manifest: null,
        requestedBy: "ml-engineer",
        reason: "",
        fence: 1,
      });
    const before = await serving();
    await point("deploy", "1", "2");
    expect(await serving()).not.toEqual(before);
    await point("rollback", "2", "1");
    expect(await serving()).toEqual(before);
  });
});

function parts() {
  return {
    store,
    clock: systemClock,
    trainer: createTrainer({ store, learning: inlineLearning, version: "0.0.0" }),
    log: silentLog,
  };
}
