/** `models` in tocsin.yaml: where each lives, who owns it, and what a version must show. */
import { z } from "zod";
import { manifestFields, shippedManifestRule } from "../domain/rollout/retrain-manifest.ts";
import { bakeSchema, canarySchema } from "./bake.ts";
import { name } from "./values.ts";

const manifestSchema = z.strictObject({
  required: z.array(z.enum(manifestFields)).default([...shippedManifestRule.required]),
  commit: z.string().min(1).max(200).optional(),
  data: z.string().min(1).max(200).optional(),
  parameters: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String))
    .default({}),
  seed: z.int().min(0).optional(),
  image: z.string().min(1).max(300).optional(),
});

const gateSchema = z.strictObject({
  environments: z.array(name).default([]),
  metrics: z
    .array(
      z
        .strictObject({
          name: z.string().min(1).max(200),
          better: z.enum(["higher", "lower"]),
          maxLoss: z.number().min(0).optional(),
          minGain: z.number().min(0).optional(),
          minRows: z.int().min(1).default(100),
          interval: z.enum(["required", "optional"]).default("required"),
        })
        .refine(
          (given) => given.maxLoss === undefined || given.minGain === undefined,
          "takes maxLoss or minGain, not both",
        ),
    )
    .max(20)
    .default([]),
  servedIn: z.strictObject({ environment: name, hours: z.number().positive() }).optional(),
  bakedIn: name.optional(),
  /** Registries keep texts: true and 3 are "true" and "3". */
  tags: z
    .record(
      z.string().min(1).max(250),
      z.union([z.string().max(500), z.boolean(), z.number()]).transform(String),
    )
    .refine((given) => Object.keys(given).length <= 20, "has more than 20 tags")
    .default({}),
  missing: z.enum(["refuse", "warn"]).default("refuse"),
});

/** Where one side of a model lives. */
const modelPart = z.strictObject({ backend: name, settings: z.unknown().optional() });

export const modelsSchema = z
  .record(
    name,
    z
      .strictObject({
        backend: name.optional(),
        environments: z.array(name).min(1).default(["production"]),
        owners: z.array(name).default([]),
        risk: z.enum(["low", "high"]).default("low"),
        services: z.array(z.string()).default([]),
        dashboards: z
          .record(z.string().min(1).max(60), z.string().max(2_000))
          .refine((given) => Object.keys(given).length <= 10, "has more than 10 dashboards")
          .default({}),
        alerts: z
          .array(z.union([z.string(), z.array(z.string()).min(1).max(20)]))
          .max(50)
          .default([]),
        settings: z.unknown().optional(),
        manifest: manifestSchema.optional(),
        gates: z.array(gateSchema).max(20).default([]),
        bake: bakeSchema.optional(),
        canary: canarySchema.optional(),
        timeoutMinutes: z.number().min(1).max(1_440).optional(),
        registry: modelPart.optional(),
        runtime: modelPart.optional(),
        training: modelPart.optional(),
      })
      .refine(
        (given) =>
          given.registry === undefined || (given.backend === undefined && given.settings === undefined),
        "takes backend with settings, or registry with runtime and training, not both",
      )
      .refine(
        (given) =>
          given.registry !== undefined || (given.runtime === undefined && given.training === undefined),
        "needs registry beside runtime or training: what knows the versions",
      )
      .nullable(),
  )
  .default({});
