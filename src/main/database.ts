import { EmbeddedUnavailableError, startEmbedded } from "../adapters/store/embedded.ts";
import { migrate } from "../adapters/store/migrate.ts";
import { grantRights } from "../adapters/store/rights.ts";
import type { Config } from "../config.ts";
import type { Log } from "../ports.ts";
import { type DatabasePassword, followPassword } from "./database-password.ts";

export interface Database {
  readonly url: string;
  /** Where it may change while the bot runs; the one of the URL otherwise. */
  readonly password?: DatabasePassword;
  readonly kind: "embedded" | "server";
  stop(): Promise<void>;
}

/**
 * Opens the database that the configuration names, or the embedded one, and brings its schema up to date.
 * @param onLost - called when the embedded server is gone for good.
 */
export async function openDatabase(
  config: Pick<Config, "databaseUrl" | "migrationUrl" | "dataDir" | "secretsRead">,
  log: Log,
  onLost: (error: Error) => void,
): Promise<Database> {
  if (config.databaseUrl !== null) {
    await reach(config.databaseUrl, config.migrationUrl);
    const password = followPassword(config.databaseUrl, config, log);
    return {
      url: config.databaseUrl,
      ...(password === null ? {} : { password }),
      kind: "server",
      stop: async () => undefined,
    };
  }
  const server = await startEmbedded({ dataDir: config.dataDir, log, onLost });
  try {
    await migrate(server.url);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { url: server.url, kind: "embedded", stop: () => server.stop() };
}

/** Where another role owns the tables, it migrates them and gives the bot's what it needs. */
async function reach(url: string, ownerUrl: string | null): Promise<void> {
  try {
    await migrate(ownerUrl ?? url);
    if (ownerUrl !== null) await grantRights(ownerUrl, decodeURIComponent(new URL(url).username));
  } catch (cause) {
    const { hostname, port, pathname } = new URL(ownerUrl ?? url);
    throw new Error(
      `${ownerUrl === null ? "DATABASE_URL" : "MIGRATION_DATABASE_URL"}: the database at ${hostname}:${port || "5432"}${pathname} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

export { EmbeddedUnavailableError };
