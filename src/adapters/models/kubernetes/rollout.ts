/**
 * A Rollout of Argo Rollouts. It has no server of its own: its controller takes orders through the object and its status,
 * as its command line gives them.
 * @see https://argo-rollouts.readthedocs.io/en/stable/features/kubectl-plugin/
 */
import { z } from "zod";
import type { Observed } from "../../../ports/model.ts";
import { plainLine } from "./failure.ts";
import { labelSelector, metadata, podTemplate } from "./object.ts";
import {
  type Edit,
  type Place,
  refuseEdit,
  type ServingKind,
  type ServingQuestion,
  type Sight,
} from "./place.ts";
import { lookAtPods } from "./pods.ts";
import { byStep, progressSteps, running, stepsOf } from "./progress.ts";
import { type OperationRecord, recordsOf } from "./record.ts";
import { type Revision, revisionsOf } from "./replica-sets.ts";
import { versionOf } from "./template.ts";
import { editTemplate, snapshotOf, undoTemplate } from "./template-edit.ts";

const step = z.looseObject({
  setWeight: z.number().optional(),
  pause: z.looseObject({ duration: z.union([z.string(), z.number()]).optional() }).nullish(),
});
const rollout = z.looseObject({
  metadata,
  spec: z.looseObject({
    replicas: z.number().default(1),
    paused: z.boolean().default(false),
    selector: labelSelector.optional(),
    template: podTemplate.optional(),
    workloadRef: z.looseObject({ kind: z.string().default(""), name: z.string().default("") }).optional(),
    strategy: z
      .looseObject({
        canary: z.looseObject({ steps: z.array(step).default([]) }).nullish(),
        blueGreen: z
          .looseObject({
            autoPromotionEnabled: z.boolean().optional(),
            autoPromotionSeconds: z.number().optional(),
          })
          .nullish(),
      })
      .prefault({}),
  }),
  status: z
    .looseObject({
      // Text there, unlike everywhere else.
      observedGeneration: z.coerce.number().catch(0).default(0),
      phase: z.string().default(""),
      message: z.string().default(""),
      currentPodHash: z.string().default(""),
      stableRS: z.string().default(""),
      currentStepIndex: z.number().nullish(),
      pauseConditions: z.array(z.looseObject({ reason: z.string() })).nullish(),
      abort: z.boolean().default(false),
      replicas: z.number().default(0),
      updatedReplicas: z.number().default(0),
      availableReplicas: z.number().default(0),
      canary: z
        .looseObject({ weights: z.looseObject({ canary: z.looseObject({ weight: z.number() }) }).nullish() })
        .nullish(),
    })
    .prefault({}),
});
type Rollout = z.output<typeof rollout>;

interface Seen {
  readonly rollout: Rollout;
  readonly revisions: readonly Revision[];
  readonly stable: Revision | null;
}

export const rolloutKind: ServingKind<Seen> = {
  group: "apis/argoproj.io/v1alpha1",
  plural: "rollouts",
  word: "Rollout",
  read,
  versions: async (_place, { seen }) =>
    seen.revisions.flatMap(({ version, createdAt }) => (version === null ? [] : [{ version, createdAt }])),
  snapshot: async (_place, { seen, live }) =>
    seen.stable === null ? { version: live } : snapshotOf(live, seen.stable, seen.stable.template),
  edit,
  undo,
  progress,
  advance,
};

async function read(place: Place): Promise<Sight<Seen>> {
  const found = await place.client.get({ path: `${place.collection}/${place.name}`, schema: rollout });
  const { metadata: own, spec, status } = found;
  const revisions = await revisionsOf(place, {
    uid: own.uid,
    selector: spec.selector ?? {},
    hashLabel: "rollouts-pod-template-hash",
    revisionAnnotation: "rollout.argoproj.io/revision",
  });
  const wanted = spec.template === undefined ? null : versionOf(spec.template, place.versionIn);
  const stable = revisions.find(({ hash }) => hash !== "" && hash === status.stableRS) ?? null;
  return {
    metadata: own,
    records: recordsOf(own, place.title),
    live: stable === null ? wanted : stable.version,
    wanted,
    seen: { rollout: found, revisions, stable },
  };
}

async function edit(
  place: Place,
  { seen, live, wanted }: Sight<Seen>,
  question: ServingQuestion,
): Promise<Edit> {
  const { spec, status } = seen.rollout;
  if (spec.template === undefined) return refuseReference(place, spec.workloadRef);
  if (wanted !== live && !status.abort)
    return refuseEdit(
      "busy",
      `${place.title}: version ${wanted} is on its way.`,
      "Wait until it is over, or abort it there.",
    );
  if (wanted !== live && wanted === question.to)
    return refuseEdit(
      "aborted",
      `${place.title}: version ${wanted} was aborted, and the Rollout still asks for it.`,
      `Retry it there (kubectl argo rollouts retry rollout ${place.name} -n ${place.namespace}), or deploy another version.`,
    );
  const edited = editTemplate(place, spec.template, question, {
    revisions: seen.revisions,
    current: seen.stable,
  });
  if (edited.kind === "refuse") return edited;
  return {
    ...edited,
    steps: [...edited.steps, ...canarySteps(seen.rollout), "wait until it is the stable version"],
  };
}

function refuseReference(place: Place, workload: Rollout["spec"]["workloadRef"]): Edit {
  const named = workload === undefined ? "none" : `that of the ${workload.kind} ${workload.name}`;
  return refuseEdit(
    "no_template",
    `${place.title} has no pod template of its own, but ${named}.`,
    "Give the Rollout its own template.",
  );
}

