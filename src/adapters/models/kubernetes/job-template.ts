/** The Job of a retrain: a template of the cluster's or of tocsin.yaml's, with what was approved as variables. */
import { z } from "zod";
import type { BackendPlan, Operation } from "../../../ports/model.ts";
import type { KubernetesClient } from "./client.ts";
import { KubernetesError } from "./failure.ts";
import { podTemplate } from "./object.ts";
import { operationAnnotation } from "./record.ts";
import type { JobSettings } from "./settings.ts";
import { containerOf, imageOf, noContainer } from "./template.ts";

/** Where a model is trained. */
export interface Training {
  readonly model: string;
  readonly environment: string;
  readonly settings: JobSettings;
  readonly client: KubernetesClient;
  readonly namespace: string;
  /** "apis/batch/v1/namespaces/ml/jobs". */
  readonly collection: string;
}

type Refusal = Extract<BackendPlan, { kind: "refuse" }>;
const jobSpec = z.looseObject({ template: podTemplate });
type PodTemplate = z.output<typeof podTemplate>;

export interface JobTemplate {
  readonly kind: "template";
  /** "CronJob fraud-train". */
  readonly source: string;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly pod: PodTemplate;
}

/** Kept after it ended, to be looked at; then Kubernetes deletes it, s. */
const keptSeconds = 7 * 86_400;
/** What the Job controller adds to a Job that ran, and refuses in a new one. */
const ownLabels = [
  "controller-uid",
  "job-name",
  "batch.kubernetes.io/controller-uid",
  "batch.kubernetes.io/job-name",
];

export function trainingTitle({ model, namespace }: Training): string {
  return `training of ${model} in ${namespace}`;
}

export async function jobTemplate(training: Training): Promise<JobTemplate | Refusal> {
  const { cronJob, job, spec } = training.settings;
  const source =
    cronJob !== undefined
      ? `CronJob ${cronJob}`
      : job !== undefined
        ? `Job ${job}`
        : "the template in tocsin.yaml";
  try {
    const found =
      cronJob !== undefined
        ? await ofCronJob(training, cronJob)
        : job !== undefined
          ? await ofJob(training, job)
          : spec;
    const parsed = jobSpec.safeParse(found);
    if (parsed.success) return { kind: "template", source, spec: parsed.data, pod: parsed.data.template };
    const where = parsed.error.issues[0]?.path.join(".") ?? "";
    return refuse("no_template", `${source} has no pod template (${where}).`, "Name one that has.");
  } catch (error) {
    if (!(error instanceof KubernetesError) || error.mishap !== "absent") throw error;
    return refuse(
      "no_template",
      `There is no ${source} in ${training.namespace}.`,
      "Set job.cronJob or job.job to one that is there.",
    );
  }
}

async function ofCronJob({ client, namespace }: Training, name: string): Promise<unknown> {
  const schema = z.looseObject({
    spec: z.looseObject({ jobTemplate: z.looseObject({ spec: z.unknown() }) }),
  });
  return (await client.get({ path: `apis/batch/v1/namespaces/${namespace}/cronjobs/${name}`, schema })).spec
    .jobTemplate.spec;
}

async function ofJob({ client, collection }: Training, name: string): Promise<unknown> {
  const { spec } = await client.get({
    path: `${collection}/${name}`,
    schema: z.looseObject({ spec: jobSpec }),
  });
  const { selector: _selector, manualSelector: _manual, suspend: _suspend, template, ...rest } = spec;
  const labels = Object.entries(template.metadata?.labels ?? {}).filter(([key]) => !ownLabels.includes(key));
  return {
    ...rest,
    template: { ...template, metadata: { ...template.metadata, labels: Object.fromEntries(labels) } },
  };
}

type JobBody =
  | { readonly kind: "body"; readonly body: unknown; readonly image: string; readonly given: string }
  | Refusal;

/** @param operation - its `manifest` becomes variables of the container. */
export function jobBody(
  training: Training,
  { spec, pod, source }: JobTemplate,
  operation: Omit<Operation, "from" | "to" | "restore">,
  name: string,
): JobBody {
  const container = containerOf(pod, { container: training.settings.container ?? null });
  if (container === null) {
    const { problem, remedy } = noContainer(pod, { container: training.settings.container ?? null });
    return refuse("no_container", `${source}: ${problem}`, remedy.replace("settings.", "settings.job."));
  }
  const { manifest, operationId } = operation;
  const image =
    manifest?.image == null ? (container.image ?? "") : imageOf(container.image ?? "", manifest.image);
  const given = variablesOf(operation);
  const names = new Set(given.map((variable) => variable.name));
  const env = [...(container.env ?? []).filter((variable) => !names.has(variable.name)), ...given];
  const containers = pod.spec.containers.map((each) => (each === container ? { ...each, image, env } : each));
  const body = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name,
      labels: { "app.kubernetes.io/managed-by": "tocsin" },
      annotations: { [operationAnnotation]: operationId, "tocsin.fence": String(operation.fence) },
    },
    spec: {
      ...spec,
      activeDeadlineSeconds: training.settings.timeoutSeconds,
      ttlSecondsAfterFinished: keptSeconds,
      template: { ...pod, spec: { ...pod.spec, containers } },
    },
  };
  const shown = given.filter(
    (variable) => !["TOCSIN_OPERATION_ID", "TOCSIN_REQUESTED_BY", "TOCSIN_FENCE"].includes(variable.name),
  );
  return {
    kind: "body",
    body,
    image,
    given: shown.map((variable) => `${variable.name}=${variable.value}`).join(" "),
  };
}

function variablesOf({
  operationId,
  model,
  environment,
  manifest,
  requestedBy,
  fence,
}: Omit<Operation, "from" | "to" | "restore">) {
  const values: readonly (readonly [string, string | null])[] = [
    ["TOCSIN_OPERATION_ID", operationId],
    ["TOCSIN_MODEL", model],
    ["TOCSIN_ENVIRONMENT", environment],
    ["TOCSIN_REQUESTED_BY", requestedBy],
    ["TOCSIN_FENCE", String(fence)],
    ["TOCSIN_COMMIT", manifest?.commit ?? null],
    ["TOCSIN_DATA", manifest?.data ?? null],
    ["TOCSIN_SEED", manifest?.seed == null ? null : String(manifest.seed)],
    ["TOCSIN_PARAMETERS", manifest === null ? null : JSON.stringify(manifest.parameters)],
  ];
  // "$(NAME)" would be replaced by another variable, a secret among them; "$$" stands for "$".
  return values.flatMap(([name, value]) =>
    value === null ? [] : [{ name, value: value.replaceAll("$", "$$$$") }],
  );
}

function refuse(reason: string, problem: string, remedy: string): Refusal {
  return { kind: "refuse", reason, problem, remedy };
}
