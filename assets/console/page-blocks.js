/**
 * The blocks of a page that are more than those of a message: tables that link, events, a drawing, a card.
 * @import { WirePageBlock, WireView } from "./api.js"
 */
import { h, svgElement, toneIcon } from "./dom.js";
import { timeElement } from "./time.js";
import { renderDrawing } from "./topology.js";
import { badge, renderActions, renderBlock, renderBlocks, renderSpan } from "./view.js";

/**
 * @typedef {Extract<WirePageBlock, { kind: "view" }>} ViewBlock
 * @typedef {(action: WireView["actions"][number], button: HTMLButtonElement, block: ViewBlock) => void} Press
 */

/**
 * @param {WirePageBlock} block
 * @param {{ press: Press, title: string }} page - with the title that stands above it already.
 * @returns {HTMLElement}
 */
export function renderPageBlock(block, page) {
  switch (block.kind) {
    case "records":
      return renderRecords(block);
    case "events":
      return renderEvents(block);
    case "drawing":
      return renderDrawing(block.drawing);
    case "view":
      return renderView(block, page);
    case "heading":
      return h("h3", { class: "section-heading" }, block.text);
    default:
      return renderBlock(block);
  }
}

/**
 * Roles are written out: a narrow screen shows rows as blocks, by which a table would cease to be one.
 * @param {Extract<WirePageBlock, { kind: "records" }>} block
 */
function renderRecords({ label, columns, rows, bare, empty }) {
  if (rows.length === 0) return h("p", { class: "empty" }, empty);
  const classes = columns.map((column, index) => {
    const longest = Math.max(...rows.map((row) => lengthOf(row[index])));
    const width = longest > 48 ? "is-long" : longest > 20 ? "" : "is-short";
    return `${width} ${bare.includes(column) ? "is-bare" : ""}`.trim();
  });
  const head = h(
    "tr",
    { role: "row" },
    ...columns.map((column) => h("th", { scope: "col", role: "columnheader" }, column)),
  );
  const table = h(
    "table",
    { class: "records", role: "table", "aria-label": label },
    h("thead", { role: "rowgroup" }, head),
    h("tbody", { role: "rowgroup" }, ...rows.map((row) => renderRow(row, columns, classes))),
  );
  return h("div", { class: "records-frame", tabindex: 0, role: "region", "aria-label": label }, table);
}

/**
 * @param {Extract<WirePageBlock, { kind: "records" }>["rows"][number]} row
 * @param {readonly string[]} columns
 * @param {readonly string[]} classes - how wide each column is, and whether it needs a label.
 */
function renderRow(row, columns, classes) {
  return h(
    "tr",
    { role: "row" },
    ...row.map((cell, index) => {
      const isEmpty = cell.text.every((span) => span.text === "" || span.text === "–");
      const tone = cell.tone;
      return h(
        "td",
        {
          role: "cell",
          "data-label": columns[index] ?? "",
          class: `${classes[index] ?? ""} ${isEmpty ? "is-empty" : ""}`.trim(),
        },
        h(
          "span",
          { class: tone === undefined ? "cell" : "cell toned", "data-tone": tone },
          tone !== undefined && toneIcon(tone),
          cell.share !== undefined && renderShare(cell.share),
          ...cell.text.map(renderSpan),
        ),
      );
    }),
  );
}

/** @param {Extract<WirePageBlock, { kind: "records" }>["rows"][number][number] | undefined} cell */
function lengthOf(cell) {
  return (cell?.text ?? []).reduce((sum, span) => sum + (span.at === undefined ? span.text.length : 16), 0);
}

/** A bar for the eye; the number stands beside it. @param {number} share - from 0 to 1. */
function renderShare(share) {
  const width = 48;
  return svgElement(
    "svg",
    { class: "share", viewBox: `0 0 ${width} 8`, width, height: 8, "aria-hidden": "true" },
    svgElement("rect", { class: "share-whole", width, height: 8, rx: 2 }),
    svgElement("rect", { class: "share-part", width: Math.max(1, share * width), height: 8, rx: 2 }),
  );
}

/** @param {Extract<WirePageBlock, { kind: "events" }>} block */
function renderEvents({ label, events, empty }) {
  if (events.length === 0) return h("p", { class: "empty" }, empty);
  return h(
    "ol",
    { class: "events", "aria-label": label },
    ...events.map((event) =>
      h(
        "li",
        {},
        timeElement(event.at, "short"),
        h("span", { class: "event-what" }, event.what),
        h("span", { class: "event-text" }, ...event.text.map(renderSpan)),
        h("span", { class: "event-by" }, event.by),
      ),
    ),
  );
}

/**
 * @param {ViewBlock} block
 * @param {{ press: Press, title: string }} page
 */
function renderView(block, { press, title }) {
  const { view } = block;
  const mark = badge(view);
  const isNamed = view.title !== "" && view.title !== title;
  const actions = renderActions(view, (action, button) => press(action, button, block));
  const hasBlocks = view.blocks.length > 0;
  return h(
    "section",
    { class: "message page-view", "data-kind": view.kind, "data-tone": view.tone },
    (mark !== null || isNamed) &&
      h(
        "header",
        { class: "message-head" },
        mark,
        isNamed && h("h3", { class: "title", dir: "auto" }, view.title),
      ),
    hasBlocks && renderBlocks(view.blocks),
    actions,
    view.footer !== null && h("p", { class: "footer" }, view.footer),
  );
}
