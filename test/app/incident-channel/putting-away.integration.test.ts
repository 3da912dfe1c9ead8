/** How a channel ends: by time, or by people. */
import { expect, test } from "vitest";
import { readableText } from "../../fakes/slack.ts";
import {
  change,
  channelsWith,
  clock,
  day,
  incident,
  linesOf,
  made,
  only,
  ops,
  pass,
  poster,
  rule,
  run,
  slack,
  sql,
  store,
  world,
} from "./channel-scene.ts";

test("a resolved one is archived after its time with a last word, and a reopened incident gets a new channel", async () => {
  const id = await incident();
  await run(id);
  await change(id, { state: "resolved", resolvedAt: clock.now() });
  await run(id);
  expect(only()).toMatchObject({ isArchived: false });
  pass(7 * day);
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
  pass(8 * day);
  for (let round = 0; round < 3; round += 1) {
    await channelsWith(mine).reconcile(id);
    await poster.reconcile({ platform: "slack", id: only().id });
    pass(3_000);
  }
  expect(only()).toMatchObject({ isArchived: true });
});

test("never archived unless that is asked for", async () => {
  const id = await incident();
  const options = { rules: [{ ...rule, archiveAfterMs: null }] };
  await channelsWith(options).reconcile(id);
  await change(id, { state: "resolved", resolvedAt: clock.now() });
  pass(1_000 * day);
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
