/**
 * The whole bot in this process, with a shop in trouble: what there is to look at on the console's pages. Its incident
 * comes in through the webhooks and its rollouts through commands, as everywhere.
 */
import { randomUUID } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import postgres from "postgres";
import { stringify } from "yaml";
import { openStore } from "../../src/adapters/store/store.ts";
import { type Config, readConfig } from "../../src/config.ts";
import { severities } from "../../src/domain/alert.ts";
import type { Incident } from "../../src/domain/incident.ts";
import type { Rollout } from "../../src/domain/rollout.ts";
import { openDatabase } from "../../src/main/database.ts";
import { alertDelivery, changesDelivery, story } from "../../src/main/demo-story.ts";
import { type Bot, startBot } from "../../src/main.ts";
import { silentLog } from "../../src/ports.ts";
import { buildIncident } from "../domain/build.ts";
import { eventually } from "./process.ts";

export interface ShopBot {
  readonly url: string;
  readonly bot: Bot;
  /** Number of the incident that the storm became. */
  readonly incident: number;
  /** A rollback that waits for approval. */
  readonly pending: number;
  close(): Promise<void>;
}

const root = path.resolve(import.meta.dirname, "../..");
/** Incidents of before, so that lists have pages. */
const pastCount = 120;
const services = ["payments", "ledger", "search", "stock"];

/** Starts it and plays the story; takes some seconds. */
export async function startShop(): Promise<ShopBot> {
  const folder = mkdtempSync(path.join(tmpdir(), "tocsin-shop-"));
  // The embedded server may run under another account, which has to pass through.
  chmodSync(folder, 0o711);
  const config = readConfig(environmentOf(folder));
  const onFatal = (error: Error) => {
    throw error;
  };
  await seedPast(config, onFatal);
  const bot = await startBot(config, { log: silentLog, onFatal });
  const close = async () => {
    await bot.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    return { url: bot.url, bot, ...(await play(bot)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function environmentOf(folder: string) {
  const file = path.join(folder, "tocsin.yaml");
  const server = [
    process.execPath,
    path.join(root, "assets/demo/recommender.mjs"),
    path.join(folder, "recommender.json"),
  ];
  const config = {
    people: {
      oncall: { name: "On call", roles: ["sre"], teams: ["shop"] },
      "ml-engineer": { name: "ML engineer", roles: ["ml-engineer"] },
      "sre-lead": { name: "SRE lead", roles: ["sre", "approver", "auditor"] },
    },
    sources: { grafana: { bearer: "env:GRAFANA_TOKEN" } },
    models: {
      recommender: {
        backend: "exec",
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
  };
  writeFileSync(file, stringify(config));
  return {
    PATH: process.env["PATH"],
    TOCSIN_CONFIG: file,
    TOCSIN_DATA_DIR: path.join(folder, "data"),
    GRAFANA_TOKEN: "grafana-token-of-the-test",
    PORT: "0",
  };
}

async function play(bot: Bot): Promise<Pick<ShopBot, "incident" | "pending">> {
  const now = new Date();
  await send(bot, "topology", story.topology);
  await send(bot, "changes", changesDelivery(now));
  await say(bot, "ml-engineer", 'deploy recommender v42 --reason "weekly training"');
  const deployed = await rollout(bot, "deploy", "pending");
  await say(bot, "sre-lead", `approve ${deployed.id}`);
  await rollout(bot, "deploy", "succeeded");
  for (const alert of story.alerts)
    await send(bot, "alertmanager", alertDelivery(alert, { startsAt: new Date(), endsAt: null }));
  const incident = await eventually("the storm is explained", 60_000, async () => {
    const [found] = await bot.store.incidents.list({
      states: ["open"],
      service: "recommender-api",
      limit: 1,
    });
    if (found === undefined || found.alertCount < story.alerts.length) return null;
    const explanation = await bot.store.explanations.find(found.id);
    return explanation !== null && explanation.ranked.length > 0 ? found.id : null;
  });
  await say(bot, "oncall", `ack ${incident}`);
  await say(bot, "oncall", `note ${incident} the vendor says the gateway was restarted`);
  await say(bot, "oncall", `rollback recommender --reason "the storm began with it" --incident ${incident}`);
  const back = await rollout(bot, "rollback", "pending");
  await eventually("it is acknowledged", 30_000, async () =>
    (await bot.store.incidents.find(incident))?.state === "acknowledged" ? true : null,
  );
  return { incident, pending: back.id };
}

/** Incidents that are over, and a few that are not, from the weeks before; the bot goes on numbering after them. */
async function seedPast(config: Config, onFatal: (error: Error) => void): Promise<void> {
  const database = await openDatabase(config, silentLog, onFatal);
  const client = postgres(database.url, { max: 1 });
  const store = await openStore({ url: database.url, maxConnections: 2 });
  try {
    await store.incidents.save(Array.from({ length: pastCount }, (_, index) => pastIncident(index)));
    await client`insert into leases (scope, next_incident_id) values ('default', ${pastCount + 1})`;
  } finally {
    await store.close();
    await client.end();
    await database.stop();
  }
}

function pastIncident(index: number): Incident {
  const startedAt = new Date(Date.now() - (pastCount - index) * 6 * 3_600_000);
  const isOver = index < pastCount - 3;
  const service = services[index % services.length] ?? "payments";
  return buildIncident({
    id: index + 1,
    title: `${index % 3 === 0 ? "HighErrorRate" : "LatencyHigh"} on ${service}`,
    services: [service],
    severity: severities[index % severities.length] ?? "info",
    state: isOver ? "resolved" : "open",
    startedAt,
    openedAt: startedAt,
    resolvedAt: isOver ? new Date(startedAt.getTime() + 1_800_000) : null,
    resolvedBy: isOver ? "tocsin" : null,
    firingCount: isOver ? 0 : 1,
    alertCount: 1,
  });
}

async function send(bot: Bot, source: string, body: unknown): Promise<void> {
  const response = await fetch(new URL(`/webhooks/${source}`, bot.url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${source} was answered ${response.status}: ${await response.text()}`);
}

export async function say(bot: Bot, person: string, line: string): Promise<void> {
  const [command = "", ...words] = line.split(" ");
  await bot.submit({
    key: `shop-${randomUUID()}`,
    account: { platform: "console", id: person, name: person },
    channel: { platform: "console", id: "rollouts" },
    command,
    input: { kind: "text", text: words.join(" ") },
    receivedAt: new Date(),
    reply: {},
  });
}

async function rollout(bot: Bot, kind: string, state: Rollout["state"]): Promise<Rollout> {
  return await eventually(`the ${kind} is ${state}`, 60_000, async () => {
    const found = await bot.store.rollouts.list({ model: "recommender", limit: 5 });
    return found.find(({ plan, state: now }) => plan.kind === kind && now === state) ?? null;
  });
}
