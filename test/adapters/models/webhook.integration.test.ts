/** Against a receiver that checks signatures, with reports that come back through the bot's own HTTP door. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createWebhook } from "../../../src/adapters/models/webhook.ts";
import { type OpenStore, openStore } from "../../../src/adapters/store/store.ts";
import { createCallbacks } from "../../../src/http/callbacks.ts";
import { createHttpServer } from "../../../src/http.ts";
import { noMetrics, silentLog } from "../../../src/ports.ts";
import { modelContract, operationOf, watch } from "../../contracts/model.ts";
import { carryOut, modelFaultContract } from "../../contracts/model-faults.ts";
import { freshDatabase, type TestDatabase } from "../../database.ts";
import { sign } from "../../fakes/receiver.ts";
import { contextOf, rememberRollout } from "./scene.ts";
import { callbackSecret, environment, openWebhook, secret } from "./webhook/scene.ts";

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

const open = (settings?: Readonly<Record<string, unknown>>) => openWebhook(store, settings);

async function opened(settings: Readonly<Record<string, unknown>> = {}) {
  const scene = await open(settings);
  onTestFinished(() => scene.close());
  return scene;
}

modelContract("webhook", open);
modelFaultContract({ name: "webhook", open, secrets: [secret, callbackSecret] });

test("without a status address, an interrupted start is left to a person, and never repeated", async () => {
  const scene = await opened({ status: undefined });
  scene.proxy.fate = (call) => (scene.isStart(call) ? { kind: "cut", when: "after" } : { kind: "pass" });
  expect(await carryOut(scene, operationOf(scene))).toBe("asks");
  expect(scene.begun()).toBe(1);
});

describe("reports", () => {
  /** The bot's door with the backends of two replicas behind it, and an operation that was sent. */
  async function sent(settings: Readonly<Record<string, unknown>> = {}) {
    const scene = await opened({ status: undefined, live: undefined, ...settings });
    const operation = { ...operationOf(scene), operationId: `reported-${scene.model}` };
    await rememberRollout(store, operation);
    const ref = await scene.backend.start(operation);
    const other = await scene.restart();
    const receive = other.receive?.bind(other);
    if (receive === undefined) throw new Error("it takes reports");
    const http = createHttpServer({
      ...{
        host: "127.0.0.1",
        port: 0,
        sources: new Map(),
        console: null,
        metrics: noMetrics,
        log: silentLog,
      },
      ingest: { accept: () => Promise.reject(new Error("no")), bury: () => Promise.reject(new Error("no")) },
      extraRoutes: new Map([
        [
          "callbacks",
          createCallbacks({ receivers: new Map([["webhook", receive]]), clock: scene.clock, log: silentLog }),
        ],
      ]),
      readiness: () => Promise.resolve([]),
      exposition: () => Promise.resolve({ contentType: "text/plain", body: "" }),
      clock: scene.clock,
    });
    const url = await http.listen();
    onTestFinished(() => http.close());
    let ids = 0;
    const report = async (
      body: unknown,
      over: { readonly id?: string; readonly at?: Date; readonly key?: string; readonly to?: string } = {},
    ) => {
      ids += 1;
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const id = over.id ?? `message-${ids}`;
      const timestamp = String(Math.floor((over.at ?? scene.clock.now()).getTime() / 1_000));
      const response = await fetch(`${url}/callbacks/webhook/${over.to ?? operation.operationId}`, {
        method: "POST",
        headers: {
          ...{ "content-type": "application/json", "webhook-id": id, "webhook-timestamp": timestamp },
          "webhook-signature": sign(over.key ?? callbackSecret, id, timestamp, text),
        },
        body: text,
      });
      return response.status;
    };
    const observed = () => scene.backend.observe(ref, operation);
    return { ...scene, operation, ref, report, observed, url };
  }

  test("by way of another replica move the operation on to its end, and say what serves", async () => {
    const { report, observed, backend, model } = await sent();
    expect(await observed()).toMatchObject({ kind: "running", url: "https://jobs.example.com/1" });
    const steps = [{ label: "shift @channel", state: "running" }];
    expect(await report({ state: "running", steps, log: "token=abcdefgh12345678" })).toBe(202);
    expect(await observed()).toMatchObject({ kind: "running", steps });
    expect((await observed()).logTail).not.toContain("abcdefgh12345678");
    expect(await report({ state: "succeeded", result: "done", version: 2, metrics: { auc: 0.9 } })).toBe(202);
    expect(await observed()).toMatchObject({ kind: "succeeded", newVersion: "2", metrics: { auc: 0.9 } });
    expect(await backend.live(model, "production")).toMatchObject({ version: "2", by: "ml" });
  });

  test("ask the bot to look at once", async () => {
    const { report, operation } = await sent();
    const rollout = await store.rollouts.findByOperationId(operation.operationId);
    expect(await report({ state: "failed", problem: "no GPU" })).toBe(202);
    const [jobs] = await Promise.all([jobsFor(rollout?.id ?? -1)]);
    expect(jobs).toBe(1);
  });

  test.each([
    ["signed with another secret", { key: secret }],
    ["signed six minutes ago", { at: new Date("2026-03-02T09:54:00Z") }],
    ["of an operation that is not known", { to: "never-sent" }],
  ])("%s are refused, all with one answer", async (_name, over) => {
    const { report, observed } = await sent();
    expect(await report({ state: "succeeded" }, over)).toBe(401);
    expect((await observed()).kind).toBe("running");
  });

  test("sent again have no effect, nor have those that were overtaken", async () => {
    const { report, observed, pass, clock } = await sent();
    const before = clock.now();
    expect(await report({ state: "running", log: "one" }, { id: "first" })).toBe(202);
    pass(20_000);
    expect(await report({ state: "running", log: "two" })).toBe(202);
    expect(await report({ state: "running", log: "one" }, { id: "first", at: before })).toBe(202);
    expect(await report({ state: "failed", log: "old" }, { id: "late", at: before })).toBe(202);
    expect(await observed()).toMatchObject({ kind: "running", logTail: "two" });
  });

  test("cannot change how it ended", async () => {
    const { report, observed } = await sent();
    expect(await report({ state: "failed", problem: "no GPU" })).toBe(202);
    expect(await report({ state: "failed" })).toBe(202);
    expect(await report({ state: "succeeded" })).toBe(409);
    expect(await observed()).toMatchObject({ kind: "failed", problem: "no GPU" });
  });

  test("that come twenty at once are all taken, and one end stands", async () => {
    const { report, observed } = await sent();
    const statuses = await Promise.all(
      Array.from({ length: 8 }, (_, n) => report({ state: n % 2 === 0 ? "succeeded" : "failed" })),
    );
    const kinds = statuses.map((status) => [202, 409].includes(status));
    expect(kinds).not.toContain(false);
    expect(["succeeded", "failed"]).toContain((await observed()).kind);
  });

  test.each([
    ['{"state": "done"}', 400],
    ["not json", 400],
    [JSON.stringify({ state: "running", log: "x".repeat(20_000) }), 400],
    [JSON.stringify({ state: "running", log: "x".repeat(70_000) }), 413],
  ])("of another shape are refused: %.30s", async (body, status) => {
    const { report } = await sent();
    expect(await report(body)).toBe(status);
  });

  test("go by POST, to a backend that takes them", async () => {
    const { url, operation } = await sent();
    expect((await fetch(`${url}/callbacks/webhook/${operation.operationId}`)).status).toBe(405);
    expect((await fetch(`${url}/callbacks/mlflow/x`, { method: "POST" })).status).toBe(404);
    expect((await fetch(`${url}/callbacks/webhook/A_b`, { method: "POST" })).status).toBe(404);
  });

  test("that stop coming make the bot ask a person", async () => {
    const { observed, pass, report } = await sent({ silentSeconds: 60 });
    const waits = async (ms: number) => {
      pass(ms);
      return (await observed()).kind;
    };
    expect(await waits(40_000)).toBe("running");
    expect(await report({ state: "running" })).toBe(202);
    expect(await waits(40_000)).toBe("running");
    expect(await waits(21_000)).toBe("lost");
    expect(await observed()).toMatchObject({ problem: expect.stringContaining("said nothing since") });
  });

  test.each([
    ["forward", 3_600_000],
    ["back", -3_600_000],
  ])("are waited for as long as ever when the clock is set %s", async (_name, jumpMs) => {
    const { observed, pass } = await sent({ silentSeconds: 600 });
    pass(jumpMs);
    let looks = 0;
    for (; looks < 200 && (await observed()).kind === "running"; looks += 1) pass(5_000);
    // Ten minutes of looks; the jump counts for one at most.
    expect(looks).toBeGreaterThanOrEqual(108);
    expect(looks).toBeLessThanOrEqual(121);
  });

  test("that came before the answer to the start stand", async () => {
    const scene = await opened({ status: undefined });
    const operation = { ...operationOf(scene), operationId: `early-${scene.model}` };
    scene.proxy.fate = async (call) => {
      if (scene.isStart(call)) {
        const record = await store.operationRecords.find(operation.operationId);
        if (record !== null)
          await store.operationRecords.update({
            ...record,
            state: "succeeded",
            endedAt: scene.clock.now(),
            notes: { report: { state: "succeeded" } },
          });
      }
      return { kind: "pass" };
    };
    const ref = await scene.backend.start(operation);
    expect((await scene.backend.observe(ref, operation)).kind).toBe("succeeded");
  });
});

