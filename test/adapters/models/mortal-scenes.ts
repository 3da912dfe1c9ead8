/** Every backend with the system behind it, a strict fake or a real one, as a bot that may die meets it. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { readStatus, runFiles } from "../../../src/adapters/models/exec/state.ts";
import { composeModel } from "../../../src/app/compose-model.ts";
import type { ModelBackend, RolloutKind, Store } from "../../../src/ports.ts";
import { type Death, mortalBackend, mortalCall } from "../../app/mortal.ts";
import { createTestClock, type TestClock } from "../../app/rollout-world.ts";
import { type FakeCluster, type KubeCall, startCluster } from "../../fakes/kubernetes.ts";
import { openAirflow } from "./airflow/scene.ts";
import { openBuiltin } from "./builtin/scene.ts";
import { execSystem } from "./exec/scene.ts";
import { openGithub } from "./github-actions/scene.ts";
import { documentedRules } from "./kubernetes/role.ts";
import {
  backendOf,
  podTemplate,
  putDeployment,
  putInferenceService,
  putRollout,
  writeKubeconfig,
} from "./kubernetes/scene.ts";
import type { Call, FaultProxy } from "./proxy.ts";
import { openSagemaker } from "./sagemaker/scene.ts";
import { openWebhook } from "./webhook/scene.ts";

export interface MortalScene {
  readonly model: string;
  /** Exists and does not serve yet. */
  readonly to: string;
  /** Options of a retrain. */
  readonly manifest: string;
  readonly clock: TestClock;
  /** The backend of one bot. Its store and whatever it sends die with it. */
  backendIn(bot: Store, death: Death): ModelBackend;
  /** How often each part of the system was set to work since the scene was opened. */
  begun(): Promise<readonly number[]>;
  /** Lets the system come to rest. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export interface MortalRow {
  readonly name: string;
  readonly kinds: readonly RolloutKind[];
  /** Whether an interrupted start may be left to a person, because nobody can look. */
  readonly mayAsk: boolean;
  open(store: Store): Promise<MortalScene>;
}

/** The commit is one that the fake of GitHub has. */
const manifest = "--commit 4f2a000000000000000000000000000000000000 --param depth=7";
const serving = ["deploy", "rollback"] as const;
const everything = [...serving, "retrain"] as const;
const nothing = () => Promise.resolve();

let names = 0;
export function newName(): string {
  names += 1;
  return `mortal-${names}`;
}

/** Lets what is behind a proxy die with the bot. */
export function dieBehind(
  proxy: FaultProxy,
  death: Death,
  isQuestion = ({ method }: Call) => method === "GET",
) {
  proxy.fate = (call) => mortalCall(death, isQuestion(call) ? "asks" : "changes");
}

async function airflow(store: Store): Promise<MortalScene> {
  const scene = await openAirflow({ store, model: newName() });
  return {
    ...{ ...scene, manifest },
    backendIn: (bot, death) => {
      dieBehind(scene.proxy, death);
      return scene.backendIn(bot);
    },
    begun: () => Promise.resolve([scene.begun()]),
    settle: nothing,
  };
}

async function github(store: Store, given: Parameters<typeof openGithub>[1] = {}): Promise<MortalScene> {
  const scene = await openGithub(store, { ...given, model: newName() });
  return {
    ...{ ...scene, manifest },
    backendIn: (bot, death) => {
      dieBehind(scene.proxy, death);
      return scene.backendIn(bot);
    },
    begun: () => Promise.resolve([scene.begun()]),
    settle: nothing,
  };
}

async function webhook(store: Store): Promise<MortalScene> {
  const scene = await openWebhook(store, {}, newName());
  return {
    ...{ ...scene, manifest },
    backendIn: (bot, death) => {
      dieBehind(scene.proxy, death);
      return scene.backendIn(bot);
    },
    begun: () => Promise.resolve([scene.begun()]),
    settle: nothing,
  };
}

async function sagemaker(): Promise<MortalScene> {
  const scene = await openSagemaker({}, newName());
  const isQuestion = ({ headers }: Call) => /\.(Describe|List)/.test(String(headers["x-amz-target"]));
  return {
    ...{ ...scene, manifest },
    clock: createTestClock(),
    backendIn: (_bot, death) => {
      dieBehind(scene.proxy, death, isQuestion);
      return scene.newBackend();
    },
    begun: () => Promise.resolve([scene.begun(), scene.aws.executions.length]),
    settle: nothing,
  };
}

