/** The console's pages in a real browser, of the whole bot: read, operated by keyboard, and looked through by axe. */
import { createRequire } from "node:module";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { launchChromium, whyNoChromium } from "./chromium.ts";
import * as inPage from "./in-page.js";
import { type ShopBot, say, startShop } from "./shop-bot.ts";

const desktop = { viewport: { width: 1360, height: 860 } };
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

let browser: Browser | null = null;
let shop: ShopBot;
/** What a page must never do: errors, dialogs, requests to elsewhere. */
let misdeeds: string[] = [];

beforeAll(async () => {
  if (whyNoChromium() !== null) return;
  browser = await launchChromium();
  shop = await startShop();
});
afterAll(async () => {
  await browser?.close();
  await shop?.close();
});
beforeEach(({ skip }) => {
  const why = whyNoChromium();
  if (why !== null) skip(why);
});
afterEach(async () => {
  for (const context of browser?.contexts() ?? []) await context.close();
  const seen = misdeeds;
  misdeeds = [];
  expect(seen).toEqual([]);
});

async function visit(path: string, options: BrowserContextOptions = desktop): Promise<Page> {
  if (browser === null) throw new Error("no browser");
  const context = await browser.newContext({ locale: "en-GB", reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on("pageerror", (error) => misdeeds.push(`error: ${error.message}`));
  page.on("console", (message) => {
    const isNetwork = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !isNetwork) misdeeds.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(shop.url)) misdeeds.push(`request to ${request.url()}`);
  });
  await page.goto(shop.url + path);
  await isShown(page);
  return page;
}

/** Everything that the address names is there. */
async function isShown(page: Page): Promise<void> {
  await page.locator("#page:not([aria-busy]) #page-body > *").first().waitFor();
}

function rows(page: Page) {
  return page.locator("table.records tbody tr");
}

/** Addresses of every page, with what each is titled. */
function addresses(): readonly (readonly [path: string, title: RegExp])[] {
  return [
    ["/home", /^Home$/],
    ["/incidents", /^Incidents$/],
    [`/incidents/${shop.incident}`, /PredictionLatencyHigh/],
    [`/incidents/${shop.incident}/report`, /^Report of incident \d+: /],
    ["/models", /^Models$/],
    ["/models/recommender", /^recommender$/],
    ["/rollouts", /^Rollouts$/],
    [`/rollouts/${shop.pending}`, /rollback recommender/],
    ["/audit", /^Audit log$/],
    ["/audit/3", /^Audit entry 3$/],
    ["/noise", /^Noise$/],
    ["/settings", /^Settings$/],
    ["/incidents?q=nothing-like-that", /^Incidents$/],
    ["/incidents/999999", /cannot be shown/],
  ];
}

