/**
 * A View as elements: every kind of block and action. Text from outside reaches text nodes only.
 * @import { WireBlock, WireSpan, WireView } from "./api.js"
 */
import { h, toneIcon } from "./dom.js";
import { timeElement } from "./time.js";

const toneWords = {
  critical: "Critical",
  high: "High",
  warning: "Warning",
  info: "Info",
  good: "Good",
  bad: "Bad",
  neutral: "",
};
/** A rollout's tone is no severity; "bad" is failed, denied or unknown, which its text tells apart. */
const rolloutWords = { info: "Under way", warning: "Attention", good: "Succeeded", bad: "Problem" };
const stepWords = {
  waiting: "waiting",
  running: "running",
  done: "done",
  failed: "failed",
  skipped: "skipped",
};

/**
 * What the badge of a view says: the severity, or what became of it.
 * @param {WireView} view
 */
export function toneWord(view) {
  if (view.kind === "incident" && view.tone === "good") return "Resolved";
  if (view.kind === "rollout" && Object.hasOwn(rolloutWords, view.tone)) {
    return rolloutWords[/** @type {keyof typeof rolloutWords} */ (view.tone)];
  }
  if (view.kind === "error") return "Refused";
  if (view.kind !== "incident" && view.tone === "good") return "Done";
  if (view.kind !== "incident" && view.tone === "bad") return "Problem";
  return toneWords[/** @type {keyof typeof toneWords} */ (view.tone)] ?? "";
}

/**
 * Sign and word of a tone; null for neutral views, which need none.
 * @param {WireView} view
 */
export function badge(view) {
  const word = toneWord(view);
  if (word === "") return null;
  return h("span", { class: "badge", "data-tone": view.tone }, toneIcon(view.tone), h("span", {}, word));
}

/** @param {readonly WireBlock[]} blocks */
export function renderBlocks(blocks) {
  const body = h("div", { class: "blocks" });
  for (const block of blocks) body.append(renderBlock(block));
  return body;
}

/**
 * @param {WireBlock} block
 * @returns {HTMLElement}
 */
export function renderBlock(block) {
  switch (block.kind) {
    case "text":
      return h("p", { class: "text" }, ...block.text.map(renderSpan));
    case "note":
      return h("p", { class: "note" }, ...block.text.map(renderSpan));
    case "heading":
      return h("h4", { class: "heading" }, block.text);
    case "divider":
      return h("hr", { class: "divider" });
    case "code":
      return h(
        "pre",
        { class: "code", tabindex: 0, role: "region", "aria-label": "Verbatim text" },
        block.text,
      );
    case "fields":
      return h(
        "dl",
        { class: "fields" },
        ...block.fields.map((field) =>
          h(
            "div",
            { class: widthOf(field.value) },
            h("dt", {}, field.label),
            h("dd", {}, ...field.value.map(renderSpan)),
          ),
        ),
      );
    case "list":
      return h(
        block.isOrdered ? "ol" : "ul",
        { class: "list" },
        ...block.items.map((item) => h("li", {}, ...item.map(renderSpan))),
      );
    case "steps":
      return renderSteps(block);
    case "table":
      return renderTable(block);
    case "image":
      return h(
        "figure",
        { class: "image" },
        h("img", { src: block.url, alt: block.alt, loading: "lazy", decoding: "async" }),
      );
    case "file":
      return h(
        "p",
        { class: "text" },
        h("a", { href: block.url, download: block.filename }, `${block.label}: ${block.filename}`),
      );
  }
}

/**
 * How much of a row a field asks for, so that those below one another stand in line.
 * @param {readonly WireSpan[]} value
 */
function widthOf(value) {
  const length = value.reduce((sum, span) => sum + (span.at === undefined ? span.text.length : 20), 0);
  if (length > 44) return "is-whole";
  return length > 20 ? "is-wide" : null;
}

/** @param {Extract<WireBlock, { kind: "steps" }>} block */
function renderSteps(block) {
  const tones = { waiting: "waiting", running: "running", done: "good", failed: "bad", skipped: "neutral" };
  return h(
    "ol",
    { class: "steps" },
    ...block.steps.map((step) => {
      const state = /** @type {keyof typeof tones} */ (
        Object.hasOwn(tones, step.state) ? step.state : "waiting"
      );
      const isPlain = state === "waiting" || state === "running";
      return h(
        "li",
        { "data-state": state, "aria-current": state === "running" ? "step" : null },
        isPlain ? h("span", { class: "step-mark", "aria-hidden": "true" }) : toneIcon(tones[state]),
        h(
          "span",
          { class: "step-text" },
          h("span", { class: "step-label" }, step.label),
          h("span", { class: "step-state" }, stepWords[state]),
          step.detail !== "" && h("span", { class: "step-detail" }, step.detail),
        ),
      );
    }),
  );
}

