/** Against a fake of Airflow 3, with and without what networks do in between. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createAirflow } from "../../../src/adapters/models/airflow.ts";
import { type OpenStore, openStore } from "../../../src/adapters/store/store.ts";
import { NotStartedError, type Operation } from "../../../src/ports.ts";
import { modelContract, operationOf, watch } from "../../contracts/model.ts";
import { modelFaultContract } from "../../contracts/model-faults.ts";
import { freshDatabase, type TestDatabase } from "../../database.ts";
import { openAirflow, secrets } from "./airflow/scene.ts";
import { contextOf } from "./scene.ts";

let database: TestDatabase;
let store: OpenStore;
beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore({ url: database.url });
});
afterAll(async () => {
  await store?.close();
  await database?.close();
});

const open = (settings?: Readonly<Record<string, unknown>>) =>
  openAirflow({ store, ...(settings === undefined ? {} : { settings }) });

async function opened(settings: Readonly<Record<string, unknown>> = {}) {
  const scene = await open(settings);
  onTestFinished(() => scene.close());
  return scene;
}

let retrains = 0;
function retrainOf(parameters: Readonly<Record<string, string>> = {}): Operation {
  retrains += 1;
  return {
    ...operationOf({ model: "scorer", environment: "production", from: "1", to: "2" }),
    ...{ operationId: `airflow-retrain-${retrains}`, kind: "retrain", to: null },
    manifest: { commit: "4f2a", data: null, parameters, seed: 7, image: null, rerunOf: null },
  };
}

modelContract("airflow", open);
modelFaultContract({ name: "airflow", open, secrets });

describe("a start", () => {
  test("gives the dag the operation, its manifest and what tocsin.yaml adds", async () => {
    const { backend, airflow } = await opened();
    const operation = retrainOf({ depth: "7" });
    await backend.start(operation);
    const { restore: _restore, ...rest } = operation;
    expect(airflow.runs.at(-1)).toMatchObject({
      ...{ dag: "train", id: operation.operationId },
      conf: { depth: "7", tocsin: rest },
    });
  });

  test("of an id that somebody else has taken is refused, not adopted", async () => {
    const { backend, airflow, ...scene } = await opened();
    const operation = operationOf(scene);
    airflow.runs.push({
      ...{
        dag: "deploy",
        id: operation.operationId,
        conf: {},
        state: "running",
        ends: "success",
        looksLeft: 9,
      },
      ...{ startedAt: "2026-03-02T10:00:00Z", endedAt: null, xcoms: new Map() },
    });
    await expect(backend.start(operation)).rejects.toThrow(NotStartedError);
    await expect(backend.start(operation)).rejects.toThrow("that is not the bot's");
    expect(await backend.findByOperationId(operation.operationId)).toEqual({ kind: "absent" });
  });

  test("of a dag with import errors is refused in Airflow's words", async () => {
    const { backend, airflow, ...scene } = await opened();
    airflow.dags.set("deploy", { is_paused: false, has_import_errors: true, timetable_summary: null });
    const error = await backend.start(operationOf(scene)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NotStartedError);
    expect(String(error)).toContain("has import errors and cannot be triggered");
  });
});

test.each([
  [{ is_paused: true, has_import_errors: false }, "dag_paused"],
  [{ is_paused: false, has_import_errors: true }, "import_errors"],
  [null, "unknown_dag"],
])("a plan with the dag %o is refused: %s", async (dag, reason) => {
  const { backend, airflow, model } = await opened();
  if (dag === null) airflow.dags.delete("deploy");
  else airflow.dags.set("deploy", { ...dag, timetable_summary: null });
  const question = { kind: "deploy", model, environment: "production", from: "1", to: "2" } as const;
  const planned = await backend.plan({ ...question, restore: null, manifest: null, reason: "" });
  expect(planned).toMatchObject({ kind: "refuse", reason });
});

describe("a run", () => {
  test("shows its tasks in the order they began, and the log of the one that runs", async () => {
    const { backend } = await opened();
    const operation = retrainOf();
    const ref = await backend.start(operation);
    expect(await backend.observe(ref, operation)).toEqual({
      kind: "running",
      steps: [
        { label: "train", state: "running" },
        { label: "register", state: "waiting" },
      ],
      logTail: "::group::Log message source details\nepoch 3 of 10",
      url: expect.stringContaining(`/dags/train/runs/${operation.operationId}`),
    });
  });

  test("that fails names the task, and its log holds no secret", async () => {
    const { backend, airflow } = await opened();
    const operation = retrainOf();
    const ref = await backend.start(operation);
    for (const run of airflow.runs.slice(3)) run.ends = "failed";
    const seen = await watch(backend, ref, operation);
    expect(seen).toMatchObject({ kind: "failed", problem: expect.stringContaining("failed at task train") });
    expect(seen.logTail).toContain("ValueError");
    expect(seen.logTail).not.toContain("hunter2hunter2");
  });

  test.each([
    ["13", { newVersion: "13", metrics: {} }],
    [13, { newVersion: "13", metrics: {} }],
    [
      { version: "13", metrics: { auc: 0.9 } },
      { newVersion: "13", metrics: { auc: 0.9 } },
    ],
    ['{"version": "13", "metrics": {"auc": 0.9}}', { newVersion: "13", metrics: { auc: 0.9 } }],
    [undefined, { newVersion: null, metrics: {} }],
    [["odd"], { newVersion: null, metrics: {} }],
  ])("that left %j in its XCom made %o", async (value, made) => {
    const { backend, airflow } = await opened();
    const operation = retrainOf();
    const ref = await backend.start(operation);
    if (value !== undefined) airflow.runs.at(-1)?.xcoms.set("register/return_value", value);
    expect(await watch(backend, ref, operation)).toMatchObject({ kind: "succeeded", ...made });
  });

  test("is cancelled by failing it, once", async () => {
    const { backend, airflow } = await opened();
    const operation = retrainOf();
    const ref = await backend.start(operation);
    await backend.cancel(ref, operation);
    await backend.cancel(ref, operation);
    expect(await watch(backend, ref, operation)).toMatchObject({ kind: "failed", orCancelled: true });
    expect(airflow.asked.filter(({ method }) => method === "PATCH")).toHaveLength(1);
  });

  test("that was deleted is for a person to judge", async () => {
    const { backend, airflow } = await opened();
    const operation = retrainOf();
    const ref = await backend.start(operation);
    airflow.runs.length = 0;
    expect((await backend.observe(ref, operation)).kind).toBe("lost");
  });
});

describe("credentials", () => {
  test("a login is exchanged for a token once, and again when that is refused", async () => {
    const login = { user: "tocsin", password: "env:AIRFLOW_PASSWORD" };
    const { backend, airflow, model } = await opened({ token: undefined, login });
    const logins = () => airflow.asked.filter(({ path }) => path === "/auth/token").length;
    await backend.live(model, "production");
    await backend.live(model, "production");
    expect(logins()).toBe(1);
    airflow.tokens.clear();
    expect((await backend.live(model, "production")).version).toBe("1");
    expect(logins()).toBe(2);
    airflow.users.clear();
    airflow.tokens.clear();
    const error = await backend.live(model, "production").catch(String);
    expect(error).toContain("airflow: it wants other credentials (401); set settings.login");
    expect(error).not.toContain("airflow-passw0rd");
  });

  test("may be a user and a password", async () => {
    const basic = { user: "tocsin", password: "env:AIRFLOW_PASSWORD" };
    const { backend, model } = await opened({ token: undefined, basic });
    expect((await backend.live(model, "production")).version).toBe("1");
  });
});

test.each([
  [{ token: "plain" }, 'models.scorer.settings.token: must be "env:NAME"'],
  [{ basic: { user: "a", password: "env:T" } }, "takes one of token, login and basic"],
  [{ retrain: undefined }, "names neither deploy nor retrain"],
  [{ retrain: { dag: "a/b" } }, "models.scorer.settings.retrain.dag: must be a dag id"],
  [{ url: "http://u:p@x" }, "models.scorer.settings.url: holds a user or password; use login"],
])("the settings %o are refused: %s", (over, problem) => {
  const settings = { url: "http://airflow.example.com", token: "env:T", retrain: { dag: "train" }, ...over };
  const context = contextOf(store, { environment: { T: "x" } });
  expect(() => createAirflow(new Map([["scorer", settings]]), context)).toThrow(problem);
});