describe("reading", () => {
  test("incidents are found by the words of alerts, explanations and notes, and by number", async () => {
    const page = await visit("/incidents");
    const search = page.getByRole("searchbox", { name: "Search" });
    const find = async (text: string) => {
      await search.fill(text);
      await page.keyboard.press("Enter");
      await expect.poll(() => new URL(page.url()).searchParams.get("q")).toBe(text);
      await isShown(page);
      return rows(page).locator("td:first-child").allTextContents();
    };
    const storm = `#${shop.incident}`;
    expect(await find("prediction columns")).toEqual([storm]);
    expect(await find("vendor gateway")).toEqual([storm]);
    expect(await find("Budget")).toEqual([storm]);
    expect(await find(storm)).toEqual([storm]);
    expect(await find("nothing-like-that")).toEqual([]);
    await page.getByText("No incident is like that.").waitFor();
    await page.goBack();
    await expect.poll(() => rows(page).count()).toBe(1);
    expect(await search.inputValue()).toBe(storm);
  });

  test("a list of all goes on by pages, each with an address, and filters stay", async () => {
    const page = await visit("/incidents?state=all&severity=critical");
    const first = await rows(page).count();
    expect(first).toBe(31);
    await page.goto(`${shop.url}/incidents?state=all`);
    await isShown(page);
    expect(await rows(page).count()).toBe(50);
    await page.getByRole("link", { name: "Older" }).click();
    await expect.poll(() => new URL(page.url()).searchParams.get("before")).not.toBe(null);
    await expect.poll(() => rows(page).first().locator("td:first-child").textContent()).toBe("#71");
    expect(new URL(page.url()).searchParams.get("state")).toBe("all");
    await page.getByRole("link", { name: "Newest" }).click();
    await expect
      .poll(() => rows(page).first().locator("td:first-child").textContent())
      .toBe(`#${shop.incident}`);
  });

  test("the page of an incident shows its card, the topology with its suspects, causes, evidence and timeline", async () => {
    const page = await visit(`/incidents/${shop.incident}`);
    expect(await page.locator(".page-view .badge").first().textContent()).toBe("Critical");
    const drawing = page.getByRole("img", { name: /Services around this incident/ });
    const suspect = drawing.locator("g", { hasText: "recommender-api" });
    expect(await suspect.locator(".topology-word").textContent()).toBe("suspect 1, 2 alerts");
    expect(await suspect.locator(".topology-suspect").count()).toBe(1);
    expect(
      await drawing.locator("g", { hasText: "feature-store" }).locator(".topology-suspect").count(),
    ).toBe(0);
    await page.getByText("The drawing in words").click();
    await page.getByText(/recommender-api: suspect 1; 2 alerts; calls feature-store; called by/).waitFor();
    await page
      .getByRole("table", { name: "Causes, best first" })
      .getByRole("link", { name: "rollout 1" })
      .waitFor();
    const events = await page.locator(".events .event-what").allTextContents();
    expect(events.slice(0, 1)).toEqual(["opened"]);
    expect(events).toEqual(expect.arrayContaining(["acknowledged", "note", "rollout"]));
    await page.getByRole("link", { name: "rollout 1" }).first().click();
    await page
      .getByRole("heading", { name: /deploy recommender v41 → v42/ })
      .first()
      .waitFor();
    expect(new URL(page.url()).pathname).toBe("/rollouts/1");
  });

  test("who may not read the audit log is told so, and the settings show no secret", async () => {
    const page = await visit("/audit");
    await page.getByLabel("You are").selectOption("ml-engineer");
    await page.getByText(/you may not read the audit log/).waitFor();
    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByText("bearer: env:GRAFANA_TOKEN").waitFor();
    expect(await page.content()).not.toContain("grafana-token-of-the-test");
  });

  test("where nothing is there, the page leads to the list of what is", async () => {
    const page = await visit("/incidents/999999");
    await page.getByRole("link", { name: "All incidents" }).click();
    await expect.poll(() => rows(page).count()).toBe(50);
    expect(new URL(page.url()).search).toBe("?state=all");
  });

  test("moments are the reader's own, with UTC behind them", async () => {
    const page = await visit(`/incidents/${shop.incident}`, { ...desktop, timezoneId: "Asia/Tokyo" });
    const time = page.locator(".events time").first();
    const at = new Date((await time.getAttribute("datetime")) ?? "");
    const hour = String((at.getUTCHours() + 9) % 24).padStart(2, "0");
    expect(await time.textContent()).toContain(`${hour}:`);
    expect(await time.getAttribute("title")).toContain(
      `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`,
    );
  });
});

describe("acting", () => {
  test("a page changes by itself, and what the reader is at keeps the focus", async () => {
    const page = await visit(`/incidents/${shop.incident}`);
    await page.locator('#status[data-state="live"]').waitFor();
    const why = page.locator(".page-view").getByRole("button", { name: "Why", exact: true });
    await why.focus();
    await say(shop.bot, "oncall", `note ${shop.incident} the cache was warm`);
    await page
      .locator(".events")
      .getByText(/the cache was warm/)
      .waitFor();
    expect((await page.evaluate(inPage.focused)).text).toBe("Why");
    await say(shop.bot, "sre-lead", `severity ${shop.incident} high`);
    await page.locator(".page-view .badge", { hasText: "High" }).waitFor();
    expect((await page.evaluate(inPage.focused)).text).toBe("Why");
  });

  test("a button is answered on the page, to whoever pressed it", async () => {
    const page = await visit(`/incidents/${shop.incident}`);
    await page.locator(".page-view").getByRole("button", { name: "Why", exact: true }).click();
    const answer = page.getByRole("region", { name: "Answers to you" }).locator(".private");
    await answer.waitFor();
    expect(await answer.locator(".asked").textContent()).toBe(`/why ${shop.incident}`);
    await answer.getByRole("button", { name: "Dismiss" }).click();
    expect(await answer.count()).toBe(0);
  });

  test("the chain is verified at the press of a button", async () => {
    const page = await visit("/audit");
    await page.getByRole("button", { name: "Verify the chain" }).click();
    await page
      .locator(".private")
      .getByText(/The audit log is/)
      .first()
      .waitFor();
  });

  test("the home of the second person has the rollback to approve, with its button", async () => {
    const page = await visit("/home");
    await page.getByText("Nothing waits for your approval", { exact: false }).waitFor();
    await page.getByLabel("You are").selectOption("sre-lead");
    await page.getByRole("button", { name: `Approve rollout ${shop.pending}` }).waitFor();
    await page
      .getByRole("link", { name: `Rollout ${shop.pending}` })
      .first()
      .click();
    await page
      .getByRole("heading", { name: /rollback recommender/ })
      .first()
      .waitFor();
  });
});

