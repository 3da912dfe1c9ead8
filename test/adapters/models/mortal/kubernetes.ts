/** What runs in a cluster. */
import { expect } from "vitest";
import { mortalCall } from "../../../app/mortal.ts";
import { createTestClock } from "../../../app/rollout-world.ts";
import { type FakeCluster, type KubeCall, startCluster } from "../../../fakes/kubernetes.ts";
import { documentedRules } from "../kubernetes/role.ts";
import {
  backendOf,
  podTemplate,
  putDeployment,
  putInferenceService,
  putRollout,
  writeKubeconfig,
} from "../kubernetes/scene.ts";
import { type MortalRow, type MortalScene, manifest, newName, patient, serving } from "./scene.ts";

type Put = (cluster: FakeCluster, model: string) => Promise<Readonly<Record<string, unknown>>>;

async function kubernetes(put: Put): Promise<MortalScene> {
  const cluster = await startCluster();
  cluster.token = "s3cret-token";
  cluster.rules = documentedRules();
  const kubeconfig = writeKubeconfig(cluster.url, { token: "s3cret-token" });
  const model = newName();
  const settings = { ...patient, watchSeconds: 0, ...(await put(cluster, model)) };
  await cluster.settle();
  const isOurs = ({ path: at }: KubeCall) =>
    (at.includes(`/${model}?`) && !at.includes("/status")) || at.includes("/jobs?");
  const before = cluster.writes.filter(isOurs).length;
  return {
    ...{ model, to: "v2", manifest, clock: createTestClock() },
    backendIn: (_bot, death) => {
      cluster.fate = ({ method, isDryRun }) =>
        mortalCall(death, method === "GET" || isDryRun ? "asks" : "changes");
      return backendOf({ kubeconfig: kubeconfig.file, model, settings });
    },
    begun: () => Promise.resolve([cluster.writes.filter(isOurs).length - before]),
    settle: () => cluster.settle(),
    close: async () => {
      await cluster.close();
      kubeconfig.remove();
      expect(cluster.unknown).toEqual([]);
    },
  };
}

const deployment: Put = async (cluster, model) => {
  await putDeployment(cluster, model);
  return { kind: "deployment" };
};
const rollout: Put = async (cluster, model) => {
  await putRollout(cluster, model);
  return { kind: "rollout" };
};
const inferenceService =
  (mode: "Serverless" | "RawDeployment"): Put =>
  async (cluster, model) => {
    await putInferenceService(cluster, model, mode);
    return { kind: "inferenceservice", version: { storageUri: "s3://models/fraud/{version}" } };
  };
const job: Put = async (cluster, model) => {
  const settings = await deployment(cluster, model);
  const template = podTemplate("registry:5000/train:v1", model);
  const jobTemplate = { spec: { backoffLimit: 1, template } };
  cluster.put("cronjobs", `${model}-train`, { schedule: "@weekly", jobTemplate });
  cluster.pods.behaviour = (text) => (text.includes("/train") ? "completes" : "serves");
  cluster.pods.message = JSON.stringify({ version: 13, result: "trained on 30 days" });
  return { ...settings, job: { cronJob: `${model}-train`, container: "server" } };
};

export const kubernetesRows: readonly MortalRow[] = [
  { name: "a Deployment", kinds: serving, mayAsk: false, open: () => kubernetes(deployment) },
  { name: "a Rollout of Argo", kinds: serving, mayAsk: false, open: () => kubernetes(rollout) },
  {
    ...{ name: "KServe, Serverless", kinds: serving, mayAsk: false },
    open: () => kubernetes(inferenceService("Serverless")),
  },
  {
    ...{ name: "KServe, Standard", kinds: serving, mayAsk: false },
    open: () => kubernetes(inferenceService("RawDeployment")),
  },
  { name: "a Job of Kubernetes", kinds: ["retrain"], mayAsk: false, open: () => kubernetes(job) },
];
