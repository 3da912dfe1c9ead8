/** The shape of tocsin.yaml; every key is described in docs/configuration.md. */
import { createHash } from "node:crypto";
import { parseDocument } from "yaml";
import { z } from "zod";
import { evidenceKinds } from "../domain/alert/evidence-kind.ts";
import { templateProblem } from "../domain/metrics/promql-template.ts";
import { manifestFields, shippedManifestRule } from "../domain/rollout/retrain-manifest.ts";
import { parseChannel } from "../ports.ts";
import { auditSchema } from "./audit.ts";
import { bakeSchema, canarySchema } from "./bake.ts";
import { ConfigError } from "./error.ts";
import { escalationSchema, groupsSchema, onCallSchema, pagersSchema } from "./escalation.ts";
import { incidentChannelsSchema } from "./incident-channels.ts";
import { monitoringSchema } from "./monitoring.ts";
import {
  flappingSchema,
  freezesSchema,
  inhibitionSchema,
  maintenanceSchema,
  remindersSchema,
} from "./mutes.ts";
import { pinsSchema } from "./pins.ts";
import { problemOf } from "./problems.ts";
import { watchSchema } from "./watch.ts";

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, "must be lower-case letters, digits, - and _, at most 63");
const channel = z
  .string()
  .refine((text) => parseChannel(text) !== null, 'must be "platform:id", for example "slack:C0123ABCD"');
const hash = z
  .string()
  .refine((text) => /^sha256:[0-9a-f]{64}$/.test(text) || /^env:[A-Z][A-Z0-9_]*$/.test(text), {
    error: (issue) =>
      `is written in clear text; write "sha256:${sha256(String(issue.input))}" instead, or "env:NAME" to read it from the environment`,
  });
const secretName = z
  .string()
  .regex(
    /^env:[A-Z][A-Z0-9_]*$/,
    'must be "env:NAME": the secret itself belongs into the environment, not into the file',
  );
/** YAML reads bare digits as a number, and one beyond 2^53 has then lost its last digits: every Discord id. */
const accountId = z
  .union([z.string(), z.number()])
  .refine(
    (id) => typeof id === "string" || Number.isSafeInteger(id),
    'is a number too large to keep its digits; write it in quotes, for example "112233445566778899"',
  )
  .transform(String);

/** How metrics are read from PROMETHEUS_URL, and what is asked of every suspect. */
const prometheusSchema = z
  .strictObject({
    bearer: secretName.optional(),
    basic: z.strictObject({ user: z.string().min(1), password: secretName }).optional(),
    tenant: z.string().min(1).max(150).optional(),
    queries: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(60),
          query: z
            .string()
            .max(2_000)
            .refine((text) => templateProblem(text) === null, {
              error: (issue) => templateProblem(String(issue.input)) ?? "is not right",
            }),
          unit: z.string().max(20).default(""),
        }),
      )
      .max(12, "has more than 12 queries; each is asked of up to three services within seconds")
      .optional(),
  })
  .refine(
    (given) => given.bearer === undefined || given.basic === undefined,
    "takes bearer or basic, not both",
  );

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

