/** Channels of incidents' own: the real Slack client against the fake, the real store. */
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createSlack } from "../../src/adapters/chat/slack.ts";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { createIncidentChannels, type IncidentChannelOptions } from "../../src/app/incident-channel.ts";
import { createObstacles } from "../../src/app/obstacles.ts";
import { createOnCall, type OnCall } from "../../src/app/on-call.ts";
import { createPost, type Poster } from "../../src/app/post.ts";
import type { ChannelRule } from "../../src/domain/incident/channel.ts";
import { entryView, incidentView } from "../../src/domain/incident/view.ts";
import type { Incident } from "../../src/domain/incident.ts";
import type { EscalationRule } from "../../src/domain/people/escalation.ts";
import type { Rota } from "../../src/domain/people/on-call.ts";
import { checkCommand, loadFolders } from "../../src/load.ts";
import {
  type Channel,
  type ChannelHost,
  type Chat,
  type Command,
  noMetrics,
  type Policy,
  type Post,
  silentLog,
} from "../../src/ports.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { buildIncident, buildTracked } from "../domain/build.ts";
import { type FakeSlack, readableText, startFakeSlack } from "../fakes/slack.ts";
import { createWorld, requestOf, shippedPolicy, type World } from "./rollout-world.ts";

const ops: Channel = { platform: "slack", id: "COPS" };
const scopes = ["bookmarks:read", "bookmarks:write", "channels:manage", "groups:write"];
const day = 86_400_000;
const people = [
  { id: "ada", name: "Ada", roles: ["oncall"], accounts: { slack: "U0ADA", console: "ada" } },
  { id: "bo", name: "Bo", roles: ["sre"], accounts: { slack: "U0BO", console: "bo" } },
  { id: "guest", name: "Gus", roles: ["sre"], accounts: { slack: "U0GUEST", console: "guest" } },
  { id: "away", name: "Awa", roles: ["auditor"], accounts: { console: "away" } },
];
const rule: ChannelRule = {
  match: [],
  atLeast: "high",
  isPrivate: false,
  rotas: ["payments"],
  people: ["guest", "away"],
  archiveAfterMs: 7 * day,
  bookmarks: [{ title: "Logs", url: "https://logs.example.com/{service}" }],
};

let database: TestDatabase;
let sql: postgres.Sql;
let store: OpenStore;
let policy: Policy;
let commands: readonly Command[];
let slack: FakeSlack;
let chat: Chat;
let poster: Poster;
let world: World;
let skewMs: number;
let onCallNow: string;
let ids = 0;

const clock = { now: () => new Date(Date.now() + skewMs) };

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

