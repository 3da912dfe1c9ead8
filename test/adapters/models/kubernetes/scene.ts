/** Models in the fake cluster, as every test of the backend begins with them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createKubernetes } from "../../../../src/adapters/models/kubernetes.ts";
import { type ModelBackend, silentLog, systemClock } from "../../../../src/ports.ts";
import type { ModelScene } from "../../../contracts/model.ts";
import type { JsonObject } from "../../../fakes/kubernetes/objects.ts";
import { resourceOf } from "../../../fakes/kubernetes/pods.ts";
import { type FakeCluster, namespace } from "../../../fakes/kubernetes.ts";

export interface Kubeconfig {
  readonly file: string;
  remove(): void;
}

/** A kubeconfig for the fake. */
export function writeKubeconfig(url: string, user: JsonObject = {}, cluster: JsonObject = {}): Kubeconfig {
  const folder = mkdtempSync(path.join(tmpdir(), "tocsin-kube-"));
  const file = path.join(folder, "config");
  const config = {
    ...{ apiVersion: "v1", kind: "Config", "current-context": "fake" },
    contexts: [{ name: "fake", context: { cluster: "fake", user: "bot", namespace } }],
    clusters: [{ name: "fake", cluster: { server: url, ...cluster } }],
    users: [{ name: "bot", user }],
  };
  writeFileSync(file, JSON.stringify(config));
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export function podTemplate(image: string, app: string): JsonObject {
  return {
    metadata: { labels: { app } },
    spec: {
      containers: [
        { name: "server", image, env: [{ name: "LOG_LEVEL", value: "info" }] },
        { name: "proxy", image: "registry/proxy:1" },
      ],
    },
  };
}

const app = (name: string) => ({ selector: { matchLabels: { app: name } } });

/** A Deployment that served v2 once, and serves v1 again. */
export async function putDeployment(cluster: FakeCluster, name: string, replicas = 2): Promise<void> {
  cluster.put("deployments", name, {
    replicas,
    ...app(name),
    template: podTemplate("registry:5000/scorer:v2", name),
  });
  await cluster.settle();
  await setTemplate(cluster, "deployments", name, podTemplate("registry:5000/scorer:v1", name));
}

export async function putRollout(
  cluster: FakeCluster,
  name: string,
  steps: readonly JsonObject[] = [],
): Promise<void> {
  const strategy = { canary: { steps } };
  cluster.put("rollouts", name, {
    replicas: 2,
    ...app(name),
    strategy,
    template: podTemplate("registry:5000/scorer:v2", name),
  });
  await cluster.settle();
  const found = cluster.get("rollouts", name);
  const spec = {
    ...found.spec,
    strategy: { canary: { steps: [] } },
    template: podTemplate("registry:5000/scorer:v1", name),
  };
  write(cluster, "rollouts", { ...found, spec });
  await cluster.settle();
  const settled = cluster.get("rollouts", name);
  write(cluster, "rollouts", { ...settled, spec: { ...settled.spec, strategy } });
  await cluster.settle();
}

/** An InferenceService that served v2 once, and serves v1 again. */
export async function putInferenceService(
  cluster: FakeCluster,
  name: string,
  mode: "Serverless" | "RawDeployment",
): Promise<void> {
  const annotations = { "serving.kserve.io/deploymentMode": mode };
  cluster.put("inferenceservices", name, { predictor: modelPart("v2") }, { annotations });
  await cluster.settle();
  const found = cluster.get("inferenceservices", name);
  write(cluster, "inferenceservices", { ...found, spec: { predictor: modelPart("v1") } });
  await cluster.settle();
}

export function modelPart(version: string): JsonObject {
  return { model: { modelFormat: { name: "sklearn" }, storageUri: `s3://models/fraud/${version}` } };
}

export async function setTemplate(
  cluster: FakeCluster,
  plural: string,
  name: string,
  template: JsonObject,
): Promise<void> {
  const found = cluster.get(plural, name);
  write(cluster, plural, { ...found, spec: { ...found.spec, template } });
  await cluster.settle();
}

/** As somebody with kubectl would. */
export function write(cluster: FakeCluster, plural: string, object: ReturnType<FakeCluster["get"]>): void {
  cluster.store.update(resourceOf(plural), object, { manager: "kubectl-edit" });
}

export interface SceneOptions {
  readonly cluster: FakeCluster;
  readonly kubeconfig: string;
  readonly model: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

export function backendOf({ kubeconfig, model, settings }: Omit<SceneOptions, "cluster">): ModelBackend {
  const own = {
    kubeconfig,
    container: "server",
    steadySeconds: 0,
    watchSeconds: 1,
    timeoutSeconds: 2,
    ...settings,
  };
  return createKubernetes(new Map([[model, own]]), { environment: {}, clock: systemClock, log: silentLog });
}

export function sceneOf(options: SceneOptions): ModelScene {
  return {
    backend: backendOf(options),
    ...{ model: options.model, environment: "production", from: "v1", to: "v2" },
    comparesFences: true,
    remember: () => Promise.resolve(),
    restart: () => Promise.resolve(backendOf(options)),
    close: () => Promise.resolve(),
  };
}