async function jobsFor(rolloutId: number): Promise<number> {
  const { default: postgres } = await import("postgres");
  const sql = postgres(database.url, { max: 1 });
  try {
    const rows = await sql`select 1 from graphile_worker.jobs where key = ${`apply ${rolloutId}`}`;
    return rows.length;
  } finally {
    await sql.end();
  }
}

test("asks the receiver to stop, where it can be asked", async () => {
  const scene = await opened();
  const operation = operationOf(scene);
  const ref = await scene.backend.start(operation);
  await scene.backend.cancel(ref, operation);
  expect((await watch(scene.backend, ref, operation)).kind).toBe("cancelled");
  const without = await opened({ cancel: undefined });
  await expect(async () => without.backend.cancel(ref, operation)).rejects.toThrow();
});

test.each([
  [{ secret: "plain" }, 'models.scorer.settings.secret: must be "env:NAME"'],
  [
    { secret: "env:SHORT" },
    "models.scorer.settings.secret: the secret has 5 characters; at least 16 are needed",
  ],
  [{ url: "ftp://x" }, "models.scorer.settings.url: must be the address"],
  [{ kinds: [] }, "models.scorer.settings.kinds"],
])("the settings %o are refused: %s", (over, problem) => {
  const settings = { url: "https://hooks.example.com", secret: "env:HOOK", ...over };
  const context = contextOf(store, { environment: { ...environment, SHORT: "short" } });
  expect(() => createWebhook(new Map([["scorer", settings]]), context)).toThrow(problem);
});