async function slackOf(ownChannels: "public" | "private"): Promise<Chat> {
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

function hostOf(): ChannelHost {
  if (chat.channels === undefined) throw new Error("Slack opens channels");
  return chat.channels;
}

function channelsWith(
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
async function incident(given: Partial<Incident> = {}): Promise<number> {
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

async function change(id: number, given: Partial<Incident>): Promise<void> {
  const before = await store.incidents.find(id);
  if (before === null) throw new Error(`there is no incident ${id}`);
  await store.incidents.save([{ ...before, ...given, revision: before.revision + 1 }]);
}

/** The channels that the bot made, oldest first. */
function made() {
  return [...slack.channels.values()].filter(({ creator }) => creator !== null);
}

function only() {
  const [channel, ...others] = made();
  if (channel === undefined || others.length > 0) throw new Error(`there are ${made().length} channels`);
  return channel;
}

const linesOf = async (id: number) => (await store.incidents.timeline(id, 50)).map(({ text }) => text);
const calls = (method: string) => slack.callsOf(method).length;

test("a bad incident gets one, with topic, purpose, links, its people, its card, and what happens in it", async () => {
  const id = await incident({ title: "Checkout is <!channel> slow" });
  await channelsWith().reconcile(id);
  const channel = only();
  expect(channel).toMatchObject({
    name: `inc-${id}-checkout-is-channel-slow`,
    isPrivate: false,
    topic: "critical · open · nobody has it yet",
    purpose: `Incident ${id}: Checkout is &lt;!channel&gt; slow`,
  });
  expect(channel.bookmarks.map(({ title, link }) => [title, link])).toEqual([
    [`Incident ${id}`, `https://tocsin.example.com/incidents/${id}`],
    ["Logs: checkout", "https://logs.example.com/checkout"],
  ]);
  expect([...channel.members]).toEqual(["U0ADA"]);
  await poster.reconcile({ platform: "slack", id: channel.id });
  const [card, opened] = slack.messagesIn(channel.id);
  expect(card === undefined ? "" : readableText(card)).toContain(`#${id}`);
  expect(opened === undefined ? "" : readableText(opened)).toContain(
    `channel #${channel.name} is open for it`,
  );
  // In #ops the same line is in the thread of the card.
  await poster.reconcile(ops);
  expect(slack.messagesIn(ops.id)).toHaveLength(1);
  const [audit] = await store.audit.list({ subject: `incident:${id}`, limit: 1 });
  expect(audit).toMatchObject({ action: "incident.channel_opened", data: { name: channel.name } });
  await channelsWith().reconcile(id);
  expect(made()).toHaveLength(1);
  expect(slack.violations).toEqual([]);
});

test("one that is not bad enough, muted or over gets none, and one that gets worse does", async () => {
  const quiet = [
    await incident({ severity: "warning" }),
    await incident({ isMuted: true }),
    await incident({ state: "resolved", resolvedAt: clock.now() }),
  ];
  for (const id of quiet) await channelsWith().reconcile(id);
  expect(made()).toEqual([]);
  await change(quiet[0] ?? 0, { severity: "high" });
  await channelsWith().reconcile(quiet[0] ?? 0);
  expect(only().topic).toContain("high");
});

test("killed between creating it and remembering so, the bot finds it again", async () => {
  const id = await incident();
  const host = hostOf();
  const killed: ChannelHost = {
    ...host,
    create: async (name, visibility) => {
      await host.create(name, visibility);
      throw new Error("killed");
    },
  };
  await expect(channelsWith({ host: killed }).reconcile(id)).rejects.toThrow("killed");
  expect(await store.incidentChannels.find(id)).toMatchObject({ state: "creating", channel: null });
  await channelsWith().reconcile(id);
  expect(await store.incidentChannels.find(id)).toMatchObject({ state: "open", channel: only().id });
  expect(calls("conversations.create")).toBe(1);
});

test.each(["commit_then_reset", "commit_then_500", "reset"] as const)(
  "with an answer that got lost (%s) there is one channel in the end",
  async (kind) => {
    const id = await incident();
    slack.faults.add({ kind, method: "conversations.create" });
    await channelsWith().reconcile(id);
    // Before it may be believed that nothing came of it, nothing is made anew.
    await channelsWith().reconcile(id);
    expect(calls("conversations.create")).toBe(1);
    skewMs += 60_000;
    await channelsWith().reconcile(id);
    expect(await store.incidentChannels.find(id)).toMatchObject({ state: "open", channel: only().id });
  },
);

test("a private one is found again, too", async () => {
  const id = await incident();
  slack.faults.add({ kind: "commit_then_reset", method: "conversations.create" });
  const options = { rules: [{ ...rule, isPrivate: true }] };
  await channelsWith(options).reconcile(id);
  await channelsWith(options).reconcile(id);
  expect(only()).toMatchObject({ isPrivate: true });
  expect(await store.incidentChannels.find(id)).toMatchObject({ state: "open" });
});

test("two incidents with the same words have channels of their own", async () => {
  const [first, second] = [await incident(), await incident()];
  await Promise.all([channelsWith().reconcile(first), channelsWith().reconcile(second)]);
  expect(
    made()
      .map(({ name }) => name)
      .sort(),
  ).toEqual([`inc-${first}-checkout-is-slow`, `inc-${second}-checkout-is-slow`].sort());
});

test("a name that somebody else or an earlier installation has is not taken for its own", async () => {
  const id = await incident();
  const name = `inc-${id}-checkout-is-slow`;
  slack.addChannel({ id: "CSTRANGER", name, isMember: false });
  const long = Math.floor((Date.now() - 30 * day) / 1000);
  slack.addChannel({ id: "COLD", name: `${name}-2`, creator: "U0TOCSINBOT", created: long });
  await channelsWith().reconcile(id);
  expect(await store.incidentChannels.find(id)).toMatchObject({ state: "open", name: `${name}-3` });
});

test("a rate limit is waited for, and then it is made once", async () => {
  const id = await incident();
  slack.faults.add({ kind: "rate_limit", retryAfterSeconds: 20, method: "conversations.create" });
  await channelsWith().reconcile(id);
  expect(await store.incidentChannels.find(id)).toMatchObject({ state: "wanted" });
  const [job] = await sql`
    select extract(epoch from run_at - now())::int as wait
    from graphile_worker.jobs where key = ${`channel ${id} later`}`;
  expect(Number(job?.["wait"])).toBeGreaterThan(10);
  await channelsWith().reconcile(id);
  expect(only().name).toContain(`inc-${id}`);
});

test("a scope that is missing is told of once, keeps nothing else back, and is over once it is there", async () => {
  const id = await incident();
  for (const scope of scopes) slack.scopes.delete(scope);
  await channelsWith().reconcile(id);
  await channelsWith().reconcile(id);
  expect(await store.troubles.open(10)).toMatchObject([
    { channel: null, part: "aside:channel-create", problem: expect.stringContaining("channels:manage") },
  ]);
  await poster.reconcile(ops);
  expect(slack.messagesIn(ops.id)).not.toEqual([]);
  const told = await store.posts.channelsOf("trouble", (await store.troubles.open(1))[0]?.id ?? 0);
  expect(told).toEqual([{ platform: "slack", channel: ops.id }]);
  slack.scopes.add("channels:manage");
  await channelsWith().reconcile(id);
  expect(only()).toMatchObject({ topic: "critical · open · nobody has it yet", bookmarks: [] });
  expect(await store.troubles.open(10)).toMatchObject([
    {
      channel: only().id,
      part: "aside:channel-bookmark",
      problem: expect.stringContaining("bookmarks:read"),
    },
  ]);
  for (const scope of scopes) slack.scopes.add(scope);
  await channelsWith().reconcile(id);
  expect(only().bookmarks).toHaveLength(2);
  expect(await store.troubles.open(10)).toEqual([]);
});

test("doctor names the scopes that channels need, private ones with them", async () => {
  slack.scopes.delete("bookmarks:write");
  slack.scopes.delete("groups:write");
  const missing = async (own: "public" | "private") => {
    const findings = await (await slackOf(own)).check([]);
    return findings.find(({ subject }) => subject === "slack scopes")?.text;
  };
  expect(await missing("public")).toBe("missing: bookmarks:write");
  expect(await missing("private")).toBe("missing: bookmarks:write, groups:write");
});

test("the topic follows severity and who has it, at most twice a minute, and people who come later are brought in", async () => {
  const id = await incident();
  await channelsWith().reconcile(id);
  const before = calls("conversations.setTopic");
  await change(id, { severity: "high", assignedTo: "bo", assignedAt: clock.now() });
  await channelsWith().reconcile(id);
  expect(calls("conversations.setTopic")).toBe(before);
  expect([...only().members]).toEqual(["U0ADA", "U0BO"]);
  skewMs += 31_000;
  await channelsWith().reconcile(id);
  expect(only().topic).toBe("high · open · Bo has it");
  await channelsWith().reconcile(id);
  expect(calls("conversations.setTopic")).toBe(before + 1);
  onCallNow = "bo";
  await channelsWith().reconcile(id);
  expect((await store.incidentChannels.find(id))?.shown.invited).toEqual({
    ada: "invited",
    guest: "is a guest, whom only an admin can add",
    away: "no slack account is known",
    bo: "invited",
  });
  expect(calls("conversations.invite")).toBe(3);
});

/** Seconds until the channel of an incident is looked at again. */
async function nextLookIn(id: number): Promise<number> {
  const [job] = await sql`
    select extract(epoch from run_at - now())::int as wait
    from graphile_worker.jobs where key = ${`channel ${id} later`}`;
  return Number(job?.["wait"]);
}

test("whoever takes over the rota is invited at the hand-over, although nothing else happens", async () => {
  const id = await incident();
  const handOver = new Date(clock.now().getTime() + 10 * 60_000);
  const rota: Rota = {
    name: "payments",
    people: ["ada"],
    from: { year: 2026, month: 1, day: 1, hour: 0, minute: 0 },
    turnDays: 28,
    timezone: "UTC",
    overrides: [{ person: "bo", from: handOver, to: new Date(handOver.getTime() + day) }],
  };
  const onCall = createOnCall([rota], []);
  await channelsWith({ onCall }).reconcile(id);
  expect([...only().members]).toEqual(["U0ADA"]);
  expect(await nextLookIn(id)).toBeLessThanOrEqual(600);
  expect(await nextLookIn(id)).toBeGreaterThan(300);
  skewMs += 10 * 60_000 + 1;
  await channelsWith({ onCall }).reconcile(id);
  await channelsWith({ onCall }).reconcile(id);
  expect([...only().members]).toEqual(["U0ADA", "U0BO"]);
  expect(calls("conversations.invite")).toBe(3);
});

test("a rota that does not say when its turn ends is asked again within a quarter of an hour, until it is over", async () => {
  const id = await incident();
  await channelsWith().reconcile(id);
  expect(await nextLookIn(id)).toBeLessThanOrEqual(900);
  expect(await nextLookIn(id)).toBeGreaterThan(600);
  onCallNow = "bo";
  await channelsWith().reconcile(id);
  expect([...only().members]).toEqual(["U0ADA", "U0BO"]);
  onCallNow = "lead";
  await change(id, { state: "resolved", resolvedAt: clock.now() });
  await channelsWith().reconcile(id);
  expect((await store.incidentChannels.find(id))?.shown.invited).not.toHaveProperty("lead");
});

test("whom its escalation calls is brought in, and whoever has the rota that it called", async () => {
  const id = await incident();
  const escalation: EscalationRule = {
    ...{ name: "default", match: [], quiet: null },
    steps: [
      { afterMs: 60_000, tell: [{ kind: "person", person: "bo" }] },
      { afterMs: 120_000, tell: [{ kind: "rota", rota: "managers" }] },
    ],
  };
  const onCall: OnCall = {
    at: async (_moment, names) =>
      new Map(names.map((name) => [name, { kind: "turn", person: name === "managers" ? "away" : "ada" }])),
  };
  const quiet = { ...{ onCall, escalation: [escalation] }, rules: [{ ...rule, people: [] }] };
  const invited = async () =>
    Object.keys((await store.incidentChannels.find(id))?.shown.invited ?? {}).sort();
  const since = (await store.incidents.find(id))?.openedAt ?? clock.now();
  const told = (nextStep: number, from = since) =>
    store.escalations.save({ incidentId: id, rule: "default", since: from, nextStep });
  await told(2, new Date(since.getTime() - day));
  await channelsWith(quiet).reconcile(id);
  expect(await invited()).toEqual(["ada"]);
  await told(1);
  await channelsWith(quiet).reconcile(id);
  expect(await invited()).toEqual(["ada", "bo"]);
  await told(2);
  await channelsWith(quiet).reconcile(id);
  expect(await invited()).toEqual(["ada", "away", "bo"]);
});

test.each(["commit_then_reset", "commit_then_500", "reset"] as const)(
  "once it is resolved its report is linked, once, also when an answer gets lost (%s)",
  async (kind) => {
    const id = await incident();
    await channelsWith().reconcile(id);
    await change(id, { state: "resolved", resolvedAt: clock.now() });
    slack.faults.add({ kind, method: "bookmarks.add" });
    await channelsWith().reconcile(id);
    await channelsWith().reconcile(id);
    await channelsWith().reconcile(id);
    const reports = only().bookmarks.filter(({ link }) => link.endsWith("/report"));
    expect(reports).toMatchObject([
      {
        title: `Report of incident ${id}`,
        link: `https://tocsin.example.com/incidents/${id}/report`,
      },
    ]);
  },
);

test("somebody who is in it already counts as invited, and a link that somebody added is not added again", async () => {
  const id = await incident();
  const host = hostOf();
  const early: ChannelHost = {
    ...host,
    create: async (name, visibility) => {
      const answer = await host.create(name, visibility);
      only().members.add("U0ADA");
      only().bookmarks.push({ id: "Bk1", title: "theirs", link: "https://logs.example.com/checkout" });
      return answer;
    },
  };
  await channelsWith({ host: early }).reconcile(id);
  expect(only().bookmarks.map(({ title }) => title)).toEqual(["theirs", `Incident ${id}`]);
  expect((await store.incidentChannels.find(id))?.shown.invited).toMatchObject({ ada: "invited" });
});

/** Steps of the channel and its messages, as the queue would give them. */
async function run(id: number, rounds = 4): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await channelsWith().reconcile(id);
    const known = await store.incidentChannels.find(id);
    if (known?.channel != null) await poster.reconcile({ platform: "slack", id: known.channel });
    skewMs += 3_000;
  }
}

test("a resolved one is archived after its time with a last word, and a reopened incident gets a new channel", async () => {
  const id = await incident();
  await run(id);
  await change(id, { state: "resolved", resolvedAt: clock.now() });
  await run(id);
  expect(only()).toMatchObject({ isArchived: false });
  skewMs += 7 * day;
  await run(id);
  const [archived] = made();
  expect(archived).toMatchObject({ isArchived: true });
  const last = slack.messagesIn(archived?.id ?? "").at(-1);
  expect(last === undefined ? "" : readableText(last)).toContain("this channel is archived now");
  expect(await store.posts.channelsOf("incident", id)).toEqual([{ platform: "slack", channel: ops.id }]);
  await change(id, { state: "open", resolvedAt: null, reopenedCount: 1 });
  await run(id);
  expect(made().map(({ name, isArchived }) => [name, isArchived])).toEqual([
    [`inc-${id}-checkout-is-slow`, true],
    [`inc-${id}-checkout-is-slow-2`, false],
  ]);
  expect(await store.troubles.open(10)).toEqual([]);
});

test("that of an incident that went into another is put away, although its alerts have moved", async () => {
  const id = await incident();
  const mine = { rules: [{ ...rule, match: [{ name: "number", op: "=" as const, value: String(id) }] }] };
  await channelsWith(mine).reconcile(id);
  await sql`update alerts set incident_id = ${id + 1_000} where incident_id = ${id}`;
  await change(id, { state: "resolved", resolvedAt: clock.now(), mergedInto: id + 1_000 });
  skewMs += 8 * day;
  for (let round = 0; round < 3; round += 1) {
    await channelsWith(mine).reconcile(id);
    await poster.reconcile({ platform: "slack", id: only().id });
    skewMs += 3_000;
  }
  expect(only()).toMatchObject({ isArchived: true });
});

test("somebody whose account is linked only is invited with it", async () => {
  const id = await incident({ assignedTo: "away", assignedAt: clock.now() });
  slack.addUser({ id: "U0AWAY", name: "awa" });
  const link = { platform: "slack", account: "U0AWAY", accountName: "awa", person: "away" };
  await store.links.save({ ...link, linkedAt: clock.now() });
  await channelsWith().reconcile(id);
  await store.links.remove("slack", "U0AWAY");
  expect([...only().members]).toEqual(["U0ADA", "U0AWAY"]);
});

test("never archived unless that is asked for", async () => {
  const id = await incident();
  const options = { rules: [{ ...rule, archiveAfterMs: null }] };
  await channelsWith(options).reconcile(id);
  await change(id, { state: "resolved", resolvedAt: clock.now() });
  skewMs += 1_000 * day;
  await channelsWith(options).reconcile(id);
  expect(only()).toMatchObject({ isArchived: false, topic: "critical · resolved" });
});

test("archived by people, it is no trouble but a line of the history, and only a person has it opened again", async () => {
  const id = await incident();
  await run(id);
  const channel = only();
  channel.isArchived = true;
  channel.isMember = false;
  await change(id, { severity: "high" });
  const card = { platform: "slack", channel: channel.id, kind: "incident", subject: id } as const;
  await store.posts.want([{ ...card, desiredRevision: 99, threadOf: null }], clock.now());
  await poster.reconcile({ platform: "slack", id: channel.id });
  await run(id);
  expect(await store.troubles.open(10)).toEqual([]);
  expect(await linesOf(id)).toContain(`channel #${channel.name} is no longer used: it is archived`);
  expect(await store.posts.channelsOf("incident", id)).toEqual([{ platform: "slack", channel: ops.id }]);
  expect(made()).toHaveLength(1);
  expect(await world.say("ada", `channel ${id}`)).toContain("is being opened");
  await run(id);
  expect(made()).toHaveLength(2);
});

test("a channel that people made read-only is a trouble like any other", async () => {
  const id = await incident();
  await run(id);
  const channel = only();
  slack.faults.add({
    ...{ kind: "error", error: "restricted_action_read_only_channel", times: 20 },
    ...{ method: "chat.update", channel: channel.id },
  });
  const card = { platform: "slack", channel: channel.id, kind: "incident", subject: id } as const;
  await store.posts.want([{ ...card, desiredRevision: 99, threadOf: null }], clock.now());
  for (let round = 0; round < 6; round += 1) {
    await poster.reconcile({ platform: "slack", id: channel.id });
    await channelsWith().reconcile(id);
    skewMs += 60_000;
  }
  expect(await store.incidentChannels.find(id)).toMatchObject({ state: "open" });
  expect(await store.troubles.open(10)).toMatchObject([{ channel: channel.id, part: null }]);
});

test("asked for by hand: who may, once, audited, and only where a rule fits", async () => {
  const byHand = { ...rule, atLeast: null };
  const id = await incident({ severity: "info" });
  await channelsWith({ rules: [byHand] }).reconcile(id);
  expect(made()).toEqual([]);
  world = worldWith([byHand]);
  expect(await world.say("away", `channel ${id}`)).toContain("may not open a channel for incident");
  expect(await world.say("bo", `channel ${id}`)).toContain("is being opened");
  expect(await store.audit.list({ subject: `incident:${id}`, limit: 1 })).toMatchObject([
    { actor: "bo", action: "incident.channel_requested" },
  ]);
  await channelsWith({ rules: [byHand] }).reconcile(id);
  expect([...only().members]).toEqual(["U0ADA", "U0BO"]);
  expect(await world.say("ada", `channel ${id}`)).toContain(`has the channel #${only().name}`);
  const over = await incident({ state: "resolved" });
  expect(await world.say("bo", `channel ${over}`)).toContain("resolved");
  world = worldWith([]);
  const other = await incident();
  expect(await world.say("bo", `channel ${other}`)).toContain("No rule of incidentChannels");
  world = worldWith(null);
  expect(await world.say("bo", `channel ${other}`)).toContain("no channels of their own");
});

test("what is said in it is about its incident", async () => {
  const id = await incident();
  await channelsWith().reconcile(id);
  const request = requestOf("bo", "ack", clock.now());
  const answer = await world.execute.execute({ ...request, channel: { platform: "slack", id: only().id } });
  expect(answer?.view.summary).toContain(`${id}`);
  expect(await store.incidents.find(id)).toMatchObject({ acknowledgedBy: "bo" });
});
