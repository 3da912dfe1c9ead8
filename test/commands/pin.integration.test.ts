import { afterEach, describe, expect, test } from "vitest";
import { answerView } from "../../src/domain/command/answer.ts";
import type { Channel, Chat } from "../../src/ports.ts";
import { inputsOf } from "../fakes/slack.ts";
import { type DiscordScene, discordScene, type SlackScene, slackScene } from "./chat-scene.ts";
import { commandScene } from "./scene.ts";

const scene = commandScene();
const channel: Channel = { platform: "slack", id: "C0INCIDENTS" };
/** Machines that build are slow. */
const patienceMs = 30_000;
const open: (SlackScene | DiscordScene)[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) {
    await each.close();
    if ("slack" in each) expect(each.slack.violations).toEqual([]);
    else expect([...each.discord.refused, ...each.discord.violations]).toEqual([]);
  }
});

/** An incident whose card is in a channel. */
async function incidentIn(chat: Chat, where: Channel) {
  const { id, title } = await scene.incident();
  const { posts } = scene.store();
  const { platform } = where;
  const wanted = { platform, channel: where.id, kind: "incident", subject: id, desiredRevision: 1 } as const;
  await posts.want([{ ...wanted, threadOf: null }], scene.clock.now());
  const post = await posts.findBySubject(platform, where.id, "incident", id);
  const posted = await chat.post(where, { key: `card${id}`, view: answerView(title) });
  if (post === null || posted.kind !== "posted") throw new Error("no card");
  await posts.markPosted(post.key, 1, posted.ref);
  return { id, ref: posted.ref };
}

async function history(id: number) {
  const entries = await scene.store().incidents.timeline(id, 50);
  return entries.map(({ text, at, isPosted }) => ({ text, at: at.toISOString(), isPosted }));
}
const audited = async (id: number) =>
  (await scene.store().audit.list({ subject: `incident:${id}`, limit: 20 })).map(({ action }) => action);

/** The report as it is attached. */
async function report(id: number): Promise<string> {
  const view = await scene.view("oncall", `incident report ${id}`);
  return view.blocks.flatMap((block) => (block.kind === "file" ? [block.text] : [])).join("");
}

describe("📌 on Slack", () => {
  async function thread(emoji?: readonly string[]) {
    const started = await slackScene(scene, undefined, emoji);
    open.push(started);
    const { id, ref } = await incidentIn(started.chat, channel);
    const message = started.slack.say(channel.id, "queue at 40k & draining", ref.data["ts"]);
    const done = (count: number) =>
      expect.poll(async () => (await history(id)).length, { timeout: patienceMs }).toBe(count);
    return { ...started, id, message, done };
  }

  test("puts the message into the history with its own time, once, and the thread hears nothing", async () => {
    const { slack, id, message, done, requests } = await thread();
    expect((await slack.react({ emoji: "pushpin", message, user: "U-oncall" })).isAcked).toBe(true);
    await done(1);
    const at = new Date(Math.min(Number(message.ts) * 1_000, scene.clock.now().getTime())).toISOString();
    expect(await history(id)).toEqual([{ text: "U0ONCALL: queue at 40k & draining", at, isPosted: false }]);
    await slack.react({ emoji: "pushpin", message, user: "U-ml" });
    await expect.poll(() => requests.length, { timeout: patienceMs }).toBe(2);
    expect(slack.ephemerals).toEqual([]);
    expect(await audited(id)).toEqual(["incident.pinned"]);
    expect(await report(id)).toContain("queue at 40k &amp; draining");
  });

  test("taken off by whoever pinned it, the message is gone from the report, and both are audited", async () => {
    const { slack, id, message, done, requests } = await thread();
    await slack.react({ emoji: "pushpin", message, user: "U-oncall" });
    await done(1);
    await slack.react({ emoji: "pushpin", message, isTakenOff: true, user: "U-ml" });
    await expect.poll(() => requests.length, { timeout: patienceMs }).toBe(2);
    await slack.react({ emoji: "pushpin", message, isTakenOff: true, user: "U-oncall" });
    await done(2);
    expect(await report(id)).not.toContain("queue at 40k");
    expect((await audited(id)).sort()).toEqual(["incident.pinned", "incident.unpinned"]);
  });

  test("the emoji are those that tocsin.yaml names", async () => {
    const { slack, message, done, requests } = await thread(["round_pushpin", "memo"]);
    await slack.react({ emoji: "pushpin", message, user: "U-oncall" });
    await slack.react({ emoji: "memo", message, user: "U-oncall" });
    await done(1);
    expect(requests).toHaveLength(1);
  });

  test("other emoji, and messages outside of an incident's thread, are nobody's business", async () => {
    const { slack, message, requests } = await thread();
    await slack.react({ emoji: "eyes", message });
    await slack.react({ emoji: "pushpin", message: slack.say(channel.id, "lunch?") });
    const other = slack.say(channel.id, "a thread of ours");
    await slack.react({ emoji: "pushpin", message: slack.say(channel.id, "yes", other.ts) });
    expect(requests).toEqual([]);
  });

  test("who may not is told so privately, in the thread", async () => {
    const { slack, message } = await thread();
    await slack.react({ emoji: "pushpin", message, user: "U-reader" });
    await slack.until(() => slack.ephemerals.length === 1, patienceMs);
    expect(slack.ephemerals[0]).toMatchObject({ user: "U-reader", threadTs: message.threadTs });
    expect(slack.ephemerals[0]?.text).toContain("you may not work on incident");
  });
});

