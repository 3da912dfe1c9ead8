/**
 * What people do to a channel, a thread or a token while incidents go on: the real clients against the fakes, the real
 * store. Each is noticed, explained in another channel, tried again now and then, and over as soon as it is put right.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createDiscord } from "../../src/adapters/chat/discord.ts";
import { createSlack } from "../../src/adapters/chat/slack.ts";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { createPost, type Poster } from "../../src/app/post.ts";
import { troubleView } from "../../src/domain/chat/trouble.ts";
import type { View } from "../../src/domain/view.ts";
import { openSecret } from "../../src/main/secrets.ts";
import { type Channel, type Chat, noMetrics, type Post, silentLog } from "../../src/ports.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { type FakeDiscord, startFakeDiscord } from "../fakes/discord.ts";
import { type FakeSlack, readableText, startFakeSlack } from "../fakes/slack.ts";
import { examineStore } from "./examine-store.ts";

let database: TestDatabase;
let store: OpenStore;
let slack: FakeSlack;
let discord: FakeDiscord;
let poster: Poster;
let skewMs: number;
let chats: Map<string, Chat>;
let revisions: Map<number, number>;
/** Where the tokens are, a file each. */
let secrets: string;
/** Wakes what waits to look for a new token by itself; no test waits for real. */
let sleepers: (() => void)[];

const clock = { now: () => new Date(Date.now() + skewMs) };
const inSlack: Channel = { platform: "slack", id: "COPS" };
const slackToo: Channel = { platform: "slack", id: "CTEAM" };
const inDiscord = (): Channel => ({ platform: "discord", id: discord.channel.id });

beforeEach(async () => {
  [database, slack, discord] = await Promise.all([
    freshDatabase(),
    startFakeSlack({ isPaced: false }),
    startFakeDiscord({ perRoute: 1_000, global: 10_000 }),
  ]);
  store = await openStore({ url: database.url });
  slack.addChannel({ id: inSlack.id, name: "ops" });
  slack.addChannel({ id: slackToo.id, name: "team" });
  skewMs = 0;
  revisions = new Map();
  chats = new Map();
  sleepers = [];
  secrets = mkdtempSync(path.join(tmpdir(), "tocsin-tokens-"));
  await connect();
});
afterEach(async () => {
  for (const chat of chats.values()) await chat.stop();
  await store.close();
  await Promise.all([slack.close(), discord.close(), database.close()]);
  rmSync(secrets, { recursive: true, force: true });
});

/** The tokens that the platforms take now, in the files. */
function writeTokens(): void {
  writeFileSync(path.join(secrets, "SLACK_BOT_TOKEN"), `${slack.botToken}\n`);
  writeFileSync(path.join(secrets, "DISCORD_TOKEN"), `${discord.token}\n`);
}

function inFile(name: string, by: string, value: string) {
  const secretsRead = [{ name, by, file: path.join(secrets, name) }];
  const asleep = () => new Promise<void>((wake) => sleepers.push(wake));
  return openSecret(name, value, { config: { secretsRead }, store, clock, log: silentLog, sleep: asleep });
}

/** As at the start of a bot: clients with the tokens of now. */
async function connect(): Promise<void> {
  const common = { log: silentLog, metrics: noMetrics };
  writeTokens();
  const { appToken, apiUrl } = slack;
  const botToken = inFile("SLACK_BOT_TOKEN", "slack", slack.botToken);
  chats.set("slack", unpaced(await createSlack({ ...common, botToken, appToken, apiUrl })));
  const token = inFile("DISCORD_TOKEN", "discord", discord.token);
  const address = { token, apiUrl: discord.apiUrl };
  chats.set("discord", unpaced(await createDiscord({ ...common, ...address })));
  poster = createPost({
    store,
    chats,
    channels: [inSlack, slackToo, inDiscord()],
    ...common,
    clock,
    sleep,
    render,
  });
}

function unpaced(chat: Chat): Chat {
  return { ...chat, channelPaceMs: 0, editsPerMinute: 1_000_000, settleMs: 0 };
}

