/**
 * One page beside the channels: loaded by its address, kept true while it is open without moving what the reader is at.
 * @import { WirePage } from "./api.js"
 * @import { Press } from "./page-blocks.js"
 */
import { ApiError, getPage } from "./api.js";
import { byId, h } from "./dom.js";
import { renderFilters, withMoments } from "./filters.js";
import { renderPageBlock } from "./page-blocks.js";

const soonMs = 700;
const everyMs = 20_000;

/**
 * @param {{ press: Press, go: (address: string) => void, titled: (title: string) => void,
 *   signedOut: (error: unknown) => boolean }} handlers
 */
export function createPageView(handlers) {
  const app = byId("app", HTMLElement);
  const frame = byId("page", HTMLElement);
  const title = byId("page-title", HTMLElement);
  const lead = byId("page-lead", HTMLElement);
  const filters = byId("page-filters", HTMLElement);
  const answers = byId("page-answers", HTMLElement);
  const body = byId("page-body", HTMLElement);
  const foot = byId("page-foot", HTMLElement);
  /** @type {string | null} */
  let address = null;
  /** What is shown, block by block. @type {{ text: string, element: HTMLElement }[]} */
  let shown = [];
  /** @type {AbortController | null} */
  let loading = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let soon;

  setInterval(() => {
    if (!document.hidden) void refresh();
  }, everyMs);

  /** Makes room for a page before it is there. @param {string} at */
  function begin(at) {
    address = at;
    app.dataset["place"] = "page";
    frame.hidden = false;
    frame.setAttribute("aria-busy", "true");
    answers.replaceChildren();
    handlers.titled(title.textContent ?? "");
  }

  /**
   * Shows the page at an address.
   * @param {string} at - path and query.
   * @param {"focus" | "stay"} focus - where a reader comes from elsewhere they begin at its title.
   */
  async function open(at, focus) {
    const isSame = address === at && shown.length > 0;
    if (!isSame) begin(at);
    try {
      const page = await load(at);
      if (page === null) return;
      show(page, isSame ? "again" : "new");
    } catch (error) {
      if (address !== at || handlers.signedOut(error)) return;
      showProblem(error);
    } finally {
      if (address === at) frame.removeAttribute("aria-busy");
    }
    if (isSame) return;
    frame.scrollTop = 0;
    if (focus === "focus") title.focus({ preventScroll: true });
  }

  /**
   * @param {string} at
   * @returns {Promise<WirePage | null>} null when the reader has gone on meanwhile.
   */
  async function load(at) {
    loading?.abort();
    const mine = new AbortController();
    loading = mine;
    try {
      const page = await getPage(withMoments(at), mine.signal);
      return address === at ? page : null;
    } catch (error) {
      if (mine.signal.aborted) return null;
      throw error;
    }
  }

  /**
   * @param {WirePage} page
   * @param {"new" | "again"} how
   */
  function show(page, how) {
    title.textContent = page.title;
    lead.textContent = page.lead;
    lead.hidden = page.lead === "";
    handlers.titled(page.title);
    if (how === "new") {
      const form = page.filters.length === 0 ? [] : [renderFilters(page.filters, narrow)];
      filters.replaceChildren(...form);
    }
    showBlocks(page);
    showFoot(page.next);
  }

  /** Blocks that say the same stay the very elements that they were. @param {WirePage} page */
  function showBlocks({ title: above, blocks }) {
    const next = blocks.map((block, index) => {
      const text = JSON.stringify(block);
      const old = shown[index];
      if (old?.text === text) return old;
      const element = renderPageBlock(block, { press: handlers.press, title: above });
      if (old?.element.isConnected) replaceInPlace(old.element, element);
      else body.append(element);
      return { text, element };
    });
    for (const { element } of shown.slice(blocks.length)) element.remove();
    shown = next;
  }

  /** @param {string | null} next */
  function showFoot(next) {
    const isLater = (address ?? "").includes("before=");
    foot.replaceChildren(
      ...(isLater
        ? [h("a", { href: newestAddress(), "data-internal": true, class: "button" }, "Newest")]
        : []),
      ...(next === null ? [] : [h("a", { href: next, "data-internal": true, class: "button" }, "Older")]),
    );
    foot.hidden = foot.childElementCount === 0;
  }

  function newestAddress() {
    const [path = "", query = ""] = (address ?? "").split("?", 2);
    const given = new URLSearchParams(query);
    given.delete("before");
    return given.size === 0 ? path : `${path}?${given}`;
  }

  /** @param {unknown} error */
  function showProblem(error) {
    title.textContent = "This page cannot be shown";
    handlers.titled("Not shown");
    lead.textContent = error instanceof Error ? error.message : String(error);
    lead.hidden = false;
    filters.replaceChildren();
    foot.hidden = true;
    shown = [];
    body.replaceChildren(h("p", {}, wayOn(error)));
  }

  /** What is not there will not come: a list leads on. What failed may be tried again. @param {unknown} error */
  function wayOn(error) {
    const [, list = "", one] = (address ?? "").split(/[/?]/);
    if (error instanceof ApiError && error.status === 404 && one !== undefined) {
      const href = `/${list}${list === "incidents" ? "?state=all" : ""}`;
      return h(
        "a",
        { href, "data-internal": true, class: "button way-on" },
        `All ${list === "audit" ? "entries" : list}`,
      );
    }
    const again = h("button", { type: "button", class: "button" }, "Try again");
    again.addEventListener("click", () => void refresh());
    return again;
  }

  /** @param {string} query */
  function narrow(query) {
    const path = (address ?? "/").split("?", 1)[0] ?? "/";
    handlers.go(query === "" ? path : `${path}?${query}`);
  }

  /** A page that shows older things stays as it is: nothing is added there. */
  async function refresh() {
    const at = address;
    if (at === null || at.includes("before=")) return;
    try {
      const page = await load(at);
      if (page !== null) show(page, shown.length === 0 ? "new" : "again");
    } catch {
      // The status line says that the bot is away; what is shown stays.
    }
  }

  function close() {
    if (address === null) return;
    address = null;
    loading?.abort();
    clearTimeout(soon);
    delete app.dataset["place"];
    frame.hidden = true;
    shown = [];
    title.textContent = "Loading";
    lead.hidden = true;
    body.replaceChildren();
    filters.replaceChildren();
    foot.hidden = true;
    answers.replaceChildren();
  }

  /**
   * Shows an answer, or what is on its way, above the page's body.
   * @param {HTMLElement} element
   */
  function answer(element) {
    const old = element.id === "" ? null : answers.querySelector(`#${element.id}`);
    if (old === null) answers.append(element);
    else old.replaceWith(element);
    element.scrollIntoView({ block: "nearest" });
  }

  /** @param {number} step - 1 for the next row or event that leads somewhere, -1 for the one before. */
  function focusNext(step) {
    const links = [...body.querySelectorAll("tbody tr")].flatMap((row) => {
      const link = row.querySelector("a");
      return link === null ? [] : [link];
    });
    const row = document.activeElement?.closest("tr");
    const at = links.findIndex((link) => row?.contains(link));
    const next = links[at === -1 ? (step > 0 ? 0 : links.length - 1) : at + step];
    next?.focus();
  }

  return {
    begin,
    open,
    close,
    answer,
    focusNext,
    isOpen: () => address !== null,
    /** Something has changed: looks again in a moment, once for many changes. */
    refreshSoon() {
      if (address === null) return;
      clearTimeout(soon);
      soon = setTimeout(() => void refresh(), soonMs);
    },
  };
}

/**
 * Puts a renewed block in the old one's place; the focus stays on what it was on, and what was unfolded unfolded.
 * @param {HTMLElement} old
 * @param {HTMLElement} element
 */
function replaceInPlace(old, element) {
  const active = old.contains(document.activeElement) ? document.activeElement : null;
  const isUnfolded = old.querySelector("details")?.open === true;
  const details = element.querySelector("details");
  if (details !== null) details.open = isUnfolded;
  old.replaceWith(element);
  if (!(active instanceof HTMLElement)) return;
  const { command } = active.dataset;
  const href = active.getAttribute("href");
  const again = [...element.querySelectorAll("a, button")].find((each) =>
    command === undefined
      ? href !== null && each.getAttribute("href") === href
      : each instanceof HTMLElement && each.dataset["command"] === command,
  );
  const target = again ?? (active.matches("[tabindex]") ? element.closest("[tabindex]") : null);
  if (target instanceof HTMLElement) target.focus({ preventScroll: true });
}
