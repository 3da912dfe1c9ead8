import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createSlack, type SlackOptions } from "../../../src/adapters/chat/slack.ts";
import type { View } from "../../../src/domain/view.ts";
import type { PostResult } from "../../../src/ports/chat.ts";
import { noMetrics, silentLog } from "../../../src/ports/observability.ts";
import { recordingDoor, sampleCard, sampleCommands, sampleEntry } from "../../contracts/chat.ts";
import type { FakeSlackOptions, Fault } from "../../fakes/slack.ts";
import { readableText } from "../../fakes/slack.ts";
import { elsewhere, incidents, type SlackSetup, setUpSlack } from "./slack-harness.ts";

let setup: SlackSetup | null = null;
afterEach(async () => {
  await setup?.chat.stop();
  await setup?.slack.close();
  setup = null;
});

async function start(
  fakeOptions: FakeSlackOptions = {},
  options: Partial<SlackOptions> = {},
): Promise<SlackSetup> {
  setup = await setUpSlack(options, fakeOptions);
  return setup;
}
const card = { key: "card1", view: sampleCard() };
const since = () => new Date(Date.now() - 60_000);
type FaultDetails = Fault extends infer One ? (One extends Fault ? Omit<One, "method"> : never) : never;

describe("what became of a post", () => {
  test.each<[string, FaultDetails, PostResult["kind"], number]>([
    ["a rate limit", { kind: "rate_limit", retryAfterSeconds: 3 }, "rate_limited", 0],
    ["a rate limit by code", { kind: "error", error: "ratelimited" }, "rate_limited", 0],
    ["HTTP 500", { kind: "http_500" }, "ambiguous", 0],
    ["a reset before", { kind: "reset" }, "ambiguous", 0],
    ["a reset after", { kind: "commit_then_reset" }, "ambiguous", 1],
    ["HTTP 500 after", { kind: "commit_then_500" }, "ambiguous", 1],
    ["fatal_error after", { kind: "commit_then_error", error: "fatal_error" }, "ambiguous", 1],
    ["internal_error", { kind: "error", error: "internal_error" }, "ambiguous", 0],
    ["a proxy's page", { kind: "html" }, "ambiguous", 0],
    [
      "missing_scope",
      { kind: "error", error: "missing_scope", more: { needed: "chat:write" } },
      "refused",
      0,
    ],
    ["restricted_action", { kind: "error", error: "restricted_action" }, "refused", 0],
    ["token_revoked", { kind: "error", error: "token_revoked" }, "refused", 0],
    ["a code we do not know", { kind: "error", error: "brand_new_error" }, "refused", 0],
  ])("%s: one call, %#", async (_, fault, kind, posted) => {
    const { slack, chat } = await start();
    slack.faults.add({ method: "chat.postMessage", ...fault });
    const result = await chat.post(incidents, card);
    expect(result.kind).toBe(kind);
    expect(slack.callsOf("chat.postMessage")).toHaveLength(1);
    expect(slack.messagesIn(incidents.id)).toHaveLength(posted);
    const found = await chat.find(incidents, card.key, since());
    expect(found.kind).toBe(posted === 1 ? "found" : "absent");
  });

  test("Retry-After is kept to the millisecond", async () => {
    const { slack, chat } = await start();
    slack.faults.add({ method: "chat.postMessage", kind: "rate_limit", retryAfterSeconds: 17 });
    expect(await chat.post(incidents, card)).toEqual({
      kind: "rate_limited",
      retryAfterMs: 17_000,
      scope: "channel",
    });
  });

  test.each([
    ["hang", 0],
    ["commit_then_hang", 1],
  ] as const)("no answer (%s) is ambiguous once the time is up", async (kind, posted) => {
    const { slack, chat } = await start({}, { callTimeoutMs: 300 });
    slack.faults.add({ method: "chat.postMessage", kind });
    const started = performance.now();
    const result = await chat.post(incidents, card);
    expect(result).toMatchObject({ kind: "ambiguous", problem: expect.stringContaining("no answer") });
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(slack.messagesIn(incidents.id)).toHaveLength(posted);
  });

  test("a closed port and an unknown host are unreachable: nothing was sent", async () => {
    for (const apiUrl of [`http://127.0.0.1:${await closedPort()}/api/`, "http://slack.invalid/api/"]) {
      const chat = await createSlack({
        botToken: "xoxb-1",
        appToken: "xapp-1",
        apiUrl,
        log: silentLog,
        metrics: noMetrics,
      });
      expect((await chat.post(incidents, card)).kind).toBe("unreachable");
      expect((await chat.find(incidents, card.key, since())).kind).toBe("blind");
    }
  });

  test.each([
    ["unknown", () => undefined, "channel_not_found", /C0NOWHERE/],
    ["not a member", "isMember", "not_in_channel", /\/invite/],
    ["archived", "isArchived", "is_archived", /unarchive/i],
    ["read-only", "isReadOnly", "restricted_action", /admin/],
  ] as const)("a channel that is %s is refused with what to do", async (_, how, code, words) => {
    const { slack, chat } = await start();
    const channel = { platform: "slack", id: "C0NOWHERE" };
    if (typeof how === "string") slack.addChannel({ id: channel.id, [how]: how !== "isMember" });
    const result = await chat.post(channel, card);
    expect(result).toMatchObject({ kind: "refused", problem: expect.stringContaining(code) });
    expect(result.kind === "refused" && `${result.problem} ${result.remedy}`).toMatch(words);
  });

  test("a missing scope is named", async () => {
    const { slack, chat } = await start();
    slack.scopes.delete("chat:write");
    expect(await chat.post(incidents, card)).toMatchObject({
      kind: "refused",
      problem: expect.stringContaining("scope chat:write"),
      remedy: expect.stringContaining("slack-manifest"),
    });
  });

  test("a busy channel is limited as Slack does, and no other waits for it", async () => {
    const { slack, chat } = await start({ postBurst: 2 });
    const results: string[] = [];
    for (let index = 0; index < 4; index += 1)
      results.push((await chat.post(incidents, { key: `card${index}`, view: sampleEntry("x") })).kind);
    expect(results).toEqual(["posted", "posted", "rate_limited", "rate_limited"]);
    const started = performance.now();
    expect((await chat.post(elsewhere, card)).kind).toBe("posted");
    expect(performance.now() - started).toBeLessThan(1_000);
    slack.advance(1_100);
    expect((await chat.post(incidents, { key: "later", view: sampleEntry("x") })).kind).toBe("posted");
  });
});