describe("Add to incident in the menu of a message", () => {
  test("on Slack asks which incident, and keeps author, time and place", async () => {
    const started = await slackScene(scene);
    open.push(started);
    const { slack, chat } = started;
    const { id } = await incidentIn(chat, channel);
    const message = slack.say(channel.id, "we saw this *before*");
    await slack.shortcut({ callback: "tocsin-pin", message, user: "U-oncall" });
    await slack.until(() => slack.openForms().some((view) => inputsOf(view).length === 2), patienceMs);
    await slack.submitForm({ values: { Incident: String(id) }, user: "U-oncall" });
    await expect.poll(async () => (await history(id)).length, { timeout: patienceMs }).toBe(1);
    const [entry] = await scene.store().incidents.timeline(id, 1);
    expect(entry).toMatchObject({
      text: "U0ONCALL: we saw this *before*",
      isPosted: true,
      data: {
        pin: {
          message: `slack:${channel.id}/${message.ts}`,
          link: `https://example.slack.com/archives/${channel.id}/p${message.ts.replace(".", "")}`,
        },
      },
    });
  });

  test("on Discord shows what is kept, and asks which incident", async () => {
    const started = await discordScene(scene);
    open.push(started);
    const { discord } = started;
    const { id } = await scene.incident();
    const doing = { user: discord.oncall, channel: discord.channel };
    const message = discord.say(discord.channel, discord.addUser("ada"), "disk 97 %");
    const asked = discord.menu("Add to incident", message, doing);
    const form = await discord.until(() => asked.form, patienceMs);
    expect(form.components.map(({ component }) => component)).toMatchObject([
      { type: 3, custom_id: "incident" },
      { type: 4, custom_id: "text", value: "ada: disk 97 %" },
    ]);
    discord.submitForm(asked, { incident: String(id) });
    await expect.poll(async () => (await history(id)).length, { timeout: patienceMs }).toBe(1);
    const [entry] = await scene.store().incidents.timeline(id, 1);
    expect(entry?.text).toContain("ada: disk 97 %");
    expect(entry?.data).toMatchObject({ pin: { message: `discord:${discord.channel.id}/${message.id}` } });
  });
});

test("what was pinned stands in the report at the time it was said", async () => {
  const { id } = await scene.incident();
  await scene.view("oncall", `note ${id} later`);
  await scene.view("oncall", `pin ${id} "said first" --author ada --at 2026-03-02T09:55:00Z`);
  const text = await report(id);
  expect(text.indexOf("ada: said first")).toBeGreaterThan(0);
  expect(text.indexOf("ada: said first")).toBeLessThan(text.indexOf("oncall: later"));
});

test("an incident is resolved with its cause and what put it right", async () => {
  const { id } = await scene.incident({ services: ["fraud-api"] });
  await scene.view(
    "oncall",
    `resolve ${id} --cause service:fraud-api --fix "rolled back the scorer" after a call`,
  );
  const [entry] = await scene.store().incidents.timeline(id, 1);
  expect(entry).toMatchObject({
    text: "resolved by oncall: rolled back the scorer; after a call (cause: service:fraud-api)",
    data: { fix: "rolled back the scorer", reason: "rolled back the scorer; after a call" },
  });
  expect(await report(id)).toContain("rolled back the scorer");
});
