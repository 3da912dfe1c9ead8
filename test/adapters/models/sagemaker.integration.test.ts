/** The real AWS client against a fake of SageMaker, with and without what networks do in between. */
import { describe, expect, onTestFinished, test } from "vitest";
import { createSagemaker } from "../../../src/adapters/models/sagemaker.ts";
import { NotStartedError, type Operation } from "../../../src/ports.ts";
import { modelContract, operationOf, watch } from "../../contracts/model.ts";
import { modelFaultContract } from "../../contracts/model-faults.ts";
import { environment, openSagemaker } from "./sagemaker/scene.ts";

const open = (settings?: Readonly<Record<string, unknown>>) => openSagemaker(settings);

async function opened(settings: Readonly<Record<string, unknown>> = {}) {
  const scene = await open(settings);
  onTestFinished(() => scene.close());
  return scene;
}

let retrains = 0;
function retrainOf(): Operation {
  retrains += 1;
  return {
    ...operationOf({ model: "scorer", environment: "production", from: "1", to: "2" }),
    ...{ operationId: `sagemaker-retrain-${retrains}`, kind: "retrain", to: null },
    manifest: { commit: "4f2a", data: null, parameters: {}, seed: null, image: null, rerunOf: null },
  };
}

modelContract("sagemaker", open);
modelFaultContract({ name: "sagemaker", open, secrets: [environment.KEY, "ghp_leaked-secret-1"] });

describe("a deploy", () => {
  test("copies what serves, moves traffic as set, and names the alarms", async () => {
    const traffic = { type: "canary", percent: 10, waitSeconds: 300 };
    const { backend, aws, endpoint, ...scene } = await opened({ traffic, alarms: ["scorer-errors"] });
    const operation = operationOf(scene);
    await watch(backend, await backend.start(operation), operation);
    const name = `tocsin-${operation.operationId}`;
    expect(aws.configs.get(name)?.body).toEqual({
      EndpointConfigName: name,
      ProductionVariants: [
        { VariantName: "all", ModelName: name, InitialInstanceCount: 2, InstanceType: "ml.m5.large" },
      ],
      DataCaptureConfig: { EnableCapture: true },
    });
    expect(endpoint.updates[0]?.["DeploymentConfig"]).toEqual({
      BlueGreenUpdatePolicy: {
        TrafficRoutingConfiguration: {
          ...{ Type: "CANARY", WaitIntervalInSeconds: 300 },
          CanarySize: { Type: "CAPACITY_PERCENT", Value: 10 },
        },
      },
      AutoRollbackConfiguration: { Alarms: [{ AlarmName: "scorer-errors" }] },
    });
  });

  test("that an alarm rolls back has failed, and says which", async () => {
    const { backend, endpoint, ...scene } = await opened();
    endpoint.ends = "RollingBack";
    const operation = operationOf(scene);
    const ref = await backend.start(operation);
    expect(await watch(backend, ref, operation)).toMatchObject({
      kind: "failed",
      problem: "SageMaker rolled back to by-hand: One or more alarms went off: scorer-errors",
    });
    const found = await backend.findByOperationId(operation.operationId);
    expect(found.kind).toBe("found");
    expect(await backend.start(operation)).toEqual(ref);
    expect(endpoint.updates).toHaveLength(1);
  });

  test("that cannot be rolled back needs a person, and one without instances is not believed", async () => {
    const { backend, endpoint, ...scene } = await opened();
    endpoint.ends = "UpdateRollbackFailed";
    const operation = operationOf(scene);
    const ref = await backend.start(operation);
    expect(await watch(backend, ref, operation)).toMatchObject({
      kind: "failed",
      problem: expect.stringContaining("could not be rolled back"),
    });
    const other = await opened();
    other.endpoint.instances = 0;
    const second = operationOf(other);
    const seen = await watch(other.backend, await other.backend.start(second), second);
    expect(seen).toMatchObject({ kind: "failed", problem: expect.stringContaining("has no instances") });
  });

  test.each([
    ["is not approved", "PendingManualApproval", {}, "not_approved"],
    ["is not approved, where the rollout approves it", "PendingManualApproval", { approval: "given" }, null],
    ["is rejected", "Rejected", { approval: "given" }, "not_approved"],
  ])("of a version that %s: %s", async (_name, approval, settings, reason) => {
    const { backend, aws, ...scene } = await opened(settings);
    const second = aws.packages[1];
    if (second !== undefined) second.approval = approval;
    const operation = operationOf(scene);
    const planned = await backend.plan(operation);
    expect(planned.kind === "refuse" ? planned.reason : null).toBe(reason);
    if (reason !== null) await expect(backend.start(operation)).rejects.toThrow(NotStartedError);
    else await backend.start(operation);
    expect(second?.approval).toBe(reason === null ? "Approved" : approval);
  });

  test("is not begun while another update runs, or when something else serves than was planned", async () => {
    const { backend, endpoint, ...scene } = await opened();
    endpoint.status = "SystemUpdating";
    await expect(backend.start(operationOf(scene))).rejects.toThrow(
      "is SystemUpdating; wait, then ask again",
    );
    endpoint.status = "InService";
    await expect(backend.start({ ...operationOf(scene), from: "7" })).rejects.toThrow(
      "serves version 1, and 7 when",
    );
    expect(endpoint.updates).toHaveLength(0);
  });

  test("says on the plan that nothing rolls back without alarms, and cannot be stopped", async () => {
    const { backend, ...scene } = await opened();
    const operation = operationOf(scene);
    const planned = await backend.plan(operation);
    expect(planned.kind === "plan" && planned.notes).toContain(
      "no alarms are set, so SageMaker will not roll back by itself",
    );
    const ref = await backend.start(operation);
    await expect(backend.cancel(ref, operation)).rejects.toThrow("cannot be stopped half-way");
  });
});

