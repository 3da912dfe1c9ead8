import { beforeEach, describe, expect, test } from "vitest";
import { mostSubscriptions } from "../../src/domain/chat/subscription.ts";
import { requestOf } from "../app/rollout-world.ts";
import { commandScene } from "./scene.ts";

const scene = commandScene();
const here = { platform: "console", channel: "incidents" } as const;

beforeEach(async () => {
  for (const { id } of await scene.store().subscriptions.list(null))
    await scene.store().subscriptions.remove(id);
});

const say = async (line: string, who = "oncall") => (await scene.view(who, line)).summary;

describe("a subscription", () => {
  test("is made for the channel it was asked in, listed, ended and audited", async () => {
    const said = await say("subscribe service:payments severity >= high");
    const id = Number(/Subscription (\d+)/.exec(said)?.[1]);
    expect(await scene.store().subscriptions.find(id)).toMatchObject({
      ...here,
      filter: { match: [{ name: "service", op: "=", value: "payments" }], atLeast: "high" },
      createdBy: "oncall",
    });
    const list = await scene.view("reader", "subscriptions");
    expect(JSON.stringify(list.blocks)).toContain('service=\\"payments\\" severity>=high');
    expect(await say(`unsubscribe ${id}`)).toContain("has ended");
    expect(await say("subscriptions")).toContain("no subscriptions in this channel");
    const acts = await scene.store().audit.list({ subject: `subscription:${id}`, limit: 5 });
    expect(acts.map(({ action, actor }) => [action, actor])).toEqual([
      ["subscription.ended", "oncall"],
      ["subscription.created", "oncall"],
    ]);
  });

  test("that the channel has already is not made twice", async () => {
    await say("subscribe team=pay env=prod");
    expect(await say("subscribe env:prod, team=pay")).toContain("This channel has that as subscription");
    expect(await scene.store().subscriptions.list(here)).toHaveLength(1);
  });

  test.each([
    ["subscribe severity>=page", "not a severity"],
    ["subscribe payments", "not a condition"],
    ['subscribe service="payments', "never closed"],
    ["unsubscribe 999999999999", "no subscription 999999999999"],
  ])("%s is refused with what to do", async (line, words) => {
    expect(await say(line)).toContain(words);
  });

  test("is refused outside of channels, and to those who may not", async () => {
    const request = { ...requestOf("oncall", "subscribe service:a", scene.clock.now()), channel: null };
    const answer = await scene.world().execute.execute(request);
    expect(answer?.view.summary).toContain("not asked in a channel");
    expect(await say("subscribe service:a", "reader")).not.toContain("Subscription");
    expect(await scene.store().subscriptions.list(null)).toEqual([]);
  });

  test("is one of so many in a channel, also when many ask at once", async () => {
    const asked = Array.from({ length: mostSubscriptions.ofChannel + 5 }, (_, at) =>
      say(`subscribe service:s${at}`),
    );
    const answers = await Promise.all(asked);
    expect(await scene.store().subscriptions.list(here)).toHaveLength(mostSubscriptions.ofChannel);
    expect(answers.filter((text) => text.includes("has 20 subscriptions"))).toHaveLength(5);
  });
});
