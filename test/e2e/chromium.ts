/** Finds and starts Chromium for tests of the console. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const places = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** The browser's path, or null when this machine has none. */
export function findChromium(): string | null {
  return places.find((place) => existsSync(place)) ?? null;
}

/**
 * Why browser tests are skipped here, to be printed beside their names; null when they run.
 * @example test.skipIf(whyNoChromium() !== null)("a card appears", ...)
 */
export function whyNoChromium(): string | null {
  return findChromium() === null ? `no Chromium at ${places.slice(0, 3).join(", ")}` : null;
}

/** Starts a headless browser that talks to nobody by itself. The caller closes it. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null) {
    throw new Error(`Chromium is missing (${whyNoChromium()}); install it: apt-get install chromium`);
  }
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({
    executablePath,
    headless: true,
    timeout: 30_000,
    args: [
      "--headless",
      ...(isRoot ? ["--no-sandbox"] : []),
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
