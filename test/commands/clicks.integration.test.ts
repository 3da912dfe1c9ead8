import { afterEach, describe, expect, test } from "vitest";
import { answerView } from "../../src/domain/command/answer.ts";
import { voiceActions } from "../../src/domain/rollout/actions.ts";
import type { Rollout } from "../../src/domain/rollout.ts";
import type { ViewAction } from "../../src/domain/view.ts";
import { requestOf } from "../app/rollout-world.ts";
import { discordScene, slackScene } from "./chat-scene.ts";
import { commandScene } from "./scene.ts";

const scene = commandScene();
/** Machines that build are slow. */
const patienceMs = 30_000;
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A card with one button in a channel, as people there press it. */
interface Card {
  press(who: string): Promise<unknown>;
  /** What a person was told in private, oldest first, once it is so many. */
  told(who: string, count: number): Promise<readonly string[]>;
  /** How many messages everyone sees, the card among them. */
  seenByAll(): number;
}

const platforms: readonly (readonly [string, (action: ViewAction) => Promise<Card>])[] = [
  ["Slack", onSlack],
  ["Discord", onDiscord],
  ["the console", onConsole],
];

async function onSlack(action: ViewAction): Promise<Card> {
  const { slack, chat, close } = await slackScene(scene);
  closing.push(async () => {
    await close();
    expect(slack.violations).toEqual([]);
  });
  const channel = { platform: "slack", id: "C0INCIDENTS" };
  await chat.post(channel, { key: "card1", view: { ...answerView("A card"), actions: [action] } });
  const [card] = slack.messagesIn(channel.id);
  if (card === undefined) throw new Error("no card");
  const told = (who: string) => slack.ephemerals.filter(({ user }) => user === `U-${who}`);
  return {
    press: (who) => slack.press({ message: card, button: action.label, user: `U-${who}` }),
    async told(who, count) {
      await slack.until(() => told(who).length >= count, patienceMs);
      return told(who).map(({ text }) => text);
    },
    seenByAll: () => slack.botMessages().length,
  };
}

async function onDiscord(action: ViewAction): Promise<Card> {
  const { discord, chat, userOf, close } = await discordScene(scene);
  closing.push(async () => {
    await close();
    expect([...discord.refused, ...discord.violations]).toEqual([]);
  });
  const channel = { platform: "discord", id: discord.channel.id };
  await chat.post(channel, { key: "card1", view: { ...answerView("A card"), actions: [action] } });
  const [card] = discord.messages(discord.channel.id);
  if (card === undefined) throw new Error("no card");
  const told = (who: string) =>
    discord
      .answers()
      .filter(({ visibleTo, embeds }) => visibleTo === userOf(who).id && embeds.length > 0)
      .map(({ embeds }) => JSON.stringify(embeds));
  return {
    press: (who) => Promise.resolve(discord.press(card, action.label, { user: userOf(who) })),
    told: (who, count) => discord.until(() => told(who).length >= count && told(who), patienceMs),
    seenByAll: () => discord.messages(discord.channel.id).length,
  };
}

/** A button of the console is its command line; that private answers reach one session alone its own tests show. */
async function onConsole(action: ViewAction): Promise<Card> {
  const { execute } = scene.world();
  const told: (readonly [string, string])[] = [];
  let seen = 1;
  return {
    async press(who) {
      const answer = await execute.execute(requestOf(who, action.command, scene.clock.now()));
      if (answer?.visibility === "private") told.push([who, answer.view.summary]);
      else seen += 1;
    },
    told: (who) => Promise.resolve(told.flatMap(([by, text]) => (by === who ? [text] : []))),
    seenByAll: () => seen,
  };
}

const ack = (id: number): ViewAction => ({ label: "Acknowledge", command: `ack ${id}`, style: "primary" });
const take = (id: number, from = "nobody"): ViewAction => ({
  label: "Take",
  command: `assign ${id} --from ${from}`,
  style: "plain",
});
const stateOf = async (id: number) => await scene.store().incidents.find(id);

describe.each(platforms)("a button on %s", (_, card) => {
  test("pressed twice is carried out once, and the second press says so", async () => {
    const { id } = await scene.incident();
    const { press, told, seenByAll } = await card(ack(id));
    await press("oncall");
    await told("oncall", 1);
    await press("oncall");
    const [first, second] = await told("oncall", 2);
    expect(first).toContain(`You acknowledged incident ${id}`);
    expect(second).toContain(`Incident ${id} is already acknowledged, by oncall.`);
    expect(second).toContain("Nothing needs to be done.");
    expect(seenByAll()).toBe(1);
  });

  test("of an old card says what became of it, and what brings it back", async () => {
    const { id } = await scene.incident();
    const { press, told } = await card(ack(id));
    await scene.view("ml", `resolve ${id}`);
    await press("oncall");
    const [said] = await told("oncall", 1);
    expect(said).toContain(`Incident ${id} is already resolved, by ml.`);
    expect(said).toContain("its alerts reopen it by themselves");
  });

  test("pressed by somebody who may not changes nothing, and says who may", async () => {
    const { id } = await scene.incident();
    const { press, told, seenByAll } = await card(ack(id));
    await press("reader");
    const [said] = await told("reader", 1);
    expect(said).toContain(
      `reader, you may not acknowledge incident ${id}: no rule of the policy permits it.`,
    );
    expect(said).toMatch(/Ask .*oncall/);
    expect(await stateOf(id)).toMatchObject({ state: "open" });
    expect(seenByAll()).toBe(1);
  });

  test("pressed by two at once is one's, and the other hears whose", async () => {
    const { id } = await scene.incident();
    const { press, told } = await card(ack(id));
    await Promise.all([press("oncall"), press("ml")]);
    const [[oncall = ""], [ml = ""]] = [await told("oncall", 1), await told("ml", 1)];
    const winner = (await stateOf(id))?.acknowledgedBy;
    const [own, other] = winner === "ml" ? [ml, oncall] : [oncall, ml];
    expect(own).toContain(`You acknowledged incident ${id}`);
    expect(other).toContain(`Incident ${id} is already acknowledged, by ${winner}.`);
  });
});