describe("a line of a thread", () => {
  async function lineOf(view: View) {
    const { slack, chat } = await start();
    const posted = await chat.post(incidents, card);
    if (posted.kind !== "posted") throw new Error("not posted");
    const line = { key: "line1", view, thread: posted.ref };
    const result = await chat.post(incidents, line);
    const root = posted.ref.data["ts"] ?? "";
    return {
      result,
      found: await chat.find(incidents, "line1", since(), posted.ref),
      replies: slack.repliesTo(incidents.id, root),
    };
  }

  test("is shown in the channel too when all should see it, and is found again in its thread", async () => {
    const { result, found, replies } = await lineOf({ ...sampleEntry("resolved"), isBroadcast: true });
    expect(replies.map(({ isBroadcast }) => isBroadcast)).toEqual([true]);
    expect(result.kind === "posted" ? found : null).toEqual({
      kind: "found",
      ref: result.kind === "posted" ? result.ref : null,
    });
  });

  test("stays in its thread otherwise", async () => {
    const { replies } = await lineOf(sampleEntry("another alert joined"));
    expect(replies.map(({ isBroadcast }) => isBroadcast ?? false)).toEqual([false]);
  });
});

describe("what became of an edit", () => {
  async function posted() {
    const { slack, chat } = await start();
    const result = await chat.post(incidents, card);
    if (result.kind !== "posted") throw new Error("not posted");
    return { slack, chat, ref: result.ref };
  }

  test.each(["message_not_found", "cant_update_message", "edit_window_closed"])(
    "%s is missing",
    async (error) => {
      const { slack, chat, ref } = await posted();
      slack.faults.add({ method: "chat.update", kind: "error", error });
      expect(await chat.edit(ref, card)).toMatchObject({ kind: "missing" });
    },
  );

  test.each<[FaultDetails, PostResult["kind"]]>([
    [{ kind: "commit_then_500" }, "ambiguous"],
    [{ kind: "rate_limit", retryAfterSeconds: 1 }, "rate_limited"],
    [{ kind: "error", error: "is_archived" }, "refused"],
  ])("%o is %s", async (fault, kind) => {
    const { slack, chat, ref } = await posted();
    slack.faults.add({ method: "chat.update", ...fault });
    expect((await chat.edit(ref, card)).kind).toBe(kind);
    expect(slack.callsOf("chat.update")).toHaveLength(1);
  });

  test("an edit turns no name or address into a link, though chat.update does so by default", async () => {
    const { slack, chat, ref } = await posted();
    const text = "@here #incidents https://evil.example/";
    await chat.edit(ref, { key: card.key, view: sampleEntry(text) });
    const [message] = slack.messagesIn(incidents.id);
    expect(message?.effects).toEqual({
      mentions: [],
      broadcasts: [],
      channels: [],
      links: [],
      formatting: [],
    });
    expect(message?.text).toBe(text);
  });

  test("an edited card is still found by its key", async () => {
    const { chat, ref } = await posted();
    await chat.edit(ref, { key: card.key, view: sampleEntry("changed") });
    expect(await chat.find(incidents, card.key, since())).toEqual({ kind: "found", ref });
  });
});

