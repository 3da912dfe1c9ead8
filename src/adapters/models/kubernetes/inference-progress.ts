/** How far KServe is: by what serves and what is loaded, since its Ready has been true over pods that crash. */
import { z } from "zod";
import type { Observed } from "../../../ports/model.ts";
import { KubernetesError, plainLine } from "./failure.ts";
import {
  type InferenceService,
  type KnativeRevision,
  type SeenService,
  sourceAnnotation,
  versionOfUri,
} from "./inference-object.ts";
import { listOf, metadata, podTemplate } from "./object.ts";
import type { Place } from "./place.ts";
import { lookAtPods, type PodReport } from "./pods.ts";
import { byStep, progressSteps, running, type Step } from "./progress.ts";

/** Newest first. */
export async function knativeRevisions(place: Place): Promise<readonly KnativeRevision[]> {
  const path = `apis/serving.knative.dev/v1/namespaces/${place.namespace}/revisions`;
  const query = { labelSelector: `serving.kserve.io/inferenceservice=${place.name}` };
  const { items } = await place.client.get({ path, query, schema: listOf(z.looseObject({ metadata })) });
  return items
    .map(({ metadata: { name, annotations, creationTimestamp } }) => ({
      name,
      version: versionOfUri(annotations?.[sourceAnnotation], place.settings.storageUri),
      createdAt: new Date(creationTimestamp),
    }))
    .sort((one, other) => other.createdAt.getTime() - one.createdAt.getTime());
}

const failures = new Set(["BlockedByFailedLoad", "InvalidSpec"]);

export async function progressOfService(
  place: Place,
  seen: SeenService,
  wanted: string | null,
): Promise<Observed> {
  const { service } = seen;
  const { modelStatus, observedGeneration } = service.status;
  if ((observedGeneration ?? service.metadata.generation) < service.metadata.generation)
    return running(["the controller takes it up"], "");
  const said = plainLine(modelStatus.lastFailureInfo?.message ?? "");
  if (failures.has(modelStatus.transitionStatus)) {
    const problem = `${place.title}: ${modelStatus.transitionStatus}: ${said}`;
    return { kind: "failed", problem, logTail: said };
  }
  return seen.mode === "Standard"
    ? await standard(place, service, wanted)
    : await serverless(place, seen, wanted);
}

async function serverless(
  place: Place,
  { service, revisions }: SeenService,
  wanted: string | null,
): Promise<Observed> {
  const { latestCreatedRevision, latestReadyRevision, latestRolledoutRevision, traffic } =
    service.status.components.predictor;
  const percent = service.spec.predictor.canaryTrafficPercent ?? 100;
  // Taken back: the one before has to get everything.
  const name = percent === 0 ? latestRolledoutRevision : latestCreatedRevision;
  const version = revisions.find((revision) => revision.name === name)?.version ?? null;
  if (version !== wanted) return running([`KServe makes a revision of version ${wanted}`], "");
  const pods = await lookAtPods(
    place.client,
    { namespace: place.namespace, selector: `serving.knative.dev/revision=${name}` },
    place.settings,
  );
  const share = traffic
    .filter(({ revisionName }) => revisionName === name)
    .reduce((sum, each) => sum + (each.percent ?? 0), 0);
  const goal = percent === 0 ? 100 : percent;
  const isReady = percent === 0 || latestReadyRevision === name;
  return judge(place, {
    name,
    isReady,
    share,
    goal,
    pods,
    isLoaded: service.status.modelStatus.transitionStatus !== "InProgress",
  });
}

interface Judged {
  readonly name: string;
  readonly isReady: boolean;
  /** Of the traffic that it gets and should get, %. */
  readonly share: number;
  readonly goal: number;
  readonly pods: PodReport;
  readonly isLoaded: boolean;
}

