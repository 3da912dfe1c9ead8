/**
 * The thread beside the channel: its card on top, then what happened, oldest first.
 * @import { WireMessage } from "./api.js"
 * @import { CardHandlers } from "./cards.js"
 */
import { getThread } from "./api.js";
import { renderEntry, renderPrivate } from "./cards.js";
import { replace } from "./channel.js";
import { byId, h } from "./dom.js";

/**
 * @param {CardHandlers & { askedBy: (message: WireMessage) => string | null, closed: (card: number) => void,
 *   privatesOf: (card: number) => readonly WireMessage[] }} handlers
 */
export function createThreadView(handlers) {
  const app = byId("app", HTMLElement);
  const pane = byId("thread", HTMLElement);
  const place = byId("thread-card", HTMLElement);
  const list = byId("thread-list", HTMLElement);
  const count = byId("thread-count", HTMLElement);
  const title = byId("thread-title", HTMLElement);
  const scroller = byId("thread-scroller", HTMLElement);
  /** @type {WireMessage | null} */
  let card = null;
  /** @type {Map<number, number>} message id to revision */
  const shown = new Map();

  byId("thread-close", HTMLButtonElement).addEventListener("click", close);

  /**
   * Opens the thread of a card. Rejects when there is no such card.
   * @param {number} id
   * @param {"focus" | "stay"} focus
   */
  async function open(id, focus) {
    const found = await getThread(id);
    list.replaceChildren();
    shown.clear();
    card = null;
    place.replaceChildren();
    pane.hidden = false;
    app.dataset["thread"] = String(id);
    putCard(found.card);
    const privates = handlers.privatesOf(id);
    const all = [...found.messages, ...privates].sort((a, b) => a.id - b.id);
    for (const message of all) put(message);
    showCount();
    scroller.scrollTop = 0;
    if (focus === "focus") scroller.focus();
    return found.card;
  }

  function close() {
    if (pane.hidden) return;
    const id = card?.id ?? 0;
    pane.hidden = true;
    delete app.dataset["thread"];
    card = null;
    handlers.closed(id);
  }

  /** @param {WireMessage} message - the card itself, renewed. */
  function putCard(message) {
    if (card !== null && (card.id !== message.id || card.revision >= message.revision)) return;
    card = message;
    title.textContent = message.view.title;
    const element = renderEntry(message, handlers);
    element.classList.add("root");
    // The head of the pane shows the title.
    element.querySelector(".title")?.classList.add("unseen");
    const old = place.firstElementChild;
    if (old instanceof HTMLElement) replace(old, element);
    else place.append(element);
  }

  /** @param {WireMessage} message */
  function put(message) {
    const known = shown.get(message.id);
    if (known !== undefined && known >= message.revision) return;
    shown.set(message.id, message.revision);
    const element = message.isPrivate
      ? renderPrivate(message, handlers, handlers.askedBy(message))
      : renderEntry(message, handlers);
    const old = list.querySelector(`:scope > [data-id="${message.id}"]`);
    if (old instanceof HTMLElement) replace(old, element);
    else append(element);
    showCount();
  }

  /** @param {HTMLElement} element */
  function append(element) {
    const wasAtBottom = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
    list.append(element);
    if (wasAtBottom) scroller.scrollTop = scroller.scrollHeight;
    else if (element.classList.contains("private") || element.classList.contains("echo")) {
      element.scrollIntoView({ block: "nearest" });
    }
  }

  function showCount() {
    const entries = list.querySelectorAll(":scope > .entry").length;
    count.replaceChildren(
      entries === 0 ? "Nothing has happened since" : `${entries} ${entries === 1 ? "entry" : "entries"}`,
      h("span", {}),
    );
  }

  return {
    open,
    close,
    putCard,
    put,
    append,
    /** @param {number} id */
    remove(id) {
      shown.delete(id);
      list.querySelector(`:scope > [data-id="${id}"]`)?.remove();
    },
    /** Id of the open thread's card; null when none is open. */
    openId: () => (pane.hidden ? null : (card?.id ?? null)),
    card: () => card,
  };
}