describe("finding", () => {
  test("looks through many pages, and only since the given moment", async () => {
    const { slack, chat } = await start();
    const result = await chat.post(incidents, card);
    for (let index = 0; index < 450; index += 1) slack.say(incidents.id, `message ${index}`);
    expect((await chat.find(incidents, card.key, since())).kind).toBe("found");
    expect(slack.callsOf("conversations.history")).toHaveLength(3);
    expect(result.kind).toBe("posted");
    expect(await chat.find(incidents, card.key, new Date(Date.now() + 120_000))).toEqual({ kind: "absent" });
  });

  test("gives up as blind where there are too many messages to look through", async () => {
    const { slack, chat } = await start();
    await chat.post(incidents, card);
    for (let index = 0; index < 2_100; index += 1) slack.say(incidents.id, "x");
    expect((await chat.find(incidents, card.key, since())).kind).toBe("blind");
  });

  test("is blind, not absent, where it may not look", async () => {
    const { slack, chat } = await start();
    slack.scopes.delete("channels:history");
    expect(await chat.find(incidents, card.key, since())).toMatchObject({
      kind: "blind",
      problem: expect.stringContaining("channels:history"),
    });
  });

  test("is not fooled by another app that copies the key", async () => {
    const { slack, chat } = await start();
    await chat.start(recordingDoor(), []);
    slack.sayAsBot(incidents.id, "forged", {
      event_type: "tocsin_message",
      event_payload: { key: card.key },
    });
    expect(await chat.find(incidents, card.key, since())).toEqual({ kind: "absent" });
  });
});

