/** The whole bot in this process, on a database and in a folder of its own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { readConfig } from "../../src/config.ts";
import { type Bot, startBot } from "../../src/main.ts";
import { silentLog } from "../../src/ports.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";

export interface FreshBot {
  readonly bot: Bot;
  readonly database: TestDatabase;
  dispose(): Promise<void>;
}

export async function freshBot(): Promise<FreshBot> {
  const database = await freshDatabase();
  const folder = mkdtempSync(path.join(tmpdir(), "tocsin-main-"));
  const file = path.join(folder, "tocsin.yaml");
  writeFileSync(file, "{}\n");
  const env = { DATABASE_URL: database.url, TOCSIN_CONFIG: file, TOCSIN_DATA_DIR: folder, PORT: "0" };
  const bot = await startBot(readConfig(env), {
    log: silentLog,
    onFatal: (error) => {
      throw error;
    },
  });
  return {
    bot,
    database,
    async dispose() {
      await bot.stop();
      await database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
