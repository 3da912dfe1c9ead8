/**
 * From `npm ci` in a fresh clone to the first card of `npm run demo`, as a newcomer meets it: a clone in an empty
 * folder, an empty HOME. The packages come from npm's own cache where it has them, so that the registry's speed is left
 * out; without a cache the download comes on top.
 *   node --import tsx test/bench/first-card.ts
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../e2e/process.ts";
import { report } from "./report.ts";

const root = path.resolve(import.meta.dirname, "../..");
const aimSeconds = 60;
const patienceMs = 240_000;

export async function benchFirstCard(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "tocsin-newcomer-"));
  // The embedded server may run under another account, which has to pass through.
  chmodSync(folder, 0o711);
  const clone = path.join(folder, "tocsin");
  const home = path.join(folder, "home");
  mkdirSync(home);
  const cache = output("npm", ["config", "get", "cache"]).trim();
  const env = { ...process.env, HOME: home, npm_config_cache: cache, npm_config_prefer_offline: "true" };
  try {
    output("git", ["clone", "--quiet", "--no-hardlinks", root, clone]);
    const startedAt = performance.now();
    const since = () => (performance.now() - startedAt) / 1000;
    output("npm", ["ci", "--no-audit", "--no-fund"], { cwd: clone, env });
    const installed = since();
    const port = await freePort();
    const demo = startDemo(clone, { ...env, PORT: String(port), HOST: "127.0.0.1" });
    try {
      const url = `http://127.0.0.1:${port}`;
      await until(demo, async () => (await fetch(`${url}/readyz`)).ok);
      const ready = since();
      await until(demo, () => hasCard(url));
      const shown = since();
      const parts = `npm ci ${installed.toFixed(1)} s, build and start ${(ready - installed).toFixed(1)} s, first card ${(shown - ready).toFixed(1)} s after that`;
      const isWarm = existsSync(path.join(cache, "_cacache"));
      report({
        measure: "npm ci to the first card of the demo",
        figure: `${shown.toFixed(1)} s (${parts}; npm's cache ${isWarm ? "warm" : "empty"})`,
        aim: `<= ${aimSeconds} s`,
        isMet: shown <= aimSeconds,
      });
    } finally {
      await end(demo.child);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Demo {
  readonly child: ChildProcess;
  output(): string;
}

function startDemo(cwd: string, env: NodeJS.ProcessEnv): Demo {
  const child = spawn("npm", ["run", "demo"], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let text = "";
  const keep = (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-20_000);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  return { child, output: () => text };
}

/** The bot counts the cards that it has put into the console. */
async function hasCard(url: string): Promise<boolean> {
  const response = await fetch(`${url}/metrics`);
  const text = await response.text();
  return /^tocsin_posts_total\{platform="console",kind="incident",outcome="posted"\} [1-9]/m.test(text);
}

async function until(demo: Demo, is: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await sleep(50)) {
    if (demo.child.exitCode !== null) break;
    if (await is().catch(() => false)) return;
  }
  throw new Error(`first-card: the demo did not get so far:\n${demo.output()}`);
}

/** npm does not pass signals on to what it runs, so the whole group is asked to end. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-child.pid, "SIGTERM");
  await Promise.race([ended, sleep(15_000)]);
  if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, "SIGKILL");
}

function output(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): string {
  const result = spawnSync(command, args, { encoding: "utf8", timeout: patienceMs, ...options });
  if (result.status === 0) return result.stdout;
  throw new Error(
    `first-card: ${command} ${args.join(" ")} failed: ${String(result.error ?? result.stderr)}`,
  );
}

if (process.argv[1] === import.meta.filename) await benchFirstCard();
