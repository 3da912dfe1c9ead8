/** Settings of the backend `exec`: argument arrays with placeholders, never a shell line. */
import { z } from "zod";
import { canonicalJson } from "../../../domain/audit.ts";
import type { RetrainManifest } from "../../../domain/rollout/retrain-manifest.ts";

const placeholders = [
  ...(["model", "version", "from", "environment", "operationId"] as const),
  // Of a retrain's manifest; parameters are one argument, a JSON object of texts.
  ...([
    "manifest.commit",
    "manifest.data",
    "manifest.seed",
    "manifest.image",
    "manifest.parameters",
  ] as const),
] as const;
export type Placeholder = (typeof placeholders)[number];

const argument = z
  .string()
  .max(1_000)
  .refine((text) => unknownPlaceholder(text) === null, {
    error: (issue) =>
      `holds {${unknownPlaceholder(String(issue.input)) ?? ""}}; expected one of ${placeholders.map((name) => `{${name}}`).join(", ")}`,
  });
const commandLine = z
  .array(argument)
  .min(1)
  .max(100)
  .refine(([program = ""]) => !program.includes("{"), {
    error: "the program itself must not be a placeholder",
  });

export const execSettingsSchema = z.strictObject({
  deploy: commandLine.describe("makes {version} serve; exit code 0 is success"),
  rollback: commandLine.optional().describe("the same for going back; the deploy command when left out"),
  retrain: commandLine
    .optional()
    .describe('makes a new version; may end with a JSON line {"version", "metrics"}'),
  live: commandLine.describe("prints the version that serves in {environment}, or nothing"),
  versions: commandLine.describe("prints a JSON array of versions, or one version per line, newest first"),
  cancel: commandLine
    .optional()
    .describe("asks {operationId} to stop; without it the command is sent SIGTERM"),
  find: commandLine
    .optional()
    .describe("prints absent, running, succeeded or failed for {operationId}; makes crashes recoverable"),
  timeoutSeconds: z.number().int().min(1).max(86_400).default(3_600),
  queryTimeoutSeconds: z.number().int().min(1).max(60).default(20),
  env: z
    .array(z.string().max(200))
    .max(100)
    .default([])
    .describe("environment variables the commands are given"),
  cwd: z.string().max(1_000).optional(),
});
export type ExecSettings = z.infer<typeof execSettingsSchema>;

/** Always passed on: programs are not found, and time and language are wrong, without them. */
const alwaysPassed = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER", "SHELL"];

/** @throws Error naming the model, the setting and what is expected. */
export function parseExecSettings(model: string, settings: unknown): ExecSettings {
  const parsed = execSettingsSchema.safeParse(settings);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = ["models", model, "settings", ...(issue?.path ?? [])].map(String).join(".");
  throw new Error(`${where}: ${issue?.message ?? "invalid"}`);
}

/** Holds a retrain's whole manifest as JSON, for its command. */
export const manifestVariable = "TOCSIN_MANIFEST";

/** Holds the fence of the lock on the target, for every command of a rollout. */
export const fenceVariable = "TOCSIN_FENCE";

/** Values of the placeholders of a manifest. */
export function manifestValues(
  manifest: RetrainManifest | null,
): Readonly<Partial<Record<Placeholder, string>>> {
  if (manifest === null) return {};
  const { commit, data, seed, image, parameters } = manifest;
  const given: readonly (readonly [Placeholder, string | null])[] = [
    ["manifest.commit", commit],
    ["manifest.data", data],
    ["manifest.seed", seed === null ? null : String(seed)],
    ["manifest.image", image],
    ["manifest.parameters", canonicalJson(parameters)],
  ];
  return Object.fromEntries(given.flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}

/** What a command's environment holds: the allow-list, and nothing else of the bot's. */
export function environmentOf(
  settings: Pick<ExecSettings, "env">,
  environment: Readonly<Record<string, string>>,
): Record<string, string> {
  const names = [...alwaysPassed, ...settings.env];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = environment[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

export type Filled =
  | { readonly kind: "argv"; readonly argv: readonly string[] }
  | { readonly kind: "missing"; readonly placeholder: Placeholder };

/** Puts values into an argument array. Each argument stays one argument whatever its value holds. */
export function fill(
  line: readonly string[],
  values: Readonly<Partial<Record<Placeholder, string | null>>>,
): Filled {
  for (const text of line) {
    const missing = namesIn(text).find((name) => known(values, name) === null);
    if (missing !== undefined) return { kind: "missing", placeholder: missing };
  }
  const argv = line.map((text) =>
    text.replace(/\{([\w.]+)\}/g, (whole, name: string) => {
      const placeholder = placeholders.find((candidate) => candidate === name);
      return placeholder === undefined ? whole : (known(values, placeholder) ?? "");
    }),
  );
  return { kind: "argv", argv };
}

/** The value for a placeholder, or null when there is none. */
function known(
  values: Readonly<Partial<Record<Placeholder, string | null>>>,
  name: Placeholder,
): string | null {
  return values[name] ?? null;
}

function namesIn(text: string): Placeholder[] {
  return [...text.matchAll(/\{([\w.]+)\}/g)].flatMap((match) => {
    const placeholder = placeholders.find((candidate) => candidate === match[1]);
    return placeholder === undefined ? [] : [placeholder];
  });
}

function unknownPlaceholder(text: string): string | null {
  const match = [...text.matchAll(/\{([\w.]+)\}/g)].find(
    (found) => !placeholders.some((placeholder) => placeholder === found[1]),
  );
  return match?.[1] ?? null;
}
