import { afterEach, describe, expect, test } from "vitest";
import type { MessageRef, OutgoingMessage, PostResult } from "../../../../src/ports.ts";
import type { Fault } from "../../../fakes/discord.ts";
import { entry, refIn, type Stage, stage, view } from "./harness.ts";
import { huge } from "./hostile.ts";

let at: Stage;
afterEach(async () => {
  await at.close();
});

async function disconnected(options: Parameters<typeof stage>[0] = {}): Promise<void> {
  at = await stage({ ...options, connect: "later" });
}

function only<Value>(values: readonly Value[]): Value {
  expect(values).toHaveLength(1);
  const [value] = values;
  if (value === undefined) throw new Error("nothing there");
  return value;
}

async function postCard(key = "card1"): Promise<MessageRef> {
  return refIn(await at.chat.post(at.channel, { key, view: view() }));
}

describe("a card", () => {
  test("is one message with an embed and buttons, and has a thread of its own", async () => {
    await disconnected();
    const ref = await postCard();
    const card = only(at.discord.messages(at.channel.id));
    expect(ref.data).toMatchObject({ channel: at.channel.id, message: card.id });
    expect(card.embeds[0]).toMatchObject({ title: "🔴 Critical · #12 Checkout is slow", color: 0xd92d20 });
    expect(at.discord.buttons(card).map(({ label }) => label)).toEqual(["Acknowledge", "Resolve"]);
    expect(at.discord.threadOf(card)).toMatchObject({
      name: "#12 Checkout is slow",
      parentId: at.channel.id,
      autoArchiveMinutes: 10_080,
    });
    expect(at.discord.refused).toEqual([]);
  });

  test("of a split incident notifies nobody, and that of any other does", async () => {
    await disconnected();
    await postCard();
    refIn(await at.chat.post(at.channel, { key: "card2", view: { ...view(), isQuiet: true } }));
    expect(at.discord.messages(at.channel.id).map(({ flags }) => flags)).toEqual([0, 1 << 12]);
  });

  test("is edited in place", async () => {
    await disconnected();
    const ref = await postCard();
    const resolved = view({ tone: "good", title: "#12 resolved", actions: [] });
    expect(refIn(await at.chat.edit(ref, { key: "card1", view: resolved }))).toEqual(ref);
    const card = only(at.discord.messages(at.channel.id));
    expect(card).toMatchObject({ edits: 1, components: [] });
    expect(card.embeds[0]?.title).toBe("🟢 #12 resolved");
  });

  test("that someone deleted is reported missing", async () => {
    await disconnected();
    const ref = await postCard();
    at.discord.deleteMessage(only(at.discord.messages(at.channel.id)));
    expect(await at.chat.edit(ref, { key: "card1", view: view() })).toMatchObject({ kind: "missing" });
  });

  test("of a digest has no thread, and its chart has an alt text", async () => {
    await disconnected();
    const png = new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]);
    const chart = { kind: "image" as const, png, alt: "12 alerts on Monday", filename: "chart.png" };
    const digest = view({ kind: "digest", tone: "neutral", blocks: [chart], actions: [] });
    const ref = refIn(await at.chat.post(at.channel, { key: "digest1", view: digest }));
    const message = only(at.discord.messages(at.channel.id));
    expect(message.attachments).toMatchObject([{ description: "12 alerts on Monday", size: 8 }]);
    expect(message.embeds[0]?.image?.url).toBe(`attachment://${message.attachments[0]?.filename}`);
    expect(at.discord.threadOf(message)).toBeNull();
    refIn(await at.chat.edit(ref, { key: "digest1", view: digest }));
    expect(message.attachments).toHaveLength(1);
  });

  test("made of hostile text and a title of 40 kB is taken, and notifies nobody", async () => {
    await disconnected();
    const text = [{ text: huge }];
    const evil = view({
      title: huge,
      summary: huge,
      footer: huge,
      blocks: [
        { kind: "fields", fields: [{ label: huge, value: text }] },
        { kind: "text", text },
        { kind: "list", ordered: "bulleted", items: [text, text] },
        { kind: "code", text: huge },
      ],
      actions: [{ label: huge, command: "ack 1", style: "plain", confirm: huge }],
    });
    const ref = refIn(await at.chat.post(at.channel, { key: "evil", view: evil }));
    refIn(await at.chat.post(at.channel, { key: "evil2", view: entry(huge), thread: ref }));
    refIn(await at.chat.edit(ref, { key: "evil", view: evil }));
    expect(at.discord.refused).toEqual([]);
    expect(at.discord.pings).toEqual([]);
    const bodies = at.discord.calls.filter(({ path }) => path.includes("/messages")).map(({ body }) => body);
    for (const body of bodies.filter((each) => each !== undefined && !("name" in Object(each))))
      expect(body).toMatchObject({ allowed_mentions: { parse: [] } });
  });
});

