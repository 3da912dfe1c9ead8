/** What an open channel shows, and who is in it. */
import { expect, test } from "vitest";
import { createOnCall, type OnCall } from "../../../src/app/on-call.ts";
import type { EscalationRule } from "../../../src/domain/people/escalation.ts";
import type { Rota } from "../../../src/domain/people/on-call.ts";
import type { ChannelHost } from "../../../src/ports.ts";
import {
  calls,
  change,
  channelsWith,
  clock,
  day,
  hostOf,
  incident,
  nextLookIn,
  only,
  pass,
  poster,
  rule,
  run,
  slack,
  store,
  takeOver,
} from "./channel-scene.ts";

test("the topic follows severity and who has it, at most twice a minute, and people who come later are brought in", async () => {
  const id = await incident();
  await channelsWith().reconcile(id);
  const before = calls("conversations.setTopic");
  await change(id, { severity: "high", assignedTo: "bo", assignedAt: clock.now() });
  await channelsWith().reconcile(id);
  expect(calls("conversations.setTopic")).toBe(before);
  expect([...only().members]).toEqual(["U0ADA", "U0BO"]);
  pass(31_000);
  await channelsWith().reconcile(id);
  expect(only().topic).toBe("high · open · Bo has it");
  await channelsWith().reconcile(id);
  expect(calls("conversations.setTopic")).toBe(before + 1);
  takeOver("bo");
  await channelsWith().reconcile(id);
  expect((await store.incidentChannels.find(id))?.shown.invited).toEqual({
    ada: "invited",
    guest: "is a guest, whom only an admin can add",
    away: "no slack account is known",
    bo: "invited",
  });
  expect(calls("conversations.invite")).toBe(3);
});

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
  pass(10 * 60_000 + 1);
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
  takeOver("bo");
  await channelsWith().reconcile(id);
  expect([...only().members]).toEqual(["U0ADA", "U0BO"]);
  takeOver("lead");
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

test("somebody whose account is linked only is invited with it", async () => {
  const id = await incident({ assignedTo: "away", assignedAt: clock.now() });
  slack.addUser({ id: "U0AWAY", name: "awa" });
  const link = { platform: "slack", account: "U0AWAY", accountName: "awa", person: "away" };
  await store.links.save({ ...link, linkedAt: clock.now() });
  await channelsWith().reconcile(id);
  await store.links.remove("slack", "U0AWAY");
  expect([...only().members]).toEqual(["U0ADA", "U0AWAY"]);
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
    pass(60_000);
  }
  expect(await store.incidentChannels.find(id)).toMatchObject({ state: "open" });
  expect(await store.troubles.open(10)).toMatchObject([{ channel: channel.id, part: null }]);
});
