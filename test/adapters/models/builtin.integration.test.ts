import { afterAll, beforeAll, describe, expect, test } from "vitest";
import builtin from "../../../src/adapters/models/builtin.ts";
import { type OpenStore, openStore } from "../../../src/adapters/store/store.ts";
import { shippedWeights } from "../../../src/domain/weights.ts";
import { NotStartedError, type Trainer } from "../../../src/ports.ts";
import { modelContract, operationOf, watch } from "../../contracts/model.ts";
import { freshDatabase, type TestDatabase } from "../../database.ts";
import { openBuiltin, recall, trainer } from "./builtin/scene.ts";
import { contextOf } from "./scene.ts";

let database: TestDatabase;
let store: OpenStore;

beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore({ url: database.url });
});
afterAll(async () => {
  await store.close();
  await database.close();
});

const open = (own?: Trainer) => openBuiltin(store, own);

modelContract("builtin", async () => {
  const scene = await open();
  await scene.train();
  return scene;
});

describe("the first start", () => {
  test("makes version 1 of the shipped weights and lets it serve, once however often it starts", async () => {
    const { backend, model } = await open();
    const again = builtin.create(new Map(), contextOf(store));
    const models = [{ name: model, environments: ["production", "staging"] }];
    await Promise.all([backend.prepare?.(models), again.prepare?.(models), again.prepare?.(models)]);
    expect((await store.rollouts.modelVersions(model)).map((version) => version.parameters)).toEqual([
      shippedWeights,
    ]);
    expect(await backend.live(model, "production")).toMatchObject({ version: "1", by: "tocsin" });
    expect(await backend.live(model, "staging")).toMatchObject({ version: "1" });
    expect(await store.rollouts.aliasHistory(model, "production", "champion")).toHaveLength(1);
  });
});

describe("a retrain", () => {
  test("starts from the champion, stores a version that does not serve, and reports both on the same data", async () => {
    let champion: unknown = null;
    const scene = await open(
      trainer({
        fit: (given) => {
          champion = given;
          return trainer().fit(given);
        },
      }),
    );
    const { operation, ref } = await scene.train();
    expect(champion).toEqual(shippedWeights);
    expect(await watch(scene.backend, ref, operation)).toMatchObject({
      kind: "succeeded",
      newVersion: "2",
      metrics: { recall: 0.95 },
      comparison: [recall],
    });
    const [newest] = await scene.backend.versions(scene.model);
    expect(newest).toMatchObject({ version: "2", metrics: { recall: 0.95 }, createdBy: "ml" });
    expect((await scene.backend.live(scene.model, "production")).version).toBe("1");
  });

  test("asked for twice by one operation fits once", async () => {
    let fits = 0;
    const counting = trainer({
      fit: (given) => {
        fits += 1;
        return trainer().fit(given);
      },
    });
    const scene = await open(counting);
    const { operation } = await scene.train();
    await scene.backend.start(operation);
    expect(fits).toBe(1);
    expect(await store.rollouts.modelVersions(scene.model)).toHaveLength(2);
  });

  test("with too little to learn from is refused in the plan", async () => {
    const check = () =>
      Promise.resolve({ kind: "too_little" as const, problem: "3 pieces.", remedy: "Collect 30." });
    const { backend, model } = await open(trainer({ check }));
    const question = {
      kind: "retrain",
      model,
      environment: "production",
      from: "1",
      to: null,
      restore: null,
      manifest: null,
      reason: "",
    } as const;
    expect(await backend.plan(question)).toEqual({
      kind: "refuse",
      reason: "too_little_data",
      problem: "3 pieces.",
      remedy: "Collect 30.",
    });
  });

  test("that gives no valid weights stores nothing", async () => {
    const fit = () => Promise.resolve({ parameters: { clustering: 1 }, comparison: [], description: "" });
    const scene = await open(trainer({ fit }));
    await expect(scene.train()).rejects.toThrow();
    expect(await store.rollouts.modelVersions(scene.model)).toHaveLength(1);
  });
});

test("a version whose parameters another release made is refused before it serves", async () => {
  const { backend, model } = await open();
  await store.rollouts.addModelVersion({
    model,
    version: 2,
    createdAt: new Date(),
    createdBy: "ml",
    operationId: `old-${model}`,
    parameters: { threshold: 3 },
    metrics: {},
    comparison: [],
    description: "",
    digest: "x",
  });
  const question = {
    kind: "deploy",
    model,
    environment: "production",
    from: "1",
    to: "2",
    restore: null,
    manifest: null,
    reason: "",
  } as const;
  expect(await backend.plan(question)).toMatchObject({ kind: "refuse", reason: "unfit_version" });
});

describe("a bot that lost its lock", () => {
  test("changes nothing any more, and whoever holds it now does", async () => {
    const scene = await open();
    await scene.train();
    const target = `${scene.model}/production`;
    const lockFor = async (rolloutId: number) => {
      const lock = await store.rollouts.lock(target, rolloutId, "test", new Date());
      if (lock.kind !== "held") throw new Error(`${target} is held by ${lock.rolloutId}`);
      return lock.fence;
    };
    const [late, next] = [operationOf(scene), operationOf(scene)];
    const lateFence = await lockFor(1_000_001);
    await store.rollouts.unlock(target, 1_000_001);
    const fence = await lockFor(1_000_002);
    const refusal = await scene.backend
      .start({ ...late, fence: lateFence })
      .catch((thrown: unknown) => thrown);
    expect(refusal).toBeInstanceOf(NotStartedError);
    expect(String(refusal)).toContain(
      `the lock on ${target} changed hands (fence ${fence}, this has ${lateFence})`,
    );
    expect((await scene.backend.live(scene.model, "production")).version).toBe("1");
    expect(await scene.backend.findByOperationId(late.operationId)).toEqual({ kind: "absent" });
    await scene.backend.start({ ...next, fence });
    expect((await scene.backend.live(scene.model, "production")).version).toBe("2");
  });
});

test("what is done in one step cannot be stopped, and says so", async () => {
  const { backend, ...scene } = await open();
  await expect(backend.cancel({}, operationOf(scene))).rejects.toThrow("cannot be stopped");
});
