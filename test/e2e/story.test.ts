/**
 * The whole chain, real: Prometheus, Alertmanager, the built bot on its embedded database, the real Slack and Discord
 * clients against strict fakes, and Chromium on the console.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { launchChromium, whyNoChromium } from "./chromium.ts";
import { eventually } from "./process.ts";
import { prometheusMissing } from "./prometheus.ts";
import {
  acknowledgeInSlack,
  deployBadVersion,
  discordCards,
  readDigest,
  rollBack,
  type Stage,
  seeIncident,
  seeResolved,
  setStage,
  slackCards,
  tellFailure,
} from "./story.ts";

const why = prometheusMissing() ?? whyNoChromium();
let stage: Stage;

beforeAll(async () => {
  if (why === null) stage = await setStage();
});
afterAll(async () => {
  if (why === null) await stage.close();
});
beforeEach(({ skip, onTestFailed }) => {
  if (why !== null) skip(why);
  onTestFailed(() => console.error(tellFailure(stage)));
});

test("a bad rollout becomes one explained incident everywhere, is rolled back by two people, and the audit log proves it", async () => {
  const { bot, slack, discord } = stage;
  await bot.start();
  await eventually("Slack connected", 20_000, () => (slack.socketCount() > 0 ? true : null));
  await eventually("Discord commands", 20_000, () => (discord.commands.puts > 0 ? true : null));
  await deployBadVersion(stage);
  await seeIncident(stage);

  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(bot.url);
    const card = page.getByRole("article").filter({ hasText: "ErrorRateHigh" });
    await card.getByText("deploy recommender").first().waitFor({ timeout: 20_000 });
    expect(await card.count()).toBe(1);
    await acknowledgeInSlack(stage);
    await card
      .getByText(/On call/)
      .first()
      .waitFor({ timeout: 20_000 });
    await rollBack(stage);
    await seeResolved(stage);
    await card
      .getByText(/resolved/i)
      .first()
      .waitFor({ timeout: 20_000 });
  } finally {
    await browser.close();
  }

  expect(slackCards(stage, "ErrorRateHigh on")).toHaveLength(1);
  expect(discordCards(stage, "ErrorRateHigh on")).toHaveLength(1);
  expect(await readDigest(stage)).toContain("recommender");
  const audit = await bot.cli("audit", "verify");
  expect(audit).toMatchObject({ code: 0, output: expect.stringMatching(/^intact: \d+ entries/) });
  const entries = (await bot.cli("audit", "export")).output;
  for (const action of [
    "rollout.requested",
    "rollout.approved",
    "rollout.succeeded",
    "incident.acknowledged",
  ])
    expect(entries).toContain(action);
  expect(stage.shop.deploys().map((line) => line.split(" ")[0])).toEqual(["2", "1"]);
  expect(slack.violations).toEqual([]);
  expect(discord.violations).toEqual([]);
  expect(await bot.stop()).toBe(0);
});
