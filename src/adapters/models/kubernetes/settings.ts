/** Settings of the backend `kubernetes`. What serves is under `kind`, what trains under `job`; a model may have both. */
import { z } from "zod";

const label = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "must be a name of Kubernetes: a-z, 0-9 and -, at most 63");
const objectName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, "must be a name of Kubernetes: a-z, 0-9, - and .");
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,100}$/, "must be the name of a variable");
const annotation = z
  .string()
  .regex(/^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/, "must name an annotation");

const target = {
  kubeconfig: z.string().min(1).optional().describe("path of a file; left out: the pod's service account"),
  context: z.string().min(1).optional().describe("of the kubeconfig; its current one when left out"),
  namespace: label.optional(),
};

const jobSchema = z
  .strictObject({
    cronJob: objectName.optional().describe("its Job template is used"),
    job: objectName.optional().describe("a Job that was run once; its pod template is used"),
    spec: z.record(z.string(), z.unknown()).optional().describe("of a Job, written here"),
    namespace: label.optional(),
    container: label.optional(),
    timeoutSeconds: z.number().int().min(60).max(604_800).default(86_400),
  })
  .refine(
    (job) => [job.cronJob, job.job, job.spec].filter((each) => each !== undefined).length === 1,
    "needs one of cronJob, job and spec",
  );

export const kubernetesSettingsSchema = z
  .strictObject({
    ...target,
    name: objectName.optional().describe("of the object; the model's name when left out"),
    environments: z
      .record(z.string(), z.strictObject({ ...target, name: objectName.optional() }))
      .default({}),
    kind: z.enum(["deployment", "rollout", "inferenceservice"]).optional(),
    container: label.optional().describe("that carries the version; needed when there are several"),
    version: z
      .union([
        z.literal("image"),
        z.strictObject({ env: variable }),
        z.strictObject({ annotation }),
        z.strictObject({
          storageUri: z.string().regex(/^[^{}]*\{version\}[^{}]*$/, "must hold {version} once"),
        }),
      ])
      .optional(),
    canarySteps: z
      .array(z.number().int().min(1).max(99))
      .max(10)
      .refine(
        (steps) => steps.every((step, at) => at === 0 || step > (steps[at - 1] ?? 0)),
        "must be percentages that grow, below 100",
      )
      .default([]),
    mode: z.enum(["Serverless", "Standard"]).optional().describe("of an InferenceService that does not say"),
    steadySeconds: z.number().int().min(0).max(600).default(10),
    maxRestarts: z.number().int().min(1).max(20).default(3),
    watchSeconds: z.number().int().min(0).max(20).default(5),
    timeoutSeconds: z.number().int().min(1).max(60).default(10),
    job: jobSchema.optional(),
  })
  .refine((all) => all.kind !== undefined || all.job !== undefined, "needs kind, for what serves, or job")
  .refine(
    ({ kind, version }) =>
      (typeof version === "object" && "storageUri" in version) === (kind === "inferenceservice"),
    "version is { storageUri } for an inferenceservice, and for that alone",
  )
  .refine(
    ({ kind, canarySteps }) => canarySteps.length === 0 || kind === "inferenceservice",
    "canarySteps are for an inferenceservice; a rollout has its own, a deployment none",
  );

type Parsed = z.output<typeof kubernetesSettingsSchema>;
export type VersionPlace = "image" | { readonly env: string } | { readonly annotation: string };
export type JobSettings = z.output<typeof jobSchema>;

/** Where an object is: which cluster, and what it is called there. */
export interface Target {
  readonly kubeconfig: string | null;
  readonly context: string | null;
  readonly namespace: string | null;
  readonly name: string;
}

export interface KubernetesSettings {
  readonly kind: NonNullable<Parsed["kind"]> | null;
  readonly container: string | null;
  /** Where the pod template carries the version; an InferenceService carries it in `storageUri`. */
  readonly version: VersionPlace;
  /** With `{version}` once; for an InferenceService. */
  readonly storageUri: string;
  readonly canarySteps: readonly number[];
  readonly mode: "Serverless" | "Standard" | null;
  readonly steadyMs: number;
  readonly maxRestarts: number;
  /** How long one look may wait for something to change, ms. */
  readonly watchMs: number;
  /** For one request, ms. */
  readonly timeoutMs: number;
  readonly job: JobSettings | null;
  /** Environments that tocsin.yaml names here; the others are as `targetOf` says. */
  readonly environments: readonly string[];
  targetOf(environment: string): Target;
}

/**
 * Reads what tocsin.yaml says of one model.
 * @throws Error naming the model, the setting and what is expected.
 */
export function parseKubernetesSettings(model: string, settings: unknown): KubernetesSettings {
  const parsed = kubernetesSettingsSchema.safeParse(settings ?? {});
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const place = ["models", model, "settings", ...(issue?.path ?? [])].map(String).join(".");
    throw new Error(`${place}: ${issue?.message ?? "invalid"}`);
  }
  const { version = "image", steadySeconds, watchSeconds, timeoutSeconds, ...rest } = parsed.data;
  const isUri = typeof version === "object" && "storageUri" in version;
  return {
    kind: rest.kind ?? null,
    container: rest.container ?? null,
    version: isUri ? "image" : version,
    storageUri: isUri ? version.storageUri : "{version}",
    canarySteps: rest.canarySteps,
    mode: rest.mode ?? null,
    steadyMs: steadySeconds * 1_000,
    maxRestarts: rest.maxRestarts,
    watchMs: watchSeconds * 1_000,
    timeoutMs: timeoutSeconds * 1_000,
    job: rest.job ?? null,
    environments: Object.keys(rest.environments),
    targetOf: (environment) => targetOf(model, rest, environment),
  };
}

function targetOf(
  model: string,
  settings: Pick<Parsed, "kubeconfig" | "context" | "namespace" | "name" | "environments">,
  environment: string,
): Target {
  const isOwn = Object.hasOwn(settings.environments, environment);
  const own = (isOwn ? settings.environments[environment] : undefined) ?? {};
  return {
    kubeconfig: own.kubeconfig ?? settings.kubeconfig ?? null,
    context: own.context ?? settings.context ?? null,
    namespace: own.namespace ?? settings.namespace ?? null,
    name: own.name ?? settings.name ?? model,
  };
}
