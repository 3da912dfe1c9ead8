/** Against the fake cluster of test/fakes/kubernetes.ts, with and without what networks and controllers do. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { factsOf } from "../../../src/app/plan-facts.ts";
import { NotStartedError, type Observed, type Operation } from "../../../src/ports.ts";
import { type ModelScene, modelContract, operationOf, watch } from "../../contracts/model.ts";
import { plan } from "../../domain/rollout/build.ts";
import { resourceOf } from "../../fakes/kubernetes/pods.ts";
import {
  type Behaviour,
  type FakeCluster,
  type KubeCall,
  type KubeFate,
  namespace,
  startCluster,
} from "../../fakes/kubernetes.ts";
import { documentedRules } from "./kubernetes/role.ts";
import {
  backendOf,
  type Kubeconfig,
  modelPart,
  podTemplate,
  putDeployment,
  putInferenceService,
  putRollout,
  sceneOf,
  setTemplate,
  write,
  writeKubeconfig,
} from "./kubernetes/scene.ts";

let cluster: FakeCluster;
let kubeconfig: Kubeconfig;
let names = 0;

beforeEach(async () => {
  cluster = await startCluster();
  cluster.token = "s3cret-token";
  cluster.rules = documentedRules();
  kubeconfig = writeKubeconfig(cluster.url, { token: "s3cret-token" });
});
afterEach(async () => {
  await cluster.close();
  kubeconfig.remove();
  expect(cluster.unknown).toEqual([]);
});

const newName = () => {
  names += 1;
  return `scorer-${names}`;
};
const optionsOf = (model: string, settings: Readonly<Record<string, unknown>>) => ({
  ...{ cluster, kubeconfig: kubeconfig.file, model, settings },
});

async function openDeployment(settings: Readonly<Record<string, unknown>> = {}): Promise<ModelScene> {
  const model = newName();
  await putDeployment(cluster, model);
  return sceneOf(optionsOf(model, { kind: "deployment", ...settings }));
}

async function openRollout(steps: Parameters<typeof putRollout>[2] = [], settings = {}): Promise<ModelScene> {
  const model = newName();
  await putRollout(cluster, model, steps);
  return sceneOf(optionsOf(model, { kind: "rollout", ...settings }));
}

async function openService(
  mode: Parameters<typeof putInferenceService>[2],
  settings: Readonly<Record<string, unknown>> = {},
): Promise<ModelScene> {
  const model = newName();
  await putInferenceService(cluster, model, mode);
  const version = { storageUri: "s3://models/fraud/{version}" };
  return sceneOf(optionsOf(model, { kind: "inferenceservice", version, ...settings }));
}

/** A model that is trained by a Job of a CronJob's template. */
async function openTraining(settings: Readonly<Record<string, unknown>> = {}): Promise<ModelScene> {
  const model = newName();
  const template = podTemplate(`registry:5000/train:v1`, model);
  cluster.put("cronjobs", `${model}-train`, {
    schedule: "@weekly",
    jobTemplate: { spec: { backoffLimit: 1, template } },
  });
  cluster.pods.behaviour = (text) => (text.includes("/train") ? "completes" : "serves");
  cluster.pods.message = JSON.stringify({
    version: 13,
    metrics: { auc: 0.94 },
    result: "trained on 30 days",
  });
  return sceneOf(optionsOf(model, { job: { cronJob: `${model}-train`, container: "server" }, ...settings }));
}

const manifest = {
  ...{ commit: "4f2a", data: "transactions@3", parameters: { rate: "$(DB_PASSWORD)" }, seed: 7 },
  ...{ image: `sha256:${"a".repeat(64)}`, rerunOf: null },
};
function retrainOf(scene: ModelScene): Operation {
  return { ...operationOf(scene), kind: "retrain", from: null, to: null, manifest };
}

modelContract("kubernetes with a Deployment", () => openDeployment());
modelContract("kubernetes with a Rollout", () => openRollout());
modelContract("kubernetes with KServe, Serverless", () => openService("Serverless"));
modelContract("kubernetes with KServe, Standard", () => openService("RawDeployment"));

/** Changes of the object itself, without status: what an operation may do once. */
const changes = (model: string) =>
  cluster.writes.filter(({ path }) => path.includes(`/${model}?`) && !path.includes("/status"));