describe("what an endpoint served", () => {
  /** Rolls one version out to its end. */
  async function rollOut(scene: Awaited<ReturnType<typeof opened>>, from: string, to: string) {
    const operation = operationOf({ ...scene, from, to });
    await watch(scene.backend, await scene.backend.start(operation), operation);
  }
  const at = (seconds: number | undefined) => new Date((seconds ?? 0) * 1_000);

  test("is told newest first, by whom, and what it replaced, also by a bot started anew", async () => {
    const scene = await opened();
    const { backend, endpoint, model } = scene;
    expect(await backend.history(model, "production")).toEqual([
      { version: "1", from: at(endpoint.modifiedAt), by: null },
    ]);
    await rollOut(scene, "1", "2");
    const second = endpoint.modifiedAt;
    // Autoscaling touches the endpoint without another version.
    endpoint.modifiedAt = scene.aws.tick();
    expect(await backend.live(model, "production")).toEqual({ version: "2", since: at(second), by: "ml" });
    await rollOut(scene, "2", "1");
    const served = [
      { version: "1", from: at(endpoint.modifiedAt), by: "ml", replaced: "2" },
      { version: "2", from: at(second), by: "ml", replaced: "1" },
    ];
    expect(await backend.history(model, "production")).toEqual(served);
    expect(await (await scene.restart()).history(model, "production")).toEqual(served);
  });

  test("does not hold an update that was rolled back, nor those of another endpoint", async () => {
    const scene = await opened();
    await rollOut(scene, "1", "2");
    scene.endpoint.ends = "RollingBack";
    await rollOut(scene, "2", "1");
    const other = { ...scene.endpoint, config: "by-hand", updates: [], ends: "InService" as const };
    scene.aws.endpoints.set("other-prod", other);
    const own = { ...scene.settings, endpoints: { production: "other-prod" } };
    const elsewhere = createSagemaker(new Map([["other", own]]), { environment });
    expect((await scene.backend.history("scorer", "production")).map(({ version }) => version)).toEqual([
      "2",
    ]);
    expect((await elsewhere.history("other", "production")).map(({ version }) => version)).toEqual(["1"]);
  });

  test("names what somebody else put there, and says of the bot's old configuration put back by hand that it was not the bot", async () => {
    const scene = await opened();
    const { backend, endpoint, model, aws } = scene;
    await rollOut(scene, "1", "2");
    const ours = endpoint.config;
    await rollOut(scene, "2", "1");
    Object.assign(endpoint, { config: ours, modifiedAt: aws.tick() });
    const by = null;
    expect(await backend.live(model, "production")).toEqual({
      version: "2",
      since: at(endpoint.modifiedAt),
      by,
    });
    expect((await backend.history(model, "production"))[0]).toEqual({
      ...{ version: "2", from: at(endpoint.modifiedAt), by },
    });
  });

  test("that cannot be noted does not undo the deploy, and the card says so", async () => {
    const scene = await opened();
    scene.proxy.fate = ({ headers }) =>
      headers["x-amz-target"] === "SageMaker.AddTags" ? { kind: "answer", status: 403 } : { kind: "pass" };
    const operation = operationOf(scene);
    const seen = await watch(scene.backend, await scene.backend.start(operation), operation);
    expect(seen).toMatchObject({ kind: "succeeded", result: expect.stringContaining("not in its history") });
  });

  test("is asked for with one request once it is known", async () => {
    const scene = await opened();
    for (const [from, to] of [
      ["1", "2"],
      ["2", "1"],
      ["1", "2"],
    ] as const)
      await rollOut(scene, from, to);
    await scene.backend.history(scene.model, "production");
    scene.proxy.reached.length = 0;
    await scene.backend.history(scene.model, "production");
    const asked = scene.proxy.reached.map(({ headers }) => headers["x-amz-target"]);
    expect(asked).not.toContain("SageMaker.ListTags");
    expect(asked).toHaveLength(4);
  });
});

