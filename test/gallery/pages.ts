/** The console's pages of a whole bot with a shop in trouble, photographed as readers see them. */
import path from "node:path";
import type { Browser } from "playwright-core";
import { type ShopBot, startShop } from "../e2e/shop-bot.ts";

interface Look {
  readonly theme: "light" | "dark";
  readonly width: number;
  readonly name: string;
}

/** Tallest picture, px. */
const mostHeight = 3_000;

/**
 * Writes one picture per page and look.
 * @param pictures - where the documentation's own picture of an incident goes; null for none.
 */
export async function photographPages(
  browser: Browser,
  looks: readonly Look[],
  { out, pictures }: { readonly out: string; readonly pictures: string | null },
): Promise<void> {
  const shop = await startShop();
  try {
    for (const look of looks) await photograph(browser, shop, look, out);
    if (pictures !== null) await photographIncident(browser, shop, pictures);
  } finally {
    await shop.close();
  }
}

function addresses(shop: ShopBot): readonly (readonly [name: string, address: string])[] {
  return [
    ["home", "/home"],
    ["incidents", "/incidents?state=all"],
    ["incident", `/incidents/${shop.incident}`],
    ["models", "/models"],
    ["model", "/models/recommender"],
    ["rollouts", "/rollouts"],
    ["rollout", `/rollouts/${shop.pending}`],
    ["audit", "/audit"],
    ["noise", "/noise"],
    ["settings", "/settings"],
  ];
}

async function photograph(browser: Browser, shop: ShopBot, look: Look, out: string): Promise<void> {
  const page = await browser.newPage({
    viewport: { width: look.width, height: 800 },
    colorScheme: look.theme,
    locale: "en-GB",
  });
  for (const [name, address] of addresses(shop)) {
    await page.setViewportSize({ width: look.width, height: 800 });
    await page.goto(shop.url + address);
    await page.locator("#page:not([aria-busy]) #page-body > *").first().waitFor();
    const box = await page.locator(".page-column").boundingBox();
    const height = Math.min(mostHeight, Math.max(800, Math.ceil(box?.height ?? 0) + 160));
    await page.setViewportSize({ width: look.width, height });
    await page.screenshot({ path: path.join(out, `page-${name}-${look.name}.png`) });
  }
  await page.close();
}

/** The upper part of an incident's page, for the documentation. */
async function photographIncident(browser: Browser, shop: ShopBot, pictures: string): Promise<void> {
  const page = await browser.newPage({
    viewport: { width: 1280, height: 1080 },
    colorScheme: "light",
    locale: "en-GB",
  });
  await page.goto(`${shop.url}/incidents/${shop.incident}`);
  await page.locator(".topology").waitFor();
  await page.screenshot({ path: path.join(pictures, "console.png") });
  await page.close();
}
