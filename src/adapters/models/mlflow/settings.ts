/** Settings of the backend `mlflow`. Secrets are named by variable ("env:NAME"), never written into the file. */
import { z } from "zod";
import {
  bareAddress,
  bearer,
  httpAddress,
  parseBackendSettings,
  secretOf,
  secretReference,
  settingName,
} from "../../../domain/rollout/backend-settings.ts";

/** What MLflow takes as an alias: no "latest", no "v3", which it reads as versions. */
const alias = z
  .string()
  .regex(
    /^(?!v\d+$|latest$)[A-Za-z0-9_-]{1,100}$/i,
    "must be letters, digits, - and _, and not latest or v1",
  );

/** Metrics of a run that speaks of what serves. */
const watchedMetric = z
  .strictObject({
    min: z.number().optional(),
    max: z.number().optional(),
    reference: z.number().optional().describe("what it was when the model was good; the limit when left out"),
    feature: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe("it measures drift of this feature, not performance"),
  })
  .refine(({ min, max }) => min !== undefined || max !== undefined, "needs min or max");

const name = z
  .string()
  .regex(/^[^/:'"`]{1,256}$/, "must be a name that MLflow takes, without / : and quotes");

export const mlflowSettingsSchema = z.strictObject({
  url: httpAddress,
  token: secretReference.optional().describe("sent as Authorization: Bearer"),
  basic: z.strictObject({ user: z.string().min(1).max(200), password: secretReference }).optional(),
  registeredModel: name.optional().describe("its name in MLflow; the model's when left out"),
  aliases: z.record(z.string(), alias).default({}).describe("environment to the alias that serves there"),
  validation: z
    .strictObject({
      tag: z.string().min(1).max(250).default("validation_status"),
      value: z.string().min(1).max(200).default("approved"),
      required: z.boolean().default(false),
    })
    .prefault({}),
  monitoring: z
    .strictObject({
      experiments: z
        .record(z.string(), z.string().min(1).max(500))
        .describe("environment to the experiment whose newest finished run speaks of what serves there"),
      metrics: z.record(z.string().min(1).max(250), watchedMetric),
    })
    .optional(),
  timeoutSeconds: z.number().int().min(1).max(60).default(10),
});

export type WatchedMetrics = NonNullable<z.output<typeof mlflowSettingsSchema>["monitoring"]>;

export interface MlflowSettings {
  /** Ends in a slash; without user, password, query and fragment. */
  readonly url: string;
  /** Value of the header Authorization, or null. */
  readonly authorization: string | null;
  readonly registeredModel: string;
  readonly aliases: Readonly<Record<string, string>>;
  readonly validation: { readonly tag: string; readonly value: string; readonly required: boolean };
  readonly monitoring: WatchedMetrics | null;
  /** For one request, ms. */
  readonly timeoutMs: number;
}

/**
 * Reads what tocsin.yaml says of one model.
 * @param environment - variables by name.
 * @throws Error naming the model, the setting and what is expected.
 */
export function parseMlflowSettings(
  model: string,
  settings: unknown,
  environment: Readonly<Record<string, string>>,
): MlflowSettings {
  const parsed = parseBackendSettings(mlflowSettingsSchema, model, settings);
  const { url, token, basic, registeredModel, aliases, validation, timeoutSeconds } = parsed;
  if (token !== undefined && basic !== undefined)
    throw new Error(`${settingName(model, [])}: takes token or basic, not both`);
  const read = (name: string, place: readonly string[]) =>
    secretOf(name, environment, settingName(model, place));
  return {
    url: bareAddress(url, settingName(model, ["url"]), 'basic: { user, password: "env:NAME" }'),
    authorization:
      token !== undefined
        ? bearer(read(token, ["token"]), settingName(model, ["token"]))
        : basic !== undefined
          ? `Basic ${Buffer.from(`${basic.user}:${read(basic.password, ["basic", "password"])}`).toString("base64")}`
          : null,
    registeredModel: registeredModel ?? model,
    aliases,
    validation,
    monitoring: parsed.monitoring ?? null,
    timeoutMs: timeoutSeconds * 1_000,
  };
}

/** The alias that serves in an environment: `champion` in production, `champion-staging` in staging, unless set. */
export function aliasOf({ aliases }: Pick<MlflowSettings, "aliases">, environment: string): string {
  const set = Object.hasOwn(aliases, environment) ? aliases[environment] : undefined;
  return set ?? (environment === "production" ? "champion" : `champion-${environment}`);
}

/** The alias of the version that served before: `previous` beside `champion`, `previous-staging` beside `champion-staging`. */
export function previousAliasOf(alias: string): string {
  return alias.startsWith("champion") ? alias.replace("champion", "previous") : `previous-${alias}`;
}