function judge(place: Place, { name, isReady, share, goal, pods, isLoaded }: Judged): Observed {
  const logTail = pods.troubles.join("\n");
  if (pods.hopeless !== null) return { kind: "failed", problem: pods.hopeless, logTail };
  const seconds = place.settings.steadyMs / 1_000;
  const steps: readonly Step[] = [
    [`${name} is ready`, isReady],
    ["the model is loaded", isLoaded],
    [
      `see its pods run ${seconds} s without a restart (${pods.steady} of ${pods.all})`,
      pods.steady === pods.all,
    ],
    [`it gets ${goal} % of the traffic (${share} %)`, share === goal],
  ];
  const seen = byStep(place, steps, { result: `${name} gets all traffic, and its model is loaded`, logTail });
  if (seen.kind !== "succeeded" || goal === 100) return seen;
  return { kind: "holding", hold: `${goal} %`, trafficPercent: share, steps: progressSteps(steps), logTail };
}

const rawDeployment = z.looseObject({
  metadata,
  spec: z.looseObject({ replicas: z.number().default(1), template: podTemplate }),
  status: z
    .looseObject({
      observedGeneration: z.number().default(0),
      updatedReplicas: z.number().default(0),
      availableReplicas: z.number().default(0),
      replicas: z.number().default(0),
    })
    .prefault({}),
});

/** In Standard mode each predictor is a Deployment; there is no status of traffic, so the object's own word is taken. */
async function standard(place: Place, service: InferenceService, wanted: string | null): Promise<Observed> {
  const canary = service.spec.canary?.[0];
  const name = deploymentName(place, (canary?.predictor ?? service.spec.predictor).name);
  const found = await readDeployment(place, name);
  if (found === null) return running([`KServe makes the Deployment ${name}`], "");
  const { spec, status, metadata: own } = found;
  const version = versionOfUri(
    spec.template.metadata?.annotations?.[sourceAnnotation],
    place.settings.storageUri,
  );
  const isNew = status.observedGeneration >= own.generation && status.updatedReplicas >= spec.replicas;
  const isReady =
    version === wanted &&
    isNew &&
    status.availableReplicas >= spec.replicas &&
    status.replicas <= status.updatedReplicas;
  const selector = `app=isvc.${name}`;
  const pods = await lookAtPods(place.client, { namespace: place.namespace, selector }, place.settings);
  const goal = canary?.trafficPercent ?? 100;
  const isLoaded = service.status.modelStatus.transitionStatus !== "InProgress";
  return judge(place, { name, isReady, share: goal, goal, pods, isLoaded });
}

const replicaSet = z.looseObject({ metadata, spec: z.looseObject({ template: podTemplate }) });

/** Versions whose ReplicaSets the predictor's Deployment still keeps, in Standard mode; newest first. */
export async function standardVersions(place: Place, { spec }: InferenceService) {
  const path = `apis/apps/v1/namespaces/${place.namespace}/replicasets`;
  const query = { labelSelector: `app=isvc.${deploymentName(place, spec.predictor.name)}` };
  const { items } = await place.client.get({ path, query, schema: listOf(replicaSet) });
  return items
    .toSorted((one, other) => other.metadata.creationTimestamp.localeCompare(one.metadata.creationTimestamp))
    .flatMap(({ metadata: { creationTimestamp }, spec: { template } }) => {
      const uri = template.metadata?.annotations?.[sourceAnnotation];
      const version = versionOfUri(uri, place.settings.storageUri);
      return version === null ? [] : [{ version, createdAt: new Date(creationTimestamp) }];
    });
}

function deploymentName({ name }: Place, part: string | undefined): string {
  return part === undefined ? `${name}-predictor` : `${name}-${part}-predictor`;
}

async function readDeployment(place: Place, name: string) {
  const path = `apis/apps/v1/namespaces/${place.namespace}/deployments/${name}`;
  try {
    return await place.client.get({ path, schema: rawDeployment });
  } catch (error) {
    if (error instanceof KubernetesError && error.mishap === "absent") return null;
    throw error;
  }
}
