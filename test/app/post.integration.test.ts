/**
 * The poster as it runs: real store, real jobs, real chat clients against the fakes. Whatever the platform does to a
 * message, a channel shows one card; and a channel that hangs delays no other.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createDiscord } from "../../src/adapters/chat/discord.ts";
import { createSlack } from "../../src/adapters/chat/slack.ts";
import { type JobRunner, runJobs } from "../../src/adapters/store/jobs.ts";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { createPost } from "../../src/app/post.ts";
import { answerView } from "../../src/domain/command/answer.ts";
import type { View } from "../../src/domain/view.ts";
import { type Chat, type ChatDoor, noMetrics, silentLog, systemClock } from "../../src/ports.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { eventually } from "../e2e/process.ts";
import { type FakeDiscord, startFakeDiscord } from "../fakes/discord.ts";
import { noForms } from "../fakes/forms.ts";
import { type FakeSlack, startFakeSlack } from "../fakes/slack.ts";

let database: TestDatabase;
let store: OpenStore;
let slack: FakeSlack;
let discord: FakeDiscord;
let jobs: JobRunner;
const chats = new Map<string, Chat>();
let revision = 1;

const door: ChatDoor = {
  submit: async () => undefined,
  suggest: async () => [],
  home: async () => answerView("nothing waits"),
  forms: noForms,
};

beforeEach(async () => {
  [database, slack, discord] = await Promise.all([freshDatabase(), startFakeSlack(), startFakeDiscord()]);
  store = await openStore({ url: database.url });
  for (const id of ["CSTUCK", "CFREE"]) slack.addChannel({ id, name: id.toLowerCase() });
  const common = { log: silentLog, metrics: noMetrics };
  chats.set(
    "slack",
    await createSlack({
      ...common,
      botToken: slack.botToken,
      appToken: slack.appToken,
      apiUrl: slack.apiUrl,
    }),
  );
  chats.set(
    "discord",
    await createDiscord({
      ...common,
      token: discord.token,
      apiUrl: discord.apiUrl,
      guildIds: [discord.guild.id],
    }),
  );
  for (const chat of chats.values()) await chat.start(door, []);
  revision = 1;
  const post = createPost({
    store,
    chats,
    channels: [],
    ...common,
    clock: systemClock,
    sleep,
    render: async () => ({ view: cardOf(revision), revision }),
  });
  const nothing = async () => undefined;
  jobs = await runJobs({
    url: database.url,
    concurrency: 10,
    log: silentLog,
    replica: "test",
    handlers: {
      post: ({ platform, channel }) => post.reconcile({ platform, id: channel }),
      explain: nothing,
      channel: nothing,
      escalate: nothing,
      page: nothing,
      wake: nothing,
      measure: nothing,
      execute: nothing,
      apply: nothing,
      digest: nothing,
      monitor: nothing,
      checkpoint: nothing,
      publish: nothing,
    },
  });
});
afterEach(async () => {
  await jobs.stop(1_000);
  for (const chat of chats.values()) await chat.stop();
  await store.close();
  await Promise.all([slack.close(), discord.close(), database.close()]);
});

function cardOf(shown: number): View {
  const title = `#1 card at revision ${shown}`;
  return { kind: "incident", title, tone: "high", summary: title, blocks: [], actions: [] };
}

/** Asks for the card of incident 1 in a channel, as triage does. */
async function want(platform: string, channel: string, desiredRevision = 1): Promise<void> {
  await store.transaction(async (tx) => {
    await tx.posts.want(
      [{ platform, channel, kind: "incident", subject: 1, desiredRevision, threadOf: null }],
      new Date(),
    );
    await tx.jobs.add({ task: "post", platform, channel });
  });
}

async function isPosted(platform: string, channel: string): Promise<true | null> {
  const post = await store.posts.findBySubject(platform, channel, "incident", 1);
  return post !== null && post.postedRevision >= post.desiredRevision ? true : null;
}

describe("one card per incident and channel", () => {
  test.each([
    ["a rate limit", { kind: "rate_limit", retryAfterSeconds: 1 }],
    ["a message that arrived although the connection was reset", { kind: "commit_then_reset" }],
    ["a message that arrived although the answer was 500", { kind: "commit_then_500" }],
    ["a message that was lost with the answer 500", { kind: "http_500" }],
  ] as const)("in Slack despite %s", async (_, fault) => {
    slack.faults.add({ ...fault, method: "chat.postMessage" });
    await want("slack", "CFREE");
    await eventually("posted", 40_000, () => isPosted("slack", "CFREE"));
    expect(slack.messagesIn("CFREE")).toHaveLength(1);
    expect(slack.violations).toEqual([]);
  });

  test.each([["commit_then_reset"], ["commit_then_error"], ["error"]] as const)(
    "in Discord despite %s",
    async (kind) => {
      discord.faults.add({ kind, method: "POST", path: "/messages" });
      await want("discord", discord.channel.id);
      await eventually("posted", 40_000, () => isPosted("discord", discord.channel.id));
      expect(discord.messages(discord.channel.id)).toHaveLength(1);
      expect(discord.violations).toEqual([]);
    },
  );
});

test("many revisions become few edits, the last one shown", async () => {
  await want("slack", "CFREE");
  await eventually("posted", 20_000, () => isPosted("slack", "CFREE"));
  for (revision = 2; revision <= 40; revision += 1) {
    await want("slack", "CFREE", revision);
    await sleep(50);
  }
  revision = 40;
  await want("slack", "CFREE", revision);
  await eventually("edited", 20_000, () => isPosted("slack", "CFREE"));
  const [card] = slack.messagesIn("CFREE");
  expect(card?.text).toContain("revision 40");
  expect(card?.edits).toBeLessThanOrEqual(6);
});

test("a channel that hangs delays no other", async () => {
  slack.faults.add({ kind: "hang", method: "chat.postMessage", channel: "CSTUCK" });
  await want("slack", "CSTUCK");
  await eventually("it hangs", 10_000, () => (slack.callsOf("chat.postMessage").length > 0 ? true : null));
  const startedAt = Date.now();
  await want("slack", "CFREE");
  await want("discord", discord.channel.id);
  await eventually(
    "the others",
    10_000,
    async () =>
      ((await isPosted("slack", "CFREE")) && (await isPosted("discord", discord.channel.id))) || null,
  );
  expect(Date.now() - startedAt).toBeLessThan(5_000);
  expect(slack.messagesIn("CSTUCK")).toHaveLength(0);
});
