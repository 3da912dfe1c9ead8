import { afterEach, beforeEach, expect, test } from "vitest";
import type { MessageRef, PostResult } from "../../../../src/ports.ts";
import type { FakeChannel } from "../../../fakes/discord.ts";
import { refIn, type Stage, stage, view } from "./harness.ts";

let at: Stage;
let forum: FakeChannel;

beforeEach(async () => {
  at = await stage({ connect: "later", fake: { perRoute: 100 } });
  forum = at.discord.addChannel("incidents-forum", 15);
});
afterEach(async () => {
  await at.close();
});

const everyTag = ["Critical", "High", "Warning", "Info", "Open", "Acknowledged", "Resolved"];

function open(key = "card1"): Promise<PostResult> {
  return at.chat.post({ platform: "discord", id: forum.id }, { key, view: view() });
}

function edit(ref: MessageRef, tags: readonly string[]): Promise<PostResult> {
  return at.chat.edit(ref, { key: "card1", view: view({ tags }) });
}

/** Tags of the one post. */
function applied(): readonly string[] {
  const [post] = at.discord.threads(forum);
  if (post === undefined) throw new Error("there is no post");
  return at.discord.tagsOf(post);
}

/** By 50008 the adapter learns that a channel is a forum. */
function brokenRules(): readonly string[] {
  return at.discord.refused.filter((rule) => !rule.includes("50008"));
}

function patches(path: RegExp): number {
  return at.discord.calls.filter((call) => call.method === "PATCH" && path.test(call.path)).length;
}

const forumPatches = () => patches(new RegExp(`/channels/${forum.id}$`));
const postPatches = () => patches(/\/channels\/\d+$/) - forumPatches();

test("tags that are missing are made once, all of an incident's, beside those that people made", async () => {
  at.discord.grant("manageChannels");
  at.discord.addTag(forum, "Payments", { moderated: true, emoji_name: "💳" });
  at.discord.addTag(forum, "OPEN");
  expect(await open()).toMatchObject({ aside: { part: "tags", obstacle: null } });
  expect(await open("card2")).toMatchObject({ aside: { obstacle: null } });
  const names = forum.tags.map(({ name }) => name);
  expect(names).toEqual(["Payments", "OPEN", ...everyTag.filter((name) => name !== "Open")]);
  expect(forum.tags[0]).toMatchObject({ moderated: true, emoji_name: "💳" });
  expect(forumPatches()).toBe(1);
  expect(at.discord.threads(forum).map((post) => at.discord.tagsOf(post))).toEqual([
    ["Critical", "OPEN"],
    ["Critical", "OPEN"],
  ]);
  expect(brokenRules()).toEqual([]);
});

test("they follow severity and state, and leave what people gave the post", async () => {
  at.discord.grant("manageChannels");
  const payments = at.discord.addTag(forum, "Payments");
  const ref = refIn(await open());
  const [post] = at.discord.threads(forum);
  if (post === undefined) throw new Error("there is no post");
  post.appliedTags = [...post.appliedTags, payments.id];
  refIn(await edit(ref, ["high", "acknowledged"]));
  expect(applied()).toEqual(["High", "Acknowledged", "Payments"]);
  refIn(await edit(ref, ["high", "resolved"]));
  expect(applied()).toEqual(["High", "Resolved", "Payments"]);
  refIn(await edit(ref, ["critical", "open"]));
  expect(applied()).toEqual(["Critical", "Open", "Payments"]);
  const before = postPatches();
  refIn(await edit(ref, ["critical", "open"]));
  expect(postPatches()).toBe(before);
});

test("another replica that saw an older state puts them right", async () => {
  at.discord.grant("manageChannels");
  const other = await stage({ beside: at.discord, connect: "later" });
  const ref = refIn(await open());
  refIn(await other.chat.edit(ref, { key: "card1", view: view({ tags: ["critical", "resolved"] }) }));
  refIn(await edit(ref, ["critical", "open"]));
  expect(applied()).toEqual(["Critical", "Open"]);
  await other.close();
});

test("a post never carries more than five, and the bot's own come first", async () => {
  at.discord.grant("manageChannels");
  const own = ["A", "B", "C", "D", "E"].map((name) => at.discord.addTag(forum, name).id);
  const ref = refIn(await open());
  const [post] = at.discord.threads(forum);
  if (post === undefined) throw new Error("there is no post");
  post.appliedTags = own;
  refIn(await edit(ref, ["info", "resolved"]));
  expect(applied()).toEqual(["Info", "Resolved", "A", "B", "C"]);
  expect(brokenRules()).toEqual([]);
});