describe("thread entries", () => {
  test("go into the card's thread, in order", async () => {
    await disconnected();
    const ref = await postCard();
    for (const n of [1, 2])
      refIn(await at.chat.post(at.channel, { key: `e${n}`, view: entry(`line ${n}`), thread: ref }));
    const thread = only(at.discord.threads(at.discord.channel));
    expect(at.discord.messages(thread.id).map(({ content }) => content.split("\n")[0])).toEqual([
      "▪️ line 1",
      "▪️ line 2",
    ]);
    expect(at.discord.messages(at.channel.id)).toHaveLength(1);
  });

  test("start the thread when the card could not", async () => {
    await disconnected();
    at.discord.faults.add({ kind: "error", path: /\/threads$/ });
    const ref = await postCard();
    expect(at.discord.threads(at.discord.channel)).toEqual([]);
    refIn(await at.chat.post(at.channel, { key: "e1", view: entry("line"), thread: ref }));
    const thread = only(at.discord.threads(at.discord.channel));
    expect(thread.name).toBe("#12 Checkout is slow");
    expect(at.discord.messages(thread.id)).toHaveLength(1);
  });

  test("share one thread when two replicas race to start it", async () => {
    await disconnected({ fake: { perRoute: 50 } });
    at.discord.faults.add({ kind: "error", path: /\/threads$/ });
    const ref = await postCard();
    // Both find no thread, both start it; one of them hears that it exists.
    at.discord.faults.add({ kind: "slow", path: /\/threads$/, times: 2, delayMs: 100 });
    const results = await Promise.all(
      [1, 2, 3].map((n) => at.chat.post(at.channel, { key: `r${n}`, view: entry(`line ${n}`), thread: ref })),
    );
    for (const result of results) refIn(result);
    const thread = only(at.discord.threads(at.discord.channel));
    expect(at.discord.messages(thread.id)).toHaveLength(3);
  });

  test("adopt a thread that a lost answer left behind", async () => {
    await disconnected();
    at.discord.faults.add({ kind: "commit_then_reset", path: /\/threads$/ });
    const ref = await postCard();
    refIn(await at.chat.post(at.channel, { key: "e1", view: entry("line"), thread: ref }));
    expect(at.discord.messages(only(at.discord.threads(at.discord.channel)).id)).toHaveLength(1);
  });

  test("wake an archived thread", async () => {
    await disconnected();
    const ref = await postCard();
    const first = refIn(await at.chat.post(at.channel, { key: "e1", view: entry("one"), thread: ref }));
    const thread = only(at.discord.threads(at.discord.channel));
    at.discord.archive(thread);
    refIn(await at.chat.post(at.channel, { key: "e2", view: entry("two"), thread: ref }));
    expect(thread.isArchived).toBe(false);
    at.discord.archive(thread);
    refIn(await at.chat.edit(first, { key: "e1", view: entry("one, edited") }));
    expect(thread.isArchived).toBe(false);
    expect(at.discord.messages(thread.id)[0]?.content).toContain("one, edited");
  });

  test("into a locked thread are refused with what to do", async () => {
    await disconnected();
    const ref = await postCard();
    const thread = only(at.discord.threads(at.discord.channel));
    at.discord.lock(thread);
    for (const archive of [false, true]) {
      if (archive) at.discord.archive(thread);
      const result = await at.chat.post(at.channel, { key: "e1", view: entry("x"), thread: ref });
      expect(result).toMatchObject({ kind: "refused", remedy: expect.stringContaining("Manage Threads") });
    }
    at.discord.grant("manageThreads");
    refIn(await at.chat.post(at.channel, { key: "e1", view: entry("x"), thread: ref }));
  });

  test("stand beside the card where a channel has no threads", async () => {
    await disconnected();
    const voice = at.discord.addChannel("war room", 2);
    const channel = { platform: "discord", id: voice.id };
    const ref = refIn(await at.chat.post(channel, { key: "card1", view: view() }));
    refIn(await at.chat.post(channel, { key: "e1", view: entry("line"), thread: ref }));
    const [card, line] = at.discord.messages(voice.id);
    expect(line).toMatchObject({ replyTo: card?.id });
    expect(at.discord.pings).toEqual([]);
  });
});

