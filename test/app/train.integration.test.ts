import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createLearningThread } from "../../src/adapters/learning/thread.ts";
import { createBuiltin } from "../../src/adapters/models/builtin.ts";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { createTrainer } from "../../src/app/train.ts";
import { rankCauses } from "../../src/domain/causes.ts";
import { shippedWeights, weightsSchema } from "../../src/domain/weights.ts";
import {
  type LearningThread,
  NotStartedError,
  silentLog,
  systemClock,
  type Trainer,
} from "../../src/ports.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { at, buildIncident, buildTracked } from "../domain/build.ts";
import { inlineLearning } from "./inline-learning.ts";

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

/**
 * Incidents of one kind: a log alert on a worker is to blame each time, although a caller shouts earlier and louder.
 * The shipped weights blame the caller, so there is something to learn; each is of other services, so that votes for one
 * say nothing of the next.
 */
async function recordIncidents(count: number): Promise<void> {
  const edges = Array.from({ length: count }, (_, i) => [`web-${i + 1}`, `worker-${i + 1}`] as const);
  await store.incidents.saveTopology("test", { edges, services: [] }, at(0));
  for (let id = 1; id <= count; id += 1) {
    const start = id * 300;
    const alerts = [
      buildTracked(
        {
          name: "CpuThrottlingHigh",
          service: `web-${id}`,
          severity: "critical",
          startsAt: at(start),
          summary: "cpu is throttled",
        },
        { incidentId: id },
      ),
      buildTracked(
        {
          name: "MemoryPressure",
          service: `web-${id}`,
          severity: "critical",
          startsAt: at(start + 0.2),
          summary: "memory is short",
        },
        { incidentId: id },
      ),
      buildTracked(
        {
          name: "ErrorLogBurst",
          service: `worker-${id}`,
          severity: "info",
          startsAt: at(start + 2),
          summary: "errors in the log",
        },
        { incidentId: id },
      ),
    ];
    await store.incidents.saveAlerts(alerts);
    await store.incidents.save([
      buildIncident({
        id,
        state: "resolved",
        startedAt: at(start),
        resolvedAt: at(start + 30),
        resolvedBy: "oncall",
      }),
    ]);
    await store.feedback.add({
      kind: "right_cause",
      incidentId: id,
      subject: `service:worker-${id}`,
      person: "oncall",
      at: at(start + 30),
      data: {},
    });
  }
}

const operation = {
  model: "correlator",
  environment: "production",
  restore: null,
  manifest: null,
  requestedBy: "oncall",
  reason: "test",
  fence: 1,
} as const;