describe("layouts that Slack does not accept", () => {
  test("a refused table is sent as aligned text, and tables are not tried again", async () => {
    const { slack, chat } = await start();
    slack.faults.add({ method: "chat.postMessage", kind: "error", error: "invalid_blocks" });
    expect((await chat.post(incidents, card)).kind).toBe("posted");
    const [message] = slack.messagesIn(incidents.id);
    expect(JSON.stringify(message?.blocks)).not.toContain('"table"');
    expect(readableText(message?.blocks)).toMatch(/metric {2}from {2}to\n/);
    expect((await chat.post(elsewhere, { ...card, key: "card2" })).kind).toBe("posted");
    expect(slack.callsOf("chat.postMessage")).toHaveLength(3);
    expect(slack.messagesIn(incidents.id)).toHaveLength(1);
    expect(JSON.stringify(slack.messagesIn(elsewhere.id)[0]?.blocks)).not.toContain('"table"');
  });

  test("without a table the oldest blocks are tried; refused again, it is refused", async () => {
    const { slack, chat } = await start();
    const message = { key: "e1", view: { ...sampleEntry("hello"), summary: "hello there" } };
    slack.faults.add({ method: "chat.postMessage", kind: "error", error: "msg_blocks_too_long" });
    expect((await chat.post(incidents, message)).kind).toBe("posted");
    expect(slack.messagesIn(incidents.id)[0]?.blocks).toMatchObject([
      { type: "header" },
      { type: "section" },
    ]);
    slack.faults.add({ method: "chat.postMessage", kind: "error", error: "invalid_blocks", times: 2 });
    expect(await chat.post(incidents, { ...message, key: "e2" })).toMatchObject({ kind: "refused" });
    expect(slack.callsOf("chat.postMessage")).toHaveLength(4);
  });
});

describe("images", () => {
  const png = new Uint8Array(2_000).fill(7);
  const digest: View = {
    ...sampleEntry("Daily digest"),
    kind: "digest",
    blocks: [{ kind: "image", png, alt: "alerts per hour: 3, 9, 1", filename: "../alerts <1>.png" }],
  };

  test("go to the message's thread with alternative text, once", async () => {
    const { slack, chat } = await start();
    const result = await chat.post(incidents, { key: "d1", view: digest });
    if (result.kind !== "posted") throw new Error("not posted");
    const [file, ...more] = [...slack.files.values()];
    expect(more).toEqual([]);
    expect(file).toMatchObject({
      altText: "alerts per hour: 3, 9, 1",
      filename: "..-alerts--1-.png",
      sharedIn: { channel: incidents.id, threadTs: result.ref.data["ts"] },
    });
    expect(Buffer.compare(file?.bytes ?? new Uint8Array(), png)).toBe(0);
    expect(slack.messagesIn(incidents.id)).toHaveLength(1);
    expect(slack.violations).toEqual([]);
  });

  test.each([
    ["files.getUploadURLExternal", { kind: "http_500" }],
    ["upload", { kind: "reset" }],
    ["files.completeUploadExternal", { kind: "commit_then_reset" }],
    ["files.completeUploadExternal", { kind: "rate_limit", retryAfterSeconds: 5 }],
  ] as const)(
    "trouble in %s leaves the message posted once and tries nothing twice",
    async (method, fault) => {
      const { slack, chat } = await start();
      slack.faults.add({ method, ...fault });
      expect((await chat.post(incidents, { key: "d1", view: digest })).kind).toBe("posted");
      expect(slack.callsOf(method)).toHaveLength(1);
      expect(slack.messagesIn(incidents.id)).toHaveLength(1);
      expect(readableText(slack.messagesIn(incidents.id)[0]?.blocks)).toContain("alerts per hour: 3, 9, 1");
    },
  );

  test("are not uploaded again by an edit", async () => {
    const { slack, chat } = await start();
    const result = await chat.post(incidents, { key: "d1", view: digest });
    if (result.kind !== "posted") throw new Error("not posted");
    await chat.edit(result.ref, { key: "d1", view: digest });
    expect(slack.files.size).toBe(1);
  });
});

