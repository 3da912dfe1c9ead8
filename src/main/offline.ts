/** The parts of the bot that commands of the command line use without running it. */
import { createLog } from "../adapters/log.ts";
import { findEmbedded } from "../adapters/store/embedded.ts";
import { type OpenStore, openStore } from "../adapters/store/store.ts";
import { type Config, readConfig } from "../config.ts";
import { type Log, noMetrics, systemClock } from "../ports.ts";
import { type CommandDesk, createCommandDesk } from "./commands.ts";
import { openDatabase } from "./database.ts";
import { loadPlugins, type Plugins } from "./plugins.ts";

export interface Offline {
  readonly config: Config;
  readonly plugins: Plugins;
  readonly store: OpenStore;
  readonly log: Log;
  /** "embedded database, used by the running bot", for doctor. */
  readonly database: string;
  desk(): Promise<CommandDesk>;
}

/**
 * Opens the bot's database beside a running bot, or starts the embedded one for as long as `work` takes.
 * Log lines go nowhere below warnings: the answer is what a person wants to read.
 */
export async function withBot<Result>(work: (offline: Offline) => Promise<Result>): Promise<Result> {
  const config = readConfig();
  const log = createLog({ level: "error", destination: process.stderr });
  const plugins = await loadPlugins(config);
  const running = config.databaseUrl === null ? await findEmbedded(config.dataDir) : null;
  const database =
    running === null
      ? await openDatabase(config, log, () => undefined)
      : { url: running, kind: "embedded", stop: async () => undefined };
  const store = await openStore({ url: database.url, maxConnections: 4 });
  const how =
    database.kind === "server"
      ? "the server of DATABASE_URL"
      : running === null
        ? "embedded, no bot is running on it"
        : "embedded, used by the running bot";
  try {
    return await work({
      config,
      plugins,
      store,
      log,
      database: how,
      desk: () => createCommandDesk({ config, plugins, store, log, metrics: noMetrics, clock: systemClock }),
    });
  } finally {
    await store.close();
    await database.stop();
  }
}
