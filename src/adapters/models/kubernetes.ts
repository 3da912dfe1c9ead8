/**
 * Models that a Kubernetes cluster serves and trains: a Deployment, a Rollout of Argo Rollouts or an InferenceService of
 * KServe, and Jobs. What one operation changes and the record of it are one write, so that it is there once or not at all.
 */
import {
  type ArtifactCheck,
  type BackendContext,
  type BackendPlan,
  defineModelBackend,
  type ExternalRef,
  type FindOperation,
  inverseOperation,
  type ModelBackend,
  NotStartedError,
  type Operation,
  type PlannedOperation,
} from "../../ports/model.ts";
import { inClusterAccess, kubeconfigAccess } from "./kubernetes/access.ts";
import { createKubernetesClient, type KubernetesClient } from "./kubernetes/client.ts";
import { deploymentKind } from "./kubernetes/deployment.ts";
import { inferenceServiceKind } from "./kubernetes/inference-service.ts";
import { cancelJob, findJob, observeJob, planJob, proposeJobManifest, startJob } from "./kubernetes/job.ts";
import type { Training } from "./kubernetes/job-template.ts";
import type { Place } from "./kubernetes/place.ts";
import { rolloutKind } from "./kubernetes/rollout.ts";
import { createServing, type Serving } from "./kubernetes/serve.ts";
import { type KubernetesSettings, parseKubernetesSettings, type Target } from "./kubernetes/settings.ts";

export default defineModelBackend({
  name: "kubernetes",
  summary: "a Kubernetes cluster: Deployments, Argo Rollouts, KServe, and Jobs for retraining",
  create: createKubernetes,
});

const servings: Readonly<Record<NonNullable<KubernetesSettings["kind"]>, Serving>> = {
  deployment: createServing(deploymentKind),
  rollout: createServing(rolloutKind),
  inferenceservice: createServing(inferenceServiceKind),
};