describe("retraining the correlator", () => {
  test("is refused with what there is and what is needed while there is too little", async () => {
    await recordIncidents(3);
    expect(
      await createTrainer({ store, learning: inlineLearning, version: "0.0.0" }).check(shippedWeights),
    ).toMatchObject({
      kind: "too_little",
      problem: expect.stringContaining("3 incidents"),
    });
  });

  test("learns from the newest 1,000 incidents, and its plan says how many are left out", async () => {
    await recordIncidents(25);
    const older = Array.from({ length: 980 }, (_, index) => 5_000 + index);
    const said = { kind: "right_cause", subject: "service:db", person: "oncall", data: {} } as const;
    await Promise.all(
      older.map((incidentId, index) => store.feedback.add({ ...said, incidentId, at: at(-index) })),
    );
    const trainer = createTrainer({ store, learning: inlineLearning, version: "0.0.0" });
    const check = await trainer.check(shippedWeights);
    if (check.kind !== "enough") throw new Error(check.problem);
    expect(check.notes).toEqual([
      "learns from 25 incidents with a known cause; the newest 30 % of each are held out",
      "5 older incidents with a known cause are left out: the newest 1000 are learned from",
    ]);
    const fitted = await trainer.fit(shippedWeights);
    expect(fitted.description).toContain("; 5 older incidents with a known cause are left out");
  });

  test("learns what people confirmed, and measures it on newer incidents beside the champion", async () => {
    await recordIncidents(40);
    const learning = createLearningThread();
    const trainer = createTrainer({ store, learning, version: "0.0.0" });
    expect(await trainer.check(shippedWeights)).toMatchObject({ kind: "enough" });
    const fitted = await trainer.fit(shippedWeights);
    await learning.close();
    const weights = weightsSchema.parse(fitted.parameters);
    expect(weights).not.toEqual(shippedWeights);
    const alerts = (await store.incidents.alerts(40, 10)).map((stored) => stored.alert);
    const question = { alerts, changes: [], topology: await store.incidents.topology(), feedback: new Map() };
    expect(rankCauses(question, shippedWeights)[0]?.service).toBe("web-40");
    expect(rankCauses(question, weights)[0]?.service).toBe("worker-40");
    const top = fitted.comparison.find(({ name }) => name === "service_top1");
    expect(top).toMatchObject({ champion: 0, challenger: 1, interval: [1, 1], n: 12 });
  });

  test("of causes alone leaves what fired together as it was", async () => {
    await recordIncidents(40);
    const day = { replica: "one", day: "2026-02-20" };
    await store.learning.saveCoFirings([
      { ...day, a: "a", b: "", count: 9 },
      { ...day, a: "b", b: "", count: 9 },
      { ...day, a: "a", b: "b", count: 8 },
    ]);
    const coFirings = { "c|d": [3, 4] as const };
    const champion = { ...shippedWeights, clustering: { ...shippedWeights.clustering, coFirings } };
    const fitted = await createTrainer({ store, learning: inlineLearning, version: "0.0.0" }).fit(champion);
    expect(weightsSchema.parse(fitted.parameters).clustering).toEqual(champion.clustering);
  });

  test("learns with the operator's own kinds of evidence, which are among its inputs", async () => {
    await recordIncidents(40);
    const parts = { store, learning: inlineLearning, version: "0.0.0" };
    const [shipped, own] = [
      createTrainer(parts),
      createTrainer({ ...parts, evidenceKinds: [{ kind: "net", words: ["error log burst"] }] }),
    ];
    const learned = async (trainer: Trainer) =>
      weightsSchema.parse((await trainer.fit(shippedWeights)).parameters).causes.service;
    const [asShipped, asOwn] = [await learned(shipped), await learned(own)];
    const start = shippedWeights.causes.service;
    expect(asShipped["kind:log"]).toBeGreaterThan(start["kind:log"] ?? 0);
    expect(asShipped["kind:net"]).toBe(start["kind:net"]);
    expect(asOwn["kind:net"]).toBeGreaterThan(start["kind:net"] ?? 0);
    expect(asOwn["kind:log"]).toBe(start["kind:log"]);
    expect((await own.inputs()).data).not.toBe((await shipped.inputs()).data);
  });

  test("is not begun when there is too little by then, so that it is not tried again", async () => {
    await recordIncidents(3);
    const trainer = createTrainer({ store, learning: inlineLearning, version: "0.0.0" });
    const backend = createBuiltin({ store, clock: systemClock, trainer, log: silentLog });
    await backend.prepare?.([{ name: "correlator", environments: ["production"] }]);
    const asked = { ...operation, operationId: "op-retrain", kind: "retrain", from: "1", to: null } as const;
    expect(await backend.plan(asked)).toMatchObject({ kind: "refuse", reason: "too_little_data" });
    await expect(backend.start(asked)).rejects.toBeInstanceOf(NotStartedError);
  });

  test("that is asked for again while it computes is computed once", async () => {
    await recordIncidents(25);
    let fits = 0;
    const learning: LearningThread = {
      ...inlineLearning,
      fit: async (work) => {
        fits += 1;
        return await inlineLearning.fit(work);
      },
    };
    const trainer = createTrainer({ store, learning, version: "0.0.0" });
    const backend = createBuiltin({ store, clock: systemClock, trainer, log: silentLog });
    await backend.prepare?.([{ name: "correlator", environments: ["production"] }]);
    const asked = { ...operation, operationId: "op-retrain", kind: "retrain", from: "1", to: null } as const;
    await Promise.all([backend.start(asked), backend.start(asked)]);
    expect(fits).toBe(1);
    expect(await backend.versions("correlator")).toHaveLength(2);
    await backend.start(asked);
    expect(fits).toBe(1);
  });

  test("gives a version that becomes champion by a deploy, and the one before by a rollback", async () => {
    await recordIncidents(40);
    const backend = createBuiltin({
      store,
      clock: systemClock,
      trainer: createTrainer({ store, learning: inlineLearning, version: "0.0.0" }),
      log: silentLog,
    });
    await backend.prepare?.([{ name: "correlator", environments: ["production"] }]);
    await backend.start({ ...operation, operationId: "op-retrain", kind: "retrain", from: "1", to: null });
    expect((await backend.versions("correlator")).map((version) => version.version)).toEqual(["2", "1"]);
    await backend.start({ ...operation, operationId: "op-deploy", kind: "deploy", from: "1", to: "2" });
    expect((await backend.live("correlator", "production")).version).toBe("2");
    await backend.start({ ...operation, operationId: "op-rollback", kind: "rollback", from: "2", to: "1" });
    expect((await backend.live("correlator", "production")).version).toBe("1");
  });
});
