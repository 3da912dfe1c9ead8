/** The console's page in a real browser, against a console with messages in memory. */
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ConsoleOptions } from "../../src/adapters/chat/console.ts";
import { errorView } from "../../src/domain/command/answer.ts";
import { plain } from "../../src/domain/view.ts";
import type { CommandForm, CommandRequest, FormField, Forms } from "../../src/ports/chat.ts";
import { type Log, silentLog } from "../../src/ports/observability.ts";
import { type ConsoleFixture, sha256, startConsole, view } from "../adapters/chat/console-fixture.ts";
import { incidentView, playScene } from "../adapters/chat/console-scene.ts";
import { noForms } from "../fakes/forms.ts";
import { launchChromium, whyNoChromium } from "./chromium.ts";
import * as inPage from "./in-page.js";

const now = new Date();
const since = new Date(now.getTime() - 14 * 60_000);
const incidents = { platform: "console", id: "incidents" };
const desktop = { viewport: { width: 1360, height: 860 } };
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

let browser: Browser | null = null;
let fixture: ConsoleFixture | null = null;
/** What a page must never do: errors, dialogs, requests to elsewhere. */
let misdeeds: string[] = [];

beforeAll(async () => {
  if (whyNoChromium() === null) browser = await launchChromium();
});
afterAll(async () => browser?.close());
beforeEach(({ skip }) => {
  const why = whyNoChromium();
  if (why !== null) skip(why);
});
afterEach(async () => {
  for (const context of browser?.contexts() ?? []) await context.close();
  await fixture?.close();
  fixture = null;
  const seen = misdeeds;
  misdeeds = [];
  expect(seen).toEqual([]);
});

async function start(options: Partial<ConsoleOptions> = {}, forms?: Forms): Promise<ConsoleFixture> {
  fixture = await startConsole({ channels: ["incidents", "payments"], ...options }, forms);
  return fixture;
}

/** A page of its own browser profile. */
async function visit(
  at: ConsoleFixture,
  path = "/",
  options: BrowserContextOptions = desktop,
): Promise<Page> {
  if (browser === null) throw new Error("no browser");
  const context = await browser.newContext({ locale: "en-GB", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.on("pageerror", (error) => misdeeds.push(`error: ${error.message}`));
  page.on("console", (message) => {
    // A refused request, which some tests provoke, is logged by the browser itself.
    const isNetwork = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !isNetwork) misdeeds.push(`console: ${message.text()}`);
  });
  page.on("dialog", (dialog) => {
    misdeeds.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(at.url)) misdeeds.push(`request to ${request.url()}`);
  });
  await page.goto(at.url + path);
  return page;
}

async function isLive(page: Page): Promise<void> {
  await page.locator('#status[data-state="live"]').waitFor();
}

function answerWith(at: ConsoleFixture, title: string) {
  at.onRequest((request: CommandRequest) =>
    at.console.answer(request, view({ kind: "answer", tone: "neutral", title }), "private"),
  );
}

const mergeAction = { label: "Merge…", command: "merge 12", style: "plain", isForm: true } as const;
const mergeForm: CommandForm = {
  command: "merge",
  summary: "Say that two incidents are one",
  isNeeded: true,
  kept: {},
  fields: [
    formField("incident", { value: "12", shown: "12 · high · Checkout fails", isRequired: true }),
    formField("other", { isRequired: true, choices: [{ label: "13 · high · Cart fails", value: "13" }] }),
    formField("note", {}),
  ],
};

function formField(name: string, given: Partial<FormField>): FormField {
  const label = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const option = { name, summary: `what ${name} is`, type: "string", isSuggested: true } as const;
  return {
    option: { ...option, isRequired: false, choices: [], position: null },
    ...{ label, value: null, shown: null, isRequired: false, maxLength: null },
    ...{ isMultiple: false, isOpen: false, choices: [] },
    ...given,
  };
}

function formsOf(form: CommandForm): Forms {
  return { ...noForms, of: () => form };
}

