/**
 * The cards of the channel that is shown, oldest first, the newest at the bottom; kept in place while they change.
 * @import { WireMessage } from "./api.js"
 * @import { CardHandlers } from "./cards.js"
 */
import { renderCard, renderPrivate, showReplies } from "./cards.js";
import { byId, h } from "./dom.js";

/**
 * @param {CardHandlers & { askedBy: (message: WireMessage) => string | null, loadEarlier: (before: number) => void }} handlers
 */
export function createChannelView(handlers) {
  const cards = byId("cards", HTMLElement);
  const scroller = byId("scroller", HTMLElement);
  const jump = byId("jump", HTMLButtonElement);
  const earlier = byId("earlier", HTMLButtonElement);
  /** @type {Map<number, WireMessage>} */
  const shown = new Map();
  /** @type {Map<number, number>} */
  const replies = new Map();
  /** Replies that are counted already, so that an edit or a repeated event counts none twice. */
  /** @type {Set<number>} */
  const counted = new Set();
  /** Cards below or above what is in view that came or changed meanwhile. */
  /** @type {Set<number>} */
  const unseen = new Set();
  let isPinned = true;

  earlier.addEventListener("click", () => {
    const first = [...shown.keys()].sort((a, b) => a - b)[0];
    if (first !== undefined) handlers.loadEarlier(first);
  });
  jump.addEventListener("click", () => {
    const target = elementOf([...unseen].at(-1) ?? -1);
    if (target === null) toBottom();
    else {
      target.scrollIntoView({ block: "center" });
      target.focus({ preventScroll: true });
    }
    unseen.clear();
    showJump();
  });
  scroller.addEventListener("scroll", () => {
    isPinned = isAtBottom();
    if (isPinned) unseen.clear();
    showJump();
  });
  // Bodies are cut and pictures arrive after a card is put in: who was at the bottom stays there.
  new ResizeObserver(() => isPinned && toBottom()).observe(cards);

  /**
   * @param {readonly WireMessage[]} messages
   * @param {{ hasEarlier: boolean, newSince: number | null }} how
   */
  function reset(messages, how) {
    const hadFocus = cards.contains(document.activeElement);
    const wasAtBottom = isPinned || shown.size === 0;
    cards.replaceChildren();
    shown.clear();
    replies.clear();
    unseen.clear();
    earlier.hidden = !how.hasEarlier;
    for (const message of messages) put(message);
    markNew(how.newSince);
    if (wasAtBottom && shown.size > 0) toBottom();
    if (hadFocus) cards.focus();
    showJump();
  }

  /**
   * @param {readonly WireMessage[]} messages
   * @param {boolean} hasEarlier
   */
  function prepend(messages, hasEarlier) {
    const before = scroller.scrollHeight;
    earlier.hidden = !hasEarlier;
    for (const message of messages) put(message);
    scroller.scrollTop += scroller.scrollHeight - before;
  }

  /**
   * Puts a message in or renews it.
   * @param {WireMessage} message
   * @returns {"new" | "changed" | "same"}
   */
  function put(message) {
    const before = shown.get(message.id);
    if (before !== undefined && before.revision >= message.revision) return "same";
    const wasAtBottom = isPinned;
    shown.set(message.id, message);
    replies.set(message.id, Math.max(message.replies, replies.get(message.id) ?? 0));
    const element = message.isPrivate
      ? renderPrivate(message, handlers, handlers.askedBy(message))
      : renderCard(message, replies.get(message.id) ?? 0, handlers);
    const old = elementOf(message.id);
    if (old === null) cards.insertBefore(element, successor(message.id));
    else replace(old, element);
    number();
    if (wasAtBottom && old === null) toNewest(element);
    return before === undefined ? "new" : "changed";
  }

  /**
   * Tells that a message which came while the page was open is out of view.
   * @param {WireMessage} message
   */
  function notice(message) {
    const element = elementOf(message.id);
    if (element === null || isInView(element)) return;
    unseen.delete(message.id);
    unseen.add(message.id);
    showJump();
  }

  /** @param {number} id */
  function remove(id) {
    shown.delete(id);
    elementOf(id)?.remove();
  }

  /** @param {WireMessage} message - in a thread. */
  function countReply(message) {
    const card = message.thread;
    if (card === null || message.isPrivate || message.editedAt !== null || counted.has(message.id)) return;
    counted.add(message.id);
    replies.set(card, (replies.get(card) ?? 0) + 1);
    const element = elementOf(card);
    if (element !== null) showReplies(element, replies.get(card) ?? 0);
  }

  /**
   * Shows something below a card: a private answer, or what was just sent. Renews one with the same id.
   * @param {number} card
   * @param {HTMLElement} element
   */
  function under(card, element) {
    const place = elementOf(card)?.querySelector(".under");
    if (place === null || place === undefined) return false;
    const wasAtBottom = isPinned;
    const old = element.id === "" ? null : place.querySelector(`#${element.id}`);
    if (old === null) place.append(element);
    else old.replaceWith(element);
    if (wasAtBottom) toNewest(element);
    else element.scrollIntoView({ block: "nearest" });
    return true;
  }

  /** @param {HTMLElement} element */
  function append(element) {
    cards.append(element);
    toBottom();
  }

  /** @param {number} step - 1 for the next card, -1 for the one before. */
  function focusNext(step) {
    const all = [...cards.querySelectorAll(":scope > article")];
    const current = document.activeElement?.closest("#cards > article") ?? null;
    const at = current === null ? (step > 0 ? -1 : all.length) : all.indexOf(current);
    const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
    if (next instanceof HTMLElement) next.focus();
  }

  /** The card that has the focus. */
  function focused() {
    const article = document.activeElement?.closest("#cards > article");
    return article instanceof HTMLElement ? (shown.get(Number(article.dataset["id"])) ?? null) : null;
  }

  /** @param {number} id */
  function elementOf(id) {
    const element = cards.querySelector(`:scope > [data-id="${id}"]`);
    return element instanceof HTMLElement ? element : null;
  }

  /** @param {number} id */
  function successor(id) {
    let next = null;
    for (let child = cards.lastElementChild; child !== null; child = child.previousElementSibling) {
      const other = child instanceof HTMLElement ? Number(child.dataset["id"] ?? Number.NaN) : Number.NaN;
      if (!Number.isNaN(other) && other < id) break;
      if (!Number.isNaN(other)) next = child;
    }
    return next;
  }

  function number() {
    const all = cards.querySelectorAll(":scope > article");
    for (const [index, article] of [...all].entries()) {
      article.setAttribute("aria-posinset", String(index + 1));
      article.setAttribute("aria-setsize", earlier.hidden ? String(all.length) : "-1");
    }
  }

  /** @param {number | null} since - the newest card that was read before; null when nothing was. */
  function markNew(since) {
    if (since === null) return;
    const first = [...shown.values()]
      .filter((message) => message.id > since && !message.isPrivate)
      .sort((a, b) => a.id - b.id)[0];
    const element = first === undefined ? null : elementOf(first.id);
    if (element !== null) cards.insertBefore(h("p", { class: "new-mark" }, h("span", {}, "New")), element);
  }

  function toBottom() {
    isPinned = true;
    scroller.scrollTop = scroller.scrollHeight;
  }

  /** What is taller than the screen is read from its top. @param {HTMLElement} element */
  function toNewest(element) {
    toBottom();
    if (element.offsetHeight <= scroller.clientHeight) return;
    isPinned = false;
    element.scrollIntoView({ block: "start" });
  }

  function isAtBottom() {
    return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
  }

  /** @param {HTMLElement} element */
  function isInView(element) {
    const frame = scroller.getBoundingClientRect();
    const box = element.getBoundingClientRect();
    return box.bottom > frame.top + 20 && box.top < frame.bottom - 20;
  }

  function showJump() {
    const target = elementOf([...unseen].at(-1) ?? -1);
    jump.hidden = target === null;
    if (target === null) return;
    const isBelow = target.getBoundingClientRect().top > scroller.getBoundingClientRect().top;
    const what = unseen.size === 1 ? "1 card" : `${unseen.size} cards`;
    jump.textContent = `${what} changed ${isBelow ? "below ↓" : "above ↑"}`;
  }

  return {
    reset,
    prepend,
    put,
    notice,
    remove,
    countReply,
    under,
    append,
    focusNext,
    focused,
    toBottom,
    /** @param {number} id */
    get: (id) => shown.get(id) ?? null,
    /** @param {number} id */
    reveal(id) {
      isPinned = false;
      elementOf(id)?.scrollIntoView({ block: "center" });
    },
    /** @param {number} id */
    focusThreadLink(id) {
      const link = elementOf(id)?.querySelector(".thread-link");
      if (link instanceof HTMLElement) link.focus();
    },
    isEmpty: () => shown.size === 0 && cards.childElementCount === 0,
  };
}

/**
 * Puts a renewed card in the old one's place: what hangs below it, what was opened and the focus stay.
 * @param {HTMLElement} old
 * @param {HTMLElement} element
 */
export function replace(old, element) {
  const active = old.contains(document.activeElement) ? document.activeElement : null;
  const command = active instanceof HTMLElement ? active.dataset["command"] : undefined;
  const under = old.querySelector(":scope > .under");
  if (under !== null) element.querySelector(":scope > .under")?.replaceWith(under);
  if (old.querySelector(":scope > .blocks")?.classList.contains("is-open")) {
    const button = element.querySelector(":scope > .show-all");
    if (button instanceof HTMLElement) button.click();
  }
  element.classList.add("changed");
  old.replaceWith(element);
  if (active === null) return;
  const again = [...element.querySelectorAll("button")].find(
    (button) => button.dataset["command"] === command,
  );
  if (under?.contains(active) && active instanceof HTMLElement) active.focus({ preventScroll: true });
  else (command !== undefined && again !== undefined ? again : element).focus({ preventScroll: true });
}