describe("a forum", () => {
  test("gets a post per card, tagged with the severity, with the entries in it", async () => {
    await disconnected();
    const forum = at.discord.addChannel("incidents-forum", 15);
    at.discord.addTag(forum, "Critical");
    forum.requiresTag = true;
    const channel = { platform: "discord", id: forum.id };
    const ref = refIn(await at.chat.post(channel, { key: "card1", view: view() }));
    const thread = only(at.discord.threads(forum));
    expect(thread).toMatchObject({ name: "#12 Checkout is slow", appliedTags: [forum.tags[0]?.id] });
    refIn(await at.chat.post(channel, { key: "e1", view: entry("line"), thread: ref }));
    refIn(await at.chat.edit(ref, { key: "card1", view: view({ tone: "good" }) }));
    const [card, line] = at.discord.messages(thread.id);
    expect(card?.edits).toBe(1);
    expect(line?.content).toContain("line");
  });

  test("post whose answer got lost is found by its mark", async () => {
    await disconnected({ fake: { perRoute: 50 } });
    const forum = at.discord.addChannel("incidents-forum", 15);
    const channel = { platform: "discord", id: forum.id };
    refIn(await at.chat.post(channel, { key: "other", view: view() }));
    at.discord.faults.add({ kind: "commit_then_error", path: /\/threads$/ });
    const since = new Date();
    expect(await at.chat.post(channel, { key: "card1", view: view() })).toMatchObject({ kind: "ambiguous" });
    const result = await at.chat.find(channel, "card1", since);
    expect(result).toMatchObject({
      kind: "found",
      ref: { data: { message: at.discord.threads(forum)[1]?.id } },
    });
    expect(await at.chat.find(channel, "never", since)).toMatchObject({ kind: "blind" });
    expect(await at.chat.find(channel, "never", new Date(Date.now() - 60_000))).toEqual({ kind: "absent" });
  });
});

/** What the bot does with an unknown outcome: look, then send again. */
async function deliver(
  message: OutgoingMessage,
): Promise<{ readonly ref: MessageRef; readonly outcomes: string[] }> {
  const since = new Date();
  const outcomes: string[] = [];
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const result: PostResult = await at.chat.post(at.channel, message);
    outcomes.push(result.kind);
    if (result.kind === "posted") return { ref: result.ref, outcomes };
    if (result.kind === "refused") throw new Error(result.problem);
    if (result.kind === "rate_limited")
      await new Promise((resolve) => setTimeout(resolve, result.retryAfterMs));
    if (result.kind !== "ambiguous") continue;
    const found = await at.chat.find(at.channel, message.key, since, message.thread);
    outcomes.push(found.kind);
    if (found.kind === "found") return { ref: found.ref, outcomes };
  }
  throw new Error(`not delivered: ${outcomes.join()}`);
}

const faults: readonly (readonly [string, Fault, readonly string[]])[] = [
  ["a rate limit of the channel", { kind: "rate_limit", retryAfterMs: 60 }, ["rate_limited", "posted"]],
  [
    "a rate limit of the bot",
    { kind: "rate_limit", retryAfterMs: 60, isGlobal: true },
    ["rate_limited", "posted"],
  ],
  ["an error before it took effect", { kind: "error" }, ["ambiguous", "absent", "posted"]],
  ["an error after it took effect", { kind: "commit_then_error" }, ["ambiguous", "found"]],
  ["a bad gateway after it took effect", { kind: "commit_then_error", status: 502 }, ["ambiguous", "found"]],
  ["a reset before it took effect", { kind: "reset" }, ["ambiguous", "absent", "posted"]],
  ["a reset after it took effect", { kind: "commit_then_reset" }, ["ambiguous", "found"]],
  ["an answer that is not Discord's", { kind: "commit_then_garbage" }, ["ambiguous", "found"]],
  ["a slow answer", { kind: "slow", delayMs: 200 }, ["posted"]],
];

