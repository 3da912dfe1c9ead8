import { EmbeddedUnavailableError, startEmbedded } from "../adapters/store/embedded.ts";
import { migrate } from "../adapters/store/migrate.ts";
import type { Config } from "../config.ts";
import type { Log } from "../ports.ts";

export interface Database {
  readonly url: string;
  readonly kind: "embedded" | "server";
  stop(): Promise<void>;
}

/**
 * Opens the database that the configuration names, or the embedded one, and brings its schema up to date.
 * @param onLost - called when the embedded server is gone for good.
 */
export async function openDatabase(
  config: Pick<Config, "databaseUrl" | "dataDir">,
  log: Log,
  onLost: (error: Error) => void,
): Promise<Database> {
  if (config.databaseUrl !== null) {
    await reach(config.databaseUrl);
    return { url: config.databaseUrl, kind: "server", stop: async () => undefined };
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

async function reach(url: string): Promise<void> {
  try {
    await migrate(url);
  } catch (cause) {
    const { hostname, port, pathname } = new URL(url);
    throw new Error(
      `DATABASE_URL: the database at ${hostname}:${port || "5432"}${pathname} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

export { EmbeddedUnavailableError };