async function builtin(store: Store): Promise<MortalScene> {
  const scene = await openBuiltin(store);
  const { model } = scene;
  const { operation } = await scene.train();
  const trained = await store.rollouts.findByOperationId(operation.operationId);
  if (trained !== null) await store.rollouts.update({ ...trained, state: "succeeded" });
  return {
    ...{ ...scene, manifest: "" },
    clock: createTestClock(),
    // Its system is the database: what dies with the store dies with it.
    backendIn: (bot) => scene.backendIn(bot),
    begun: async () => [
      (await store.rollouts.aliasHistory(model, "production", "champion")).length,
      (await store.rollouts.modelVersions(model)).length,
    ],
    settle: nothing,
  };
}

/** A program that says that it ran before it does anything. */
const program = `
  const [ran, live, version] = process.argv.slice(1);
  require("fs").appendFileSync(ran, "x");
  if (version !== undefined) require("fs").writeFileSync(live, version);`;

function exec(store: Store): Promise<MortalScene> {
  const folder = mkdtempSync(path.join(tmpdir(), "tocsin-mortal-"));
  const [ran, live] = [path.join(folder, "ran"), path.join(folder, "live")];
  writeFileSync(ran, "");
  const run = [process.execPath, "-e", program, ran, live];
  const over = {
    ...{ deploy: [...run, "{version}"], retrain: run },
    ...{ live: ["cat", live], versions: ["printf", "2\n1\n"] },
  };
  const scene = execSystem({ store, model: newName(), folder, over });
  return Promise.resolve({
    ...{ ...scene, manifest },
    clock: createTestClock(),
    // Its process outlives the bot, which may die before it asks for it and before it hears of it.
    backendIn: (bot, death) => mortalBackend(scene.backendIn(bot), death),
    begun: () => Promise.resolve([readFileSync(ran, "utf8").length]),
    settle: () => untilEnded(path.join(folder, "exec")),
    close: () => {
      rmSync(folder, { recursive: true, force: true });
      return nothing();
    },
  });
}

/** Waits until no command runs any more; at most ten seconds. */
async function untilEnded(folder: string): Promise<void> {
  for (let waited = 0; waited < 500; waited += 1) {
    const runs = existsSync(folder) ? readdirSync(folder).map((run) => path.join(folder, run)) : [];
    const isRunning = runs.some((run) => {
      const status = readStatus(run);
      return existsSync(runFiles(run).spec) && (status === null || status.state === "running");
    });
    if (!isRunning) return;
    await sleep(20);
  }
  throw new Error(`a command in ${folder} runs for more than ten seconds`);
}

// ---------- Kubernetes ----------

type Put = (cluster: FakeCluster, model: string) => Promise<Readonly<Record<string, unknown>>>;

async function kubernetes(put: Put): Promise<MortalScene> {
  const cluster = await startCluster();
  cluster.token = "s3cret-token";
  cluster.rules = documentedRules();
  const kubeconfig = writeKubeconfig(cluster.url, { token: "s3cret-token" });
  const model = newName();
  const settings = { watchSeconds: 0, ...(await put(cluster, model)) };
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

// ---------- composed ----------

/** Registry and releases at GitHub, serving and training by dags. */
async function composed(store: Store): Promise<MortalScene> {
  const registry = await openGithub(store, { model: newName() });
  const { model, clock } = registry;
  const runtime = await openAirflow({ store, model, clock });
  return {
    ...{ model, to: "2", manifest, clock },
    backendIn: (bot, death) => {
      dieBehind(registry.proxy, death);
      dieBehind(runtime.proxy, death);
      const dags = runtime.backendIn(bot);
      return composeModel({ registry: registry.backendIn(bot), runtime: dags, training: dags });
    },
    begun: () => Promise.resolve([registry.begun(), runtime.begun()]),
    settle: nothing,
    close: async () => {
      await registry.close();
      await runtime.close();
    },
  };
}

export const mortalRows: readonly MortalRow[] = [
  { name: "builtin", kinds: everything, mayAsk: false, open: builtin },
  { name: "exec", kinds: everything, mayAsk: true, open: exec },
  { name: "airflow", kinds: everything, mayAsk: false, open: airflow },
  { name: "github-actions", kinds: everything, mayAsk: true, open: github },
  {
    ...{ name: "github-actions on an older server", kinds: ["deploy"], mayAsk: true },
    open: (store) => github(store, { github: { tellsRun: false, listLag: 1 } }),
  },
  { name: "sagemaker", kinds: everything, mayAsk: false, open: sagemaker },
  { name: "webhook", kinds: everything, mayAsk: true, open: webhook },
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
  { name: "a registry, a runtime and a training", kinds: everything, mayAsk: true, open: composed },
];
