import { afterEach, describe, expect, test } from "vitest";
import alertmanager from "../../src/adapters/sources/alertmanager.ts";
import { declaredSource } from "../../src/domain/alert/declaration.ts";
import { inputsOf } from "../fakes/slack.ts";
import { type DiscordScene, discordScene, type SlackScene, slackScene } from "./chat-scene.ts";
import { commandScene } from "./scene.ts";

const scene = commandScene();
const patienceMs = 30_000;
const open: (SlackScene | DiscordScene)[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) {
    await each.close();
    if ("slack" in each) expect(each.slack.violations).toEqual([]);
    else expect([...each.discord.refused, ...each.discord.violations]).toEqual([]);
  }
});

/** What triage will read: the alerts of declarations, oldest first. */
async function declared() {
  const stored = await scene.store().deliveries.after(0, 100);
  return stored
    .filter(({ source }) => source === declaredSource)
    .flatMap((delivery) => {
      const body: unknown = JSON.parse(new TextDecoder().decode(delivery.body));
      const result = alertmanager.parse(body, delivery, undefined);
      return result.kind === "parsed" ? result.delivery.alerts : [];
    });
}

describe("an incident that somebody declares", () => {
  test("is an alert with their words, how bad it is and what it is about, and is in the audit log", async () => {
    const said = await scene.view(
      "oncall",
      'declare "customers cannot pay" --severity critical --service checkout',
    );
    expect(said.summary).toContain("Declared. Its card comes within moments");
    const alert = (await declared()).at(-1);
    expect(alert).toMatchObject({
      ...{ name: "customers cannot pay", severity: "critical", service: "checkout", status: "firing" },
      ...{ summary: "customers cannot pay", startsAt: scene.clock.now() },
    });
    const entries = await scene.store().audit.list({ subject: "bot", limit: 50 });
    expect(entries.some(({ action, actor }) => action === "incident.declared" && actor === "oncall")).toBe(
      true,
    );
  });

  test("is another one each time it is typed, and the same when it is made of the same message", async () => {
    const before = new Set((await declared()).map(({ fingerprint }) => fingerprint));
    await scene.view("oncall", "declare disk is full");
    scene.clock.pass(1_000);
    await scene.view("oncall", "declare disk is full");
    await scene.view("oncall", 'declare "it is slow" --message slack:C1/1.2');
    await scene.view("ml", 'declare "it is slow" --message slack:C1/1.2');
    const after = new Set((await declared()).map(({ fingerprint }) => fingerprint));
    expect(after.size - before.size).toBe(3);
  });

  test.each([
    ["from a recent message since then", "2026-03-01T11:00:00Z", true],
    ["from long ago since now", "2025-03-01T11:00:00Z", false],
    ["from the future since now", "2027-03-01T11:00:00Z", false],
  ])("begins when it was said: %s", async (_name, at, isThen) => {
    const now = scene.clock.now();
    const then = isThen ? new Date(now.getTime() - 3_600_000) : new Date(at);
    await scene.view("oncall", `declare "since when ${at}" --at ${then.toISOString()}`);
    const alert = (await declared()).at(-1);
    expect(alert?.startsAt).toEqual(isThen ? then : now);
  });

  test("needs words, and somebody who may", async () => {
    const count = (await declared()).length;
    expect((await scene.view("oncall", "declare")).summary).toContain("Nothing was said of what is wrong");
    expect((await scene.view("reader", "declare it burns")).summary).toContain("you may not declare");
    expect(await declared()).toHaveLength(count);
  });

  test("holds words from outside as text, and is bounded", async () => {
    await scene.view("oncall", `declare "<!channel> *x* ${"y".repeat(1_500)}"`);
    const alert = (await declared()).at(-1);
    expect(alert?.name.length).toBeLessThanOrEqual(100);
    expect(alert?.name).toContain("<!channel>");
  });
});

describe("Declare an incident in the menu of a message", () => {
  test("on Slack opens a form with the message's words, and keeps its time, author and place", async () => {
    const started = await slackScene(scene);
    open.push(started);
    const { slack } = started;
    const message = slack.say("C0INCIDENTS", "checkout answers 500 & hangs");
    await slack.shortcut({ callback: "tocsin-declare", message, user: "U-oncall" });
    await slack.until(() => slack.openForms().some((view) => inputsOf(view).length === 3), patienceMs);
    await slack.submitForm({ values: { Severity: "critical" }, user: "U-oncall" });
    await expect
      .poll(async () => (await declared()).at(-1)?.name, { timeout: patienceMs })
      .toBe("checkout answers 500 & hangs");
    const alert = (await declared()).at(-1);
    expect(alert?.severity).toBe("critical");
    expect(alert?.url).toContain(`/archives/C0INCIDENTS/p${message.ts.replace(".", "")}`);
    expect(alert?.annotations["description"]).toContain("U0ONCALL: checkout answers 500 & hangs");
  });

  test("on Discord too", async () => {
    const started = await discordScene(scene);
    open.push(started);
    const { discord } = started;
    const message = discord.say(discord.channel, discord.addUser("ada"), "login is down");
    const doing = { user: discord.oncall, channel: discord.channel };
    const asked = discord.menu("Declare an incident", message, doing);
    await discord.until(() => asked.form, patienceMs);
    discord.submitForm(asked, { severity: "high" });
    await expect
      .poll(async () => (await declared()).at(-1)?.name, { timeout: patienceMs })
      .toContain("login is down");
  });
});
