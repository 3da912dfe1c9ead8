/** `tocsin demo`: the real bot on a throw-away database, a model rollout, and the storm that follows it. */
import { randomUUID } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { type Config, readDemoConfig } from "../config.ts";
import type { Rollout } from "../domain/rollout.ts";
import { type Bot, startBot } from "../main.ts";
import { alertDelivery, changesDelivery, type StoryAlert, story } from "./demo-story.ts";
import { packageRoot } from "./package.ts";
import { runUntilStopped } from "./signals.ts";

/** Runs until it is stopped; everything it wrote goes with it. */
export async function demo(options: { readonly storm: boolean }): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "tocsin-demo-"));
  // The embedded server may run under another account, which has to pass through.
  chmodSync(folder, 0o711);
  const stopping = new AbortController();
  const begin = async (onFatal: (error: Error) => void) => {
    const config = await withFreePort(readDemoConfig(writeConfig(folder), path.join(folder, "data")));
    const bot = await startBot(config, { onFatal });
    const stop = async () => {
      stopping.abort();
      await bot.stop();
      rmSync(folder, { recursive: true, force: true });
    };
    return { bot, stop };
  };
  await runUntilStopped(begin, ({ bot }) => {
    say(`\nTocsin is at ${bot.url}\n`);
    if (options.storm)
      void play(bot).catch((error: unknown) => {
        // What waits for the rollback when the demo ends has nothing to say.
        if (!stopping.signal.aborted) say(`the storm broke off: ${String(error)}`);
      });
  });
}

function say(text: string): void {
  console.log(text);
}

/** The configuration that the demo runs with, written where people can read it. */
function writeConfig(folder: string): string {
  const server = [
    process.execPath,
    path.join(packageRoot, "assets/demo/recommender.mjs"),
    path.join(folder, "recommender.json"),
  ];
  const file = path.join(folder, "tocsin.yaml");
  writeFileSync(
    file,
    stringify({
      people: {
        oncall: { name: "On call", roles: ["sre"] },
        "ml-engineer": { name: "ML engineer", roles: ["ml-engineer"] },
        "sre-lead": { name: "SRE lead", roles: ["sre", "approver"] },
      },
      models: {
        recommender: {
          backend: "exec",
          environments: ["production"],
          owners: ["ml"],
          services: ["recommender-api"],
          settings: {
            live: [...server, "live"],
            versions: [...server, "versions"],
            deploy: [...server, "deploy", "{version}"],
            retrain: [...server, "retrain"],
          },
        },
      },
    }),
  );
  return file;
}

/** The configured port, or any other when something else has it. */
async function withFreePort(config: Config): Promise<Config> {
  const isFree = await new Promise<boolean>((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(config.port, config.host, () => probe.close(() => resolve(true)));
  });
  if (isFree) return config;
  say(`port ${config.port} is taken; using another`);
  return { ...config, port: 0 };
}

async function play(bot: Bot): Promise<void> {
  await send(bot, "topology", story.topology);
  await send(bot, "changes", changesDelivery(new Date()));
  const noiseSince = new Date(Date.now() - story.noise.minutesAgo * 60_000);
  await send(bot, "alertmanager", alertDelivery(story.noise, { startsAt: noiseSince, endsAt: null }));
  say("ml-engineer deploys recommender v42, sre-lead approves ...");
  await command(bot, "ml-engineer", 'deploy recommender v42 --reason "weekly training"');
  const deployed = await rollout(bot, "deploy", "pending");
  await command(bot, "sre-lead", `approve ${deployed.id}`);
  await rollout(bot, "deploy", "succeeded");
  say("v42 serves. A storm begins:");
  const fired = await storm(bot);
  say(`
One incident holds the storm, with the rollout as its first suspect. In the browser:
  1. press "Roll back recommender" on its card (you are On call)
  2. a rollback needs a second person: choose "SRE lead" under "You are" and press Approve
  3. watch the alerts end; then type: audit verify
Ctrl-C ends the demo and removes everything it wrote.`);
  await rollout(bot, "rollback", "succeeded", 24 * 3_600_000);
  say("v41 serves again; the alerts end.");
  await sleep(2_000);
  for (const { alert, startsAt } of fired.filter(({ alert: one }) => one.endsWithRollback)) {
    await send(bot, "alertmanager", alertDelivery(alert, { startsAt, endsAt: new Date() }));
  }
}

async function storm(bot: Bot): Promise<{ alert: StoryAlert; startsAt: Date }[]> {
  const begin = Date.now();
  const fired: { alert: StoryAlert; startsAt: Date }[] = [];
  for (const alert of story.alerts) {
    await sleep(Math.max(0, begin + alert.at * 1000 - Date.now()));
    const startsAt = new Date();
    await send(bot, "alertmanager", alertDelivery(alert, { startsAt, endsAt: null }));
    fired.push({ alert, startsAt });
    say(`  ${alert.severity.padEnd(8)} ${alert.name} on ${alert.service}: ${alert.summary}`);
  }
  return fired;
}

async function send(bot: Bot, source: string, body: unknown): Promise<void> {
  const response = await fetch(new URL(`/webhooks/${source}`, bot.url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(`${source} was answered ${response.status}: ${await response.text()}`);
}

async function command(bot: Bot, person: string, line: string): Promise<void> {
  const [name = "", ...words] = line.split(" ");
  await bot.submit({
    key: `demo-${randomUUID()}`,
    account: { platform: "console", id: person, name: person },
    channel: { platform: "console", id: "rollouts" },
    command: name,
    input: { kind: "text", text: words.join(" ") },
    receivedAt: new Date(),
    reply: {},
  });
}

/** Waits for the newest rollout of a kind to come into a state. */
async function rollout(bot: Bot, kind: string, state: Rollout["state"], withinMs = 60_000): Promise<Rollout> {
  for (const until = Date.now() + withinMs; Date.now() < until; await sleep(500)) {
    const [newest] = (await bot.store.rollouts.list({ model: "recommender", limit: 20 })).filter(
      (one) => one.plan.kind === kind,
    );
    if (newest?.state === state) return newest;
  }
  throw new Error(`the ${kind} did not become ${state} within ${withinMs / 1000} s`);
}