describe("what Model Monitor found", () => {
  const monitoring = { schedules: { production: ["scorer-data", "scorer-quality"] } };
  const violations = "CompletedWithViolations: Job completed successfully with 3 violations.";

  test("of what serves is one report of all schedules, which says where the violations are", async () => {
    const { backend, aws, model, endpoint } = await opened({ monitoring });
    const now = endpoint.modifiedAt;
    aws.monitoring.push(
      { schedule: "scorer-data", scheduledAt: now + 10, type: "DataQuality", status: "Completed" },
      {
        ...{ schedule: "scorer-data", scheduledAt: now + 20, type: "DataQuality" },
        ...{ status: "CompletedWithViolations", exitMessage: violations },
      },
      {
        ...{ schedule: "scorer-quality", scheduledAt: now + 30, type: "ModelQuality" },
        ...{ status: "Failed", reason: "no ground truth" },
      },
    );
    expect(await backend.report?.(model, "production")).toEqual({
      ...{ model, environment: "production", monitor: "sagemaker", looked: null, performance: [] },
      at: new Date((now + 320) * 1_000),
      findings: [
        {
          ...{ feature: null, check: "data quality constraints", value: null, limit: null, n: null },
          detail:
            "Job completed successfully with 3 violations; constraint_violations.json in s3://acme/monitor",
        },
      ],
      unsaid: [
        "scorer-quality: the newest execution failed: no ground truth",
        "scorer-quality: nothing was measured of what serves yet",
      ],
    });
    aws.monitoring.push({
      ...{ schedule: "scorer-data", scheduledAt: now + 40, type: "DataQuality", status: "Completed" },
    });
    expect(await backend.report?.(model, "production")).toMatchObject({ findings: [] });
  });

  test("of what served before is not held against what serves now", async () => {
    const { backend, aws, model, endpoint, ...scene } = await opened({ monitoring });
    const old = endpoint.modifiedAt + 1;
    aws.monitoring.push({
      ...{ schedule: "scorer-data", scheduledAt: old, type: "DataQuality" },
      ...{ status: "CompletedWithViolations", exitMessage: violations },
    });
    expect((await backend.report?.(model, "production"))?.findings).toHaveLength(1);
    const operation = operationOf({ ...scene, model });
    await watch(backend, await backend.start(operation), operation);
    expect(await backend.report?.(model, "production")).toBeNull();
  });

  test("is not asked where nothing is set", async () => {
    const { backend } = await opened();
    expect(backend.report).toBeUndefined();
    const elsewhere = await opened({ monitoring: { schedules: { staging: ["scorer-data"] } } });
    expect(await elsewhere.backend.report?.("scorer", "production")).toBeNull();
  });
});

