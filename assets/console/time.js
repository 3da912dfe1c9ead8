/** Moments in the reader's own zone and language, kept fresh while the page is open. */
import { h } from "./dom.js";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const dayAndClock = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const dayMs = 86_400_000;

/**
 * "03:10", or "21 Nov, 03:10" on another day.
 * @param {Date} at
 * @param {Date} now
 */
export function shortTime(at, now) {
  return at.toDateString() === now.toDateString() ? clock.format(at) : dayAndClock.format(at);
}

/**
 * "just now", "12 min ago", "in 5 min"; empty beyond a day, where the date says more.
 * @param {Date} at
 * @param {Date} now
 */
export function distance(at, now) {
  const ms = now.getTime() - at.getTime();
  const minutes = Math.round(Math.abs(ms) / 60_000);
  if (Math.abs(ms) > dayMs) return "";
  if (minutes < 1) return "just now";
  const text =
    minutes < 60
      ? `${minutes} min`
      : `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ""}`;
  return ms >= 0 ? `${text} ago` : `in ${text}`;
}

/**
 * A <time> that stays true. `how`: "short" is the clock time alone, "full" adds the distance.
 * @param {string} iso
 * @param {"short" | "full"} how
 */
export function timeElement(iso, how) {
  const element = h("time", { datetime: iso, "data-how": how });
  refresh(element, new Date());
  return element;
}

/**
 * @param {HTMLTimeElement} element
 * @param {Date} now
 */
function refresh(element, now) {
  const at = new Date(element.dateTime);
  const away = element.dataset["how"] === "full" ? distance(at, now) : "";
  const text = `${shortTime(at, now)}${away === "" ? "" : ` · ${away}`}`;
  if (element.textContent !== text) element.textContent = text;
  element.title = `${whole.format(at)} · ${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** Keeps every <time> of the page true. */
export function keepTimesFresh() {
  setInterval(() => {
    const now = new Date();
    for (const element of document.querySelectorAll("time")) refresh(element, now);
  }, 20_000);
}
