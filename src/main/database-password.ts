/**
 * The password of the database where DATABASE_URL is in a file: read for each new connection. Those that are open go on,
 * and the client renews each within the hour, so that a password that was changed is needed soon.
 */
import { readSecretFile } from "../config/secret-file.ts";
import type { Config } from "../config.ts";
import type { Log } from "../ports.ts";

export interface DatabasePassword {
  /** As the file has it now, or as it was last where it cannot be used. Never throws. */
  current(): string;
  /** Called once for each other one that is taken into use; one listener. */
  onChange(listener: () => void): void;
}

interface Address {
  /** All that identifies server, role and database. */
  readonly place: string;
  readonly password: string;
}

const name = "DATABASE_URL";

/** Null where the address is not in a file, or has no password. */
export function followPassword(
  url: string,
  { secretsRead }: Pick<Config, "secretsRead">,
  log: Log,
): DatabasePassword | null {
  const file = secretsRead.find((secret) => secret.name === name)?.file ?? null;
  const start = addressOf(url);
  if (file === null || start === null) return null;
  let { password } = start;
  let tell: () => void = () => undefined;

  return {
    current() {
      try {
        const found = read(file, start);
        if (found === password) return password;
        password = found;
        log.info({ secret: name }, "secrets: the file has another password, which new connections use now");
        tell();
      } catch (error) {
        const problem = error instanceof Error ? error.message : String(error);
        log.warn({ secret: name, problem }, "secrets: the password in use stays, since no other can be read");
      }
      return password;
    },
    onChange(listener) {
      tell = listener;
    },
  };
}

/** @throws Error naming the file and what is wrong with it, never what is in it. */
function read(file: string, start: Address): string {
  const found = addressOf(readSecretFile(name, file));
  if (found === null) throw new Error(`${file} holds no postgres:// address with a password`);
  if (found.place !== start.place)
    throw new Error(`${file} names another server, database or role; start the bot again to go there`);
  return found.password;
}

/** Null when it is none, or has no password that can be used. */
function addressOf(text: string): Address | null {
  try {
    const { protocol, username, host, pathname, password } = new URL(text);
    if (password === "") return null;
    return { place: [protocol, username, host, pathname].join(" "), password: decodeURIComponent(password) };
  } catch {
    // A "%" that stands for itself, for example.
    return null;
  }
}
