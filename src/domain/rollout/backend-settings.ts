/** What the settings of model backends have in common: who is named in a problem, and secrets that stay outside. */
import { z } from "zod";

/** "env:NAME", in settings that hold a secret. */
export const secretReference = z
  .string()
  .regex(
    /^env:[A-Za-z_][A-Za-z0-9_]*$/,
    'must be "env:NAME": the secret itself belongs into the environment, not into the file',
  );

export const httpAddress = z.url({
  protocol: /^https?$/,
  error: "must be the address of the server, http:// or https://",
});

/**
 * Reads `models.<model>.settings`.
 * @throws Error naming the model, the setting and what is expected.
 */
export function parseBackendSettings<Schema extends z.ZodType>(
  schema: Schema,
  model: string,
  settings: unknown,
): z.infer<Schema> {
  const parsed = schema.safeParse(settings ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`${settingName(model, issue?.path ?? [])}: ${issue?.message ?? "invalid"}`);
}

/**
 * What a backend made of the settings of each of its models.
 * @param backend - its name, for messages.
 * @param setting - the one that a model cannot do without: "url".
 * @returns finds a model's; throws for one without settings, naming what to add.
 */
export function placesOf<Place>(
  { backend, setting }: { readonly backend: string; readonly setting: string },
  settings: ReadonlyMap<string, unknown>,
  make: (model: string, given: unknown) => Place,
): { readonly all: ReadonlyMap<string, Place>; readonly of: (model: string) => Place } {
  const all = new Map([...settings].map(([model, given]) => [model, make(model, given)]));
  const of = (model: string) => {
    const found = all.get(model);
    if (found === undefined)
      throw new Error(`${backend}: ${model} has no settings; add ${settingName(model, [setting])}`);
    return found;
  };
  return { all, of };
}

/** "models.ranker.settings.token". */
export function settingName(model: string, path: readonly PropertyKey[]): string {
  return ["models", model, "settings", ...path].map(String).join(".");
}

/**
 * The value that "env:NAME" names.
 * @throws Error naming the variable, when it is not set.
 */
export function secretOf(
  reference: string,
  environment: Readonly<Record<string, string>>,
  setting: string,
): string {
  const variable = reference.slice("env:".length);
  const value = environment[variable];
  if (value === undefined || value === "")
    throw new Error(`${setting}: the environment variable ${variable} is not set; set it, or name another`);
  return value;
}

/** The value of an Authorization header. @throws Error for a token that would end the header, or be another one than is meant. */
export function bearer(token: string, setting: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`;
  throw new Error(`${setting}: the token holds spaces or characters that a header cannot carry`);
}

/**
 * The address, ending in a slash, without query and fragment.
 * @param instead - where credentials belong: 'token: "env:NAME"'.
 * @throws Error for one that holds a user or password.
 */
export function bareAddress(given: string, setting: string, instead: string): string {
  const url = new URL(given);
  if (url.username !== "" || url.password !== "")
    throw new Error(`${setting}: holds a user or password; use ${instead}`);
  url.search = "";
  url.hash = "";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url.href;
}
