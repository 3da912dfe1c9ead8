/** Against a real MLflow server, with and without what networks do in between. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createHttpClient } from "../../../src/adapters/http-client.ts";
import { createMlflow } from "../../../src/adapters/models/mlflow.ts";
import alertmanager from "../../../src/adapters/sources/alertmanager.ts";
import { composeModel } from "../../../src/app/compose-model.ts";
import { createReadReports } from "../../../src/app/read-reports.ts";
import { createTellReport } from "../../../src/app/tell-report.ts";
import type { Alert } from "../../../src/domain/alert.ts";
import { defaultLossLimits, reportOf } from "../../../src/domain/monitoring/report.ts";
import {
  type Job,
  type ModelBackend,
  NotStartedError,
  type Observed,
  type Operation,
  type RawDelivery,
  silentLog,
  systemClock,
} from "../../../src/ports.ts";
import { createLedger, createLedgerBackend, createTestClock, modelEntry } from "../../app/rollout-world.ts";
import { type ModelScene, modelContract, operationOf, watch } from "../../contracts/model.ts";
import { buildTracked } from "../../domain/build.ts";
import {
  askMlflow,
  type MlflowServer,
  makeRun,
  makeVersion,
  mlflowMissing,
  mlflowStartMs,
  startMlflow,
} from "../../mlflow-server.ts";
import { type Call, type Fate, type FaultProxy, startProxy } from "./proxy.ts";

const http = createHttpClient({ clock: systemClock });
const why = mlflowMissing();
const title = why === null ? "a real MLflow server" : `a real MLflow server (${why})`;

describe.skipIf(why !== null)(title, () => {
  let server: MlflowServer;
  let proxy: FaultProxy;
  let names = 0;

  beforeAll(async () => {
    server = await startMlflow();
    proxy = await startProxy(server.url, "/api/2.0/mlflow/");
  }, mlflowStartMs);
  afterAll(async () => {
    await proxy?.close();
    await server?.stop();
  });

  function backendOf(model: string, settings: Readonly<Record<string, unknown>> = {}): ModelBackend {
    const own = new Map([[model, { url: server.url, ...settings }]]);
    return createMlflow(own, { environment: {}, clock: systemClock, http });
  }

  async function newModel(): Promise<string> {
    names += 1;
    const model = `scorer ${names}`;
    await askMlflow(server.url, "POST", "registered-models/create", { name: model });
    return model;
  }

  const pointTo = (model: string, version: string, alias = "champion") =>
    askMlflow(server.url, "POST", "registered-models/alias", { name: model, alias, version });

  async function aliases(model: string): Promise<Record<string, string>> {
    const answer = await askMlflow(server.url, "GET", "registered-models/get", { name: model });
    // The shape that the server gives, which its own clients rely on.
    const { aliases: list = [] } = answer["registered_model"] as {
      aliases?: { alias: string; version: string }[];
    };
    return Object.fromEntries(list.map(({ alias, version }) => [alias, version]));
  }

  /** A model with two versions, of which the first serves. */
  async function open(settings: Readonly<Record<string, unknown>> = {}): Promise<ModelScene> {
    const model = await newModel();
    await makeVersion(server.url, model);
    await makeVersion(server.url, model);
    await pointTo(model, "1");
    return {
      backend: backendOf(model, settings),
      model,
      environment: "production",
      from: "1",
      to: "2",
      comparesFences: true,
      remember: () => Promise.resolve(),
      restart: () => Promise.resolve(backendOf(model, settings)),
      close: () => Promise.resolve(),
    };
  }

  /** The same, through the proxy. */
  async function openBehind(fate: (call: Call) => Fate): Promise<ModelScene> {
    const scene = await open({ url: proxy.url, timeoutSeconds: 1 });
    proxy.reached.length = 0;
    proxy.fate = fate;
    return scene;
  }

  modelContract("mlflow", () => open());

  describe("versions", () => {
    test("tell who made them, of which commit, data and parameters, and what the run measured", async () => {
      const model = await newModel();
      const run = await makeRun(server.url, {
        metrics: { auc: 0.91, loss: Number.NaN },
        params: { seed: "7" },
        tags: { "mlflow.source.git.commit": "4f2a", "mlflow.user": "ml-engineer" },
        data: ["transactions", "77c1"],
      });
      await makeVersion(server.url, model, { run, tags: { digest: "sha256:aa" } });
      await makeVersion(server.url, model);
      const [second, first] = await backendOf(model).versions(model);
      expect(second).toMatchObject({ version: "2", createdBy: null, metrics: {}, digest: null });
      expect(first).toMatchObject({
        version: "1",
        createdBy: "ml-engineer",
        metrics: { auc: 0.91 },
        digest: "sha256:aa",
        origin: { run: run.id, commit: "4f2a", data: "transactions 77c1", parameters: { seed: "7" } },
      });
      expect(Math.abs(Date.now() - (first?.createdAt?.getTime() ?? 0))).toBeLessThan(600_000);
    });

    test("are listed newest first, also beyond the ninth", async () => {
      const model = await newModel();
      for (let made = 0; made < 11; made += 1) await makeVersion(server.url, model);
      const listed = (await backendOf(model).versions(model)).map(({ version }) => version);
      expect(listed.slice(0, 3)).toEqual(["11", "10", "9"]);
    });
  });

  describe("metrics that are logged", () => {
    const metrics = { ndcg: { min: 0.4, reference: 0.5 }, amount_psi: { max: 0.2, feature: "amount" } };

    /** A bot that watches a model of which runs are logged into an experiment of its own. */
    async function watched() {
      const { model } = await open();
      const experiment = `watch ${model}`;
      const made = await askMlflow(server.url, "POST", "experiments/create", { name: experiment });
      const monitoring = { experiments: { production: experiment }, metrics };
      const backend = backendOf(model, { monitoring });
      const told: { readonly alerts: readonly Alert[] }[] = [];
      const clock = createTestClock();
      const models = [
        modelEntry(backend, { name: model, environments: ["production"], services: ["ranking"] }),
      ];
      const ingest = {
        accept: (delivery: RawDelivery) => {
          const parsed = alertmanager.parse(
            JSON.parse(Buffer.from(delivery.body).toString()),
            delivery,
            undefined,
          );
          if (parsed.kind === "parsed") told.push(parsed.delivery);
          return Promise.resolve();
        },
      };
      const firingFrom = () =>
        Promise.resolve(
          told.flatMap(({ alerts }) => alerts.map((alert) => ({ ...buildTracked({}), alert }))),
        );
      const jobs: Job[] = [];
      const add = (job: Job) => Promise.resolve(void jobs.push(job));
      const common = { models, clock, log: silentLog };
      const tell = createTellReport({
        ...{ ...common, ingest, watch: { firingFrom } },
        settings: { loss: defaultLossLimits },
      });
      const reports = createReadReports({
        ...{ ...common, tell, store: { jobs: { add, addAll: () => Promise.resolve() } } },
      });
      return {
        ...{ model, told, jobs, look: () => reports.look(model, "production") },
        log: (given: Readonly<Record<string, number>>, tags: Readonly<Record<string, string>> = {}) =>
          makeRun(server.url, { metrics: given, tags, experiment: String(made["experiment_id"]) }),
      };
    }

    test("become one alert on the model once they pass their limits, and end when all is well", async () => {
      const bot = await watched();
      await bot.look();
      expect(bot.told).toEqual([]);
      await bot.log({ ndcg: 0.35, amount_psi: 0.31 });
      await bot.look();
      const [alert] = bot.told[0]?.alerts ?? [];
      expect(alert).toMatchObject({
        ...{ name: "ModelDrift", status: "firing", service: "ranking", severity: "critical" },
        labels: { model: bot.model, environment: "production", monitor: "mlflow" },
      });
      expect(alert === undefined ? null : reportOf(alert)).toMatchObject({
        findings: [{ feature: "amount", value: 0.31, limit: 0.2 }],
        performance: [{ metric: "ndcg", value: 0.35, reference: 0.5, isWorse: true }],
      });
      await bot.log({ ndcg: 0.52, amount_psi: 0.02 });
      await bot.look();
      expect(bot.told.at(-1)?.alerts).toMatchObject([
        { status: "resolved", fingerprint: alert?.fingerprint },
      ]);
      expect(bot.jobs).toHaveLength(3);
    });

    test("of another version than the one that serves are passed over", async () => {
      const bot = await watched();
      await bot.log({ ndcg: 0.45, amount_psi: 0 }, { "tocsin.version": "1" });
      await bot.log({ ndcg: 0.1, amount_psi: 0.9 }, { "tocsin.version": "2" });
      await bot.look();
      expect(bot.told).toEqual([]);
    });

    test("of an experiment that is not there are asked for again, and nothing is told", async () => {
      const { model } = await open();
      const monitoring = { experiments: { production: "not there" }, metrics };
      await expect(backendOf(model, { monitoring }).report?.(model, "production")).rejects.toThrow(
        "not there",
      );
      expect(await backendOf(model, { monitoring }).report?.(model, "staging")).toBeNull();
    });
  });

  describe("a plan", () => {
    const question = {
      kind: "deploy",
      environment: "production",
      from: "1",
      to: "2",
      restore: null,
      manifest: null,
      reason: "",
    } as const;

    test("changes when the version was replaced by another of the same number", async () => {
      const { backend, model } = await open();
      const before = await backend.plan({ ...question, model });
      await askMlflow(server.url, "DELETE", "registered-models/delete", { name: model });
      await askMlflow(server.url, "POST", "registered-models/create", { name: model });
      await makeVersion(server.url, model);
      await makeVersion(server.url, model, { run: await makeRun(server.url) });
      await pointTo(model, "1");
      const after = await backend.plan({ ...question, model });
      expect(after.kind === "plan" && after.steps.slice(1)).toEqual(
        before.kind === "plan" && before.steps.slice(1),
      );
      expect(after.kind === "plan" && after.steps).not.toEqual(before.kind === "plan" && before.steps);
    });

    test.each([
      ["rejected", {}, "not_validated"],
      ["approved", {}, null],
      [null, {}, null],
      [null, { validation: { required: true } }, "not_validated"],
    ])("with validation_status %s and %o is refused: %s", async (status, settings, reason) => {
      const model = await newModel();
      await makeVersion(server.url, model);
      await makeVersion(server.url, model, { tags: status === null ? {} : { validation_status: status } });
      await pointTo(model, "1");
      const backend = backendOf(model, settings);
      const planned = await backend.plan({ ...question, model });
      expect(planned.kind === "refuse" ? planned.reason : null).toBe(reason);
      if (reason !== null) {
        const operation = { ...operationOf({ ...question, model }), model };
        await expect(backend.start(operation)).rejects.toThrow(NotStartedError);
        expect(await aliases(model)).toEqual({ champion: "1" });
      }
    });

    test("to retrain says what to configure", async () => {
      const { backend, model, ...scene } = await open();
      const planned = await backend.plan({ ...question, model, kind: "retrain", to: null });
      expect(planned).toMatchObject({ kind: "refuse", reason: "no_training" });
      expect(planned.kind === "refuse" && planned.remedy).toContain(`models.${model}.training`);
      const operation = { ...operationOf({ ...scene, model }), kind: "retrain" as const, to: null };
      await expect(backend.start(operation)).rejects.toThrow(NotStartedError);
    });

    test("of a model that is not there names it", async () => {
      const backend = backendOf("nowhere");
      expect(await backend.plan({ ...question, model: "nowhere" })).toMatchObject({
        reason: "unknown_version",
      });
      const missing = "Registered Model with name=nowhere not found";
      await expect(backend.live("nowhere", "production")).rejects.toThrow(missing);
    });
  });

  describe("a deploy", () => {
    test("keeps what served as previous, and tells since when, for whom and on which page", async () => {
      const scene = await open();
      const { backend, model } = scene;
      expect(await backend.live(model, "production")).toEqual({ version: "1", since: null, by: null });
      const operation = operationOf(scene);
      const seen = await watch(backend, await backend.start(operation), operation);
      const page = new URL(`#/models/${encodeURIComponent(model)}/versions/2`, server.url);
      expect(seen).toMatchObject({ kind: "succeeded", url: page.href });
      expect(await aliases(model)).toEqual({ champion: "2", previous: "1" });
      const live = await backend.live(model, "production");
      expect(live).toMatchObject({ version: "2", by: "ml" });
      expect(await backend.history(model, "production")).toEqual([
        { version: "2", from: live.since, by: "ml", replaced: "1" },
      ]);
    });

    test("of one environment leaves the others alone", async () => {
      const scene = await open({ aliases: { staging: "candidate" } });
      const { backend, model } = scene;
      const operation = { ...operationOf(scene), environment: "staging", from: null };
      await watch(backend, await backend.start(operation), operation);
      expect(await aliases(model)).toEqual({ champion: "1", candidate: "2" });
      expect((await backend.live(model, "staging")).version).toBe("2");
      expect(await backend.history(model, "production")).toEqual([]);
    });

    test("is not begun when someone moved the alias since it was planned, and says so", async () => {
      const scene = await open();
      const { backend, model } = scene;
      const first = operationOf(scene);
      await watch(backend, await backend.start(first), first);
      await makeVersion(server.url, model);
      await pointTo(model, "3");
      const late = { ...operationOf(scene), from: "2", to: "1" };
      await expect(backend.start(late)).rejects.toThrow(
        /points to 3, and to 2 when it was planned: the bot last pointed it to version 2 at .* for ml, so someone moved it outside the bot/,
      );
      await expect(backend.start(late)).rejects.toThrow(NotStartedError);
      expect(await aliases(model)).toMatchObject({ champion: "3" });
      expect(await backend.findByOperationId(late.operationId)).toEqual({ kind: "absent" });
      expect(await backend.live(model, "production")).toEqual({ version: "3", since: null, by: null });
      const planned = await backend.plan({ ...late, from: "3" });
      expect(planned.kind === "plan" && planned.notes.join()).toContain("someone moved it outside the bot");
    });

    test("is not begun when the alias moved while it was being recorded", async () => {
      const scene = await openBehind(() => ({ kind: "pass" }));
      await makeVersion(server.url, scene.model);
      proxy.fate = async ({ path }) => {
        if (path === "registered-models/set-tag") await pointTo(scene.model, "3");
        return { kind: "pass" };
      };
      const operation = operationOf(scene);
      await expect(scene.backend.start(operation)).rejects.toThrow("points to 3");
      expect(await aliases(scene.model)).toEqual({ champion: "3" });
    });

    test("that someone undid before it was seen has failed, and stays so", async () => {
      const scene = await open();
      const operation = operationOf(scene);
      const ref = await scene.backend.start(operation);
      await pointTo(scene.model, "1");
      const seen = await watch(scene.backend, ref, operation);
      expect(seen).toMatchObject({
        kind: "failed",
        problem: expect.stringContaining("still points to 1 instead of 2"),
      });
      await pointTo(scene.model, "2");
      expect((await watch(scene.backend, ref, operation)).kind).toBe("failed");
    });

    test("whose record was edited away is for a person to judge", async () => {
      const scene = await open();
      const operation = operationOf(scene);
      const ref = await scene.backend.start(operation);
      const tag = { name: scene.model, key: "tocsin.history.champion" };
      await askMlflow(server.url, "POST", "registered-models/set-tag", { ...tag, value: "[]" });
      expect((await scene.backend.observe(ref, operation)).kind).toBe("lost");
      await askMlflow(server.url, "POST", "registered-models/set-tag", {
        ...tag,
        value: "edited",
      });
      await expect(scene.backend.findByOperationId(operation.operationId)).rejects.toThrow("was edited");
    });
  });

  test("two environments cannot share an alias", async () => {
    const model = await newModel();
    const backend = backendOf(model, { aliases: { staging: "champion" } });
    await expect(
      backend.prepare?.([{ name: model, environments: ["production", "staging"] }]),
    ).rejects.toThrow(`the alias champion of ${model} is already that of ${model} in production`);
  });

  describe("a retrain by a training backend", () => {
    async function retrain(mark: (model: string, operation: Operation) => Promise<unknown>) {
      const model = await newModel();
      const baseline = await makeRun(server.url, {
        metrics: { auc: 0.9, "tocsin.rows": 400 },
        data: ["transactions", "77c1"],
      });
      await makeVersion(server.url, model, { run: baseline });
      await pointTo(model, "1");
      const ledger = createLedger();
      const training = { ...createLedgerBackend(ledger, "native"), name: "pipeline" };
      const backend = composeModel({ registry: backendOf(model), runtime: null, training });
      const place = { model, environment: "production", from: "1", to: "2" };
      const operation = { ...operationOf(place), kind: "retrain" as const, to: null };
      const ref = await backend.start(operation);
      await mark(model, operation);
      return await watch(backend, ref, operation);
    }
    const better = { metrics: { auc: 0.94, "tocsin.rows": 500 } };

    test("is found by the tag of the version or of its run, beside the champion", async () => {
      for (const place of ["run", "version"] as const) {
        const seen = await retrain(async (model, { operationId }) => {
          const tags = { "tocsin.operation": operationId };
          const run = await makeRun(server.url, { ...better, ...(place === "run" ? { tags } : {}) });
          await makeVersion(server.url, model);
          return await makeVersion(server.url, model, { run, ...(place === "version" ? { tags } : {}) });
        });
        expect(seen).toMatchObject({
          kind: "succeeded",
          newVersion: "3",
          metrics: { auc: 0.94 },
          comparison: [{ name: "auc", champion: 0.9, challenger: 0.94, interval: null, n: 500 }],
        });
      }
    });

    test("is not compared with a champion that was measured on other data", async () => {
      const seen = await retrain(async (model, { operationId }) => {
        const run = await makeRun(server.url, { ...better, data: ["transactions", "88d2"] });
        await makeVersion(server.url, model, { run, tags: { "tocsin.operation": operationId } });
      });
      expect(seen).toMatchObject({ kind: "succeeded", newVersion: "2", comparison: [] });
    });

    test("that registered nothing of its own claims no version", async () => {
      const seen = await retrain((model) => makeVersion(server.url, model));
      expect(seen).toMatchObject({
        kind: "succeeded",
        newVersion: null,
        result: expect.stringContaining("mlflow knows no version of this retrain"),
      });
    });
  });

  // ---------- what networks and proxies do ----------

  const isAliasMove = (call: Call) =>
    call.method === "POST" && call.path === "registered-models/alias" && call.body.includes('"champion"');

  const answers: readonly [string, Fate, "NotStarted" | "doubt", RegExp][] = [
    ["401", { kind: "answer", status: 401 }, "NotStarted", /wants other credentials \(401\)/],
    ["403", { kind: "answer", status: 403 }, "NotStarted", /may not do that \(403\)/],
    [
      "404 of a proxy",
      { kind: "answer", status: 404, body: "<html>" },
      "NotStarted",
      /has no \S+registered-models/,
    ],
    ["409", { kind: "answer", status: 409 }, "doubt", /answered 409/],
    [
      "429",
      { kind: "answer", status: 429, headers: { "retry-after": "0" } },
      "NotStarted",
      /asked too often/,
    ],
    ["500", { kind: "answer", status: 500, body: "oops" }, "doubt", /answered 500/],
    ["503", { kind: "answer", status: 503 }, "doubt", /answered 503/],
    ["a redirect", { kind: "answer", status: 302 }, "NotStarted", /redirect \(302\)/],
    ["a timeout", { kind: "hang" }, "doubt", /longer than 1 s/],
    ["a half-open connection", { kind: "half_open" }, "doubt", /longer than 1 s/],
    ["a cut connection", { kind: "cut", when: "before" }, "doubt", /could not be reached/],
  ];

  test.each(answers)(
    "%s to the move leaves the alias, and says whether it is certain",
    async (_name, fate, certainty, message) => {
      const scene = await openBehind((call) => (isAliasMove(call) ? fate : { kind: "pass" }));
      const operation = operationOf(scene);
      const error = await scene.backend.start(operation).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Error);
      expect(error instanceof NotStartedError).toBe(certainty === "NotStarted");
      expect(String(error)).toMatch(message);
      expect(await aliases(scene.model)).toEqual({ champion: "1" });
      // It certainly did not begin: what is looked up says so, and a second start of it does it once.
      expect(await scene.backend.findByOperationId(operation.operationId)).toEqual({ kind: "absent" });
      proxy.fate = () => ({ kind: "pass" });
      expect((await watch(scene.backend, await scene.backend.start(operation), operation)).kind).toBe(
        "succeeded",
      );
      expect(proxy.reached.filter(isAliasMove)).toHaveLength(1);
    },
  );

  test.each(answers)(
    "%s to every question is said of every look, and nothing is guessed",
    async (_name, fate, _certainty, message) => {
      const scene = await openBehind(() => fate);
      const operation = operationOf(scene);
      await expect(scene.backend.findByOperationId(operation.operationId)).rejects.toThrow(
        message.source.includes("has no") ? /has no/ : message,
      );
      await expect(scene.backend.live(scene.model, "production")).rejects.toThrow("mlflow: ");
      await expect(scene.backend.start(operation)).rejects.toThrow("mlflow: ");
      expect(proxy.reached).toEqual([]);
    },
  );

  test("the token goes with every request, and into no message or reference", async () => {
    const scene = await open();
    const settings = new Map([[scene.model, { url: proxy.url, token: "env:TOKEN" }]]);
    const environment = { TOKEN: "s3cret-token" };
    const backend = createMlflow(settings, { environment, clock: systemClock, http });
    const seen = new Set<string>();
    proxy.fate = ({ authorization }) => {
      seen.add(authorization);
      return { kind: "pass" };
    };
    const operation = operationOf(scene);
    const ref = await backend.start(operation);
    const observed = await watch(backend, ref, operation);
    expect([...seen]).toEqual(["Bearer s3cret-token"]);
    const body = JSON.stringify({
      error_code: "PERMISSION_DENIED",
      message: "token s3cret-token is no good",
    });
    proxy.fate = () => ({ kind: "answer", status: 401, body });
    const error = await backend.live(scene.model, "production").catch(String);
    expect(`${JSON.stringify([ref, observed])} ${error}`).not.toContain("s3cret-token");
  });

  test("success that is reported while nothing moved has failed", async () => {
    const scene = await openBehind((call) => ({ kind: isAliasMove(call) ? "pretend" : "pass" }));
    const operation = operationOf(scene);
    const ref = await scene.backend.start(operation);
    expect(await watch(scene.backend, ref, operation)).toMatchObject({
      kind: "failed",
      problem: expect.stringContaining("still points to 1 instead of 2"),
    });
  });

  test("a deploy stands when only the alias for what served before is refused", async () => {
    const scene = await openBehind((call) =>
      call.path === "registered-models/alias" && call.body.includes('"previous"')
        ? { kind: "answer", status: 403 }
        : { kind: "pass" },
    );
    const operation = operationOf(scene);
    const seen = await watch(scene.backend, await scene.backend.start(operation), operation);
    expect(seen).toMatchObject({
      kind: "succeeded",
      result: expect.stringContaining("previous could not be set"),
    });
  });

  // ---------- killed at every call ----------

  /** What the bot does: starts, and after a failure or a crash looks before it would start again. */
  async function carryOut(scene: ModelScene, operation: Operation): Promise<Observed> {
    for (let life = 0; life < 20; life += 1) {
      try {
        const bot = await scene.restart();
        const found = await bot.findByOperationId(operation.operationId);
        const ref = found.kind === "found" ? found.ref : await bot.start(operation);
        return await watch(bot, ref, operation);
      } catch (error) {
        if (error instanceof NotStartedError) throw error;
      }
    }
    throw new Error("it came to no end in twenty lives");
  }

  test.each(["before", "after"] as const)(
    "a crash %s any call reaches the server ends with one deploy, done once",
    async (when) => {
      let at = 0;
      for (let isCut = true; isCut; at += 1) {
        isCut = false;
        let count = 0;
        const scene = await openBehind(() => {
          count += 1;
          if (count !== at + 1) return { kind: "pass" };
          isCut = true;
          return { kind: "cut", when };
        });
        const operation = operationOf(scene);
        expect([at, (await carryOut(scene, operation)).kind]).toEqual([at, "succeeded"]);
        expect([at, proxy.reached.filter(isAliasMove).length]).toEqual([at, 1]);
        expect(await aliases(scene.model)).toEqual({ champion: "2", previous: "1" });
        proxy.fate = () => ({ kind: "pass" });
        const served = await scene.backend.history(scene.model, "production");
        expect(served.map(({ version }) => version)).toEqual(["2"]);
      }
      // Look-up, four reads and two writes to start; a read, two writes and a read to see it through.
      expect(at).toBeGreaterThanOrEqual(10);
    },
  );
});
