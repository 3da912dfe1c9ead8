/** Secrets that are kept in files: NAME_FILE names the file whose text is NAME, as Docker and Kubernetes mount them. */
import { readFileSync, statSync } from "node:fs";
import { ConfigError } from "./error.ts";
import type { Environment } from "./shape.ts";

/** Keys and service accounts are a few KiB; what is larger is the wrong file. */
const largestBytes = 65_536;

/** The variable that names the file of a secret. */
export function fileVariable(name: string): string {
  return `${name}_FILE`;
}

export interface FilledEnvironment {
  /** The environment, with the texts of the files as the values of their variables. */
  readonly env: Environment;
  /** Name of the secret to the path of its file. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Reads the secrets that are in files.
 * @param names - of the secrets; no other variable that ends in _FILE is looked at.
 * @throws ConfigError when one is given twice, or its file cannot be used.
 */
export function readSecretFiles(env: Environment, names: readonly string[]): FilledEnvironment {
  const values: Record<string, string> = {};
  const files: Record<string, string> = {};
  for (const name of new Set(names)) {
    const path = env[fileVariable(name)] ?? "";
    if (path === "") continue;
    if ((env[name] ?? "") !== "")
      throw new ConfigError(`${name} and ${fileVariable(name)} are both set; unset one of them`);
    files[name] = path;
    values[name] = readSecretFile(name, path);
  }
  return { env: { ...env, ...values }, files };
}

/**
 * The text of a secret's file, without the newline at its end.
 * @throws ConfigError naming the path and the remedy, never what is in the file.
 */
export function readSecretFile(name: string, path: string): string {
  const text = textOf(read(name, path), name, path).replace(/\r?\n$/, "");
  if (text !== "") return text;
  throw wrong(name, path, "is empty", "write the secret into it");
}

function read(name: string, path: string): Uint8Array {
  try {
    const found = statSync(path);
    // A pipe would be waited on for ever.
    if (!found.isFile()) throw wrong(name, path, "is not a file", "name the file that holds the secret");
    if (found.size > largestBytes)
      throw wrong(
        name,
        path,
        `has ${found.size} bytes, and a secret at most ${largestBytes}`,
        "correct the path",
      );
    return readFileSync(path);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    if (code === "ENOENT")
      throw wrong(name, path, "does not exist", `put the secret there, or unset ${fileVariable(name)}`);
    throw wrong(name, path, `cannot be read (${code})`, "let the user that the bot runs as read it");
  }
}

function textOf(bytes: Uint8Array, name: string, path: string): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch {
    // Said below, with what is wrong in words that a person can use.
  }
  throw wrong(name, path, "is not text (UTF-8)", "write the secret into it as text");
}

function wrong(name: string, path: string, problem: string, remedy: string): ConfigError {
  return new ConfigError(`${fileVariable(name)} names "${path}", which ${problem}; ${remedy}`);
}