describe("a file of a public answer", () => {
  const report: View = {
    ...sampleEntry("Report of incident 12"),
    kind: "answer",
    blocks: [{ kind: "file", filename: "incident-12.md", label: "Report", text: "# Incident 12\n" }],
  };

  async function ask(at: SlackSetup, channel: string) {
    const door = recordingDoor();
    await at.chat.start(door, sampleCommands);
    await at.slack.slash({ command: "/why", text: "12", channel });
    const [request] = door.requests;
    if (request === undefined) throw new Error("no request came");
    await at.chat.answer(request, report, "public");
    return at.slack.ephemerals.map((message) => readableText(message.blocks));
  }

  test("goes into the thread of the answer", async () => {
    const at = await start();
    expect(await ask(at, incidents.id)).toEqual([]);
    const [answer] = at.slack.messagesIn(incidents.id);
    expect([...at.slack.files.values()]).toMatchObject([
      {
        filename: "incident-12.md",
        altText: null,
        sharedIn: { channel: incidents.id, threadTs: answer?.ts },
      },
    ]);
    expect(readableText(answer?.blocks)).toContain("Report: incident-12.md, in the thread");
  });

  test("that cannot be uploaded is explained to whoever asked, with the remedy", async () => {
    const at = await start();
    at.slack.scopes.delete("files:write");
    const [said, ...more] = await ask(at, incidents.id);
    expect(said).toContain("incident-12.md could not be attached");
    expect(said).toMatch(/missing_scope.*files:write.*slack-manifest/);
    expect(more).toEqual([]);
  });

  test("asked for where the bot is no member is explained too, and the answer comes without it", async () => {
    const at = await start();
    at.slack.addChannel({ id: "C0OUT", name: "out", isMember: false });
    const said = await ask(at, "C0OUT");
    expect(said.some((text) => text.includes("could not be attached") && text.includes("/invite"))).toBe(
      true,
    );
    expect(at.slack.files.size).toBe(0);
  });
});

describe("check", () => {
  test("names scopes that are missing, and every channel that does not work", async () => {
    const { slack, chat } = await start();
    slack.scopes.delete("files:write");
    slack.addChannel({ id: "C0OUT", name: "out", isMember: false });
    slack.addChannel({ id: "C0OLD", name: "old", isArchived: true });
    const channels = [incidents.id, "C0OUT", "C0OLD", "C0GONE"].map((id) => ({ platform: "slack", id }));
    const findings = await chat.check(channels);
    expect(findings.map((finding) => [finding.subject, finding.status])).toEqual([
      ["slack token", "ok"],
      ["slack scopes", "failure"],
      ["slack requests", "ok"],
      ["slack channel C0INCIDENTS", "ok"],
      ["slack channel C0OUT", "failure"],
      ["slack channel C0OLD", "failure"],
      ["slack channel C0GONE", "failure"],
    ]);
    expect(findings[1]?.text).toContain("files:write");
    expect(findings.filter((one) => one.status === "failure").every((one) => (one.remedy ?? "") !== "")).toBe(
      true,
    );
  });

  test.each(["invalid_auth", "account_inactive", "token_revoked"])(
    "a token with %s is the only finding",
    async (code) => {
      const { slack, chat } = await start();
      slack.tokenError = code;
      expect(await chat.check([incidents])).toEqual([
        expect.objectContaining({
          subject: "slack token",
          status: "failure",
          text: expect.stringContaining(code),
        }),
      ]);
    },
  );
});

test("secrets appear in no error message about configuration", async () => {
  const options = { log: silentLog, metrics: noMetrics };
  const bad = [
    { botToken: "xapp-secret-part", appToken: "xapp-1" },
    { botToken: "xoxb-fine", appToken: "xoxb-secret-part" },
    { botToken: "xoxb-fine" },
  ];
  for (const tokens of bad) {
    const message = await createSlack({ ...options, ...tokens }).then(
      () => "no error",
      (error: Error) => error.message,
    );
    expect(message).toMatch(/^slack: /);
    expect(message).toMatch(/SLACK_/);
    expect(message).not.toContain("secret-part");
  }
});

function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 1));
    });
  });
}
