/** Which secrets the configuration reads: their names, where they are and what uses them. Never a value. */

export interface SecretRead {
  /** Name of the environment variable. */
  readonly name: string;
  /** "slack", or a key of tocsin.yaml: "sources.github.hmac". */
  readonly by: string;
  /** Path of the file that holds it; null when the variable itself does. */
  readonly file: string | null;
}

const fixed: Readonly<Record<string, string>> = {
  DATABASE_URL: "the database",
  MIGRATION_DATABASE_URL: "the database",
  SLACK_BOT_TOKEN: "slack",
  SLACK_APP_TOKEN: "slack",
  SLACK_SIGNING_SECRET: "slack",
  DISCORD_TOKEN: "discord",
  OPENAI_API_KEY: "the explainer",
};

/** How tokens that are easily mistaken for one another begin, and what they are called. */
const beginnings: Readonly<Record<string, { readonly text: string; readonly is: string }>> = {
  SLACK_BOT_TOKEN: { text: "xoxb-", is: "a bot token" },
  SLACK_APP_TOKEN: { text: "xapp-", is: "an app-level token" },
};

/**
 * Names of all secrets that there may be.
 * @param file - the values of tocsin.yaml; every text "env:NAME" in it names a secret.
 */
export function secretNames(file: unknown): readonly string[] {
  return [...Object.keys(fixed), ...namedIn(file, []).map(({ name }) => name)];
}

/**
 * @param file - as for {@link secretNames}.
 * @param files - name to path, of those that are in files.
 */
export function secretsRead(
  file: unknown,
  env: Readonly<Record<string, string | undefined>>,
  files: Readonly<Record<string, string>>,
): readonly SecretRead[] {
  const own = Object.entries(fixed)
    .filter(([name]) => (env[name] ?? "") !== "")
    .map(([name, by]) => ({ name, by }));
  return [...own, ...namedIn(file, [])].map((secret) => ({ ...secret, file: files[secret.name] ?? null }));
}

/** Why a value cannot be the secret of that name, showing no more than how it begins; null when it may be. */
export function tokenProblem(name: string, value: string): string | null {
  const expected = beginnings[name];
  if (expected === undefined || value.startsWith(expected.text)) return null;
  return `${name} starts with "${value.slice(0, 5)}"; expected ${expected.is} starting "${expected.text}"`;
}

function namedIn(value: unknown, path: readonly string[]): readonly Omit<SecretRead, "file">[] {
  if (typeof value === "string") {
    const name = /^env:([A-Z][A-Z0-9_]*)$/.exec(value)?.[1];
    return name === undefined ? [] : [{ name, by: path.join(".") }];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => namedIn(member, [...path, key]));
}
