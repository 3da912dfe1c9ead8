/** The console's own page parts, given our cards: what its renderer makes of them, with its own styles. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { toWire } from "../../src/adapters/chat/console/wire.ts";
import type { GalleryCard } from "./cards.ts";
import { escaped } from "./page.ts";

const assets = path.join(import.meta.dirname, "../../assets/console");
const origin = "http://gallery.invalid";

/** What the page gets of a card. */
export function wireOf({ family, view }: GalleryCard, id: number) {
  return toWire({
    id,
    key: `gallery${id}`,
    channel: "incidents",
    threadOf: family === "thread" ? 1 : null,
    audience: family === "answer" || family === "error" ? "somebody" : null,
    view,
    postedAt: new Date(Date.UTC(2026, 2, 1, 10, 4)),
    editedAt: null,
    revision: id,
    replies: 3,
  });
}

/** Opens a page on which every card stands under its name; nothing is asked of any server. */
export async function openConsole(
  browser: Browser,
  cards: readonly GalleryCard[],
  look: { readonly theme: "light" | "dark"; readonly width: number },
): Promise<Page> {
  const page = await browser.newPage({
    viewport: { width: look.width, height: 800 },
    colorScheme: look.theme,
    timezoneId: "UTC",
    locale: "en-GB",
  });
  await page.route("**/*", async (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === "/")
      return await route.fulfill({ contentType: "text/html", body: shell(cards, look.theme) });
    const file = path.join(assets, path.basename(pathname));
    const contentType = file.endsWith(".js") ? "text/javascript" : "text/css";
    await route.fulfill({ contentType, body: readFileSync(file, "utf8") });
  });
  await page.goto(`${origin}/`);
  await page.waitForSelector("body[data-ready]", { timeout: 10_000 });
  return page;
}

/** "<" is written so that no text ends the script. */
function shell(cards: readonly GalleryCard[], theme: string): string {
  const given = cards.map((card, index) => ({
    ...{ family: card.family, state: card.state, name: `${card.family} · ${card.state}` },
    message: wireOf(card, index + 1),
  }));
  return `<!doctype html><html lang="en" data-theme="${theme}"><head><meta charset="utf-8"><title>Tocsin gallery: console</title>
<link rel="stylesheet" href="/base.css"><link rel="stylesheet" href="/layout.css"><link rel="stylesheet" href="/cards.css">
<style>html, body { overflow: auto; height: auto; } figure { margin: 0 0 28px; max-width: 760px; } figcaption { font: 12px/1.6 ui-monospace, monospace; opacity: .65; } body { padding: 16px; }</style>
</head><body><main id="cards"></main><script type="module">
import { renderCard, renderEntry, renderPrivate } from "/cards.js";
const nothing = () => {};
const handlers = { press: nothing, openThread: nothing, dismiss: nothing };
const given = ${JSON.stringify(given).replaceAll("<", "\\u003c")};
for (const { family, state, name, message } of given) {
  const figure = document.createElement("figure");
  figure.dataset.card = family + " " + state;
  const caption = document.createElement("figcaption");
  caption.textContent = name;
  const own = family === "thread" ? renderEntry(message, handlers)
    : family === "answer" || family === "error" ? renderPrivate(message, handlers, null)
    : renderCard(message, 3, handlers);
  figure.append(caption, own);
  document.querySelector("#cards").append(figure);
}
document.body.dataset.ready = "";
</script><p hidden>${escaped(String(cards.length))}</p></body></html>`;
}
