/**
 * Messages as articles: cards of a channel, entries of a thread, private answers.
 * @import { WireMessage, WireView } from "./api.js"
 */
import { h } from "./dom.js";
import { timeElement } from "./time.js";
import { badge, clamp, renderActions, renderBlocks, renderSpan } from "./view.js";

/**
 * @typedef {object} CardHandlers
 * @property {(message: WireMessage, action: WireView["actions"][number], button: HTMLButtonElement) => void} press
 * @property {(message: WireMessage) => void} openThread
 * @property {(message: WireMessage) => void} dismiss
 */

/**
 * A card in its channel.
 * @param {WireMessage} message
 * @param {number} replies
 * @param {CardHandlers} handlers
 */
export function renderCard(message, replies, handlers) {
  const card = article(message, "card", handlers);
  const foot = h("div", { class: "card-foot" });
  const { view } = message;
  if (view.footer !== null) foot.append(h("p", { class: "footer" }, view.footer));
  const open = h("button", { type: "button", class: "thread-link" });
  open.addEventListener("click", () => handlers.openThread(message));
  foot.append(open);
  card.append(foot, h("div", { class: "under" }));
  showReplies(card, replies, view.title);
  return card;
}

/**
 * @param {HTMLElement} card
 * @param {number} replies
 * @param {string} [title]
 */
export function showReplies(card, replies, title) {
  const link = card.querySelector(".thread-link");
  if (link === null) return;
  link.textContent = replies === 0 ? "Thread" : `${replies} in thread`;
  link.classList.toggle("has-replies", replies > 0);
  if (title !== undefined) link.setAttribute("aria-description", title.slice(0, 80));
}

/**
 * An entry of a thread.
 * @param {WireMessage} message
 * @param {CardHandlers} handlers
 */
export function renderEntry(message, handlers) {
  return article(message, "entry", handlers);
}

/**
 * An answer that only this session sees.
 * @param {WireMessage} message
 * @param {CardHandlers} handlers
 * @param {string | null} asked - the command line it answers, when this page sent it.
 */
export function renderPrivate(message, handlers, asked) {
  const element = article(message, "private", handlers);
  const dismiss = h("button", { type: "button", class: "dismiss" }, "Dismiss");
  dismiss.addEventListener("click", () => handlers.dismiss(message));
  element.prepend(
    h(
      "div",
      { class: "private-head" },
      h("span", { class: "only-you" }, "Only you"),
      asked !== null && h("code", { class: "asked" }, asked),
      dismiss,
    ),
  );
  return element;
}

/**
 * @param {WireMessage} message
 * @param {"card" | "entry" | "private"} kind
 * @param {CardHandlers} handlers
 */
function article(message, kind, handlers) {
  const { view } = message;
  const id = `${kind}-${message.id}`;
  const element = h("article", {
    id,
    class: `message ${kind}`,
    tabindex: 0,
    "data-id": message.id,
    "data-kind": view.kind,
    "data-tone": view.tone,
    "aria-labelledby": `${id}-title`,
    "aria-describedby": `${id}-summary`,
  });
  const { title, blocks, at } =
    kind === "card" ? { ...view, title: [view.title], at: message.at } : withoutRepeats(message);
  const heading = h(
    "header",
    { class: "message-head" },
    badge(view),
    h(kind === "card" ? "h3" : "h4", { class: "title", id: `${id}-title`, dir: "auto" }, ...title),
    timeElement(at, "short"),
  );
  heading.lastElementChild?.classList.add("posted");
  const body = renderBlocks(blocks);
  element.append(heading, h("p", { class: "unseen", id: `${id}-summary` }, view.summary));
  if (blocks.length > 0) element.append(body, clamp(body));
  const actions = renderActions(view, (action, button) => handlers.press(message, action, button));
  if (actions !== null) element.append(actions);
  if (kind !== "card" && view.footer !== null) element.append(h("p", { class: "footer" }, view.footer));
  return element;
}

/**
 * An entry or an answer without what its head says already: other platforms show no titles, so a view may say its title
 * again in its first line and its moment in its last.
 * @param {WireMessage} message
 */
function withoutRepeats(message) {
  const whole = wholeTitle(message.view);
  const title = withMoments(whole, message.view.blocks);
  const blocks = afterTitle(whole, message.view.blocks);
  const last = blocks.at(-1);
  const moment = last?.kind === "note" && last.text.length === 1 ? last.text[0]?.at : undefined;
  return moment === undefined
    ? { title, blocks, at: message.at }
    : { title, blocks: blocks.slice(0, -1), at: moment };
}

/**
 * A title that was cut is the beginning of the first line: then that line's first sentence.
 * @param {WireView} view
 */
function wholeTitle({ title, blocks: [first] }) {
  if (!title.endsWith("…") || first?.kind !== "text") return title;
  const line = first.text[0]?.text ?? "";
  const end = line.indexOf(". ");
  return line.startsWith(title.slice(0, -1)) && end > 0 && end < title.length
    ? line.slice(0, end + 1)
    : title;
}

/**
 * The title, with the moments of the line that says the same: a title alone is plain text.
 * @param {string} title
 * @param {WireView["blocks"]} blocks
 */
function withMoments(title, [first]) {
  const spans = first?.kind === "text" ? first.text : [];
  const said = spans.map((span) => span.text).join("");
  const isSame = said.trim() === title;
  return isSame && spans.some((span) => span.at !== undefined) ? spans.map(renderSpan) : [title];
}

/**
 * @param {string} title
 * @param {WireView["blocks"]} blocks
 * @returns {WireView["blocks"]}
 */
function afterTitle(title, blocks) {
  const [first, ...rest] = blocks;
  if (first?.kind !== "text") return blocks;
  const whole = first.text.map((span) => span.text).join("");
  if (whole.trim() === title) return rest;
  const [begin, ...others] = first.text;
  if (
    begin === undefined ||
    !/^$|^[ ·]/.test(begin.text.slice(title.length)) ||
    !begin.text.startsWith(title)
  )
    return blocks;
  const [next, ...last] = [{ ...begin, text: begin.text.slice(title.length) }, ...others].filter(
    (span) => span.text.trim() !== "",
  );
  if (next === undefined) return rest;
  return [{ ...first, text: [{ ...next, text: next.text.replace(/^[ ·]+/, "") }, ...last] }, ...rest];
}

/**
 * What this page has sent and not yet heard of.
 * @typedef {object} Echo
 * @property {HTMLElement} element
 * @property {(text: string) => void} working
 * @property {(text: string, retry: () => void) => void} failed
 */

/**
 * @param {string} line
 * @param {() => void} forget
 * @returns {Echo}
 */
export function renderEcho(line, forget) {
  const state = h("span", { class: "echo-state" }, "sending");
  const buttons = h("span", { class: "echo-buttons" });
  const element = h(
    "div",
    { class: "echo", "data-state": "sending" },
    h("span", { class: "only-you" }, "Only you"),
    h("code", { class: "asked" }, line),
    state,
    buttons,
  );
  return {
    element,
    working(text) {
      element.dataset["state"] = "working";
      state.textContent = text;
      buttons.replaceChildren();
    },
    failed(text, retry) {
      element.dataset["state"] = "failed";
      state.textContent = text;
      const again = h("button", { type: "button", class: "button plain" }, "Retry");
      again.addEventListener("click", retry);
      const drop = h("button", { type: "button", class: "dismiss" }, "Dismiss");
      drop.addEventListener("click", forget);
      buttons.replaceChildren(again, drop);
    },
  };
}