async function render(post: Post): Promise<{ readonly view: View; readonly revision: number } | null> {
  if (post.kind === "trouble") {
    const trouble = await store.troubles.find(post.subject);
    if (trouble === null) return null;
    return { view: troubleView(trouble, await store.posts.countBehind(trouble)), revision: trouble.revision };
  }
  const revision = revisions.get(post.subject) ?? 1;
  const title = `#${post.subject} at revision ${revision}`;
  const kind = post.kind === "entry" ? "entry" : "incident";
  return { view: { kind, title, tone: "high", summary: title, blocks: [], actions: [] }, revision };
}

async function card(channel: Channel, subject: number, revision = 1): Promise<void> {
  revisions.set(subject, revision);
  await store.posts.want([wanted(channel, "incident", subject, revision)], clock.now());
}

async function line(channel: Channel, subject: number, of: number): Promise<void> {
  const threadOf = { kind: "incident", subject: of } as const;
  await store.posts.want([{ ...wanted(channel, "entry", subject, 1), threadOf }], clock.now());
}

function wanted({ platform, id }: Channel, kind: "incident" | "entry", subject: number, revision: number) {
  return { platform, channel: id, kind, subject, desiredRevision: revision, threadOf: null };
}

/** Every channel gets its turns, as the queue would give them. */
async function run(): Promise<void> {
  for (const channel of [inSlack, slackToo, inDiscord()]) await poster.reconcile(channel);
}

async function later(minutes: number): Promise<void> {
  for (let passed = 0; passed < minutes; passed += 1) {
    skewMs += 60_000;
    await run();
  }
}

/** Texts of cards in a channel, in order. */
function shownIn(channel: Channel): string[] {
  if (channel.platform === "discord")
    return discord.messages(channel.id).map(({ content, embeds }) => `${content} ${JSON.stringify(embeds)}`);
  return slack.messagesIn(channel.id).map(({ text, blocks }) => `${text} ${readableText(blocks)}`);
}

const titles = (channel: Channel, subject: number) =>
  shownIn(channel).flatMap((text) => new RegExp(`#${subject} at revision \\d+`).exec(text)?.[0] ?? []);

interface Case {
  readonly name: string;
  readonly code: string;
  readonly remedy: RegExp;
  readonly isPlatform?: true;
  /** Only a bot that starts anew is well again. */
  readonly needsStart?: true;
  readonly hurt: () => void;
  readonly mend: () => void;
}

const ops = () => {
  const channel = slack.channels.get(inSlack.id);
  if (channel === undefined) throw new Error("there is no #ops");
  return channel;
};
const token = (code: string, remedy = /install the app again/): Case => ({
  name: `the token is answered ${code}`,
  code,
  remedy,
  isPlatform: true,
  hurt: () => {
    slack.tokenError = code;
  },
  mend: () => {
    slack.tokenError = null;
  },
});
const slackCases: readonly Case[] = [
  {
    name: "the channel is archived",
    code: "is_archived",
    remedy: /unarchive it/,
    hurt: () => {
      ops().isArchived = true;
    },
    mend: () => {
      ops().isArchived = false;
    },
  },
  {
    name: "the bot is removed from the channel",
    code: "not_in_channel",
    remedy: /\/invite/,
    hurt: () => {
      ops().isMember = false;
    },
    mend: () => {
      ops().isMember = true;
    },
  },
  {
    name: "the bot is removed from a private channel",
    code: "channel_not_found",
    remedy: /\/invite/,
    hurt: () => Object.assign(ops(), { isPrivate: true, isMember: false }),
    mend: () => Object.assign(ops(), { isMember: true }),
  },
  {
    name: "an admin makes the channel read-only",
    code: "restricted_action",
    remedy: /admin/,
    hurt: () => {
      ops().isReadOnly = true;
    },
    mend: () => {
      ops().isReadOnly = false;
    },
  },
  {
    name: "the token loses a scope",
    code: "missing_scope, scope chat:write",
    remedy: /slack-manifest/,
    isPlatform: true,
    hurt: () => slack.scopes.delete("chat:write"),
    mend: () => slack.scopes.add("chat:write"),
  },
  token("token_revoked"),
  token("invalid_auth"),
  token("account_inactive"),
  {
    name: "the tokens are made anew, and the new one is written into its file",
    code: "token_revoked",
    remedy: /taken up by itself/,
    isPlatform: true,
    hurt: () => slack.renewTokens(),
    mend: writeTokens,
  },
];