/** Every key that tocsin.yaml may hold. */
export const fileSchema = z.strictObject({
  channels: z.array(z.strictObject({ to: channel, match: z.array(z.string()).default([]) })).optional(),
  rollouts: z
    .strictObject({
      to: z.array(channel).default([]),
      lookSeconds: z.number().min(5).max(86_400).default(60),
    })
    .prefault({}),
  sources: z
    .record(
      name,
      z
        .strictObject({
          use: name.optional(),
          bearer: hash.optional(),
          basic: z.strictObject({ user: z.string().min(1), password: hash }).optional(),
          token: hash.optional(),
          hmac: secretName.optional(),
          timestampHeader: z.string().optional(),
          timeoutMinutes: z.number().positive().optional(),
          settings: z.unknown().optional(),
        })
        .nullable(),
    )
    .default({}),
  people: z
    .record(
      name,
      z.strictObject({
        name: z.string().min(1).optional(),
        roles: z.array(name).min(1, "needs at least one role"),
        teams: z.array(z.string().min(1).max(200)).max(50).optional(),
        slack: z.string().optional(),
        discord: accountId.optional(),
        console: hash.optional(),
      }),
    )
    .optional(),
  policy: z.string().optional(),
  commands: z
    .strictObject({
      folder: z.string().optional(),
      prefix: z
        .string()
        .regex(
          /^[a-z][a-z0-9_-]{0,14}[-_]$/,
          'lower-case letters and digits, ending in "-", at most 16 characters',
        )
        .optional(),
    })
    .optional(),
  sourceFiles: z.strictObject({ folder: z.string() }).optional(),
  modelFiles: z.strictObject({ folder: z.string() }).optional(),
  models: z
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
    .default({}),
  digests: z
    .array(
      z.strictObject({
        name,
        cron: z.string(),
        timezone: z.string().default("UTC"),
        to: z.array(channel).min(1),
        handover: name.optional(),
      }),
    )
    .default([]),
  explainer: z
    .strictObject({
      use: z.enum(["template", "openai"]).default("openai"),
      tokensPerDay: z.int().positive().default(200_000),
      tokensPerIncident: z.int().positive().default(20_000),
      timeoutSeconds: z.number().positive().max(300).default(20),
    })
    .prefault({}),
  prometheus: prometheusSchema.prefault({}),
  topology: z
    .strictObject({
      edges: z.array(z.tuple([z.string(), z.string()])).default([]),
      services: z.array(z.string()).default([]),
    })
    .prefault({}),
  evidenceKinds: z
    .array(
      z.strictObject({
        kind: z.enum(evidenceKinds),
        words: z
          .array(
            z
              .string()
              .max(100)
              .regex(/[A-Za-z0-9]/, "needs a letter or a digit; for example: replication lag*"),
          )
          .min(1)
          .max(100),
      }),
    )
    .max(100)
    .default([]),
  incidentChannels: incidentChannelsSchema,
  pins: pinsSchema,
  watch: watchSchema,
  monitoring: monitoringSchema,
  groups: groupsSchema,
  onCall: onCallSchema,
  pagers: pagersSchema,
  escalation: escalationSchema,
  alerts: z.strictObject({ timeoutHours: z.number().positive().default(12) }).prefault({}),
  audit: auditSchema,
  approvals: z.strictObject({ expireHours: z.number().positive().default(24) }).prefault({}),
  keep: z
    .strictObject({
      deliveriesDays: z.number().positive().default(14),
      deadDays: z.number().positive().default(30),
    })
    .prefault({}),
  inhibit_rules: inhibitionSchema,
  maintenance: maintenanceSchema,
  freezes: freezesSchema,
  flapping: flappingSchema,
  silences: remindersSchema,
});
/** What the file says, with its defaults. */
export type FileConfig = z.output<typeof fileSchema>;

/**
 * Reads the text of a tocsin.yaml.
 * @param file - for messages.
 * @throws ConfigError naming the line or the key, the value and the remedy.
 */
export function parseFile(text: string, file: string): FileConfig {
  const document = parseDocument(text, { prettyErrors: true });
  const fault = document.errors[0];
  if (fault !== undefined) throw new ConfigError(`${file}: ${fault.message.trim()}`, { cause: fault });
  const result = fileSchema.safeParse(document.toJS() ?? {}, { error: problemOf });
  if (result.success) return result.data;
  const problems = result.error.issues
    .slice(0, 10)
    .map((issue) => `  ${issue.path.join(".") || "(top level)"}: ${issue.message}`);
  throw new ConfigError(
    `${file} is not right:\n${problems.join("\n")}\nSee docs/configuration.md for every key.`,
  );
}

/** 64 lowercase hex characters. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