describe("one message per key", () => {
  test.each(faults)("despite %s, for a card and for an entry", async (_name, fault, expected) => {
    await disconnected();
    at.discord.faults.add({ method: "POST", path: /\/messages$/, ...fault });
    const { ref, outcomes } = await deliver({ key: "card1", view: view() });
    expect(outcomes).toEqual(expected);
    const card = only(at.discord.messages(at.channel.id));
    expect(ref.data["message"]).toBe(card.id);
    at.discord.faults.add({ method: "POST", path: /\/messages$/, ...fault });
    const line = await deliver({ key: "entry1", view: entry("line"), thread: ref });
    expect(line.outcomes).toEqual(expected);
    expect(only(at.discord.messages(card.id)).id).toBe(line.ref.data["message"]);
  });

  test("even when nobody looks first: the nonce makes a second attempt the first one's message", async () => {
    await disconnected();
    at.discord.faults.add({ kind: "commit_then_reset", method: "POST", path: /\/messages$/ });
    expect(await at.chat.post(at.channel, { key: "card1", view: view() })).toMatchObject({
      kind: "ambiguous",
    });
    const ref = await postCard();
    expect(ref.data["message"]).toBe(only(at.discord.messages(at.channel.id)).id);
  });

  test("long after, when Discord has forgotten the nonce: it is found", async () => {
    await disconnected();
    at.discord.faults.add({ kind: "commit_then_error", method: "POST", path: /\/messages$/ });
    const since = new Date();
    expect(await at.chat.post(at.channel, { key: "card1", view: view() })).toMatchObject({
      kind: "ambiguous",
    });
    at.discord.advance(10 * 60_000);
    const card = only(at.discord.messages(at.channel.id));
    expect(await at.chat.find(at.channel, "card1", since)).toMatchObject({
      kind: "found",
      ref: { data: { message: card.id } },
    });
  });

  test("a request that hangs is given up after ten seconds, and found", { timeout: 20_000 }, async () => {
    await disconnected();
    at.discord.faults.add({ kind: "commit_then_hang", method: "POST", path: /\/messages$/ });
    const startedAt = Date.now();
    const { outcomes } = await deliver({ key: "card1", view: view() });
    expect(outcomes).toEqual(["ambiguous", "found"]);
    expect(Date.now() - startedAt).toBeLessThan(12_000);
    only(at.discord.messages(at.channel.id));
  });
});

test("a channel that hangs or is rate limited delays no other", async () => {
  await disconnected();
  const other = { platform: "discord", id: at.discord.addChannel("other").id };
  await postCard("warm");
  at.discord.faults.add({ kind: "hang", channel: at.channel.id });
  at.discord.faults.add({ kind: "rate_limit", channel: at.channel.id, retryAfterMs: 60_000 });
  const hanging = at.chat.post(at.channel, { key: "hangs", view: view() });
  const startedAt = Date.now();
  refIn(await at.chat.post(other, { key: "card2", view: view() }));
  refIn(await at.chat.post(other, { key: "card3", view: view() }));
  expect(Date.now() - startedAt).toBeLessThan(1_000);
  await at.discord.close();
  expect((await hanging).kind).toBe("ambiguous");
  at = await stage({ connect: "later" });
});

test("more than the channel's allowance is refused here, without a request", async () => {
  await disconnected();
  const results: PostResult[] = [];
  for (let n = 0; n < 8; n += 1)
    results.push(await at.chat.post(at.channel, { key: `k${n}`, view: view({ kind: "digest" }) }));
  const kinds = results.map(({ kind }) => kind);
  expect(kinds).toEqual([...Array(5).fill("posted"), ...Array(3).fill("rate_limited")]);
  expect(results[5]).toMatchObject({ scope: "channel", retryAfterMs: expect.any(Number) });
  expect(at.discord.calls.filter(({ status }) => status === 429)).toEqual([]);
  const waitMs = results[7]?.kind === "rate_limited" ? results[7].retryAfterMs : 0;
  expect(waitMs).toBeLessThan(1_200);
  await new Promise((resolve) => setTimeout(resolve, waitMs));
  refIn(await at.chat.post(at.channel, { key: "k7", view: view({ kind: "digest" }) }));
});

test("a rate limit of the whole bot says so", async () => {
  await disconnected();
  at.discord.faults.add({ kind: "rate_limit", isGlobal: true, retryAfterMs: 700 });
  const result = await at.chat.post(at.channel, { key: "k", view: view() });
  expect(result).toMatchObject({ kind: "rate_limited", scope: "platform" });
  expect(result.kind === "rate_limited" && result.retryAfterMs).toBeGreaterThanOrEqual(700);
});

