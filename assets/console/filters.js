/**
 * The form by which a page is narrowed. What it says becomes the address, so that it can be kept and shared.
 * @typedef {import("../../src/domain/view/page.ts").Filter} Filter
 */
import { h } from "./dom.js";

/** Where filters would fill the whole screen they are folded away. */
const isNarrow = matchMedia("(max-width: 720px)");

/**
 * @param {readonly Filter[]} filters
 * @param {(query: string) => void} apply - with the words for the address, without question mark.
 */
export function renderFilters(filters, apply) {
  const others = filters.filter(({ kind }) => kind !== "search");
  const more = h(
    "details",
    { class: "more-filters", open: !isNarrow.matches },
    h("summary", {}, summaryOf(others)),
    h("div", { class: "filter-row" }, ...others.map(renderFilter)),
  );
  const form = h(
    "form",
    { class: "filters", role: "search", "aria-label": "Filters" },
    ...filters.filter(({ kind }) => kind === "search").map(renderFilter),
    more,
    h(
      "div",
      { class: "filter-buttons" },
      h("button", { type: "submit", class: "button primary" }, "Apply"),
      h("button", { type: "reset", class: "button plain" }, "Clear"),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply(queryOf(form));
  });
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    apply("");
  });
  // A choice is made with one move, so it counts at once; a keyboard that walks through the options is not rushed.
  form.addEventListener("change", (event) => {
    if (event.target instanceof HTMLSelectElement && !event.target.matches(":focus-visible"))
      apply(queryOf(form));
  });
  return form;
}

/** What is set stays said while the filters are folded away. @param {readonly Filter[]} filters */
function summaryOf(filters) {
  const set = filters.filter(narrows).map(({ kind, label, value, options }) => {
    const shown = options.find((option) => option.value === value)?.label ?? value;
    return `${label}: ${kind === "day" ? dayOf(value) : shown}`;
  });
  return set.length === 0 ? "Filters" : `Filters (${set.join(", ")})`;
}

/** Whether it says more than its first choice does. @param {Filter} filter */
function narrows({ kind, value, options }) {
  return kind === "choice" ? value !== (options[0]?.value ?? "") : value !== "";
}

/** @param {HTMLFormElement} form */
function queryOf(form) {
  const given = [...new FormData(form)].filter(
    ([, value]) => typeof value === "string" && value.trim() !== "",
  );
  return new URLSearchParams(given.map(([name, value]) => [name, String(value).trim()])).toString();
}

/** @param {Filter} filter */
function renderFilter(filter) {
  const id = `filter-${filter.name}`;
  return h(
    "div",
    { class: `filter ${filter.kind === "search" ? "is-search" : ""}` },
    h("label", { for: id }, filter.label),
    ...controlOf(filter, id),
  );
}

/**
 * @param {Filter} filter
 * @param {string} id
 */
function controlOf(filter, id) {
  const { kind, name, value, options } = filter;
  if (kind === "choice") {
    const select = h(
      "select",
      { id, name },
      ...options.map((option) => h("option", { value: option.value }, option.label)),
    );
    select.value = value;
    return [select];
  }
  if (kind === "day") return [h("input", { id, name, type: "date", value: dayOf(value) })];
  const hasList = options.length > 0;
  const input = h("input", {
    id,
    name,
    type: kind === "search" ? "search" : "text",
    value,
    maxlength: 200,
    autocomplete: "off",
    spellcheck: "false",
    ...(hasList ? { list: `${id}-known` } : {}),
    ...(kind === "search" ? { placeholder: "words of alerts, causes and notes, or a number" } : {}),
  });
  const known = h(
    "datalist",
    { id: `${id}-known` },
    ...options.map(({ value: each }) => h("option", { value: each })),
  );
  return hasList ? [input, known] : [input];
}

/** The reader's own day of a moment, 2026-11-29. @param {string} value */
function dayOf(value) {
  const at = new Date(value);
  if (value === "" || Number.isNaN(at.getTime())) return "";
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/**
 * The address that the bot is asked for: days become the moments at which they begin for the reader.
 * @param {string} address - path and query.
 */
export function withMoments(address) {
  const [path = "", query = ""] = address.split("?", 2);
  if (query === "") return path;
  const given = new URLSearchParams(query);
  for (const name of ["from", "to"]) {
    const day = given.get(name);
    if (day !== null && /^\d{4}-\d\d-\d\d$/.test(day)) {
      const at = new Date(`${day}T00:00:00`);
      if (!Number.isNaN(at.getTime())) given.set(name, at.toISOString());
    }
  }
  return `${path}?${given}`;
}
