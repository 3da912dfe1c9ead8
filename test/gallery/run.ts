/**
 * `npm run gallery`: every card in every state on every platform, light and dark, narrow and wide, as pages to open
 * and, where Chromium is installed, as pictures. Written to `gallery/`; pictures named by `--images` go to docs/images.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { renderView } from "../../src/adapters/chat/discord/render.ts";
import { renderMessage } from "../../src/adapters/chat/slack/render.ts";
import { launchChromium, whyNoChromium } from "../e2e/chromium.ts";
import { type GalleryCard, galleryCards } from "./cards.ts";
import { openConsole } from "./console.ts";
import { discordCss, discordHtml } from "./discord.ts";
import { discordForms, galleryForms, sheetCss, slackForms } from "./forms.ts";
import { pageOf } from "./page.ts";
import { photographPages } from "./pages.ts";
import { slackCss, slackHtml } from "./slack.ts";

const out = path.join(import.meta.dirname, "../../gallery");
const images = path.join(import.meta.dirname, "../../docs/images");
const looks = (["light", "dark"] as const).flatMap((theme) =>
  [420, 900].map((width) => ({ theme, width, name: `${theme}-${width < 600 ? "narrow" : "wide"}` })),
);
/** Cards that the documentation shows, by platform; all wide and light. */
const shown: readonly (readonly [platform: string, card: string, file: string])[] = [
  ["slack", "incident open, a rollout suspected", "slack-incident.png"],
  ["discord", "incident open, a rollout suspected", "discord-incident.png"],
  ["slack", "rollout pending", "slack-rollout.png"],
];

const platforms = {
  slack: {
    css: slackCss + sheetCss,
    html: (card: GalleryCard) => slackHtml(renderMessage(card.view)),
    formsOf: slackForms,
  },
  discord: {
    css: discordCss + sheetCss,
    html: (card: GalleryCard) => discordHtml(renderView(card.view, null)),
    formsOf: discordForms,
  },
};

async function run(): Promise<void> {
  const cards = galleryCards();
  const forms = await galleryForms();
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const missing = whyNoChromium();
  const browser = missing === null ? await launchChromium() : null;
  try {
    for (const [platform, { css, html, formsOf }] of Object.entries(platforms)) {
      const pictures = [
        ...cards.map((card) => ({ family: card.family, state: card.state, html: html(card) })),
        ...formsOf(forms),
      ];
      for (const look of looks) {
        const title = `Tocsin gallery: ${platform}, ${look.name}`;
        const text = pageOf({ title, css, theme: look.theme, pictures });
        writeFileSync(path.join(out, `${platform}-${look.name}.html`), text);
        if (browser !== null) await photograph(platform, look, await openText(browser, text, look.width));
      }
    }
    if (browser !== null) {
      for (const look of looks) await photograph("console", look, await openConsole(browser, cards, look));
      await photographPages(browser, looks, {
        out,
        pictures: process.argv.includes("--images") ? images : null,
      });
    }
  } finally {
    await browser?.close();
  }
  const without = missing === null ? "" : `; no pictures and no console: ${missing}`;
  console.log(`${cards.length} cards in ${path.relative(process.cwd(), out)}/${without}`);
}

async function openText(browser: Browser, text: string, width: number): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height: 800 } });
  await page.setContent(text);
  return page;
}

async function photograph(platform: string, look: (typeof looks)[number], page: Page): Promise<void> {
  if (platform === "console")
    writeFileSync(path.join(out, `console-${look.name}.html`), await page.content());
  await page.screenshot({ path: path.join(out, `${platform}-${look.name}.png`), fullPage: true });
  if (look.name === "light-wide" && process.argv.includes("--images"))
    for (const [, card, file] of shown.filter(([of]) => of === platform))
      await page
        .locator(`figure[data-card="${card}"] > :last-child`)
        .screenshot({ path: path.join(images, file) });
  await page.close();
}

await run();