describe("what Discord refuses is refused with a remedy", () => {
  const denials = [
    ["viewChannel", "View Channel"],
    ["sendMessages", "Send Messages"],
    ["embedLinks", "Embed Links"],
  ] as const;
  test.each(denials)("without %s", async (permission, words) => {
    await disconnected();
    at.discord.deny(at.discord.channel, permission);
    const result = await at.chat.post(at.channel, { key: "k", view: view() });
    expect(result).toMatchObject({ kind: "refused", remedy: expect.stringContaining(words) });
  });

  test("a channel that does not exist", async () => {
    await disconnected();
    const result = await at.chat.post({ platform: "discord", id: "1" }, { key: "k", view: view() });
    expect(result).toMatchObject({ kind: "refused", remedy: expect.stringContaining("channel id") });
  });

  test("a card that is gone when its entry comes", async () => {
    await disconnected();
    at.discord.faults.add({ kind: "error", path: /\/threads$/ });
    const ref = await postCard();
    at.discord.deleteMessage(only(at.discord.messages(at.channel.id)));
    const result = await at.chat.post(at.channel, { key: "e", view: entry("x"), thread: ref });
    expect(result).toMatchObject({ kind: "missing", problem: expect.stringContaining("deleted") });
  });

  test("a token that was reset, each time anew, and never shown", async () => {
    await disconnected();
    const old = at.discord.token;
    at.discord.resetToken();
    for (let n = 0; n < 2; n += 1) {
      const result = await at.chat.post(at.channel, { key: "k", view: view() });
      expect(result).toMatchObject({ kind: "refused", remedy: expect.stringContaining("DISCORD_TOKEN") });
      expect(JSON.stringify(result)).not.toContain(old);
    }
  });
});

test("without a server at the other end nothing was sent", async () => {
  await disconnected({ adapter: { apiUrl: "http://127.0.0.1:9/api" } });
  expect(await at.chat.post(at.channel, { key: "k", view: view() })).toMatchObject({
    kind: "unreachable",
    problem: expect.stringContaining("ECONNREFUSED"),
  });
  expect(await at.chat.find(at.channel, "k", new Date())).toMatchObject({ kind: "blind" });
});

describe("looking for a message", () => {
  test("sees only the bot's own messages, and only those after the moment", async () => {
    await disconnected();
    await postCard("card1");
    const footer = only(at.discord.messages(at.channel.id)).embeds[0]?.footer?.text ?? "";
    at.discord.say(at.discord.channel, at.discord.oncall, footer);
    at.discord.deleteMessage(at.discord.messages(at.channel.id)[0] ?? only([]));
    expect(await at.chat.find(at.channel, "card1", new Date())).toEqual({ kind: "absent" });
    await postCard("card2");
    expect(await at.chat.find(at.channel, "card2", new Date(Date.now() + 600_000))).toEqual({
      kind: "absent",
    });
  });

  test("reads on in a busy channel", async () => {
    await disconnected({ fake: { perRoute: 50 } });
    const since = new Date();
    for (let n = 0; n < 250; n += 1) at.discord.say(at.discord.channel, at.discord.oncall, `chatter ${n}`);
    await postCard("card1");
    for (let n = 0; n < 250; n += 1) at.discord.say(at.discord.channel, at.discord.oncall, `chatter ${n}`);
    expect(await at.chat.find(at.channel, "card1", since)).toMatchObject({ kind: "found" });
    expect(await at.chat.find(at.channel, "card2", since)).toEqual({ kind: "absent" });
  });

  test("waits out a short rate limit rather than starting over", async () => {
    await disconnected();
    at.discord.faults.add({ kind: "rate_limit", method: "GET", path: /\/messages$/, retryAfterMs: 100 });
    expect(await at.chat.find(at.channel, "card1", new Date())).toEqual({ kind: "absent" });
    at.discord.faults.add({ kind: "rate_limit", method: "GET", path: /\/messages$/, retryAfterMs: 60_000 });
    expect(await at.chat.find(at.channel, "card1", new Date())).toMatchObject({ kind: "blind" });
  });

  test("is blind, not sure, where it may not read: Discord shows an empty channel then", async () => {
    await disconnected();
    const ref = await postCard("card1");
    at.discord.deny(at.discord.channel, "readHistory");
    expect(await at.chat.find(at.channel, "card1", new Date(Date.now() - 60_000))).toMatchObject({
      kind: "blind",
      problem: expect.stringContaining("Read Message History"),
    });
    expect(await at.chat.find(at.channel, "e1", new Date(), ref)).toMatchObject({ kind: "blind" });
  });

  test("for an entry whose thread was never started finds nothing", async () => {
    await disconnected();
    at.discord.faults.add({ kind: "error", path: /\/threads$/ });
    const ref = await postCard();
    expect(await at.chat.find(at.channel, "e1", new Date(), ref)).toEqual({ kind: "absent" });
  });
});