/** Starting is native: the server takes the first of two starts of one operation, and the second finds it. */
export function createKubernetes(
  settings: ReadonlyMap<string, unknown>,
  context: Pick<BackendContext, "environment" | "clock" | "log">,
): ModelBackend {
  const models = new Map(
    [...settings].map(([model, given]) => [model, parseKubernetesSettings(model, given)]),
  );
  const clients = new Map<string, KubernetesClient>();
  /** Environments of each model, for questions that name none. */
  const environments = new Map<string, readonly string[]>();

  function settingsOf(model: string): KubernetesSettings {
    const found = models.get(model);
    if (found === undefined)
      throw new Error(`kubernetes: ${model} has no settings; add models.${model}.settings.kind`);
    return found;
  }

  function clientOf({ kubeconfig, context: name }: Target, timeoutMs: number): KubernetesClient {
    const key = JSON.stringify([kubeconfig, name, timeoutMs]);
    const known = clients.get(key);
    if (known !== undefined) return known;
    const access =
      kubeconfig === null
        ? inClusterAccess(context.environment)
        : kubeconfigAccess(kubeconfig, name, context.environment);
    if (!access.isVerified)
      context.log.warn({ kubeconfig }, "the kubeconfig does not verify the certificate of the API server");
    const client = createKubernetesClient(access, timeoutMs);
    clients.set(key, client);
    return client;
  }

  function servingOf(
    model: string,
    environment: string,
  ): { readonly serving: Serving; readonly place: Place } {
    const own = settingsOf(model);
    if (own.kind === null)
      throw new Error(
        `kubernetes: ${model} is only trained here; set models.${model}.settings.kind, or name a runtime`,
      );
    const serving = servings[own.kind];
    if (serving === undefined)
      throw new Error(`kubernetes: ${own.kind} is not supported; set kind to deployment or rollout`);
    const target = own.targetOf(environment);
    const client = clientOf(target, own.timeoutMs);
    const namespace = namespaceOf(target.namespace, client);
    const { name } = target;
    const place: Place = {
      ...{ model, environment, settings: own, client, namespace, name },
      versionIn: { place: own.version, container: own.container },
      collection: `${serving.group}/namespaces/${namespace}/${serving.plural}`,
      title: `${serving.word} ${name} in ${namespace}`,
    };
    return { serving, place };
  }

  function trainingOf(model: string, environment: string): Training | null {
    const own = settingsOf(model);
    if (own.job === null) return null;
    const target = own.targetOf(environment);
    const client = clientOf(target, own.timeoutMs);
    const namespace = namespaceOf(own.job.namespace ?? target.namespace, client);
    const collection = `apis/batch/v1/namespaces/${namespace}/jobs`;
    return { model, environment, settings: own.job, client, namespace, collection };
  }

  function environmentsOf(model: string): readonly string[] {
    const known = environments.get(model) ?? settingsOf(model).environments;
    return known.length === 0 ? ["production"] : known;
  }

  // ---------- what is there ----------

  async function versions(model: string) {
    const known = new Set<string>();
    const found = [];
    for (const environment of environmentsOf(model)) {
      const { serving, place } = servingOf(model, environment);
      for (const { version, from } of await serving.versions(place)) {
        if (known.has(version)) continue;
        known.add(version);
        // When an object of the cluster got it, not when and by whom it was made: that a registry knows.
        const description = `known to ${place.title} since ${from.toISOString().slice(0, 16)}Z`;
        found.push({ version, createdAt: null, createdBy: null, metrics: {}, description, digest: null });
      }
    }
    return found;
  }

  async function checkArtifact(model: string, version: string): Promise<ArtifactCheck> {
    for (const environment of environmentsOf(model)) {
      const { serving, place } = servingOf(model, environment);
      if (await serving.isKept(place, version)) return { kind: "present" };
    }
    const problem = `nothing in the cluster keeps version ${version} any more; whether its image or files can still be had is not known`;
    return { kind: "cannot_look", problem };
  }

  // ---------- operations ----------

  async function plan(operation: PlannedOperation): Promise<BackendPlan> {
    const { kind, model, environment, to } = operation;
    if (kind !== "retrain" && to !== null) {
      const { serving, place } = servingOf(model, environment);
      return await serving.plan(place, { ...operation, to });
    }
    const training = trainingOf(model, environment);
    return training === null ? cannotTrain(model) : await planJob(training, operation);
  }

  async function start(operation: Operation): Promise<ExternalRef> {
    const { kind, model, environment, to } = operation;
    if (kind !== "retrain" && to !== null) {
      const { serving, place } = servingOf(model, environment);
      return await serving.start(place, { ...operation, to }, context.clock.now());
    }
    const training = trainingOf(model, environment);
    if (training === null) throw new NotStartedError(`kubernetes: there is nothing that trains ${model}`);
    return await startJob(training, operation);
  }

  /** Everything that may hold it is asked; it may be in the one that could not be. */
  async function findByOperationId(operationId: string): Promise<FindOperation> {
    const problems: unknown[] = [];
    for (const [model, own] of models)
      for (const environment of environmentsOf(model)) {
        try {
          const training = trainingOf(model, environment);
          const asked = own.kind === null ? null : servingOf(model, environment);
          const ref =
            (asked === null ? null : await asked.serving.find(asked.place, operationId)) ??
            (training === null ? null : await findJob(training, operationId));
          if (ref !== null) return { kind: "found", ref };
        } catch (error) {
          problems.push(error);
        }
      }
    if (problems.length > 0) throw problems[0];
    return { kind: "absent" };
  }

  /** Where the work is: `ref` was made by one of the two. */
  async function withWork<Answer>(
    ref: ExternalRef,
    asServing: (serving: Serving, place: Place) => Promise<Answer>,
    asTraining: (training: Training) => Promise<Answer>,
  ): Promise<Answer> {
    const { model = "", environment = "" } = ref;
    if (ref["job"] === undefined) {
      const { serving, place } = servingOf(model, environment);
      return await asServing(serving, place);
    }
    const training = trainingOf(model, environment);
    if (training === null) throw new Error(`kubernetes: models.${model}.settings.job is no longer set`);
    return await asTraining(training);
  }

  return {
    name: "kubernetes",
    idempotency: "native",
    prepare: async (given) => {
      for (const { name, environments: own } of given) if (models.has(name)) environments.set(name, own);
      checkTargets();
    },
    versions,
    live: async (model, environment) => {
      const { serving, place } = servingOf(model, environment);
      return await serving.live(place);
    },
    history: async (model, environment) => {
      const { serving, place } = servingOf(model, environment);
      return await serving.history(place);
    },
    snapshot: async (model, environment) => {
      const { serving, place } = servingOf(model, environment);
      return await serving.snapshot(place);
    },
    inverse: inverseOperation,
    checkArtifact,
    proposeManifest: async (model, given) => {
      const training = trainingOf(model, environmentsOf(model)[0] ?? "production");
      return training === null ? given : await proposeJobManifest(training, given);
    },
    plan,
    start,
    observe: (ref) =>
      withWork(
        ref,
        (serving, place) => serving.observe(place, ref),
        (training) => observeJob(training, ref),
      ),
    cancel: (ref) =>
      withWork(
        ref,
        (serving, place) => serving.cancel(place, ref),
        (training) => cancelJob(training, ref),
      ),
    advance: (ref, _operation, hold) =>
      withWork(
        ref,
        (serving, place) => serving.advance(place, ref, hold),
        async () => undefined,
      ),
    findByOperationId,
  };

  /** Two models or environments that are one object would take turns in overwriting each other. */
  function checkTargets(): void {
    const taken = new Map<string, string>();
    for (const [model, own] of models)
      for (const environment of own.kind === null ? [] : environmentsOf(model)) {
        const { place } = servingOf(model, environment);
        const key = `${place.client.access.server}${place.collection}/${place.name}`;
        const title = `${model} in ${environment}`;
        const other = taken.get(key);
        if (other !== undefined)
          throw new Error(
            `kubernetes: ${place.title} is already that of ${other}; give ${title} another in models.${model}.settings.environments`,
          );
        taken.set(key, title);
      }
  }
}

function namespaceOf(set: string | null, { access }: KubernetesClient): string {
  const namespace = set ?? access.namespace;
  if (namespace === null) throw new Error("kubernetes: no namespace is set; set settings.namespace");
  return namespace;
}

function cannotTrain(model: string): BackendPlan {
  return {
    kind: "refuse",
    reason: "no_training",
    problem: `Nothing in the cluster trains ${model}.`,
    remedy: `Set models.${model}.settings.job, or name a training.`,
  };
}