const deny = (permission: Parameters<FakeDiscord["deny"]>[1]) => ({
  hurt: () => discord.deny(discord.channel, permission),
  mend: () => void discord.channel.overwrites.splice(0),
});
const discordCases: readonly Case[] = [
  {
    name: "the bot can no longer see the channel, or was removed from the server",
    code: "50001",
    remedy: /View Channel/,
    ...deny("viewChannel"),
  },
  { name: "the bot may no longer write", code: "50013", remedy: /Send Messages/, ...deny("sendMessages") },
  {
    name: "the token is reset, and the new one is written into its file",
    code: "HTTP 401",
    remedy: /taken up by itself/,
    isPlatform: true,
    hurt: () => discord.resetToken(),
    mend: writeTokens,
  },
  {
    name: "the token is reset, and the bot started with the new one",
    needsStart: true,
    code: "HTTP 401",
    remedy: /DISCORD_TOKEN/,
    isPlatform: true,
    hurt: () => discord.resetToken(),
    mend: () => undefined,
  },
];

describe.each([
  { platform: "Slack", cases: slackCases, where: () => inSlack },
  { platform: "Discord", cases: discordCases, where: inDiscord },
])("in $platform, when", ({ platform, cases, where }) => {
  test.each(cases)(
    "$name: noticed, explained, healed",
    async ({ code, remedy, isPlatform, needsStart, hurt, mend }) => {
      const channel = where();
      const elsewhere = platform === "Discord" ? inSlack : isPlatform ? inDiscord() : slackToo;
      await card(channel, 1);
      await run();
      hurt();
      const [slackBefore, discordBefore] = [slack.calls.length, discord.calls.length];
      await card(channel, 2);
      await run();
      await card(channel, 1, 2);
      await line(channel, 21, 1);
      await later(30);

      const calls = slack.calls.length - slackBefore + discord.calls.length - discordBefore;
      expect(calls).toBeLessThan(45);
      const [trouble] = await store.troubles.open(10);
      expect(trouble).toMatchObject({ problem: expect.stringContaining(code) });
      expect(trouble?.channel).toBe(isPlatform ? null : channel.id);
      const told = shownIn(elsewhere).filter((text) => /do not arrive/.test(text));
      expect(told).toHaveLength(1);
      expect(told[0]).toMatch(remedy);
      const findings = await doctor();
      expect(findings).toContainEqual(
        expect.objectContaining({ status: "failure", remedy: expect.stringMatching(remedy) }),
      );

      await card(channel, 1, 3);
      mend();
      if (needsStart) {
        await chats.get("discord")?.stop();
        await connect();
        await store.troubles.probeSoon(clock.now());
      }
      await later(7);
      expect(titles(channel, 1)).toEqual(["#1 at revision 3"]);
      expect(titles(channel, 2)).toEqual(["#2 at revision 1"]);
      expect(await store.troubles.open(10)).toEqual([]);
      expect(await store.posts.refused(10)).toEqual([]);
      expect(shownIn(elsewhere).filter((text) => /takes messages again/.test(text))).toHaveLength(1);
      expect(shownIn(elsewhere).filter((text) => /do not arrive/.test(text))).toEqual([]);
      expect(await doctor()).not.toContainEqual(expect.objectContaining({ status: "failure" }));
    },
  );
});

async function doctor() {
  const findings = await examineStore(store, clock);
  return findings.filter(({ subject }) => subject.startsWith("channel "));
}

test.each([
  { platform: "Slack", where: () => inSlack, name: "SLACK_BOT_TOKEN", reset: () => slack.renewTokens() },
  { platform: "Discord", where: inDiscord, name: "DISCORD_TOKEN", reset: () => discord.resetToken() },
])(
  "a token of $platform that is replaced in time keeps nothing back, and is in the audit log without its value",
  async ({ where, name, reset }) => {
    const channel = where();
    reset();
    writeTokens();
    await card(channel, 1);
    await run();
    expect(titles(channel, 1)).toEqual(["#1 at revision 1"]);
    expect(await store.troubles.open(10)).toEqual([]);
    const entries = () => store.audit.list({ action: "secrets.read", limit: 10 });
    await expect.poll(async () => (await entries()).length).toBe(1);
    const [entry] = await entries();
    expect(entry?.data).toEqual({
      secrets: [expect.stringMatching(new RegExp(`^${name} by \\w+, again from its file`))],
    });
    expect(JSON.stringify(entry)).not.toMatch(new RegExp(`${slack.botToken}|${discord.token}`));
  },
);