describe.each(platforms)("Take on %s", (_, card) => {
  test("gives the incident to whoever presses it, once", async () => {
    const { id } = await scene.incident();
    const { press, told, seenByAll } = await card(take(id));
    await press("ml");
    await told("ml", 1);
    await press("ml");
    const [first, second] = await told("ml", 2);
    expect(first).toContain(`Incident ${id} is now with you`);
    expect(second).toContain(`Incident ${id} is already with you.`);
    expect(await stateOf(id)).toMatchObject({ state: "acknowledged", assignedTo: "ml" });
    expect(seenByAll()).toBe(1);
  });

  test("by somebody who may not changes nothing, and says who may", async () => {
    const { id } = await scene.incident();
    const { press, told } = await card(take(id));
    await press("reader");
    expect((await told("reader", 1))[0]).toMatch(/Ask .*oncall/);
    expect(await stateOf(id)).toMatchObject({ state: "open", assignedTo: null });
  });

  test("pressed by two at once is one's; the other hears whose, and how to have it all the same", async () => {
    const { id } = await scene.incident();
    const { press, told } = await card(take(id));
    await Promise.all([press("oncall"), press("ml")]);
    const [[oncall = ""], [ml = ""]] = [await told("oncall", 1), await told("ml", 1)];
    const winner = (await stateOf(id))?.assignedTo;
    expect(["oncall", "ml"]).toContain(winner);
    expect(winner === "ml" ? oncall : ml).toContain(`Incident ${id} is with ${winner} by now`);
  });

  test("on a card from before it was resolved says the way back", async () => {
    const { id } = await scene.incident();
    const { press, told } = await card(take(id));
    await scene.view("ml", `resolve ${id}`);
    await press("oncall");
    expect((await told("oncall", 1))[0]).toContain(`Incident ${id} is resolved`);
  });

  test("of somebody's incident takes it from that person, and from nobody else", async () => {
    const { id } = await scene.incident();
    const { press, told } = await card(take(id, "ml"));
    await scene.view("ml", `assign ${id}`);
    await press("oncall");
    expect((await told("oncall", 1))[0]).toContain(`Incident ${id} is now with you`);
    await scene.view("oncall", `assign ${id} lead --from oncall`);
    await press("oncall");
    expect((await told("oncall", 2))[1]).toContain(`Incident ${id} is with lead by now`);
    expect(await stateOf(id)).toMatchObject({ assignedTo: "lead" });
  });
});

/** Asked for at the console by ml, who has an account on every platform. */
async function askedFor(): Promise<Rollout> {
  const line = "deploy scorer 2 --environment production --reason better";
  // What ended at the very moment of asking would be planned for anew.
  scene.clock.pass(1_000);
  const said = await scene.world().say("ml", line);
  const rollout = await scene.store().rollouts.find(Number(/[Rr]ollout (\d+)/.exec(said)?.[1]));
  if (rollout === null) throw new Error(`it was not asked for: ${said}`);
  return rollout;
}

/** The card's own button; asking whether one means it is left out, as the platforms' tests show that. */
function voice(rollout: Rollout, label: "Approve" | "Deny"): ViewAction {
  const found = voiceActions(rollout, "low").find((action) => action.label === label);
  if (found === undefined) throw new Error(`there is no button ${label}`);
  const { confirm: _asked, ...action } = found;
  return action;
}

describe.each(platforms)("the buttons of a rollout that waits, on %s", (_, card) => {
  test.each([
    ["Approve", "reader", "no rule of the policy permits it", "pending"],
    ["Deny", "reader", "no rule of the policy permits it", "pending"],
    ["Approve", "ml", "nobody approves their own rollout", "pending"],
    ["Deny", "ml", "no rule of the policy permits it", "pending"],
    ["Approve", "lead", "You approved rollout", "approved"],
    ["Deny", "lead", "You denied rollout", "denied"],
  ] as const)("%s by %s: %s", async (label, who, expected, state) => {
    const rollout = await askedFor();
    const { press, told } = await card(voice(rollout, label));
    await press(who);
    const [said] = await told(who, 1);
    expect(said).toContain(expected);
    expect(await scene.store().rollouts.find(rollout.id)).toMatchObject({ state });
    const action = state === "pending" ? `${label.toLowerCase()}.denied` : `rollout.${state}`;
    const [entry] = await scene.store().audit.list({ subject: `rollout:${rollout.id}`, action, limit: 5 });
    expect(entry).toMatchObject({ actor: who });
    const voices = await scene.store().rollouts.approvals(rollout.id);
    expect(voices.map(({ person }) => person)).toEqual(state === "pending" ? [] : [who]);
    await scene.world().say("oncall", `cancel ${rollout.id}`);
  });
});
