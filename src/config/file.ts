/** The shape of tocsin.yaml; every key is described in docs/configuration.md. */
import { parseDocument } from "yaml";
import { z } from "zod";
import { evidenceKinds } from "../domain/alert/evidence-kind.ts";
import { auditSchema } from "./audit.ts";
import { ConfigError } from "./error.ts";
import { escalationSchema, groupsSchema, onCallSchema, pagersSchema } from "./escalation.ts";
import { explainerSchema } from "./explainer.ts";
import { incidentChannelsSchema } from "./incident-channels.ts";
import { modelsSchema } from "./models.ts";
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
import { prometheusSchema } from "./prometheus.ts";
import { accountId, channel, hash, name, secretName } from "./values.ts";
import { watchSchema } from "./watch.ts";

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
  models: modelsSchema,
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
  explainer: explainerSchema,
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
              .regex(/[\p{L}\p{N}]/u, "needs a letter or a digit; for example: replication lag*"),
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
/** A key of the file. */
export type FileSection = keyof FileConfig;

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