describe("reading", () => {
  test("an empty channel teaches how to send a first alert, and a card appears by itself", async () => {
    const at = await start();
    const page = await visit(at);
    const example = await page.locator("#teach pre").first().textContent();
    expect(example).toContain(`curl -sS ${at.url}/webhooks/alertmanager`);
    const body = /-d '([\s\S]*)'$/.exec(example ?? "")?.[1] ?? "";
    expect(JSON.parse(body)).toMatchObject({ version: "4", alerts: [{ status: "firing" }] });
    await isLive(page);
    await at.console.post(incidents, { key: "k1", view: incidentView(since) });
    await page.getByRole("article", { name: /#12 HighErrorRate on checkout/ }).waitFor();
    expect(await page.locator("#teach").isVisible()).toBe(false);
  });

  test("a card is edited in place, and the reader's focus stays on its button", async () => {
    const at = await start();
    const posted = await at.console.post(incidents, { key: "k1", view: incidentView(since) });
    const page = await visit(at);
    const card = page.getByRole("article");
    await card.getByRole("button", { name: "Why" }).focus();
    await isLive(page);
    if (posted.kind !== "posted") throw new Error("not posted");
    const edited = { ...incidentView(since), tone: "good", title: "#12 is over" } as const;
    await at.console.edit(posted.ref, { key: "k1", view: edited });
    await page.getByRole("article", { name: "#12 is over" }).waitFor();
    expect(await card.count()).toBe(1);
    expect(await card.locator(".badge").textContent()).toBe("Resolved");
    expect((await page.evaluate(inPage.focused)).text).toBe("Why");
    await expect.poll(() => page.locator("#announcer").textContent()).toContain("Resolved: #12 is over");
  });

  test("every kind of block and action is shown", async () => {
    const at = await start();
    const ids = await playScene(at.messages, "incidents", now);
    const page = await visit(at);
    const incident = page.locator(`#card-${ids.incident}`);
    await incident.waitFor();
    expect(await incident.locator(".badge").textContent()).toBe("Critical");
    expect(await incident.locator("dt").allTextContents()).toContain("Who has it");
    expect(await incident.locator("h4.heading").allTextContents()).toEqual(["Probable cause", "Do first"]);
    expect(await incident.locator("ul.list > li").count()).toBe(2);
    expect(await incident.getByRole("link", { name: "the error panel" }).getAttribute("rel")).toBe(
      "noopener noreferrer",
    );
    expect(await incident.locator(".actions button").allTextContents()).toEqual([
      "Acknowledge",
      "Resolve",
      "Why",
      "Roll back fraud-scorer",
    ]);
    const rollout = page.locator(`#card-${ids.rollout}`);
    expect(await rollout.getByRole("columnheader").allTextContents()).toEqual([
      "metric",
      "version 8",
      "version 7",
      "difference",
    ]);
    expect(await rollout.locator(".step-state").allTextContents()).toEqual([
      "done",
      "done",
      "running",
      "waiting",
      "skipped",
      "failed",
    ]);
    expect(await rollout.locator("pre.code").textContent()).toContain("alias champion -> 7\nreplica 1 ok");
    expect([await rollout.locator("hr").count(), await rollout.locator("p.note").count()]).toEqual([1, 1]);
    const digest = page.locator(`#card-${ids.digest}`);
    expect(await digest.locator("ol.list > li").count()).toBe(2);
    expect(await digest.locator("strong, em, s").allTextContents()).toEqual([
      "3 opened",
      "2 flapped",
      "1 forecast",
    ]);
    const image = digest.getByRole("img", { name: "Incidents per hour: 0, 1, 0, 2, 0, 0" });
    await image.scrollIntoViewIfNeeded();
    await expect.poll(() => image.evaluate(inPage.pictureWidth)).toBe(240);
  });

  test("hostile text is text: nothing runs, nothing links, nothing escapes its card", async () => {
    const at = await start();
    const ids = await playScene(at.messages, "incidents", now);
    const page = await visit(at);
    const card = page.locator(`#card-${ids.attack}`);
    await card.getByRole("button", { name: "Show all" }).click();
    expect(await card.locator(".title").textContent()).toContain("<script>document.title='owned'</script>");
    expect(await card.locator("script, img, iframe, a").count()).toBe(0);
    expect(await page.title()).toBe("#incidents · Tocsin");
    expect(await card.textContent()).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b]/);
    const { outer, inner } = await card.evaluate(inPage.widths);
    expect(inner).toBeLessThanOrEqual(outer);
  });

  test("moments are shown in the reader's own zone", async () => {
    const at = await start();
    const start9 = new Date("2026-03-01T03:10:00Z");
    await at.console.post(incidents, { key: "k1", view: incidentView(start9) });
    const page = await visit(at, "/", { ...desktop, timezoneId: "Asia/Tokyo" });
    const time = page.locator('time[datetime="2026-03-01T03:10:00.000Z"]');
    expect(await time.textContent()).toContain("12:10");
    expect(await time.getAttribute("title")).toContain("2026");
  });

  test("an address with a message opens its thread", async () => {
    const at = await start();
    const ids = await playScene(at.messages, "incidents", now);
    const page = await visit(at, `/channels/incidents/${ids.incident}`);
    const thread = page.getByRole("complementary", { name: /#12 HighErrorRate/ });
    await thread.waitFor();
    expect(await thread.locator(".thread-list .entry").count()).toBe(3);
  });

  test("entries arrive in the open thread and are counted on the card", async () => {
    const at = await start();
    const ids = await playScene(at.messages, "incidents", now);
    const page = await visit(at, `/channels/incidents/${ids.incident}`);
    await page.locator("#thread .entry").nth(3).waitFor();
    await isLive(page);
    const ref = { channel: incidents, data: { id: String(ids.incident) } };
    await at.console.post(incidents, {
      key: "e9",
      view: view({ kind: "entry", tone: "good", title: "acknowledged by On call" }),
      thread: ref,
    });
    await page.locator("#thread").getByText("acknowledged by On call", { exact: true }).first().waitFor();
    expect(await page.locator("#thread-count").textContent()).toBe("4 entries");
    expect(await page.locator(`#card-${ids.incident} .thread-link`).textContent()).toBe("4 in thread");
  });

  test("an entry that says its title and moment again shows them once", async () => {
    const at = await start();
    const ids = await playScene(at.messages, "incidents", now);
    const title = "resolved by On call";
    const repeating = view({
      kind: "entry",
      tone: "neutral",
      title,
      blocks: [
        { kind: "text", text: [plain(title)] },
        { kind: "text", text: [plain("after 4 min")] },
        { kind: "note", text: [{ text: "03:10 UTC", at: since }] },
      ],
    });
    await at.messages.add({
      key: "e9",
      channel: "incidents",
      threadOf: ids.incident,
      audience: null,
      view: repeating,
      at: now,
    });
    const page = await visit(at, `/channels/incidents/${ids.incident}`);
    const entry = page.getByRole("article", { name: title });
    expect(await entry.locator(".title").textContent()).toBe(title);
    expect(await entry.locator(".blocks > *").allTextContents()).toEqual(["after 4 min"]);
    expect(await entry.locator("time").getAttribute("datetime")).toBe(since.toISOString());
  });

  test("a moment within the line of an entry is in the reader's own zone", async () => {
    const at = await start();
    const ids = await playScene(at.messages, "incidents", now);
    const title = "Now suspects the deploy of web at 03:10 UTC.";
    const moment = { text: "03:10 UTC", at: new Date("2026-03-01T03:10:00Z"), inSentence: "time" } as const;
    const text = [plain("Now suspects the deploy of web at "), moment, plain("."), plain("")];
    await at.messages.add({
      ...{ key: "e9", channel: "incidents", threadOf: ids.incident, audience: null, at: now },
      view: view({ kind: "entry", title, blocks: [{ kind: "text", text }] }),
    });
    const tokyo = { ...desktop, timezoneId: "Asia/Tokyo" };
    const page = await visit(at, `/channels/incidents/${ids.incident}`, tokyo);
    const entry = page.locator("#thread .entry").last();
    expect(await entry.locator(".title").textContent()).toMatch(
      /^Now suspects the deploy of web at .*12:10.*\.$/,
    );
    expect(await entry.locator(".blocks > *").count()).toBe(0);
  });

  test("cards of another channel are marked unread until it is opened", async () => {
    const at = await start();
    const page = await visit(at);
    await isLive(page);
    await at.console.post({ platform: "console", id: "payments" }, { key: "k1", view: incidentView(since) });
    const link = page.getByRole("link", { name: "# payments 1 new" });
    await link.waitFor();
    expect(await page.title()).toBe("(1) #incidents · Tocsin");
    await link.click();
    await page.getByRole("article", { name: /#12/ }).waitFor();
    await expect.poll(() => page.title()).toBe("#payments · Tocsin");
    expect(new URL(page.url()).pathname).toBe("/channels/payments");
    await page.goBack();
    await expect.poll(() => page.locator("#channel-title").textContent()).toBe("#incidents");
  });

  test("sixty cards come by pages", async () => {
    const at = await start();
    for (let index = 1; index <= 60; index += 1) {
      await at.console.post(incidents, { key: `k${index}`, view: view({ title: `card ${index}` }) });
    }
    const page = await visit(at);
    await expect.poll(() => page.locator("#cards > .card").count()).toBe(50);
    await page.getByRole("button", { name: "Load earlier" }).click();
    await expect.poll(() => page.locator("#cards > .card").count()).toBe(60);
    expect(await page.locator("#cards > .card .title").allTextContents()).toEqual(
      Array.from({ length: 60 }, (_, index) => `card ${index + 1}`),
    );
  });
});

describe("acting", () => {
  test("a button asks first: Cancel and Escape send nothing, the named button sends it", async () => {
    const at = await start();
    answerWith(at, "Rollback 7 waits for approval");
    const ids = await playScene(at.messages, "incidents", now);
    const page = await visit(at);
    const button = page
      .locator(`#card-${ids.incident}`)
      .getByRole("button", { name: "Roll back fraud-scorer" });
    const dialog = page.getByRole("dialog");
    await button.click();
    expect(await dialog.textContent()).toContain("/rollback fraud-scorer --env production");
    expect((await page.evaluate(inPage.focused)).text).toBe("Cancel");
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "hidden" });
    await button.click();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    expect(at.requests).toEqual([]);
    await button.click();
    await dialog.getByRole("button", { name: "Roll back fraud-scorer" }).click();
    const answer = page.locator(`#card-${ids.incident} .under .private`);
    await answer.waitFor();
    expect(await answer.textContent()).toContain("Only you");
    expect(await answer.locator(".asked").textContent()).toBe("/rollback fraud-scorer --env production");
    expect(at.requests.map(({ command, input }) => [command, input])).toEqual([
      ["rollback", { kind: "text", text: "fraud-scorer --env production" }],
    ]);
    await answer.getByRole("button", { name: "Dismiss" }).click();
    expect(await answer.count()).toBe(0);
  });

  test("a button with a form opens it; what is chosen and typed goes along, Escape sends nothing", async () => {
    const at = await start({}, formsOf(mergeForm));
    const view = { ...incidentView(since), actions: [mergeAction] };
    await at.console.post(incidents, { key: "k1", view });
    const page = await visit(at);
    const button = page.getByRole("button", { name: "Merge…" });
    const dialog = page.getByRole("dialog", { name: "/merge" });
    await button.click();
    await dialog.waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    expect(at.requests).toEqual([]);
    await button.click();
    await dialog.getByRole("button", { name: "Send" }).click();
    // What is needed is not there yet, so the browser keeps it open.
    expect(await dialog.isVisible()).toBe(true);
    await dialog.getByLabel("Other").selectOption("13");
    await dialog.getByLabel("Note").fill('the "same" story');
    await dialog.getByRole("button", { name: "Send" }).click();
    await expect.poll(() => at.requests.length).toBe(1);
    expect(at.requests[0]).toMatchObject({
      command: "merge",
      input: { kind: "text", text: '--incident "12" --other "13" --note "the \\"same\\" story"' },
    });
  });

  test.each([
    ["Merge…", mergeAction],
    [
      "Approve",
      {
        label: "Approve",
        command: "approve 7",
        style: "primary",
        ask: { label: "Type scorer", option: "confirm" },
      },
    ],
  ] as const)("%s pressed by somebody who may not says so in place of its form", async (label, action) => {
    const refusal = errorView({
      title: "You may not work on incident 12",
      problem: "Ada, you may not work on incident 12: no rule of the policy permits it.",
      remedy: "Ask Grace, who may.",
      footer: "reference 0badcafe",
    });
    const at = await start({}, { ...formsOf(mergeForm), refuse: () => Promise.resolve(refusal) });
    await at.console.post(incidents, { key: "k1", view: { ...incidentView(since), actions: [action] } });
    const page = await visit(at);
    const button = page.getByRole("button", { name: label });
    await button.click();
    const dialog = page.getByRole("dialog", { name: refusal.title });
    await dialog.waitFor();
    expect(await dialog.textContent()).toContain(refusal.summary);
    expect(await dialog.textContent()).toContain("reference 0badcafe");
    await dialog.getByRole("button", { name: "Close" }).click();
    await dialog.waitFor({ state: "detached" });
    await expect.poll(() => page.locator("button:focus").textContent()).toBe(label);
    expect(at.requests).toEqual([]);
  });

  test("a form that is filled in begins where nothing stands, and Ctrl+Enter sends it from there", async () => {
    const resolveForm: CommandForm = {
      command: "resolve",
      summary: "Say that an incident is over, why, and what it was",
      isNeeded: false,
      kept: {},
      fields: [
        formField("incident", { value: "12", isRequired: true }),
        formField("cause", { value: "service:fraud-api", isOpen: true }),
        formField("fix", {
          maxLength: 1_000,
          option: { ...formField("fix", {}).option, isSuggested: false },
        }),
      ],
    };
    const at = await start({}, formsOf(resolveForm));
    const action = { label: "Resolve…", command: "resolve 12", style: "plain", isForm: true } as const;
    await at.console.post(incidents, { key: "k1", view: { ...incidentView(since), actions: [action] } });
    const page = await visit(at);
    await page.getByRole("button", { name: "Resolve…" }).click();
    await page.getByRole("dialog", { name: "/resolve" }).waitFor();
    await expect.poll(() => page.locator("#form-fix:focus").count()).toBe(1);
    await page.keyboard.type("rolled back");
    await page.keyboard.press("Enter");
    expect(at.requests).toEqual([]);
    await page.keyboard.press("Control+Enter");
    await expect.poll(() => at.requests.length).toBe(1);
    expect(at.requests[0]).toMatchObject({
      command: "resolve",
      input: { kind: "text", text: '--incident "12" --cause "service:fraud-api" --fix "rolled back"' },
    });
  });

  test("a second person approves what the first one asked for, each in their own browser", async () => {
    const at = await start();
    const ids = await playScene(at.messages, "incidents", now);
    answerWith(at, "done");
    const first = await visit(at);
    const second = await visit(at);
    await second.getByLabel("You are").selectOption("sre-lead");
    await expect.poll(() => second.getByLabel("You are").inputValue()).toBe("sre-lead");
    await second.locator(`#card-${ids.rollout}`).getByRole("button", { name: "Approve" }).click();
    await second.locator(".private").waitFor();
    await first.getByLabel("Command line").fill("/cancel 7");
    await first.keyboard.press("Enter");
    await first.locator(".private").waitFor();
    expect(at.requests.map(({ account, command }) => [account.id, command])).toEqual([
      ["sre-lead", "approve"],
      ["oncall", "cancel"],
    ]);
    expect([await first.locator(".private").count(), await second.locator(".private").count()]).toEqual([
      1, 1,
    ]);
  });

  test("the command line completes commands, options and values, and remembers what was sent", async () => {
    const at = await start();
    answerWith(at, "planned");
    const page = await visit(at);
    const line = page.getByRole("combobox", { name: "Command line" });
    await isLive(page);
    await page.keyboard.press("/");
    await page.keyboard.type("de");
    await page.getByRole("option", { name: /\/deploy/ }).waitFor();
    await page.keyboard.press("Tab");
    await page.getByRole("option", { name: /fraud-scorer/ }).waitFor();
    await page.keyboard.press("ArrowDown");
    expect(await line.getAttribute("aria-activedescendant")).toBe("choice-0");
    await page.keyboard.press("Enter");
    await page.keyboard.type("8 --e");
    await page.getByRole("option", { name: /--env/ }).waitFor();
    await page.keyboard.press("Tab");
    await page.getByRole("option", { name: /staging/ }).waitFor();
    await page.keyboard.press("Tab");
    expect(await line.inputValue()).toBe("/deploy fraud-scorer 8 --env staging ");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Enter");
    await page.locator(".private", { hasText: "planned" }).waitFor();
    expect(at.requests[0]).toMatchObject({
      command: "deploy",
      input: { text: "fraud-scorer 8 --env staging" },
    });
    await line.focus();
    await page.keyboard.press("ArrowUp");
    expect(await line.inputValue()).toBe("/deploy fraud-scorer 8 --env staging");
    await page.keyboard.press("ArrowDown");
    expect(await line.inputValue()).toBe("");
  });

  test("Tab on a list that is out of date takes from the one on its way", async () => {
    const at = await start();
    const page = await visit(at);
    const line = page.getByLabel("Command line");
    await line.fill("/deploy m 8 --");
    await page.getByRole("option", { name: /--env/ }).waitFor();
    await page.route("**/api/complete", async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      await route.continue();
    });
    await line.press("r");
    await line.press("Tab");
    await expect.poll(() => line.inputValue()).toBe("/deploy m 8 --reason ");
  });

  test("a request whose answer was lost can be sent again and still counts once", async () => {
    const at = await start();
    const page = await visit(at);
    await isLive(page);
    let attempts = 0;
    await page.route("**/api/command", async (route) => {
      attempts += 1;
      if (attempts > 1) return route.continue();
      await route.fetch();
      return route.abort();
    });
    await page.getByLabel("Command line").fill("/ack 12");
    await page.keyboard.press("Enter");
    const echo = page.locator('.echo[data-state="failed"]');
    await echo.getByRole("button", { name: "Retry" }).click();
    await page.locator('.echo[data-state="working"]').waitFor();
    expect([attempts, at.requests.length]).toEqual([2, 1]);
  });
});

describe("staying connected", () => {
  test("a lost connection is shown, and what came meanwhile is there when it is back", async () => {
    const at = await start();
    await at.console.post(incidents, { key: "k1", view: view({ title: "before" }) });
    const page = await visit(at);
    await isLive(page);
    at.messages.fail(new Error("away"));
    at.cut();
    await page.locator('#status[data-state="lost"]').waitFor();
    expect(await page.locator("#status-text").textContent()).toMatch(/^Not live/);
    await expect.poll(() => page.locator("#announcer").textContent()).toContain("Connection lost");
    at.messages.fail(null);
    await at.console.post(incidents, { key: "k2", view: view({ title: "meanwhile" }) });
    await page.getByRole("article", { name: "meanwhile" }).waitFor();
    await isLive(page);
    expect(await page.getByRole("article").count()).toBe(2);
  });

  test("alerts that wait to be triaged are told at the top", async () => {
    const at = await start({ lagMs: () => 7_400 });
    const page = await visit(at);
    await expect.poll(() => page.locator("#status-text").textContent()).toBe("Live · alerts 7 s behind");
  });
});

describe("signing in", () => {
  const tokens = new Map([["oncall", sha256("the token")]]);

  test("a wrong token is refused with words, the right one opens the console, signing out closes it", async () => {
    const at = await start({ tokens });
    await at.console.post(incidents, { key: "k1", view: incidentView(since) });
    const page = await visit(at);
    const field = page.getByLabel("Console token");
    await field.fill("another");
    await page.keyboard.press("Enter");
    await expect
      .poll(() => page.getByRole("alert").textContent())
      .toMatch(/Nobody has this token.*reference [0-9a-f]{8}/);
    expect(await page.content()).not.toContain("HighErrorRate");
    await field.fill("the token");
    await page.keyboard.press("Enter");
    await page.getByRole("article", { name: /#12/ }).waitFor();
    expect(await page.evaluate(inPage.scriptCookies)).toBe("");
    expect(await page.locator("#you-name").textContent()).toBe("On call");
    await page.getByRole("button", { name: "Sign out" }).click();
    await field.waitFor();
    expect(await page.locator("#app").isVisible()).toBe(false);
  });

  test("whoever's session ends at work is told so, with the reference of the log's line", async () => {
    const lines: string[] = [];
    const info: Log["info"] = ({ reference, status }, message) =>
      void lines.push(`${message} ${status} ${reference}`);
    const at = await start({ tokens, log: { ...silentLog, info } });
    const page = await visit(at);
    const field = page.getByLabel("Console token");
    await field.waitFor();
    expect(await page.locator("#gate-problem").textContent()).toBe("");
    await field.fill("the token");
    await page.keyboard.press("Enter");
    await isLive(page);
    await page.context().clearCookies();
    await page.getByRole("combobox").fill("/help");
    await page.keyboard.press("Enter");
    const problem = page.locator("#gate-problem");
    await expect.poll(() => problem.textContent()).toMatch(/not signed in.*reference [0-9a-f]{8}/);
    const [reference] = /[0-9a-f]{8}/.exec((await problem.textContent()) ?? "") ?? [];
    expect(lines).toContain(`console: a request was refused 401 ${reference}`);
  });
});

describe("by keyboard alone", () => {
  test("skip link, next card, its thread, Escape back to where one was", async () => {
    const at = await start();
    const ids = await playScene(at.messages, "incidents", now);
    const page = await visit(at);
    await page.locator(`#card-${ids.info}`).waitFor();
    await page.keyboard.press("Tab");
    expect((await page.evaluate(inPage.focused)).text).toBe("Skip to the content");
    await page.keyboard.press("Enter");
    await page.keyboard.press("j");
    expect(await focusedId(page)).toBe(`card-${ids.digest}`);
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    expect(await focusedId(page)).toBe(`card-${ids.incident}`);
    expect((await page.evaluate(inPage.focused)).outline).toBe("solid");
    await page.keyboard.press("o");
    await page.getByRole("complementary").waitFor();
    await expect.poll(() => focusedId(page)).toBe("thread-scroller");
    await page.keyboard.press("Escape");
    await page.getByRole("complementary").waitFor({ state: "hidden" });
    expect((await page.evaluate(inPage.focused)).text).toBe("3 in thread");
    await page.keyboard.press("Alt+ArrowDown");
    await expect.poll(() => page.locator("#channel-title").textContent()).toBe("#payments");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  });

  test("single keys can be switched off", async () => {
    const at = await start();
    await playScene(at.messages, "incidents", now);
    const page = await visit(at);
    await page.getByRole("article").first().waitFor();
    await page.getByRole("button", { name: "Keyboard shortcuts" }).click();
    await page.getByLabel(/Single keys/).uncheck();
    await page.keyboard.press("Escape");
    await page.keyboard.press("j");
    await page.keyboard.press("/");
    expect((await page.evaluate(inPage.focused)).tag).toBe("button");
    await page.keyboard.press("Control+k");
    expect(await focusedId(page)).toBe("line");
  });
});

describe("for every reader", () => {
  test.each(["light", "dark"] as const)(
    "in %s every text has a contrast of 4.5 and every control a name",
    async (colorScheme) => {
      const at = await start();
      const ids = await playScene(at.messages, "incidents", now);
      const page = await visit(at, `/channels/incidents/${ids.incident}`, {
        ...desktop,
        colorScheme,
        reducedMotion: "reduce",
      });
      await page.locator("#thread .entry").first().waitFor();
      answerWith(at, "private");
      await page.getByLabel("Command line").fill("/help");
      await page.keyboard.press("Enter");
      await page.locator(".private").waitFor();
      await page.keyboard.press("/");
      await page.locator("#choices [role=option]").first().waitFor();
      await page.keyboard.press("ArrowDown");
      expect(await page.evaluate(inPage.contrastProblems)).toEqual([]);
      expect(await page.evaluate(inPage.namelessControls)).toEqual([]);
      expect(await page.evaluate(inPage.repeatedIds)).toEqual([]);
      await page.keyboard.press("Escape");
      await page.locator("#thread-card").getByRole("button", { name: "Roll back fraud-scorer" }).click();
      await page.getByRole("dialog").waitFor();
      expect(await page.evaluate(inPage.contrastProblems)).toEqual([]);
      expect(await page.evaluate(inPage.namelessControls)).toEqual([]);
    },
  );

  test.each(["light", "dark"] as const)("signing in has names and contrast in %s", async (colorScheme) => {
    const at = await start({ isLoopback: false });
    const page = await visit(at, "/", { ...desktop, colorScheme });
    await page.getByLabel("Console token").waitFor();
    await page.getByText("Where do I get a token?").click();
    expect(await page.evaluate(inPage.contrastProblems)).toEqual([]);
    expect(await page.evaluate(inPage.namelessControls)).toEqual([]);
  });

  test("the theme that was chosen stays, and is there before the first paint", async () => {
    const at = await start();
    const page = await visit(at, "/", { ...desktop, colorScheme: "light" });
    const button = page.getByRole("button", { name: /^Theme/ });
    await button.click();
    await button.click();
    expect(await button.getAttribute("aria-label")).toBe("Theme: dark");
    const dark = await page.evaluate(inPage.background);
    await page.reload({ waitUntil: "commit" });
    await page.locator("body").waitFor({ state: "attached" });
    expect(await page.evaluate(inPage.background)).toBe(dark);
  });

  test("on a phone of 360 px everything fits, the menu and the thread cover the rest, and Escape uncovers it", async () => {
    const at = await start();
    const ids = await playScene(at.messages, "incidents", now);
    const page = await visit(at, "/", phone);
    const card = page.locator(`#card-${ids.incident}`);
    await card.waitFor();
    const wide = () => page.evaluate(inPage.pageWidth);
    expect(await wide()).toBe(360);
    const cards = await page.locator("#cards > article").evaluateAll(inPage.edges);
    expect(Math.max(...cards.map(({ right }) => right))).toBeLessThanOrEqual(360);
    const buttons = await card.locator(".actions button").evaluateAll(inPage.edges);
    expect(Math.min(...buttons.map(({ height }) => height))).toBeGreaterThanOrEqual(40);
    const menu = page.getByRole("button", { name: "Menu" });
    await menu.click();
    await page.getByRole("link", { name: "# payments" }).waitFor();
    await page.keyboard.press("Escape");
    expect(await menu.getAttribute("aria-expanded")).toBe("false");
    await card.locator(".thread-link").click();
    const thread = page.getByRole("complementary");
    await thread.waitFor();
    expect(await page.locator("#main").isVisible()).toBe(false);
    expect((await thread.boundingBox())?.width).toBe(360);
    expect(await wide()).toBe(360);
    await page.getByRole("button", { name: "Close thread" }).click();
    await card.waitFor();
  });

  test("new cards and private answers are read out by their summary", async () => {
    const at = await start();
    const page = await visit(at);
    await isLive(page);
    await at.console.post(incidents, {
      key: "k1",
      view: view({
        title: "short",
        summary: "the whole fact",
        blocks: [{ kind: "text", text: [plain("x")] }],
      }),
    });
    await expect.poll(() => page.getByRole("status").textContent()).toBe("the whole fact");
  });
});

function focusedId(page: Page): Promise<string> {
  return page.evaluate(inPage.focused).then(({ id }) => id);
}
