/** Objects as the fake API server keeps them, and which kinds it knows. */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json | undefined;
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    resourceVersion: string;
    generation: number;
    creationTimestamp: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: { uid: string; kind: string; name: string; apiVersion: string; controller: boolean }[];
    managedFields?: {
      manager: string;
      operation: string;
      time: string;
      subresource?: string;
      fieldsV1: JsonObject;
    }[];
    deletionTimestamp?: string;
  };
  spec: JsonObject;
  status?: JsonObject;
}

export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly shortNames: readonly string[];
  readonly hasStatus: boolean;
  /** Top-level fields of the specification; others are refused under strict validation. */
  readonly fields: readonly string[];
  /** Custom resources know no strategic merge patch. */
  readonly isCustom: boolean;
}

const resource = (
  given: Omit<Resource, "shortNames" | "hasStatus" | "isCustom"> & Partial<Resource>,
): Resource => ({
  shortNames: [],
  hasStatus: true,
  isCustom: false,
  ...given,
});

const jobFields = [
  ...["template", "suspend", "activeDeadlineSeconds", "ttlSecondsAfterFinished", "backoffLimit"],
  ...["completions", "parallelism", "selector", "manualSelector", "completionMode", "podReplacementPolicy"],
];

export const resources: readonly Resource[] = [
  resource({
    group: "",
    version: "v1",
    plural: "pods",
    kind: "Pod",
    shortNames: ["po"],
    fields: ["containers", "nodeName"],
  }),
  resource({
    ...{ group: "apps", version: "v1", plural: "deployments", kind: "Deployment", shortNames: ["deploy"] },
    fields: [
      ...["replicas", "selector", "template", "strategy", "minReadySeconds"],
      ...["revisionHistoryLimit", "paused", "progressDeadlineSeconds"],
    ],
  }),
  resource({
    ...{ group: "apps", version: "v1", plural: "replicasets", kind: "ReplicaSet", shortNames: ["rs"] },
    fields: ["replicas", "selector", "template", "minReadySeconds"],
  }),
  resource({ group: "batch", version: "v1", plural: "jobs", kind: "Job", fields: jobFields }),
  resource({
    ...{ group: "batch", version: "v1", plural: "cronjobs", kind: "CronJob", shortNames: ["cj"] },
    fields: ["schedule", "jobTemplate", "suspend", "concurrencyPolicy"],
  }),
  resource({
    ...{ group: "argoproj.io", version: "v1alpha1", plural: "rollouts", kind: "Rollout", shortNames: ["ro"] },
    ...{ isCustom: true, fields: ["replicas", "selector", "template", "strategy", "paused", "workloadRef"] },
  }),
  resource({
    ...{
      group: "serving.kserve.io",
      version: "v1beta1",
      plural: "inferenceservices",
      kind: "InferenceService",
    },
    ...{ shortNames: ["isvc"], isCustom: true, fields: ["predictor", "transformer", "explainer", "canary"] },
  }),
  resource({
    ...{ group: "serving.knative.dev", version: "v1", plural: "revisions", kind: "Revision" },
    ...{ isCustom: true, fields: ["containers"] },
  }),
];

export function apiVersionOf({ group, version }: Resource): string {
  return group === "" ? version : `${group}/${version}`;
}

export function rootOf(found: Resource): string {
  return found.group === "" ? `/api/${found.version}` : `/apis/${found.group}/${found.version}`;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The same value, whatever the order of its keys. */
export function same(one: unknown, other: unknown): boolean {
  return canonical(one) === canonical(other);
}

export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([one], [other]) => one.localeCompare(other)))
      : each,
  );
}