describe("for every reader", () => {
  test("every page has a title of its own", async () => {
    const page = await visit("/home");
    for (const [path, title] of addresses()) {
      await page.goto(shop.url + path);
      await isShown(page);
      expect((await page.title()).replace(/^\(\d+\) | · Tocsin$/g, ""), path).toMatch(
        title.source.includes("cannot") ? /Not shown/ : title,
      );
      expect(await page.locator("#page-title").textContent(), path).toMatch(title);
    }
  });

  test("by keyboard alone one gets from the link that skips to a page, along its rows, into one and back", async () => {
    const page = await visit("/home");
    await page.keyboard.press("Tab");
    expect((await page.evaluate(inPage.focused)).text).toBe("Skip to the content");
    for (let step = 0; step < 20; step += 1) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate(inPage.focused);
      if (at.text === "Incidents") break;
      expect(at.outline, at.text ?? "").not.toBe("none");
    }
    await page.keyboard.press("Enter");
    await expect.poll(async () => (await page.evaluate(inPage.focused)).id).toBe("page-title");
    expect((await page.evaluate(inPage.focused)).text).toBe("Incidents");
    await expect.poll(() => rows(page).count()).toBe(4);
    await page.keyboard.press("j");
    expect((await page.evaluate(inPage.focused)).text).toBe(`#${shop.incident}`);
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    const at = await page.evaluate(inPage.focused);
    expect([at.text, at.outline]).toEqual([`#${shop.incident}`, "solid"]);
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("#page-title").textContent()).toMatch(/PredictionLatencyHigh/);
    await page.goBack();
    await expect.poll(() => page.locator("#page-title").textContent()).toBe("Incidents");
  });

  test("on a phone of 360 px nothing is wider than the screen", async () => {
    const page = await visit("/home", phone);
    for (const [path] of addresses()) {
      await page.goto(shop.url + path);
      await isShown(page);
      expect(await page.evaluate(inPage.pageWidth), path).toBe(360);
      const parts = await page.locator("#page-body > *").evaluateAll(inPage.edges);
      expect(Math.max(...parts.map(({ right }) => right)), path).toBeLessThanOrEqual(360);
    }
  });

  test("in a narrow window the words of a table stay whole", async () => {
    const page = await visit("/audit", { viewport: { width: 900, height: 800 } });
    const word = page.getByRole("cell", { name: "incident.acknowledged" }).getByText("incident.acknowledged");
    const box = await word.first().boundingBox();
    expect(box?.height).toBeGreaterThan(8);
    expect(box?.height).toBeLessThan(40);
  });

  test("on a phone the first suspect is in view, and filters that are folded away say what is set", async () => {
    const page = await visit(`/incidents/${shop.incident}`, phone);
    const suspect = page.locator(".topology-service", { hasText: "suspect 1" }).locator(".topology-box");
    await expect
      .poll(async () => {
        const box = await suspect.boundingBox();
        return box !== null && box.x >= 0 && box.x + box.width <= phone.viewport.width;
      })
      .toBe(true);
    await page.goto(`${shop.url}/incidents?state=resolved&service=ledger`);
    await isShown(page);
    await page.getByText("Filters (State: resolved, Service: ledger)").waitFor();
  });

  test("on paper a page stands whole, without what can only be pressed", async () => {
    const page = await visit(`/incidents/${shop.incident}`);
    await page.emulateMedia({ media: "print" });
    const pressed = [".side", ".bar", ".composer", ".page-view .actions"];
    expect(await page.locator(pressed.map((each) => `${each}:visible`).join(", ")).count()).toBe(0);
    const evidence = await page.getByRole("table", { name: "Evidence, by number" }).boundingBox();
    expect(evidence?.y ?? 0).toBeGreaterThan(desktop.viewport.height);
    const paper = await page.locator("body").boundingBox();
    expect(paper?.height ?? 0).toBeGreaterThan(evidence?.y ?? 0);
  });

  test.each([
    ["light", "wide", desktop],
    ["dark", "wide", desktop],
    ["light", "phone", phone],
    ["dark", "phone", phone],
  ] as const)("axe finds nothing serious on any page, %s and %s", async (colorScheme, _width, screen) => {
    const page = await visit("/home", { ...screen, colorScheme, bypassCSP: true });
    for (const path of [...addresses().map(([each]) => each), "/"]) {
      await page.goto(shop.url + path);
      if (path === "/") await page.locator("#cards > article, #teach:not([hidden])").first().waitFor();
      else await isShown(page);
      await page.addScriptTag({ path: axePath });
      expect(await page.evaluate(inPage.axeFindings), path).toEqual([]);
    }
  });
});
