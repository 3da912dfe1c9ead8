/** A Deployment: the pod template carries the version, ReplicaSets keep what served before. */
import { z } from "zod";
import type { Observed } from "../../../ports/model.ts";
import { plainLine } from "./failure.ts";
import { type Condition, condition, conditionOf, labelSelector, metadata, podTemplate } from "./object.ts";
import {
  type Edit,
  type Place,
  refuseEdit,
  type ServingKind,
  type ServingQuestion,
  type Sight,
} from "./place.ts";
import { lookAtPods } from "./pods.ts";
import { byStep, running, stepsOf } from "./progress.ts";
import { recordsOf } from "./record.ts";
import { type Revision, revisionsOf } from "./replica-sets.ts";
import { versionOf } from "./template.ts";
import { editTemplate, snapshotOf, undoTemplate } from "./template-edit.ts";

const revisionAnnotation = "deployment.kubernetes.io/revision";

const deployment = z.looseObject({
  metadata,
  spec: z.looseObject({
    replicas: z.number().default(1),
    paused: z.boolean().default(false),
    selector: labelSelector,
    template: podTemplate,
  }),
  status: z
    .looseObject({
      observedGeneration: z.number().default(0),
      replicas: z.number().default(0),
      updatedReplicas: z.number().default(0),
      availableReplicas: z.number().default(0),
      conditions: z.array(condition).default([]),
    })
    .prefault({}),
});
type Deployment = z.output<typeof deployment>;

export const deploymentKind: ServingKind<Deployment> = {
  group: "apis/apps/v1",
  plural: "deployments",
  word: "Deployment",
  read,
  versions: async (place, { seen }) =>
    (await revisions(place, seen)).flatMap(({ version, createdAt }) =>
      version === null ? [] : [{ version, createdAt }],
    ),
  snapshot: async (place, { seen, live }) =>
    snapshotOf(live, currentOf(seen, await revisions(place, seen)), seen.spec.template),
  edit,
  undo: async (place, { seen }, record) =>
    undoTemplate(place, seen.spec.template, record, await revisions(place, seen)),
  progress,
};

async function read(place: Place): Promise<Sight<Deployment>> {
  const seen = await place.client.get({ path: `${place.collection}/${place.name}`, schema: deployment });
  const version = versionOf(seen.spec.template, place.versionIn);
  // What it asks for is what it is taken to serve: a rollout that is stuck half-way serves both, and going back starts there.
  return {
    metadata: seen.metadata,
    records: recordsOf(seen.metadata, place.title),
    live: version,
    wanted: version,
    seen,
  };
}

function revisions(place: Place, { metadata: { uid }, spec: { selector } }: Deployment) {
  return revisionsOf(place, { uid, selector, hashLabel: "pod-template-hash", revisionAnnotation });
}

/** The ReplicaSet of what is asked for now; null until the controller has made it. */
function currentOf({ metadata: { annotations, generation }, status }: Deployment, all: readonly Revision[]) {
  if (status.observedGeneration < generation) return null;
  const revision = Number(annotations?.[revisionAnnotation] ?? "-1");
  return all.find((each) => each.revision === revision) ?? null;
}

async function edit(place: Place, { seen }: Sight<Deployment>, question: ServingQuestion): Promise<Edit> {
  const { spec } = seen;
  if (spec.paused)
    return refuseEdit(
      "paused",
      `${place.title} is paused.`,
      `Resume it: kubectl rollout resume deployment/${place.name} -n ${place.namespace}.`,
    );
  const all = await revisions(place, seen);
  const edited = editTemplate(place, spec.template, question, {
    revisions: all,
    current: currentOf(seen, all),
  });
  if (edited.kind === "refuse") return edited;
  const notes = [
    ...edited.notes,
    ...(spec.replicas === 0 ? ["it is scaled to 0: no pod will serve it"] : []),
  ];
  return {
    ...edited,
    steps: [...edited.steps, "wait until its new pods are available and the old ones gone"],
    notes,
  };
}

async function progress(place: Place, { seen, wanted }: Sight<Deployment>): Promise<Observed> {
  const { metadata: own, spec, status } = seen;
  if (status.observedGeneration < own.generation) return running(["the controller takes it up"], "");
  const current = currentOf(seen, await revisions(place, seen));
  if (current === null) return running(["the controller makes its ReplicaSet"], troubleOf(status.conditions));
  if (current.version !== wanted)
    return running([`the controller brings out version ${wanted}`], troubleOf(status.conditions));
  const pods = await lookAtPods(
    place.client,
    { namespace: place.namespace, selector: current.selector },
    place.settings,
  );
  const log = [troubleOf(status.conditions), ...pods.troubles].filter((line) => line !== "").join("\n");
  const progressing = conditionOf(status.conditions, "Progressing");
  if (pods.hopeless !== null) return { kind: "failed", problem: pods.hopeless, logTail: log };
  if (progressing?.status === "False" && progressing.reason === "ProgressDeadlineExceeded") {
    const problem = `${place.title} did not get on within its deadline: ${pods.troubles[0] ?? plainLine(progressing.message)}`;
    return { kind: "failed", problem, logTail: log };
  }
  return byStep(place, stepsOf({ ...status, wanted: spec.replicas }, pods, place.settings.steadyMs), {
    result: spec.replicas === 0 ? "it is scaled to 0: no pod serves" : `all ${spec.replicas} pods serve`,
    logTail: log,
  });
}

/** Says what the controller complains of: a quota, an admission webhook. */
function troubleOf(conditions: readonly Condition[]): string {
  const failure = conditionOf(conditions, "ReplicaFailure");
  return failure?.status === "True" ? plainLine(`${failure.reason}: ${failure.message}`) : "";
}
