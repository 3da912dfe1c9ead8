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
  readonly databaseKind: "embedded" | "server";
  /** "embedded database, used by the running bot", for doctor. */
  readonly database: string;
  desk(): Promise<CommandDesk>;
}

/**
 * Opens the bot's database beside a running bot, or starts the embedded one for as long as `work` takes.
 * @param role - "owner" works under the role that owns the tables, where MIGRATION_DATABASE_URL names one.
 * Log lines go nowhere below warnings: the answer is what a person wants to read.
 */
export async function withBot<Result>(
  work: (offline: Offline) => Promise<Result>,
  role: "bot" | "owner" = "bot",
): Promise<Result> {
  const config = readConfig();
  const log = createLog({ level: "error", destination: process.stderr });
  const plugins = await loadPlugins(config);
  const running = config.databaseUrl === null ? await findEmbedded(config.dataDir) : null;
  const database =
    running === null
      ? await openDatabase(config, log, () => undefined)
      : { url: running, kind: "embedded", stop: async () => undefined };
  const url = role === "owner" ? (config.migrationUrl ?? database.url) : database.url;
  const store = await openStore({ url, maxConnections: 4 });
  const how =
    database.kind === "server"
      ? "the server of DATABASE_URL"
      : running === null
        ? "embedded, no bot is running on it"
        : "embedded, used by the running bot";
  const desks: CommandDesk[] = [];
  const desk = async () => {
    const made = await createCommandDesk({
      config,
      plugins,
      store,
      log,
      metrics: noMetrics,
      clock: systemClock,
    });
    desks.push(made);
    return made;
  };
  try {
    return await work({
      config,
      plugins,
      store,
      log,
      databaseKind: database.kind === "server" ? "server" : "embedded",
      database: how,
      desk,
    });
  } finally {
    for (const made of desks) await made.stop();
    await store.close();
    await database.stop();
  }
}
