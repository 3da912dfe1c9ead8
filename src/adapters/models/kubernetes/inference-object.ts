/** An InferenceService as far as it is read here, and where it carries the version. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { condition, metadata } from "./object.ts";
import type { KubernetesSettings } from "./settings.ts";

/** KServe calls them Knative and RawDeployment too. */
export type Mode = "Serverless" | "Standard";

const predictor = z.looseObject({
  name: z.string().optional(),
  canaryTrafficPercent: z.number().nullish(),
});
export type Predictor = z.output<typeof predictor>;

export const inferenceService = z.looseObject({
  metadata,
  spec: z.looseObject({
    predictor,
    canary: z.array(z.looseObject({ trafficPercent: z.number().default(0), predictor })).nullish(),
  }),
  status: z
    .looseObject({
      observedGeneration: z.number().optional(),
      deploymentMode: z.string().optional(),
      conditions: z.array(condition).default([]),
      modelStatus: z
        .looseObject({
          transitionStatus: z.string().default(""),
          lastFailureInfo: z
            .looseObject({ reason: z.string().default(""), message: z.string().default("") })
            .nullish(),
        })
        .prefault({}),
      components: z
        .looseObject({
          predictor: z
            .looseObject({
              latestCreatedRevision: z.string().default(""),
              latestReadyRevision: z.string().default(""),
              latestRolledoutRevision: z.string().default(""),
              traffic: z
                .array(z.looseObject({ revisionName: z.string().default(""), percent: z.number().nullish() }))
                .default([]),
            })
            .prefault({}),
        })
        .prefault({}),
    })
    .prefault({}),
});
export type InferenceService = z.output<typeof inferenceService>;

/** Written by KServe on what it makes: which files that serves. */
export const sourceAnnotation = "internal.serving.kserve.io/storage-initializer-sourceuri";

/** Null when neither the object, nor KServe, nor the settings say. */
export function modeOf(
  { metadata: { annotations }, status }: InferenceService,
  set: Mode | null,
): Mode | null {
  const said = annotations?.["serving.kserve.io/deploymentMode"] ?? status.deploymentMode;
  if (said === "Serverless" || said === "Knative") return "Serverless";
  if (said === "Standard" || said === "RawDeployment") return "Standard";
  return said === undefined ? set : null;
}

/** Which part of a predictor names the files: `model`, or `sklearn` and the like in older ones. */
export function storageOf(
  of: Predictor,
): { readonly key: string; readonly uri: string; readonly part: object } | null {
  for (const [key, part] of Object.entries(of)) {
    if (typeof part !== "object" || part === null || !("storageUri" in part)) continue;
    if (typeof part.storageUri === "string") return { key, uri: part.storageUri, part };
  }
  return null;
}

/** "12" of "s3://models/fraud/12/" by "s3://models/fraud/{version}/"; null when it has another form. */
export function versionOfUri(
  uri: string | undefined,
  pattern: KubernetesSettings["storageUri"],
): string | null {
  const [before = "", after = ""] = pattern.split("{version}");
  if (uri === undefined || !uri.startsWith(before) || !uri.endsWith(after)) return null;
  const version = uri.slice(before.length, uri.length - after.length);
  return version === "" ? null : version;
}

export function uriFor(version: string, pattern: KubernetesSettings["storageUri"]): string {
  // By function: "$&" in a version is text.
  return pattern.replace("{version}", () => version);
}

/** Name of a canary's predictor in Standard mode; kept when it is promoted, so that its pods stay. */
export function canaryName(version: string): string {
  return `v-${createHash("sha256").update(version).digest("hex").slice(0, 8)}`;
}

export interface KnativeRevision {
  readonly name: string;
  readonly version: string | null;
  readonly createdAt: Date;
}

export interface SeenService {
  readonly service: InferenceService;
  readonly mode: Mode | null;
  /** Newest first; none in Standard mode. */
  readonly revisions: readonly KnativeRevision[];
}