test("over HTTP, where nothing but posts meets a refusal, a new token is taken long before the next try", async () => {
  await chats.get("slack")?.stop();
  const { apiUrl } = slack;
  const botToken = inFile("SLACK_BOT_TOKEN", "slack", slack.botToken);
  const common = { log: silentLog, metrics: noMetrics };
  chats.set("slack", unpaced(await createSlack({ ...common, botToken, signingSecret: "hush", apiUrl })));
  slack.renewTokens();
  await card(inSlack, 1);
  await card(slackToo, 2);
  await later(18);
  const [trouble] = await store.troubles.open(10);
  expect(trouble?.probeAt.getTime()).toBeGreaterThan(clock.now().getTime() + 60_000);
  const refused = slack.callsOf("chat.postMessage").length;

  writeTokens();
  expect(sleepers).toHaveLength(1);
  for (const wake of sleepers.splice(0)) wake();
  await expect.poll(() => channelsToPost()).toEqual(["post slack:COPS", "post slack:CTEAM"]);
  await run();
  expect(titles(inSlack, 1)).toEqual(["#1 at revision 1"]);
  expect(titles(slackToo, 2)).toEqual(["#2 at revision 1"]);
  expect(await store.troubles.open(10)).toEqual([]);
  expect(slack.callsOf("chat.postMessage").length).toBe(refused + 2);
  expect(sleepers).toEqual([]);
});

/** Keys of the jobs that are due and bring a channel of Slack up to date. */
async function channelsToPost(): Promise<string[]> {
  const sql = postgres(database.url, { max: 1 });
  try {
    const rows = await sql<{ key: string }[]>`
      select key from graphile_worker.jobs where key like 'post slack:%' and run_at <= now() order by key`;
    return rows.map(({ key }) => key);
  } finally {
    await sql.end();
  }
}

test("one trouble of a whole platform is tried by one channel at a time", async () => {
  slack.tokenError = "token_revoked";
  await card(inSlack, 1);
  await card(slackToo, 2);
  await later(30);
  expect(slack.callsOf("chat.postMessage").length).toBeLessThan(12);
  expect(await store.troubles.open(10)).toHaveLength(1);
});

test("the same trouble again within the hour edits its one message", async () => {
  await card(inSlack, 1);
  for (const isArchived of [true, false, true]) {
    ops().isArchived = isArchived;
    await card(inSlack, 1, (revisions.get(1) ?? 1) + 1);
    await later(6);
  }
  expect(shownIn(slackToo).filter((text) => /do not arrive/.test(text))).toHaveLength(1);
  expect(shownIn(slackToo)).toHaveLength(1);
});

describe("a locked thread", () => {
  test("of Discord holds its own lines alone, and they follow once it is unlocked", async () => {
    const channel = inDiscord();
    await card(channel, 1);
    await run();
    const [message] = discord.messages(channel.id);
    const thread = message === undefined ? null : discord.threadOf(message);
    if (thread === null) throw new Error("the card has no thread");
    thread.isLocked = true;
    await line(channel, 21, 1);
    await line(channel, 22, 1);
    await card(channel, 2);
    await line(channel, 23, 2);
    await later(10);
    expect(titles(channel, 2)).toHaveLength(1);
    expect(await store.troubles.open(10)).toMatchObject([{ problem: expect.stringContaining("160005") }]);
    expect(shownIn(inSlack).join()).toContain("unlock the thread");
    thread.isLocked = false;
    await later(6);
    expect(discord.messages(thread.id)).toHaveLength(2);
    expect(await store.troubles.open(10)).toEqual([]);
  });

  test("that is only archived is opened again by the next line", async () => {
    const channel = inDiscord();
    await card(channel, 1);
    await run();
    const [message] = discord.messages(channel.id);
    const thread = message === undefined ? null : discord.threadOf(message);
    if (thread === null) throw new Error("the card has no thread");
    thread.isArchived = true;
    await line(channel, 21, 1);
    await run();
    expect(discord.messages(thread.id)).toHaveLength(1);
    expect(await store.troubles.open(10)).toEqual([]);
  });
});

