/** How a channel comes to be: by itself or asked for, once, whatever gets lost. */
import { expect, test } from "vitest";
import type { ChannelHost } from "../../../src/ports.ts";
import { readableText } from "../../fakes/slack.ts";
import { requestOf } from "../rollout-world.ts";
import {
  applyRules,
  calls,
  change,
  channelsWith,
  clock,
  day,
  hostOf,
  incident,
  made,
  only,
  ops,
  pass,
  poster,
  rule,
  scopes,
  slack,
  slackOf,
  sql,
  store,
  world,
} from "./channel-scene.ts";

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
    pass(60_000);
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

test("asked for by hand: who may, once, audited, and only where a rule fits", async () => {
  const byHand = { ...rule, atLeast: null };
  const id = await incident({ severity: "info" });
  await channelsWith({ rules: [byHand] }).reconcile(id);
  expect(made()).toEqual([]);
  applyRules([byHand]);
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
  applyRules([]);
  const other = await incident();
  expect(await world.say("bo", `channel ${other}`)).toContain("No rule of incidentChannels");
  applyRules(null);
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
