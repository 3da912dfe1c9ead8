/** Settings of the backend `mlflow`. Secrets are named by variable ("env:NAME"), never written into the file. */
import { z } from "zod";

const variable = z
  .string()
  .regex(
    /^env:[A-Za-z_][A-Za-z0-9_]*$/,
    'must be "env:NAME": the secret itself belongs into the environment, not into the file',
  );
/** What MLflow takes as an alias: no "latest", no "v3", which it reads as versions. */
const alias = z
  .string()
  .regex(
    /^(?!v\d+$|latest$)[A-Za-z0-9_-]{1,100}$/i,
    "must be letters, digits, - and _, and not latest or v1",
  );

export const mlflowSettingsSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: "must be the address of the server, http:// or https://" }),
  token: variable.optional().describe("sent as Authorization: Bearer"),
  basic: z.strictObject({ user: z.string().min(1).max(200), password: variable }).optional(),
  registeredModel: z
    .string()
    .regex(/^[^/:'"`]{1,256}$/, "must be a name that MLflow takes, without / : and quotes")
    .optional()
    .describe("its name in MLflow; the model's when left out"),
  aliases: z.record(z.string(), alias).default({}).describe("environment to the alias that serves there"),
  validation: z
    .strictObject({
      tag: z.string().min(1).max(250).default("validation_status"),
      value: z.string().min(1).max(200).default("approved"),
      required: z.boolean().default(false),
    })
    .prefault({}),
  timeoutSeconds: z.number().int().min(1).max(60).default(10),
});

export interface MlflowSettings {
  /** Ends in a slash; without user, password, query and fragment. */
  readonly url: string;
  /** Value of the header Authorization, or null. */
  readonly authorization: string | null;
  readonly registeredModel: string;
  readonly aliases: Readonly<Record<string, string>>;
  readonly validation: { readonly tag: string; readonly value: string; readonly required: boolean };
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
  const parsed = mlflowSettingsSchema.safeParse(settings ?? {});
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Error(`${settingName(model, issue?.path ?? [])}: ${issue?.message ?? "invalid"}`);
  }
  const { url, token, basic, registeredModel, aliases, validation, timeoutSeconds } = parsed.data;
  if (token !== undefined && basic !== undefined)
    throw new Error(`${settingName(model, [])}: takes token or basic, not both`);
  const read = (name: string, place: readonly string[]) =>
    secretOf(name, environment, settingName(model, place));
  return {
    url: bareUrl(url, settingName(model, ["url"])),
    authorization:
      token !== undefined
        ? bearer(read(token, ["token"]), settingName(model, ["token"]))
        : basic !== undefined
          ? `Basic ${Buffer.from(`${basic.user}:${read(basic.password, ["basic", "password"])}`).toString("base64")}`
          : null,
    registeredModel: registeredModel ?? model,
    aliases,
    validation,
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

function settingName(model: string, path: readonly PropertyKey[]): string {
  return ["models", model, "settings", ...path].map(String).join(".");
}

function secretOf(name: string, environment: Readonly<Record<string, string>>, place: string): string {
  const variableName = name.slice("env:".length);
  const value = environment[variableName];
  if (value === undefined || value === "")
    throw new Error(`${place}: the environment variable ${variableName} is not set; set it, or name another`);
  return value;
}

/** @throws Error for a token that would end the header, or be another one than is meant. */
function bearer(token: string, place: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`;
  throw new Error(`${place}: the token holds spaces or characters that a header cannot carry`);
}

function bareUrl(given: string, place: string): string {
  const url = new URL(given);
  if (url.username !== "" || url.password !== "")
    throw new Error(`${place}: holds a user or password; use basic: { user, password: "env:NAME" }`);
  url.search = "";
  url.hash = "";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url.href;
}
