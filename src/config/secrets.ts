/** Which secrets the configuration reads: their names and what uses them, for the audit log. Never a value. */

export interface SecretRead {
  /** Name of the environment variable. */
  readonly name: string;
  /** "slack", or a key of tocsin.yaml: "sources.github.hmac". */
  readonly by: string;
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

/** @param file - the values of tocsin.yaml; every text "env:NAME" in it names a secret. */
export function secretsRead(
  file: unknown,
  env: Readonly<Record<string, string | undefined>>,
): readonly SecretRead[] {
  const own = Object.entries(fixed).filter(([name]) => (env[name] ?? "") !== "");
  return [...own.map(([name, by]) => ({ name, by })), ...namedIn(file, [])];
}

function namedIn(value: unknown, path: readonly string[]): readonly SecretRead[] {
  if (typeof value === "string") {
    const name = /^env:([A-Z][A-Z0-9_]*)$/.exec(value)?.[1];
    return name === undefined ? [] : [{ name, by: path.join(".") }];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => namedIn(member, [...path, key]));
}