/** "canary: 10 %, hold, 50 %, hold": what a person agrees to. */
function canarySteps({ spec: { strategy } }: Rollout): readonly string[] {
  if (strategy.blueGreen !== undefined && strategy.blueGreen !== null)
    return ["bring it up beside what serves, then switch"];
  const words = (strategy.canary?.steps ?? []).map(({ setWeight, pause }) => {
    if (setWeight !== undefined) return `${setWeight} %`;
    if (pause === undefined || pause === null) return "another step";
    return pause.duration === undefined ? "hold" : `pause ${pause.duration}`;
  });
  return words.length === 0 ? [] : [`canary: ${words.join(", ")}`];
}

/** Traffic goes back at once by aborting; the template goes back too, or the next sync would bring it out again. */
async function undo(
  place: Place,
  { seen, live, wanted, metadata: own }: Sight<Seen>,
  record: OperationRecord,
): Promise<Edit> {
  const { spec, status } = seen.rollout;
  if (spec.template === undefined) return refuseReference(place, spec.workloadRef);
  if (live !== wanted && !status.abort) {
    const body = { metadata: { resourceVersion: own.resourceVersion }, status: { abort: true } };
    await place.client.mergeStatus({ path: `${place.collection}/${place.name}`, schema: z.unknown() }, body);
  }
  const before = live === wanted ? record.before : (seen.stable?.name ?? record.before);
  return undoTemplate(place, spec.template, { ...record, before }, seen.revisions);
}

async function progress(place: Place, { seen, wanted, metadata: own }: Sight<Seen>): Promise<Observed> {
  const { spec, status } = seen.rollout;
  const current = seen.revisions.find(({ hash }) => hash === status.currentPodHash) ?? null;
  if (status.observedGeneration < own.generation || current === null || current.version !== wanted)
    return running(["the controller takes it up"], plainLine(status.message));
  const pods = await lookAtPods(
    place.client,
    { namespace: place.namespace, selector: current.selector },
    place.settings,
  );
  const logTail = [plainLine(status.message), ...pods.troubles].filter((line) => line !== "").join("\n");
  const failed = (problem: string): Observed => ({ kind: "failed", problem, logTail });
  if (status.abort)
    return failed(`${place.title} was aborted: ${pods.troubles[0] ?? plainLine(status.message)}`);
  if (pods.hopeless !== null) return failed(pods.hopeless);
  if (status.phase === "Degraded")
    return failed(`${place.title}: ${pods.troubles[0] ?? plainLine(status.message)}`);
  const hold = holdOf(seen.rollout);
  const isStable = status.stableRS === status.currentPodHash;
  const steps = [
    ...stepsOf({ ...status, wanted: spec.replicas }, pods, place.settings.steadyMs),
    [`be the stable version (${status.phase})`, isStable && status.phase === "Healthy"] as const,
  ];
  if (hold !== null && !isStable)
    return {
      kind: "holding",
      hold,
      trafficPercent: weightOf(seen.rollout),
      steps: progressSteps(steps),
      logTail,
    };
  return byStep(place, steps, {
    result: `all ${spec.replicas} pods serve, and it is the stable version`,
    logTail,
  });
}

/** Which pause waits for somebody; null when none does, or when it ends by itself. */
function holdOf({ spec: { strategy }, status }: Rollout): string | null {
  const [pause] = status.pauseConditions ?? [];
  if (pause === undefined) return null;
  if (strategy.blueGreen !== undefined && strategy.blueGreen !== null)
    return (strategy.blueGreen.autoPromotionSeconds ?? 0) > 0 ? null : "before the switch";
  const steps = strategy.canary?.steps ?? [];
  const index = status.currentStepIndex ?? 0;
  if (pause.reason === "CanaryPauseStep" && steps[index]?.pause?.duration !== undefined) return null;
  const where = `step ${index + 1} of ${steps.length}`;
  return pause.reason === "CanaryPauseStep" ? where : `${where}, ${pause.reason}`;
}

/** Of the traffic that the new version gets, 0 to 100. */
function weightOf({ spec, status }: Rollout): number {
  const told = status.canary?.weights?.canary.weight;
  if (told !== undefined) return told;
  if (spec.strategy.blueGreen !== undefined && spec.strategy.blueGreen !== null) return 0;
  const past = (spec.strategy.canary?.steps ?? []).slice(0, status.currentStepIndex ?? 0);
  return past.findLast(({ setWeight }) => setWeight !== undefined)?.setWeight ?? 0;
}

async function advance(place: Place, { seen, metadata: own }: Sight<Seen>, hold: string): Promise<void> {
  if (holdOf(seen.rollout) !== hold) return;
  const { status } = seen.rollout;
  const isStep = (status.pauseConditions ?? []).every(({ reason }) =>
    ["CanaryPauseStep", "BlueGreenPause"].includes(reason),
  );
  // After an analysis that told nothing the controller would pause at the same step again.
  const past = isStep ? {} : { controllerPause: false, currentStepIndex: (status.currentStepIndex ?? 0) + 1 };
  const body = {
    metadata: { resourceVersion: own.resourceVersion },
    status: { pauseConditions: null, ...past },
  };
  await place.client.mergeStatus({ path: `${place.collection}/${place.name}`, schema: z.unknown() }, body);
}