const deployedImage = (model: string) =>
  JSON.stringify(cluster.get("deployments", model).spec["template"]).match(/registry:5000\/scorer[^"]*/)?.[0];

describe("a Deployment", () => {
  test("does not pass off who put a version into the cluster, and when, as who made it", async () => {
    const scene = await openDeployment();
    const operation = operationOf(scene);
    await watch(scene.backend, await scene.backend.start(operation), operation);
    const versions = await scene.backend.versions(scene.model);
    expect(versions.map(({ version }) => version).sort()).toEqual(["v1", "v2"]);
    for (const { createdAt, createdBy, origin, description } of versions) {
      expect([createdAt, createdBy, origin]).toEqual([null, null, undefined]);
      expect(description).toMatch(/^known to Deployment \S+ in ml since \d{4}-\d\d-\d\dT\d\d:\d\dZ$/);
    }
    // Their card shows neither; a registry beside it does.
    const { version } = factsOf({ ...plan, to: "v2" }, versions, []);
    expect(version).toEqual({ createdBy: null, createdAt: null, run: null, commit: null, data: null });
  });

  test("keeps what the plan showed: image, record, and the cause that kubectl shows", async () => {
    const scene = await openDeployment();
    const operation = operationOf(scene);
    const planned = await scene.backend.plan(operation);
    expect(planned).toMatchObject({
      kind: "plan",
      steps: [
        "set the image of server to registry:5000/scorer:v2",
        "wait until its new pods are available and the old ones gone",
        "check that its pods run 0 s without a restart",
      ],
      notes: [],
    });
    expect(cluster.writes).toEqual([]);
    await watch(scene.backend, await scene.backend.start(operation), operation);
    const { annotations } = cluster.get("deployments", scene.model).metadata;
    expect(annotations).toMatchObject({
      "tocsin.operation": operation.operationId,
      "kubernetes.io/change-cause": `version v2, ${operation.operationId}`,
    });
    expect(await scene.backend.live(scene.model, "production")).toMatchObject({ version: "v2", by: "ml" });
  });
});

describe("a Deployment whose new pods", () => {
  async function outcome(behaviour: Behaviour, settings: Readonly<Record<string, unknown>> = {}) {
    const scene = await openDeployment(settings);
    cluster.pods.behaviour = (text) => (text.includes("scorer:v2") ? behaviour : "serves");
    const operation = operationOf(scene);
    const ref = await scene.backend.start(operation);
    await cluster.settle();
    return { scene, operation, ref, seen: await scene.backend.observe(ref, operation) };
  }

  test.each([
    ["crashes", /CrashLoopBackOff.*exit code 1: cannot load model; restarted 3 times/],
    ["restarts", /exit code 137; restarted 5 times/],
    ["bad_name", /InvalidImageName/],
  ] as const)(
    "%s have failed, with what the pod says, whatever the Deployment says",
    async (behaviour, message) => {
      const { seen } = await outcome(behaviour);
      expect(seen).toMatchObject({ kind: "failed", problem: expect.stringMatching(message) });
    },
  );

  test.each([
    ["cannot_pull", /ImagePullBackOff/],
    ["unschedulable", /Insufficient nvidia.com\/gpu/],
  ] as const)(
    "%s are told of while they may still come, and fail at the deadline",
    async (behaviour, message) => {
      const { scene, operation, ref, seen } = await outcome(behaviour, { watchSeconds: 0 });
      expect(seen).toMatchObject({ kind: "running", logTail: expect.stringMatching(message) });
      cluster.skip(700_000);
      await cluster.settle();
      expect(await scene.backend.observe(ref, operation)).toMatchObject({
        kind: "failed",
        problem: expect.stringMatching(message),
      });
    },
  );

  test("serve only after they ran as long as asked, by the cluster's clock", async () => {
    const { scene, operation, ref, seen } = await outcome("serves", { steadySeconds: 30, watchSeconds: 0 });
    expect(seen).toMatchObject({ kind: "running" });
    expect(JSON.stringify(seen)).toContain("see them run 30 s without a restart (0 of 2)");
    cluster.skip(31_000);
    expect(await scene.backend.observe(ref, operation)).toMatchObject({ kind: "succeeded" });
  });

  test("are taken back by a cancel, and it is over only when the old ones serve again", async () => {
    const { scene, operation, ref } = await outcome("cannot_pull", { watchSeconds: 0 });
    await scene.backend.cancel(ref, operation);
    await scene.backend.cancel(ref, operation);
    expect(await watch(scene.backend, ref, operation)).toMatchObject({ kind: "cancelled" });
    expect(deployedImage(scene.model)).toBe("registry:5000/scorer:v1");
    expect(changes(scene.model)).toHaveLength(2);
    expect(await scene.backend.findByOperationId(operation.operationId)).toMatchObject({ kind: "found" });
  });
});

describe("going back", () => {
  test("puts back the whole template, also what no version number says", async () => {
    const scene = await openDeployment();
    const kept = await scene.backend.snapshot(scene.model, "production");
    const there = operationOf(scene);
    await watch(scene.backend, await scene.backend.start(there), there);
    const changed = podTemplate("registry:5000/scorer:v2", scene.model);
    await setTemplate(cluster, "deployments", scene.model, {
      ...changed,
      metadata: { labels: { app: scene.model, extra: "1" } },
    });
    const undo = scene.backend.inverse(there, kept);
    if (undo === null) throw new Error("it has an inverse");
    const back = { ...operationOf(scene), ...undo };
    await watch(scene.backend, await scene.backend.start(back), back);
    expect(cluster.get("deployments", scene.model).spec["template"]).toEqual(
      podTemplate("registry:5000/scorer:v1", scene.model),
    );
  });

  test("keeps no template that holds a secret: the ReplicaSet is its only copy", async () => {
    const scene = await openDeployment();
    const template = podTemplate("registry:5000/scorer:v3", scene.model);
    const env = [{ name: "DB_PASSWORD", value: "hunter2hunter2" }];
    const spec = { containers: [{ name: "server", image: "registry:5000/scorer:v3", env }] };
    await setTemplate(cluster, "deployments", scene.model, { ...template, spec });
    const kept = await scene.backend.snapshot(scene.model, "production");
    expect(kept).toMatchObject({ version: "v3", template: null });
    expect(JSON.stringify(kept)).not.toContain("hunter2");
  });

  test("to a version that the cluster no longer keeps is said to be unknown", async () => {
    const scene = await openDeployment();
    expect(await scene.backend.checkArtifact?.(scene.model, "v2")).toEqual({ kind: "present" });
    expect(await scene.backend.checkArtifact?.(scene.model, "v0")).toMatchObject({ kind: "cannot_look" });
  });
});

describe("a deploy", () => {
  test("is not begun when someone changed the version since the plan", async () => {
    const scene = await openDeployment();
    await setTemplate(
      cluster,
      "deployments",
      scene.model,
      podTemplate("registry:5000/scorer:v9", scene.model),
    );
    const operation = operationOf(scene);
    await expect(scene.backend.start(operation)).rejects.toThrow(
      /serves v9, and v1 when it was planned \(kubectl-edit, /,
    );
    await expect(scene.backend.start(operation)).rejects.toThrow(NotStartedError);
    expect(await scene.backend.live(scene.model, "production")).toMatchObject({
      version: "v9",
      by: "kubectl-edit",
    });
    expect(await scene.backend.findByOperationId(operation.operationId)).toEqual({ kind: "absent" });
  });

  test("that someone undid has failed, and names who; the next plan says so", async () => {
    const scene = await openDeployment();
    const operation = operationOf(scene);
    const ref = await scene.backend.start(operation);
    await setTemplate(
      cluster,
      "deployments",
      scene.model,
      podTemplate("registry:5000/scorer:v1", scene.model),
    );
    expect(await watch(scene.backend, ref, operation)).toMatchObject({
      kind: "failed",
      problem: expect.stringContaining("asks for v1 instead of v2: kubectl-edit changed it outside the bot"),
    });
    const planned = await scene.backend.plan(operationOf(scene));
    expect(planned.kind === "plan" && planned.notes.join()).toContain(
      "kubectl-edit changed it outside the bot",
    );
  });

  test("wins over changes of the status, and loses to another version, written in between", async () => {
    const scene = await openDeployment();
    const operation = operationOf(scene);
    let races = 0;
    cluster.fate = ({ method, isDryRun }) => {
      if (method === "PATCH" && !isDryRun && races < 3) {
        races += 1;
        const found = cluster.get("deployments", scene.model);
        write(cluster, "deployments", {
          ...found,
          metadata: { ...found.metadata, labels: { race: String(races) } },
        });
      }
      return { kind: "pass" };
    };
    await scene.backend.start(operation);
    expect(races).toBe(3);
    expect(changes(scene.model)).toHaveLength(1);

    const other = await openDeployment();
    cluster.fate = ({ method, isDryRun }) => {
      if (method === "PATCH" && !isDryRun) {
        const found = cluster.get("deployments", other.model);
        const template = podTemplate("registry:5000/scorer:v7", other.model);
        write(cluster, "deployments", { ...found, spec: { ...found.spec, template } });
      }
      return { kind: "pass" };
    };
    await expect(other.backend.start(operationOf(other))).rejects.toThrow(NotStartedError);
    expect(deployedImage(other.model)).toBe("registry:5000/scorer:v7");
  });

  test("whose object was deleted and made anew is for a person to judge", async () => {
    const scene = await openDeployment();
    const operation = operationOf(scene);
    const ref = await scene.backend.start(operation);
    cluster.store.remove(resourceOf("deployments"), namespace, scene.model);
    expect(await scene.backend.observe(ref, operation)).toMatchObject({
      kind: "lost",
      problem: expect.stringContaining("is gone"),
    });
    await putDeployment(cluster, scene.model);
    expect(await scene.backend.observe(ref, operation)).toMatchObject({
      kind: "lost",
      problem: expect.stringContaining("made anew"),
    });
  });

  test("into a cluster that Git rules says so in its plan", async () => {
    const scene = await openDeployment();
    const found = cluster.get("deployments", scene.model);
    const labels = { "argocd.argoproj.io/instance": "scorer" };
    write(cluster, "deployments", { ...found, metadata: { ...found.metadata, labels } });
    const planned = await scene.backend.plan(operationOf(scene));
    expect(planned.kind === "plan" && planned.notes.join()).toContain("Argo CD keeps it as Git has it");
  });

  test("that is accepted while no controller acts never succeeds", async () => {
    const scene = await openDeployment({ watchSeconds: 0 });
    cluster.freeze("frozen");
    const operation = operationOf(scene);
    const ref = await scene.backend.start(operation);
    for (let look = 0; look < 5; look += 1)
      expect(await scene.backend.observe(ref, operation)).toMatchObject({ kind: "running" });
  });

  test("that is refused beforehand is refused in the plan: rights, and what the server does not take", async () => {
    const scene = await openDeployment();
    cluster.rules = documentedRules().map((rule) => ({
      ...rule,
      verbs: rule.verbs.filter((verb) => verb !== "patch"),
    }));
    expect(await scene.backend.plan(operationOf(scene))).toMatchObject({
      kind: "refuse",
      reason: "not_accepted",
      problem: expect.stringContaining("not allowed (403)"),
      remedy: expect.stringContaining("docs/models-kubernetes.md"),
    });
    expect(await scene.backend.plan({ ...operationOf(scene), to: "no such tag" })).toMatchObject({
      kind: "refuse",
      reason: "cannot_set_version",
    });
  });
});

const isChange = ({ method, isDryRun, path }: KubeCall) =>
  method === "PATCH" && !isDryRun && !path.includes("/status");

describe("what networks do", () => {
  const status = (code: number, body = "{}") => ({ kind: "answer", status: code, body }) as const;
  const denied = JSON.stringify({ kind: "Status", message: "denied by the webhook", reason: "Forbidden" });
  const answers: readonly [string, KubeFate, "NotStarted" | "doubt", RegExp][] = [
    ["401", status(401), "NotStarted", /wants other credentials \(401\)/],
    ["403", status(403, denied), "NotStarted", /not allowed \(403\): denied by the webhook/],
    ["404 of a proxy", status(404, "<html>"), "NotStarted", /nothing answers/],
    [
      "404 of the server",
      status(404, JSON.stringify({ kind: "Status", message: "x not found" })),
      "NotStarted",
      /not there: x not found/,
    ],
    ["409", status(409), "NotStarted", /changes faster than it can be written/],
    ["410", status(410), "NotStarted", /too old \(410\)/],
    ["422", status(422), "NotStarted", /refused PATCH .* \(422\)/],
    ["429", { ...status(429), headers: { "retry-after": "0" } }, "doubt", /asked too often \(429\)/],
    [
      "429 for long",
      { ...status(429), headers: { "retry-after": "60" } },
      "doubt",
      /asked too often \(429\)/,
    ],
    ["500", status(500, "oops"), "doubt", /answered 500/],
    ["503", status(503), "doubt", /answered 503/],
    ["a redirect", status(302), "NotStarted", /redirect \(302\)/],
    ["a timeout", { kind: "hang" }, "doubt", /longer than 1 s/],
    ["a half-open connection", { kind: "half_open" }, "doubt", /longer than 1 s/],
    ["a cut connection", { kind: "cut", when: "before" }, "doubt", /could not be reached/],
  ];

  test.each(answers)(
    "%s to the change leaves the object, and says whether it is certain",
    async (_name, fate, certainty, message) => {
      const scene = await openDeployment({ timeoutSeconds: 1 });
      cluster.fate = (call) => (isChange(call) ? fate : { kind: "pass" });
      const operation = operationOf(scene);
      const error = await scene.backend.start(operation).catch((thrown: unknown) => thrown);
      expect(String(error)).toMatch(message);
      expect(error instanceof NotStartedError).toBe(certainty === "NotStarted");
      expect(deployedImage(scene.model)).toBe("registry:5000/scorer:v1");
      expect(await scene.backend.findByOperationId(operation.operationId)).toEqual({ kind: "absent" });
      cluster.fate = () => ({ kind: "pass" });
      expect((await watch(scene.backend, await scene.backend.start(operation), operation)).kind).toBe(
        "succeeded",
      );
      expect(changes(scene.model)).toHaveLength(1);
    },
  );

  test.each(answers)(
    "%s to every question is said of every look, and nothing is guessed",
    async (name, fate) => {
      const scene = await openDeployment({ timeoutSeconds: 1 });
      cluster.fate = () => fate;
      const operation = operationOf(scene);
      // That the object is not there is an answer.
      if (name === "404 of the server")
        expect(await scene.backend.findByOperationId(operation.operationId)).toEqual({ kind: "absent" });
      else
        await expect(scene.backend.findByOperationId(operation.operationId)).rejects.toThrow("kubernetes: ");
      await expect(scene.backend.live(scene.model, "production")).rejects.toThrow("kubernetes: ");
      await expect(scene.backend.start(operation)).rejects.toThrow("kubernetes: ");
      expect(cluster.writes).toEqual([]);
    },
  );

  test("429 is waited out when the pause is short, and a renewed token is tried once", async () => {
    const scene = await openDeployment();
    let refusals = 0;
    cluster.fate = () => {
      refusals += 1;
      if (refusals > 2) return { kind: "pass" };
      return { kind: "answer", status: refusals === 1 ? 429 : 401, headers: { "retry-after": "0" } };
    };
    expect(await scene.backend.live(scene.model, "production")).toMatchObject({ version: "v1" });
  });

  test("success that is reported while nothing was written is lost, not believed", async () => {
    const scene = await openDeployment();
    cluster.fate = (call) => ({ kind: isChange(call) ? "pretend" : "pass" });
    const operation = operationOf(scene);
    const ref = await scene.backend.start(operation);
    expect(await scene.backend.observe(ref, operation)).toMatchObject({
      kind: "lost",
      problem: expect.stringContaining("no longer tells of this operation"),
    });
    expect(await scene.backend.findByOperationId(operation.operationId)).toEqual({ kind: "absent" });
  });

  test("the token goes with every request, and into no message, reference or plan", async () => {
    const scene = await openDeployment();
    const seen = new Set<string>();
    cluster.fate = ({ authorization }) => {
      seen.add(authorization);
      return { kind: "pass" };
    };
    const operation = operationOf(scene);
    const planned = await scene.backend.plan(operation);
    const ref = await scene.backend.start(operation);
    const observed = await watch(scene.backend, ref, operation);
    expect([...seen]).toEqual(["Bearer s3cret-token"]);
    cluster.token = "another";
    const error = await scene.backend.live(scene.model, "production").catch(String);
    expect(JSON.stringify([planned, ref, observed, error])).not.toContain("s3cret-token");
  });
});

describe("killed at every call", () => {
  /** What the bot does: starts, and after a failure or a crash looks before it would start again. */
  async function carryOut(scene: ModelScene, operation: Operation): Promise<Observed> {
    for (let life = 0; life < 30; life += 1) {
      try {
        const bot = await scene.restart();
        const found = await bot.findByOperationId(operation.operationId);
        const ref = found.kind === "found" ? found.ref : await bot.start(operation);
        return await watch(bot, ref, operation);
      } catch (error) {
        if (error instanceof NotStartedError) throw error;
      }
    }
    throw new Error("it came to no end in thirty lives");
  }

  const scenes: readonly [string, () => Promise<ModelScene>, (scene: ModelScene) => Operation][] = [
    ["a Deployment", () => openDeployment({ watchSeconds: 0 }), operationOf],
    ["a Rollout", () => openRollout([], { watchSeconds: 0 }), operationOf],
    ["an InferenceService", () => openService("Serverless", { watchSeconds: 0 }), operationOf],
    ["a Job", () => openTraining(), retrainOf],
  ];
  const fates: readonly KubeFate[] = [
    { kind: "cut", when: "before" },
    { kind: "cut", when: "after" },
    { kind: "cut_body" },
  ];

  for (const [name, open, ask] of scenes)
    test.each(fates)(`${name} is started once, whichever call is cut (%o)`, async (fate) => {
      let at = 0;
      for (let isCut = true; isCut; at += 1) {
        isCut = false;
        let count = 0;
        const scene = await open();
        cluster.writes.length = 0;
        cluster.fate = () => {
          count += 1;
          if (count !== at + 1) return { kind: "pass" };
          isCut = true;
          return fate;
        };
        const operation = ask(scene);
        expect([at, (await carryOut(scene, operation)).kind]).toEqual([at, "succeeded"]);
        cluster.fate = () => ({ kind: "pass" });
        expect([at, cluster.writes.length]).toEqual([at, 1]);
        // Enough to have met each kind of call; later ones are looks like the ones before.
        if (at > 6) break;
      }
      expect(at).toBeGreaterThanOrEqual(4);
    });
});

describe("a Rollout", () => {
  const steps = [{ setWeight: 50 }, { pause: {} }, { setWeight: 80 }, { pause: {} }];

  test("holds at each pause that waits for somebody, and advances once per hold", async () => {
    const scene = await openRollout(steps);
    const operation = operationOf(scene);
    const planned = await scene.backend.plan(operation);
    expect(planned.kind === "plan" && planned.steps).toContain("canary: 50 %, hold, 80 %, hold");
    const ref = await scene.backend.start(operation);
    const first = await watch(scene.backend, ref, operation);
    expect(first).toMatchObject({ kind: "holding", hold: "step 2 of 4", trafficPercent: 50 });
    expect(await scene.backend.live(scene.model, "production")).toMatchObject({ version: "v1" });
    await scene.backend.advance?.(ref, operation, "step 2 of 4");
    await cluster.settle();
    // Asked again after a crash: that hold is over, and the next one is not touched.
    await scene.backend.advance?.(ref, operation, "step 2 of 4");
    await cluster.settle();
    expect(await watch(scene.backend, ref, operation)).toMatchObject({
      kind: "holding",
      hold: "step 4 of 4",
      trafficPercent: 80,
    });
    await scene.backend.advance?.(ref, operation, "step 4 of 4");
    expect(await watch(scene.backend, ref, operation)).toMatchObject({ kind: "succeeded" });
    expect(await scene.backend.live(scene.model, "production")).toMatchObject({ version: "v2", by: "ml" });
  });

  test("that is cancelled while it holds is aborted, and its template goes back", async () => {
    const scene = await openRollout(steps);
    const operation = operationOf(scene);
    const ref = await scene.backend.start(operation);
    await watch(scene.backend, ref, operation);
    await scene.backend.cancel(ref, operation);
    expect(cluster.writes.filter(({ body }) => body.includes('"abort":true'))).toHaveLength(1);
    expect(await watch(scene.backend, ref, operation)).toMatchObject({ kind: "cancelled" });
    expect(cluster.get("rollouts", scene.model).spec["template"]).toEqual(
      podTemplate("registry:5000/scorer:v1", scene.model),
    );
  });

  test("that Argo aborted has failed, and is not asked for again over its head", async () => {
    const scene = await openRollout(steps);
    const operation = operationOf(scene);
    const ref = await scene.backend.start(operation);
    await watch(scene.backend, ref, operation);
    const found = cluster.get("rollouts", scene.model);
    cluster.store.update(
      resourceOf("rollouts"),
      { ...found, status: { ...found.status, abort: true } },
      { manager: "argo", subresource: "status" },
    );
    await cluster.settle();
    expect(await watch(scene.backend, ref, operation)).toMatchObject({
      kind: "failed",
      problem: expect.stringContaining("was aborted"),
    });
    expect(await scene.backend.plan(operationOf(scene))).toMatchObject({ kind: "refuse", reason: "aborted" });
    expect((await scene.backend.plan({ ...operationOf(scene), to: "v3" })).kind).toBe("plan");
  });

  test("that borrows a Deployment's template, or is on its way, is refused", async () => {
    const scene = await openRollout(steps);
    const found = cluster.get("rollouts", scene.model);
    const template = podTemplate("registry:5000/scorer:v5", scene.model);
    write(cluster, "rollouts", { ...found, spec: { ...found.spec, template } });
    await cluster.settle();
    expect(await scene.backend.plan(operationOf(scene))).toMatchObject({ kind: "refuse", reason: "busy" });
    cluster.put("rollouts", "borrower", { replicas: 1, workloadRef: { kind: "Deployment", name: "x" } });
    const borrower = backendOf(optionsOf("borrower", { kind: "rollout" }));
    expect(await borrower.plan({ ...operationOf(scene), model: "borrower" })).toMatchObject({
      kind: "refuse",
      reason: "no_template",
    });
  });
});

describe("a Job", () => {
  test("runs what was approved: image by digest, commit, data, seed and parameters, and says what it made", async () => {
    const scene = await openTraining();
    const operation = retrainOf(scene);
    const planned = await scene.backend.plan(operation);
    expect(planned).toMatchObject({
      kind: "plan",
      steps: [
        `create a Job from CronJob ${scene.model}-train in ml`,
        expect.stringContaining("TOCSIN_COMMIT=4f2a"),
      ],
    });
    expect(cluster.store.list(resourceOf("jobs"), null)).toEqual([]);
    const ref = await scene.backend.start(operation);
    expect(await scene.backend.start(operation)).toEqual(ref);
    const [job, ...others] = cluster.store.list(resourceOf("jobs"), null);
    expect(others).toEqual([]);
    const text = JSON.stringify(job);
    expect(text).toContain(`registry:5000/train@sha256:${"a".repeat(64)}`);
    expect(text).toContain('{"name":"TOCSIN_SEED","value":"7"}');
    // "$(NAME)" would be replaced by a secret of the container.
    expect(text).toContain("$$(DB_PASSWORD)");
    cluster.log = () => "epoch 1\nepoch 2\n";
    expect(await watch(scene.backend, ref, operation)).toMatchObject({
      kind: "succeeded",
      result: "trained on 30 days",
      newVersion: "13",
      metrics: { auc: 0.94 },
      logTail: expect.stringContaining("epoch 2"),
    });
  });

  test("that logs a key of many lines does not have it shown", async () => {
    const scene = await openTraining();
    const key = `-----BEGIN PRIVATE KEY-----\n${`${"QUJD".repeat(16)}\n`.repeat(5)}-----END PRIVATE KEY-----`;
    cluster.log = () => `epoch 1\n${key}\nepoch 2\n`;
    const operation = retrainOf(scene);
    const seen = await watch(scene.backend, await scene.backend.start(operation), operation);
    expect(seen).toMatchObject({ logTail: "epoch 1\n[redacted private key]\nepoch 2" });
  });

  test("that fails says what its pod said", async () => {
    const scene = await openTraining();
    cluster.pods.behaviour = () => "fails";
    const operation = retrainOf(scene);
    const seen = await watch(scene.backend, await scene.backend.start(operation), operation);
    expect(seen).toMatchObject({ kind: "failed", problem: expect.stringContaining("ValueError: no rows") });
  });

  test("that runs too long fails, and one that is cancelled stops and stays to be looked at", async () => {
    const scene = await openTraining();
    cluster.pods.behaviour = () => "pending";
    const first = retrainOf(scene);
    const ref = await scene.backend.start(first);
    await cluster.settle();
    expect(await scene.backend.observe(ref, first)).toMatchObject({ kind: "running" });
    cluster.skip(100_000_000);
    await cluster.settle();
    expect(await scene.backend.observe(ref, first)).toMatchObject({
      kind: "failed",
      problem: expect.stringContaining("DeadlineExceeded"),
    });
    const second = retrainOf(scene);
    const running = await scene.backend.start(second);
    await scene.backend.cancel(running, second);
    await scene.backend.cancel(running, second);
    expect(await watch(scene.backend, running, second)).toMatchObject({ kind: "cancelled" });
  });

  test("of that name that another made is not taken for ours", async () => {
    const scene = await openTraining();
    const operation = retrainOf(scene);
    cluster.put("jobs", `tocsin-${operation.operationId}`, { template: podTemplate("x:1", "x") });
    await expect(scene.backend.start(operation)).rejects.toThrow(/has another Job/);
  });

  test("is refused where there is no template, and where nothing trains", async () => {
    const scene = await openTraining({ job: { job: "missing" } });
    expect(await scene.backend.plan(retrainOf(scene))).toMatchObject({
      kind: "refuse",
      reason: "no_template",
    });
    const served = await openDeployment();
    expect(await served.backend.plan(retrainOf(served))).toMatchObject({
      kind: "refuse",
      reason: "no_training",
    });
  });

  test("can be made of one that ran before, and knows the image that it is pinned to", async () => {
    const scene = await openTraining();
    const image = `registry:5000/train@sha256:${"b".repeat(64)}`;
    const template = podTemplate(image, "train");
    cluster.put("jobs", "first", {
      backoffLimit: 0,
      selector: { matchLabels: { "controller-uid": "1" } },
      template,
    });
    await cluster.settle();
    const again = backendOf(optionsOf(scene.model, { job: { job: "first", container: "server" } }));
    const open = { ...manifest, image: null };
    expect(await again.proposeManifest?.(scene.model, open)).toEqual({
      ...open,
      image: `sha256:${"b".repeat(64)}`,
    });
    const operation = { ...retrainOf(scene), manifest: open };
    expect((await watch(again, await again.start(operation), operation)).kind).toBe("succeeded");
  });
});

describe.each(["Serverless", "RawDeployment"] as const)("an InferenceService in mode %s", (mode) => {
  const predictor = (model: string) => cluster.get("inferenceservices", model).spec;

  test("holds at each percentage, advances once per hold, and ends with all of the traffic", async () => {
    const scene = await openService(mode, { canarySteps: [10, 50] });
    const operation = operationOf(scene);
    const planned = await scene.backend.plan(operation);
    expect(planned.kind === "plan" && planned.steps).toContain("canary: 10 %, hold, 50 %, hold, 100 %");
    const ref = await scene.backend.start(operation);
    for (const percent of [10, 50]) {
      const seen = await watch(scene.backend, ref, operation);
      expect(seen).toMatchObject({ kind: "holding", hold: `${percent} %`, trafficPercent: percent });
      expect((await scene.backend.live(scene.model, "production")).version).toBe("v1");
      await scene.backend.advance?.(ref, operation, `${percent} %`);
      await scene.backend.advance?.(ref, operation, `${percent} %`);
    }
    expect(await watch(scene.backend, ref, operation)).toMatchObject({ kind: "succeeded" });
    expect(await scene.backend.live(scene.model, "production")).toMatchObject({ version: "v2", by: "ml" });
    expect(JSON.stringify(predictor(scene.model))).not.toMatch(/canary|v1/);
  });

  test("that is cancelled while it holds gives all traffic back to what served, and can be tried again", async () => {
    const scene = await openService(mode, { canarySteps: [10] });
    const operation = operationOf(scene);
    const ref = await scene.backend.start(operation);
    await watch(scene.backend, ref, operation);
    await scene.backend.cancel(ref, operation);
    await scene.backend.cancel(ref, operation);
    expect(await watch(scene.backend, ref, operation)).toMatchObject({ kind: "cancelled" });
    expect((await scene.backend.live(scene.model, "production")).version).toBe("v1");
    const again = operationOf(scene);
    expect(await watch(scene.backend, await scene.backend.start(again), again)).toMatchObject({
      kind: "holding",
      hold: "10 %",
    });
  });

  test("whose pods crash has failed, though it says that it is Ready", async () => {
    const scene = await openService(mode);
    cluster.pods.behaviour = (text) =>
      text.includes("fraud/v2") || text.includes("00003") ? "crashes" : "serves";
    const operation = operationOf(scene);
    const seen = await watch(scene.backend, await scene.backend.start(operation), operation);
    expect(seen).toMatchObject({ kind: "failed", problem: expect.stringContaining("CrashLoopBackOff") });
  });

  test("whose model cannot be loaded has failed, with what KServe says", async () => {
    const scene = await openService(mode, { watchSeconds: 0 });
    const operation = operationOf(scene);
    const ref = await scene.backend.start(operation);
    await cluster.settle();
    cluster.freeze("frozen");
    const found = cluster.get("inferenceservices", scene.model);
    const modelStatus = {
      transitionStatus: "BlockedByFailedLoad",
      lastFailureInfo: { message: "no such key: v2/model.joblib" },
    };
    const status = { ...found.status, modelStatus };
    cluster.store.update(
      resourceOf("inferenceservices"),
      { ...found, status },
      { manager: "kserve", subresource: "status" },
    );
    expect(await scene.backend.observe(ref, operation)).toMatchObject({
      kind: "failed",
      problem: expect.stringContaining("no such key: v2/model.joblib"),
    });
  });
});

describe("KServe", () => {
  test("before 0.20 ignores canaries in Standard mode: the plan is refused", async () => {
    const scene = await openService("RawDeployment", { canarySteps: [10] });
    cluster.removeField("inferenceservices", "canary");
    expect(await scene.backend.plan(operationOf(scene))).toMatchObject({
      kind: "refuse",
      reason: "not_accepted",
      problem: expect.stringContaining('unknown field "spec.canary"'),
    });
  });

  test("in a mode that nobody says, or with a canary of another, is refused", async () => {
    const scene = await openService("Serverless");
    const found = cluster.get("inferenceservices", scene.model);
    const annotations = { "serving.kserve.io/deploymentMode": "ModelMesh" };
    write(cluster, "inferenceservices", { ...found, metadata: { ...found.metadata, annotations } });
    expect(await scene.backend.plan(operationOf(scene))).toMatchObject({
      kind: "refuse",
      reason: "unknown_mode",
    });
    const other = await openService("Serverless");
    const seen = cluster.get("inferenceservices", other.model);
    const spec = { predictor: { ...modelPart("v9"), canaryTrafficPercent: 5 } };
    write(cluster, "inferenceservices", { ...seen, spec });
    await cluster.settle();
    expect(await other.backend.plan(operationOf(other))).toMatchObject({ kind: "refuse", reason: "busy" });
  });
});