describe.each([
  { platform: "Slack", where: () => inSlack },
  { platform: "Discord", where: inDiscord },
])("a card that a person deletes in $platform", ({ platform, where }) => {
  function remove(): void {
    if (platform === "Slack")
      for (const { channel, ts } of slack.messagesIn(inSlack.id)) slack.remove(channel, ts);
    for (const message of discord.messages(discord.channel.id)) {
      message.isDeleted = true;
      // A thread outlives its message, and takes lines: here both are deleted.
      const thread = discord.threadOf(message);
      if (thread !== null) thread.isDeleted = true;
    }
  }

  test("is posted once more at its next change, and then left alone", async () => {
    const channel = where();
    await card(channel, 1);
    await run();
    remove();
    await run();
    expect(titles(channel, 1)).toEqual([]);
    await card(channel, 1, 2);
    await later(1);
    expect(titles(channel, 1)).toEqual(["#1 at revision 2"]);
    remove();
    await card(channel, 1, 3);
    await line(channel, 21, 1);
    await later(1);
    expect(titles(channel, 1)).toEqual([]);
    expect(await store.posts.refused(10)).toContainEqual(
      expect.objectContaining({ problem: expect.stringContaining("deleted") }),
    );
  });

  test("comes back for a line of its thread, which is said under the new card", async () => {
    const channel = where();
    await card(channel, 1);
    await run();
    remove();
    await line(channel, 21, 1);
    await later(2);
    expect(titles(channel, 1)).toEqual(["#1 at revision 1"]);
    const lines = (await store.posts.behind(channel.platform, channel.id, 10)).length;
    expect(lines).toBe(0);
  });
});

test("a deleted forum post is opened once more", async () => {
  const forum = discord.addChannel("forum", 15);
  const channel = { platform: "discord", id: forum.id };
  await card(channel, 1);
  await poster.reconcile(channel);
  const [post] = discord.threads(forum);
  if (post === undefined) throw new Error("there is no post");
  post.isDeleted = true;
  await line(channel, 21, 1);
  for (let turn = 0; turn < 4; turn += 1) {
    skewMs += 30_000;
    await poster.reconcile(channel);
  }
  const posts = discord.threads(forum);
  expect(posts).toHaveLength(1);
  expect(discord.messages(posts[0]?.id ?? "")).toHaveLength(2);
});

test("without the right to look back only the doubtful message waits", async () => {
  slack.scopes.delete("channels:history");
  slack.faults.add({ method: "chat.postMessage", kind: "commit_then_reset" });
  await card(inSlack, 1);
  await card(inSlack, 2);
  await later(10);
  expect(titles(inSlack, 2)).toHaveLength(1);
  expect(await store.troubles.open(10)).toMatchObject([
    { problem: expect.stringContaining("channels:history") },
  ]);
  slack.scopes.add("channels:history");
  await later(6);
  expect(titles(inSlack, 1)).toHaveLength(1);
  expect(await store.troubles.open(10)).toEqual([]);
});

test("tags that a forum does not have are told of once, keep nothing back, and are over once they are there", async () => {
  const forum = discord.addChannel("forum", 15);
  const channel = { platform: "discord", id: forum.id };
  await card(channel, 1);
  await poster.reconcile(channel);
  await card(channel, 2);
  await poster.reconcile(channel);
  expect(discord.threads(forum)).toHaveLength(2);
  const [trouble] = await store.troubles.open(10);
  expect(trouble).toMatchObject({ part: "aside:tags", remedy: expect.stringContaining("Manage Channels") });
  await poster.reconcile(inSlack);
  const told = slack.messagesIn(inSlack.id).map(readableText);
  expect(told).toEqual([expect.stringContaining("messages arrive, but not all that goes with them")]);
  const findings = await examineStore(store, clock);
  expect(findings.filter(({ subject }) => subject.includes(forum.id))).toMatchObject([{ status: "warning" }]);
  discord.addTag(forum, "notice");
  await connect();
  await card(channel, 3);
  await poster.reconcile(channel);
  expect(await store.troubles.open(10)).toEqual([]);
  await poster.reconcile(inSlack);
  expect(slack.messagesIn(inSlack.id).map(readableText)).toEqual([
    expect.stringContaining("takes all of it again"),
  ]);
});
