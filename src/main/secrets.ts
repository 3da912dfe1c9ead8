/** Secrets that may change while the bot runs: those that are in files. */
import { setTimeout as sleep } from "node:timers/promises";
import { recordSecret } from "../app/record-secret.ts";
import { createRenewableSecret } from "../app/renew-secret.ts";
import { readSecretFile } from "../config/secret-file.ts";
import { tokenProblem } from "../config/secrets.ts";
import { type Config, ConfigError } from "../config.ts";
import { type Clock, type Finding, fixedSecret, type Log, type Secret, type Store } from "../ports.ts";

export interface SecretParts {
  readonly config: Pick<Config, "secretsRead">;
  readonly store: Pick<Store, "transaction">;
  readonly clock: Clock;
  readonly log: Log;
  /** Injected so that tests need no real time. */
  readonly sleep?: (ms: number) => Promise<unknown>;
}

/** Nobody waits for a secret at the end of the process. */
const patiently = (ms: number) => sleep(ms, undefined, { ref: false });

/** A password of the database that was taken into use is an audit entry, as every other secret is. */
export async function recordPassword(parts: Omit<SecretParts, "config">): Promise<void> {
  const taken = { name: "DATABASE_URL", by: "the database", why: "for new connections" };
  await recordSecret(taken, { sleep: patiently, ...parts });
}

/** The secret of that name with the value that it had at the start; read again when refused where it is in a file. */
export function openSecret(name: string, value: string, { config, ...parts }: SecretParts): Secret {
  const read = config.secretsRead.find((secret) => secret.name === name);
  const file = read?.file ?? null;
  if (read === undefined || file === null) return fixedSecret(name, value);
  return createRenewableSecret({
    sleep: patiently,
    ...parts,
    name,
    by: read.by,
    value,
    read: () => readToken(name, file),
  });
}

function readToken(name: string, file: string): string {
  const value = readSecretFile(name, file);
  const problem = tokenProblem(name, value);
  if (problem !== null) throw new ConfigError(`${file}: ${problem}`);
  return value;
}

/** Which secrets are in files, for `doctor`; nothing where none is. */
export function secretFindings({ secretsRead }: Pick<Config, "secretsRead">): readonly Finding[] {
  const inFiles = secretsRead.filter(({ file }) => file !== null);
  if (inFiles.length === 0) return [];
  const text = [...new Set(inFiles.map(({ name, file }) => `${name} from ${file}`))].join(", ");
  return [{ status: "ok", subject: "secrets", text }];
}
