/** The built bot as a child process, as an operator runs it. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { stringify } from "yaml";
import { eventually, freePort, type Running, run } from "./process.ts";

const cli = path.resolve(import.meta.dirname, "../../dist/src/cli.js");

export interface BotSetup {
  /** tocsin.yaml as an object. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

export interface BotUnderTest {
  readonly url: string;
  readonly folder: string;
  /** Starts it; resolves when it is ready. */
  start(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGTERM; the exit code. */
  stop(): Promise<number | null>;
  isRunning(): boolean;
  /** Runs another command of the command line beside it. */
  cli(...args: string[]): Promise<{ readonly code: number | null; readonly output: string }>;
  /** The same with an output that nobody reads, as after `| head`. */
  cliUnread(...args: string[]): Promise<{ readonly code: number | null; readonly output: string }>;
  output(): string;
  /** Stops what runs and removes the folder. */
  dispose(): Promise<void>;
}

/** A bot with a data folder and a port of its own; not started yet. The database is embedded unless env says otherwise. */
export async function createBot(setup: BotSetup): Promise<BotUnderTest> {
  const folder = mkdtempSync(path.join(tmpdir(), "tocsin-e2e-"));
  // The embedded server may run under another account, which has to pass through.
  chmodSync(folder, 0o711);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const file = path.join(folder, "tocsin.yaml");
  writeFileSync(file, stringify(setup.config));
  const env = {
    TOCSIN_CONFIG: file,
    TOCSIN_DATA_DIR: path.join(folder, "data"),
    PORT: String(port),
    HOST: "127.0.0.1",
    LOG_LEVEL: "info",
    DATABASE_URL: "",
    SLACK_BOT_TOKEN: "",
    SLACK_APP_TOKEN: "",
    DISCORD_TOKEN: "",
    OPENAI_API_KEY: "",
    OPENAI_BASE_URL: "",
    ...setup.env,
  };
  let running: Running | null = null;
  let output = "";

  async function end(how: "kill" | "stop"): Promise<number | null> {
    const ended = running;
    running = null;
    if (ended === null) return null;
    const code = how === "kill" ? await ended.kill().then(() => null) : await ended.stop();
    output += ended.output();
    return code;
  }

  return {
    url,
    folder,
    async start() {
      const started = run(process.execPath, [cli, "start"], { env, cwd: folder });
      running = started;
      const exit = started.exited.then((code) =>
        Promise.reject(new Error(`the bot exited with ${code}:\n${started.output()}`)),
      );
      exit.catch(() => undefined);
      await Promise.race([
        eventually("the bot is ready", 60_000, async () => ((await fetch(`${url}/readyz`)).ok ? true : null)),
        exit,
      ]);
    },
    kill: async () => void (await end("kill")),
    stop: () => end("stop"),
    isRunning: () => running !== null,
    async cli(...args) {
      const other = run(process.execPath, [cli, ...args], { env, cwd: folder });
      const code = await other.exited;
      return { code, output: other.output() };
    },
    async cliUnread(...args) {
      const other = run(process.execPath, [cli, ...args], { env, cwd: folder });
      other.child.stdout?.destroy();
      const code = await other.exited;
      return { code, output: other.output() };
    },
    output: () => output + (running?.output() ?? ""),
    async dispose() {
      await end("stop");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