describe("a card", () => {
  const jobs = "sagemaker/home?region=eu-central-1#";
  test.each([
    [
      "the endpoint of a deploy",
      "deploy",
      {},
      `https://eu-central-1.console.aws.amazon.com/${jobs}/endpoints/scorer-prod`,
    ],
    [
      "the job of a retrain",
      "retrain",
      {},
      `https://eu-central-1.console.aws.amazon.com/${jobs}/jobs/pipelines-train-1`,
    ],
    [
      ...(["the execution of a retrain, in Studio", "retrain", { studioDomain: "d-abc123" }] as const),
      "https://studio-d-abc123.studio.eu-central-1.sagemaker.aws/pipelines/view/train/executions/e0/graph",
    ],
  ] as const)("links to %s", async (_name, kind, more, url) => {
    const scene = await opened({ pipeline: { name: "train", parameters: {}, ...more } });
    const operation = kind === "deploy" ? operationOf(scene) : retrainOf();
    const ref = await scene.backend.start(operation);
    expect((await scene.backend.observe(ref, operation)).url).toBe(url);
    expect((await watch(scene.backend, ref, operation)).url).toBe(url);
  });
});

test("a rollback brings back the configuration that was kept, and is refused when it was deleted", async () => {
  const { backend, aws, ...scene } = await opened();
  const there = operationOf(scene);
  const kept = await backend.snapshot("scorer", "production");
  await watch(backend, await backend.start(there), there);
  const back = { ...operationOf(scene), ...backend.inverse(there, kept) };
  const ref = await backend.start(back);
  await watch(backend, ref, back);
  const restored = aws.configs.get(`tocsin-${back.operationId}`);
  expect(restored?.body.ProductionVariants).toEqual(aws.configs.get("by-hand")?.body.ProductionVariants);
  aws.configs.delete("by-hand");
  expect(await backend.plan({ ...back, from: "1" })).toMatchObject({ reason: "missing_artifact" });
});

describe("a retrain", () => {
  test("is one execution, however often it is started, and names the version it registered", async () => {
    const { backend, aws } = await opened();
    const operation = retrainOf();
    const ref = await backend.start(operation);
    expect(await backend.start(operation)).toEqual(ref);
    expect(aws.executions).toHaveLength(1);
    expect(aws.executions[0]?.parameters).toEqual([{ Name: "Commit", Value: "4f2a" }]);
    expect(await backend.findByOperationId(operation.operationId)).toEqual({ kind: "found", ref });
    expect(await backend.observe(ref, operation)).toMatchObject({
      steps: [
        { label: "train", state: "done" },
        { label: "register", state: "running" },
      ],
    });
    expect(await watch(backend, ref, operation)).toMatchObject({ kind: "succeeded", newVersion: "3" });
  });

  test.each([
    ["Failed", { kind: "failed", problem: "the pipeline failed at step train: AlgorithmError: nan" }],
    ["Stopped", { kind: "cancelled" }],
  ])("that ends as %s is %o", async (ends, expected) => {
    const { backend, aws } = await opened();
    const operation = retrainOf();
    const ref = await backend.start(operation);
    for (const execution of aws.executions) execution.ends = ends;
    expect(await watch(backend, ref, operation)).toMatchObject(expected);
  });

  test("is stopped when asked, also twice", async () => {
    const { backend } = await opened();
    const operation = retrainOf();
    const ref = await backend.start(operation);
    await backend.cancel(ref, operation);
    await backend.cancel(ref, operation);
    expect((await watch(backend, ref, operation)).kind).toBe("cancelled");
  });

  test("is found as the package whose properties name it", async () => {
    const { backend, aws } = await opened();
    const operation = retrainOf();
    expect(await backend.versionOf?.(operation)).toBeNull();
    const properties = { "tocsin.operation": operation.operationId };
    aws.packages.push({ version: 3, status: "InProgress", approval: "PendingManualApproval", properties });
    expect(await backend.versionOf?.(operation)).toMatchObject({ version: "3", state: "pending" });
  });
});

test.each([
  [{ region: "europe" }, "models.scorer.settings.region: must be a region"],
  [{ executionRole: undefined }, "models.scorer.settings: endpoints need group and executionRole"],
  [{ alarms: Array(11).fill("a") }, "models.scorer.settings.alarms"],
  [{ traffic: { type: "canary", percent: 80, waitSeconds: 0 } }, "models.scorer.settings.traffic.percent"],
])("the settings %o are refused: %s", (over, problem) => {
  const settings = {
    ...{ region: "eu-central-1", group: "scorer", endpoints: { production: "scorer-prod" } },
    ...{ executionRole: "arn:aws:iam::123456789012:role/serving", ...over },
  };
  expect(() => createSagemaker(new Map([["scorer", settings]]), { environment })).toThrow(problem);
});
