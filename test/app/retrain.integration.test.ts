import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { rolloutCard } from "../../src/app/rollout-card.ts";
import {
  emptyManifest,
  type ManifestRule,
  shippedManifestRule,
} from "../../src/domain/rollout/retrain-manifest.ts";
import { checkCommand, loadFolders } from "../../src/load.ts";
import type { Command, ModelBackend, Policy } from "../../src/ports.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import {
  createLedger,
  createLedgerBackend,
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

function world(rule: ManifestRule = shippedManifestRule, over: Partial<ModelBackend> = {}) {
  worlds += 1;
  const model = `trainee-${worlds}`;
  const ledger = createLedger();
  const trained = { result: "trained", newVersion: "4", metrics: {}, logTail: "" };
  ledger.outcome = () => ({ kind: "succeeded", ...trained });
  const backend = { ...createLedgerBackend(ledger, "adopt"), ...over };
  const models = [modelEntry(backend, { name: model, environments: ["staging"], manifest: rule })];
  const w = createWorld({ store, policy, models, commands });
  return { ...w, model, models, ledger, newest: () => newest(model) };
}

async function newest(model: string) {
  const [rollout] = await store.rollouts.list({ model, limit: 1 });
  if (rollout === undefined) throw new Error(`no rollout of ${model}`);
  return rollout;
}

const inputs = "--commit 3f2a91c --data transactions@2026-11-01 --seed 7";

describe("a retrain", () => {
  test("that does not say what it is made from is refused, naming what is missing and how to give it", async () => {
    const w = world();
    const answer = await w.say("ml", `retrain ${w.model} --commit 3f2a91c`);
    expect(answer).toContain("missing: data, seed");
    expect(answer).toContain("--data NAME@VERSION");
    expect(answer).toContain(`models.${w.model}.manifest`);
    expect(await store.rollouts.list({ model: w.model, limit: 1 })).toEqual([]);
  });

  test("reaches the backend with its manifest, which is stored, hashed and on the card", async () => {
    const w = world();
    await w.say("ml", `retrain ${w.model} ${inputs} --param "epochs=20 lr=0.1"`);
    const { id } = await w.newest();
    expect(await drive(w, store, id)).toBe("succeeded");
    const manifest = {
      ...emptyManifest,
      commit: "3f2a91c",
      data: "transactions@2026-11-01",
      seed: 7,
      parameters: { epochs: "20", lr: "0.1" },
    };
    const rollout = await w.newest();
    expect(rollout.plan.manifest).toEqual(manifest);
    expect(w.ledger.started.get(rollout.operationId)).toMatchObject({ manifest, requestedBy: "ml" });
    const card = await rolloutCard(store.rollouts, { policy, people, models: w.models }, id, w.clock.now());
    expect(JSON.stringify(card)).toContain(
      "commit 3f2a91c, data transactions@2026-11-01, seed 7, epochs=20, lr=0.1",
    );
  });

  test("takes what the model's defaults and the training itself say", async () => {
    const defaults = { ...emptyManifest, commit: "aaaaaaa", parameters: { epochs: "5" } };
    const w = world(
      { required: ["commit", "data"], defaults },
      { proposeManifest: (_model, given) => Promise.resolve({ ...given, data: given.data ?? "latest@9" }) },
    );
    await w.say("ml", `retrain ${w.model}`);
    expect((await w.newest()).plan.manifest).toEqual({ ...defaults, data: "latest@9" });
    expect(await drive(w, store, (await w.newest()).id)).toBe("succeeded");
  });

  test.each([
    ["--commit main", "a branch or tag may move"],
    ["--image trainer:latest", "a tag may move"],
    ["--data --seed", "needs a value"],
    ["--seed seven", "seed"],
    ["--param epochs", "is not name=value"],
  ])("with %s is refused: %s", async (words, because) => {
    const w = world();
    expect(await w.say("ml", `retrain ${w.model} ${words}`)).toContain(because);
  });

  test("that the training cannot do as asked is refused, naming both", async () => {
    const w = world(shippedManifestRule, {
      proposeManifest: (_model, given) => Promise.resolve({ ...given, seed: 0 }),
    });
    const answer = await w.say("ml", `retrain ${w.model} ${inputs}`);
    expect(answer).toContain("with seed 0, and 7 was asked for");
  });

  test("whose inputs have changed between request and start does not start", async () => {
    let data = "labels@1";
    const w = world(shippedManifestRule, {
      proposeManifest: (_model, given) => Promise.resolve({ ...given, commit: "aaaaaaa", seed: 0, data }),
    });
    await w.say("ml", `retrain ${w.model}`);
    data = "labels@2";
    const { id } = await w.newest();
    expect(await drive(w, store, id)).toBe("failed");
    expect((await w.newest()).result).toContain("with data labels@2, and labels@1 was asked for");
    expect(w.ledger.starts).toEqual([]);
  });
});

describe("a rerun", () => {
  async function trained(over: Partial<ModelBackend> = {}) {
    const w = world(shippedManifestRule, over);
    await w.say("ml", `retrain ${w.model} ${inputs} --param epochs=20`);
    const first = await w.newest();
    expect(await drive(w, store, first.id)).toBe("succeeded");
    w.clock.pass(60_000);
    return { ...w, first };
  }

  test("asks for the same inputs, knows the model by the rollout, and says what it repeats", async () => {
    const w = await trained();
    await w.say("ml", `retrain --rerun ${w.first.id}`);
    const again = await w.newest();
    expect(again.id).not.toBe(w.first.id);
    expect(again.plan.manifest).toEqual({ ...w.first.plan.manifest, rerunOf: w.first.id });
    expect(await drive(w, store, again.id)).toBe("succeeded");
  });

  test("with an input of its own is refused, naming what was", async () => {
    const w = await trained();
    expect(await w.say("ml", `retrain --rerun ${w.first.id} --seed 8`)).toContain(
      "was made with seed 7, not 8",
    );
  });

  test("of a deploy, of another model or of nothing is refused", async () => {
    const w = await trained();
    const other = world();
    expect(await other.say("ml", `retrain ${other.model} --rerun ${w.first.id}`)).toContain(
      "is no retrain of",
    );
    expect(await w.say("ml", "retrain --rerun 999999")).toContain("There is no rollout 999999");
    expect(await w.say("ml", "retrain")).toContain("needs a model, or --rerun");
    await w.say("ml", `deploy ${w.model} 2`);
    expect(await w.say("ml", `retrain --rerun ${(await w.newest()).id}`)).toContain("is no retrain of");
  });

  test("of what the training no longer has is refused", async () => {
    let data: string | null = null;
    const w = await trained({
      proposeManifest: (_model, given) => Promise.resolve({ ...given, data: data ?? given.data }),
    });
    data = "transactions@2026-12-01";
    expect(await w.say("ml", `retrain --rerun ${w.first.id}`)).toContain("is not there any more");
  });
});
