/** The key that signs checkpoints: from the environment, or made once in the data folder. */
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Config } from "../config.ts";
import { type CheckpointSigner, readSigner } from "../domain/audit/checkpoint.ts";

/** In the data folder. */
const keyFile = "audit.key";

/** @param installationId - names the log where tocsin.yaml does not. */
export function auditOrigin(config: Pick<Config, "audit">, installationId: string): string {
  return config.audit.origin ?? `tocsin/${installationId}`;
}

/** @throws Error naming the variable or the file when it holds no Ed25519 key in PEM. */
export function openSigner(config: Pick<Config, "audit" | "dataDir">, origin: string): CheckpointSigner {
  const file = path.join(config.dataDir, keyFile);
  const where = config.audit.keyPem === null ? file : "audit.key in tocsin.yaml";
  try {
    return readSigner(origin, config.audit.keyPem ?? readOrMake(file));
  } catch (cause) {
    throw new Error(
      `${where}: ${cause instanceof Error ? cause.message : String(cause)}; make one with: openssl genpkey -algorithm ed25519`,
      { cause },
    );
  }
}

function readOrMake(file: string): string {
  const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });
  mkdirSync(path.dirname(file), { recursive: true });
  try {
    writeFileSync(file, pem, { mode: 0o600, flag: "wx" });
  } catch (error) {
    const isThere = error instanceof Error && "code" in error && error.code === "EEXIST";
    if (!isThere) throw error;
  }
  return readFileSync(file, "utf8");
}
