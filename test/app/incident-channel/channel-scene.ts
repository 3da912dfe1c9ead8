/** Channels of incidents' own: the real Slack client against the fake, the real store. Each file of tests has its own. */
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { createSlack } from "../../../src/adapters/chat/slack.ts";
import { type OpenStore, openStore } from "../../../src/adapters/store/store.ts";
import { createIncidentChannels, type IncidentChannelOptions } from "../../../src/app/incident-channel.ts";
import { createObstacles } from "../../../src/app/obstacles.ts";
import { createPost, type Poster } from "../../../src/app/post.ts";
import type { ChannelRule } from "../../../src/domain/incident/channel.ts";
import { entryView } from "../../../src/domain/incident/entry-view.ts";
import { incidentView } from "../../../src/domain/incident/view.ts";
import type { Incident } from "../../../src/domain/incident.ts";
import { checkCommand, loadFolders } from "../../../src/load.ts";
import {
  type Channel,
  type ChannelHost,
  type Chat,
  type Command,
  noMetrics,
  type Policy,
  type Post,
  silentLog,
} from "../../../src/ports.ts";
import { freshDatabase, type TestDatabase } from "../../database.ts";
import { buildIncident, buildTracked } from "../../domain/build.ts";
import { type FakeSlack, startFakeSlack } from "../../fakes/slack.ts";
import { createWorld, shippedPolicy, type World } from "../rollout-world.ts";

export const ops: Channel = { platform: "slack", id: "COPS" };
export const scopes = ["bookmarks:read", "bookmarks:write", "channels:manage", "groups:write"];
export const day = 86_400_000;
const people = [
  { id: "ada", name: "Ada", roles: ["oncall"], accounts: { slack: "U0ADA", console: "ada" } },
  { id: "bo", name: "Bo", roles: ["sre"], accounts: { slack: "U0BO", console: "bo" } },
  { id: "guest", name: "Gus", roles: ["sre"], accounts: { slack: "U0GUEST", console: "guest" } },
  { id: "away", name: "Awa", roles: ["auditor"], accounts: { console: "away" } },
];
export const rule: ChannelRule = {
  match: [],
  atLeast: "high",
  isPrivate: false,
  rotas: ["payments"],
  people: ["guest", "away"],
  archiveAfterMs: 7 * day,
  bookmarks: [{ title: "Logs", url: "https://logs.example.com/{service}" }],
};

let database: TestDatabase;
export let sql: postgres.Sql;
export let store: OpenStore;
let policy: Policy;
let commands: readonly Command[];
export let slack: FakeSlack;
let chat: Chat;
export let poster: Poster;
export let world: World;
let skewMs: number;
let onCallNow: string;
let ids = 0;

export const clock = { now: () => new Date(Date.now() + skewMs) };

beforeAll(async () => {
  database = await freshDatabase();
  sql = postgres(database.url, { max: 1 });
  store = await openStore({ url: database.url });
  policy = await shippedPolicy();
  commands = (await loadFolders([path.resolve("commands")], checkCommand)).plugins;
});
afterAll(async () => {
  await sql.end({ timeout: 5 });
  await store.close();
  await database.close();
});

beforeEach(async () => {
  skewMs = 0;
  onCallNow = "ada";
  slack = await startFakeSlack({ isPaced: false });
  for (const scope of scopes) slack.scopes.add(scope);
  slack.addChannel({ id: ops.id, name: "ops" });
  slack.addUser({ id: "U0ADA", name: "ada" });
  slack.addUser({ id: "U0BO", name: "bo" });
  slack.addUser({ id: "U0GUEST", name: "gus", standing: "guest" });
  chat = await slackOf("private");
  world = worldWith([rule]);
  poster = posterOf();
});
afterEach(async () => {
  await chat.stop();
  await slack.close();
  // Each test has a Slack of its own, in which ids of channels begin anew.
  await sql`truncate incident_channels, posts, chat_troubles`;
});

export async function slackOf(ownChannels: "public" | "private"): Promise<Chat> {
  const { botToken, appToken, apiUrl } = slack;
  return await createSlack({ botToken, appToken, apiUrl, ownChannels, log: silentLog, metrics: noMetrics });
}