test("without the right to make them the card is posted, and what is missing is said", async () => {
  at.discord.addTag(forum, "critical");
  const remedy = expect.stringContaining("Manage Channels");
  expect(await open()).toMatchObject({
    kind: "posted",
    aside: { obstacle: { problem: expect.stringContaining("no tag named Open"), remedy } },
  });
  expect(applied()).toEqual(["critical"]);
  expect(forumPatches()).toBe(0);
  expect(brokenRules()).toEqual([]);
});

test.each([
  { people: 13, tags: 20, obstacle: null },
  { people: 14, tags: 16, obstacle: null },
  { people: 19, tags: 19, obstacle: { problem: expect.stringContaining("20 that Discord allows") } },
])("beside $people tags of people's there are $tags in all, and none of theirs is lost", async (row) => {
  at.discord.grant("manageChannels");
  for (let index = 0; index < row.people; index += 1) at.discord.addTag(forum, `team ${index}`);
  expect(await open()).toMatchObject({ aside: { obstacle: row.obstacle } });
  expect(forum.tags).toHaveLength(row.tags);
  expect(forum.tags[row.people - 1]?.name).toBe(`team ${row.people - 1}`);
  expect(brokenRules()).toEqual([]);
});

test("tags that are kept for moderators are left alone without Manage Threads, and used with it", async () => {
  for (const name of everyTag) at.discord.addTag(forum, name, { moderated: name === "Critical" });
  const refused = await open();
  expect(refused).toMatchObject({ aside: { obstacle: { problem: expect.stringContaining("Critical") } } });
  expect(applied()).toEqual(["Open"]);
  at.discord.grant("manageThreads");
  at.discord.advance(120_000);
  const later = await stage({ beside: at.discord, connect: "later" });
  expect(
    await later.chat.edit(refIn(refused), { key: "card1", view: view({ tags: ["critical", "open"] }) }),
  ).toMatchObject({ aside: { obstacle: null } });
  expect(applied()).toEqual(["Critical", "Open"]);
  await later.close();
  expect(brokenRules()).toEqual([]);
});

test("a forum that demands a tag and has none that the bot may use says so with what to do", async () => {
  forum.requiresTag = true;
  expect(await open()).toMatchObject({
    kind: "refused",
    reach: "channel",
    problem: expect.stringContaining("40067"),
    remedy: expect.stringContaining("Manage Channels"),
  });
  at.discord.addTag(forum, "Staff", { moderated: true });
  expect(await open()).toMatchObject({ kind: "refused", problem: expect.stringContaining("40066") });
  at.discord.grant("manageChannels");
  const later = await stage({ beside: at.discord, connect: "later" });
  refIn(await later.chat.post({ platform: "discord", id: forum.id }, { key: "card1", view: view() }));
  expect(applied()).toEqual(["Critical", "Open"]);
  await later.close();
});

test("an archived post is opened by the edit of its card, a locked one is left locked and said of", async () => {
  at.discord.grant("manageChannels");
  const ref = refIn(await open());
  const [post] = at.discord.threads(forum);
  if (post === undefined) throw new Error("there is no post");
  at.discord.archive(post);
  refIn(await edit(ref, ["high", "open"]));
  expect(post.isArchived).toBe(false);
  expect(applied()).toEqual(["High", "Open"]);
  at.discord.lock(post);
  expect(await edit(ref, ["info", "open"])).toMatchObject({
    kind: "posted",
    aside: { obstacle: { remedy: expect.stringContaining("unlock the post") } },
  });
  expect(post.isLocked).toBe(true);
  expect(applied()).toEqual(["High", "Open"]);
});

test("a rate limit on the tags makes the edit come again, and then both are done", async () => {
  at.discord.grant("manageChannels");
  const ref = refIn(await open());
  const [post] = at.discord.threads(forum);
  const path = new RegExp(`/channels/${post?.id}$`);
  at.discord.faults.add({ kind: "rate_limit", method: "PATCH", path, retryAfterMs: 10 });
  expect(await edit(ref, ["info", "open"])).toMatchObject({ kind: "rate_limited" });
  await new Promise((resolve) => setTimeout(resolve, 20));
  refIn(await edit(ref, ["info", "open"]));
  expect(applied()).toEqual(["Info", "Open"]);
});

test("rollouts, digests and everything else have a tag of their own", async () => {
  at.discord.grant("manageChannels");
  const { tags: _none, ...untagged } = view();
  for (const [index, kind] of (["rollout", "digest", "answer"] as const).entries())
    refIn(
      await at.chat.post(
        { platform: "discord", id: forum.id },
        { key: `post${index}`, view: { ...untagged, kind } },
      ),
    );
  expect(at.discord.threads(forum).map((post) => at.discord.tagsOf(post))).toEqual([
    ["Rollout"],
    ["Digest"],
    ["Notice"],
  ]);
});