/** @param {Extract<WireBlock, { kind: "table" }>} block */
function renderTable(block) {
  const isNumeric = block.columns.map(
    (_, index) =>
      block.rows.length > 0 &&
      block.rows.some((row) => /\d/.test(row[index] ?? "")) &&
      block.rows.every((row) => /^[+-]?[\d.,]+\s?%?$|^[–—-]?$/.test(row[index] ?? "")),
  );
  /** @param {number} index */
  const align = (index) => (isNumeric[index] ? "number" : null);
  const table = h(
    "table",
    {},
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        ...block.columns.map((column, index) => h("th", { scope: "col", class: align(index) }, column)),
      ),
    ),
    h(
      "tbody",
      {},
      ...block.rows.map((row) =>
        h("tr", {}, ...row.map((cell, index) => h("td", { class: align(index) }, cell))),
      ),
    ),
  );
  const label = `Table: ${block.columns.join(", ")}`.slice(0, 200);
  return h(
    "div",
    { class: "table-frame", tabindex: 0, role: "region", "aria-label": label },
    table,
    block.more > 0 && h("p", { class: "note" }, `and ${block.more} more rows`),
  );
}

/** @param {WireSpan} span */
export function renderSpan(span) {
  const content =
    span.at === undefined ? span.text : timeElement(span.at, span.inSentence === true ? "short" : "full");
  const styled = span.style === undefined ? content : styledText(span.style, content);
  if (span.page !== undefined) return h("a", { href: span.page, "data-internal": true, dir: "auto" }, styled);
  if (span.url === undefined) return typeof styled === "string" ? h("span", { dir: "auto" }, styled) : styled;
  return renderLink(span.url, styled);
}

/** Numbers of evidence, as claims end with. */
const citation = /^\[\d{1,4}\](?: ?\[\d{1,4}\])*$/;

/**
 * @param {string} style
 * @param {string | Node} content
 */
function styledText(style, content) {
  const tags = /** @type {const} */ ({ bold: "strong", italic: "em", code: "code", strike: "s" });
  if (style === "code" && typeof content === "string" && citation.test(content))
    return h("span", { class: "citation" }, content);
  const tag = Object.hasOwn(tags, style) ? tags[/** @type {keyof typeof tags} */ (style)] : "span";
  return h(tag, { dir: "auto" }, content);
}

/**
 * Only http(s), checked here once more; elsewhere opens beside the console, which it cannot reach.
 * @param {string} url
 * @param {string | Node} content
 */
function renderLink(url, content) {
  const target = URL.canParse(url) ? new URL(url) : null;
  if (target === null || !/^https?:$/.test(target.protocol)) return h("span", { dir: "auto" }, content);
  const isOwn = target.origin === location.origin;
  return h(
    "a",
    { href: target.href, dir: "auto", ...(isOwn ? {} : { target: "_blank", rel: "noopener noreferrer" }) },
    content,
  );
}

/**
 * @param {WireView} view
 * @param {(action: WireView["actions"][number], button: HTMLButtonElement) => void} press
 */
export function renderActions(view, press) {
  if (view.actions.length === 0) return null;
  const row = h("div", { class: "actions", role: "group", "aria-label": "Actions" });
  for (const action of view.actions) {
    const button = h(
      "button",
      { type: "button", class: `button ${action.style}`, "data-command": action.command },
      action.label,
    );
    button.addEventListener("click", () => press(action, button));
    row.append(button);
  }
  return row;
}

/**
 * Cuts a long body with a button that shows the rest, once it is known to be long.
 * @param {HTMLElement} body
 */
export function clamp(body) {
  const button = h(
    "button",
    { type: "button", class: "button plain show-all", "aria-expanded": "false", hidden: true },
    "Show all",
  );
  button.addEventListener("click", () => {
    const isOpen = body.classList.toggle("is-open");
    body.classList.toggle("is-cut", !isOpen);
    button.setAttribute("aria-expanded", String(isOpen));
    button.textContent = isOpen ? "Show less" : "Show all";
  });
  new ResizeObserver(() => {
    // A little more than the limit is shown whole: a button would save nobody anything.
    const limit = Number.parseFloat(getComputedStyle(body).getPropertyValue("--cut")) * 1.3;
    const isLong = body.scrollHeight > limit;
    body.classList.toggle("is-cut", isLong && !body.classList.contains("is-open"));
    button.hidden = !isLong;
  }).observe(body);
  return button;
}