function worldWith(rules: readonly ChannelRule[] | null): World {
  const settings = rules === null ? null : { rules, prefix: "inc", consoleUrl: null };
  return createWorld({
    ...{ store, policy, commands, people, models: [] },
    ...(settings === null ? {} : { channelSettings: settings }),
  });
}

function posterOf(): Poster {
  return createPost({
    store,
    chats: new Map([["slack", { ...chat, channelPaceMs: 0, editsPerMinute: 1_000_000, settleMs: 0 }]]),
    channels: [ops],
    ...{ clock, log: silentLog, metrics: noMetrics, sleep, render },
  });
}

async function render(post: Post) {
  const nameOf = (id: string) => id;
  if (post.kind === "entry") {
    const entry = await store.incidents.findTimelineEntry(post.subject);
    return entry === null ? null : { view: entryView(entry, nameOf), revision: 1 };
  }
  const incident = await store.incidents.find(post.subject);
  if (incident === null || post.kind !== "incident") return null;
  return {
    view: incidentView({ incident, alerts: [], explanation: null, nameOf }),
    revision: incident.revision,
  };
}

export function hostOf(): ChannelHost {
  if (chat.channels === undefined) throw new Error("Slack opens channels");
  return chat.channels;
}

export function channelsWith(
  over: Partial<IncidentChannelOptions> & { readonly rules?: readonly ChannelRule[] } = {},
) {
  const { rules = [rule], ...rest } = over;
  return createIncidentChannels({
    store,
    settings: { rules, prefix: "inc", consoleUrl: "https://tocsin.example.com" },
    host: hostOf(),
    onCall: {
      at: async (_moment, names) => new Map(names.map((name) => [name, { kind: "turn", person: onCallNow }])),
    },
    people,
    escalation: [],
    models: [],
    effects: world.effects,
    obstacles: createObstacles({ store, channels: [ops], clock, log: silentLog }),
    ...{ clock, log: silentLog },
    ...rest,
  });
}

/** A critical incident on checkout that is shown in #ops. */
export async function incident(given: Partial<Incident> = {}): Promise<number> {
  ids += 1;
  const id = ids;
  await store.incidents.save([
    buildIncident({ id, severity: "critical", title: "Checkout is slow", ...given }),
  ]);
  const labels = { alertname: "Slow", service: "checkout", number: String(id) };
  await store.incidents.saveAlerts([buildTracked({ labels, severity: "critical" }, { incidentId: id })]);
  const card = { platform: "slack", channel: ops.id, kind: "incident", subject: id } as const;
  await store.posts.want([{ ...card, desiredRevision: 1, threadOf: null }], clock.now());
  return id;
}

export async function change(id: number, given: Partial<Incident>): Promise<void> {
  const before = await store.incidents.find(id);
  if (before === null) throw new Error(`there is no incident ${id}`);
  await store.incidents.save([{ ...before, ...given, revision: before.revision + 1 }]);
}

/** The channels that the bot made, oldest first. */
export function made() {
  return [...slack.channels.values()].filter(({ creator }) => creator !== null);
}

export function only() {
  const [channel, ...others] = made();
  if (channel === undefined || others.length > 0) throw new Error(`there are ${made().length} channels`);
  return channel;
}

export const linesOf = async (id: number) => (await store.incidents.timeline(id, 50)).map(({ text }) => text);
export const calls = (method: string) => slack.callsOf(method).length;

/** Seconds until the channel of an incident is looked at again. */
export async function nextLookIn(id: number): Promise<number> {
  const [job] = await sql`
    select extract(epoch from run_at - now())::int as wait
    from graphile_worker.jobs where key = ${`channel ${id} later`}`;
  return Number(job?.["wait"]);
}

/** Steps of the channel and its messages, as the queue would give them. */
export async function run(id: number, rounds = 4): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await channelsWith().reconcile(id);
    const known = await store.incidentChannels.find(id);
    if (known?.channel != null) await poster.reconcile({ platform: "slack", id: known.channel });
    skewMs += 3_000;
  }
}

/** Time goes by. */
export function pass(ms: number): void {
  skewMs += ms;
}

/** Somebody else is on call from now on. */
export function takeOver(person: string): void {
  onCallNow = person;
}

/** What tocsin.yaml says of channels, to commands; null for nothing. */
export function applyRules(rules: readonly ChannelRule[] | null): void {
  world = worldWith(rules);
}
