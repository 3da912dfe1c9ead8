/**
 * Builds elements. Text always goes into text nodes: nothing here, and nothing in this folder, parses markup.
 * @typedef {string | Node | null | false | undefined} Child
 */

/**
 * An element with attributes (`class`, `aria-…`, `data-…`; null leaves one out) and children.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Readonly<Record<string, string | number | boolean | null | undefined>>} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) {
    if (child !== null && child !== false && child !== undefined) element.append(child);
  }
  return element;
}

/**
 * The element of the page with this id.
 * @template {HTMLElement} Kind
 * @param {string} id
 * @param {new () => Kind} kind
 * @returns {Kind}
 */
export function byId(id, kind) {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`console: the page has no <${kind.name} id="${id}">`);
  return element;
}

const shapes = {
  critical: ["M5.3 1h5.400L15 5.300v5.400L10.7 15H5.300L1 10.700V5.300z"],
  high: ["M8 1.2 15.2 14H.8z"],
  warning: ["M8 1.2 15.2 14H.8z"],
  info: ["M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1z"],
  good: ["M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1z"],
  bad: ["M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1z"],
  neutral: ["M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1z"],
};
const marks = {
  critical: "M8 4.200v4.600M8 11.400v.2",
  high: "M8 6v3.600M8 11.700v.2",
  warning: "M8 6v3.600M8 11.700v.2",
  info: "M8 7.400v4M8 4.600v.2",
  good: "m4.8 8.2 2.3 2.3 4.2-4.8",
  bad: "m5.5 5.5 5 5m0-5-5 5",
  neutral: "M5 8h6",
};

/**
 * The sign of a tone: a shape of its own, so that colour never says it alone.
 * @param {string} tone
 */
export function toneIcon(tone) {
  const known = /** @type {keyof typeof marks} */ (Object.hasOwn(marks, tone) ? tone : "neutral");
  const svg = svgElement("svg", { viewBox: "0 0 16 16", class: "tone-icon", "aria-hidden": "true" });
  for (const path of shapes[known]) svg.append(svgElement("path", { class: "tone-shape", d: path }));
  svg.append(svgElement("path", { class: "tone-mark", d: marks[known] }));
  return svg;
}

/**
 * An element of a drawing, with attributes and children.
 * @param {string} tag
 * @param {Readonly<Record<string, string | number>>} attributes
 * @param {...(string | Node)} children
 */
export function svgElement(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/**
 * What the browser remembers for this page; falls back to memory where storage is forbidden.
 * @param {string} name
 * @returns {string | null}
 */
export function recall(name) {
  try {
    return localStorage.getItem(`tocsin.${name}`) ?? memory.get(name) ?? null;
  } catch {
    return memory.get(name) ?? null;
  }
}

/**
 * @param {string} name
 * @param {string} value
 */
export function remember(name, value) {
  memory.set(name, value);
  try {
    localStorage.setItem(`tocsin.${name}`, value);
  } catch {
    // Storage may be forbidden or full: memory holds it while the page lives.
  }
}

/** @type {Map<string, string>} */
const memory = new Map();

/**
 * Tells screen readers, without moving the focus.
 * @param {string} text
 */
export function announce(text) {
  const announcer = byId("announcer", HTMLElement);
  announcer.append(h("p", {}, text));
  while (announcer.childElementCount > 3) announcer.firstElementChild?.remove();
}
