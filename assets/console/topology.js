/**
 * The part of the topology that an incident is about, drawn. What is affected and what is suspected differ in outline
 * and in words, never in colour alone; the same is said in a list below.
 * @typedef {import("../../src/domain/topology/drawing.ts").Drawing} Drawing
 * @typedef {Drawing["services"][number]} DrawnService
 */
import { h, svgElement } from "./dom.js";

/** As in pages.css, to know how much of a name a box holds. */
const nameFont = "600 13px";
const namePadding = 10;

/** @param {Drawing} drawing */
export function renderDrawing(drawing) {
  const picture = svgElement(
    "svg",
    {
      viewBox: `0 0 ${drawing.width} ${drawing.height}`,
      width: drawing.width,
      height: drawing.height,
      class: "topology",
      role: "img",
      "aria-labelledby": "topology-title",
      "aria-describedby": "topology-words",
    },
    svgElement("title", { id: "topology-title" }, "Services around this incident, callers on the left"),
    arrowHead(),
    ...drawing.calls.map(([caller, callee]) => renderCall(drawing, caller, callee)),
    ...drawing.services.map((service) => renderService(drawing, service)),
  );
  const frame = h(
    "div",
    { class: "drawing-frame", tabindex: 0, role: "region", "aria-label": "Drawing of the topology" },
    picture,
  );
  const first = drawing.services.find(({ suspect }) => suspect === 1);
  // Once it has a size: where it is wider than the screen, what is blamed most is seen first.
  requestAnimationFrame(() => {
    if (first !== undefined) frame.scrollLeft = first.x - frame.clientWidth / 2;
  });
  const more =
    drawing.omitted === 0
      ? null
      : h("p", { class: "note" }, `${drawing.omitted} more services are not drawn.`);
  return h(
    "div",
    { class: "drawing" },
    frame,
    h(
      "p",
      { class: "note legend" },
      "Thick outline: has alerts. Double outline: suspect. Dashed: neither. Arrows go from caller to what it calls.",
    ),
    more,
    h(
      "details",
      { class: "drawing-words" },
      h("summary", {}, "The drawing in words"),
      h("ul", { class: "list", id: "topology-words" }, ...drawing.words.map((line) => h("li", {}, line))),
    ),
  );
}

function arrowHead() {
  const marker = svgElement(
    "marker",
    { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" },
    svgElement("path", { d: "M0 0.5 7.5 4 0 7.500z", class: "topology-arrow" }),
  );
  return svgElement("defs", {}, marker);
}

/**
 * @param {Drawing} drawing
 * @param {number} caller
 * @param {number} callee
 */
function renderCall({ services, boxWidth, boxHeight }, caller, callee) {
  const from = services[caller];
  const to = services[callee];
  if (from === undefined || to === undefined) return svgElement("g", {});
  const half = boxWidth / 2;
  if (to.x <= from.x) {
    // Against the flow: out of the bottom of one, into the bottom of the other.
    const low = Math.max(from.y, to.y) + boxHeight / 2 + 14;
    const [a, b] = [from.y + boxHeight / 2, to.y + boxHeight / 2 + 2];
    return svgElement("path", {
      d: `M${from.x} ${a}C${from.x} ${low} ${to.x} ${low} ${to.x} ${b}`,
      class: "topology-call",
      "marker-end": "url(#arrow)",
    });
  }
  const [x1, x2] = [from.x + half, to.x - half - 2];
  const middle = (x1 + x2) / 2;
  return svgElement("path", {
    d: `M${x1} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${x2} ${to.y}`,
    class: "topology-call",
    "marker-end": "url(#arrow)",
  });
}

/**
 * @param {Drawing} drawing
 * @param {DrawnService} service
 */
function renderService({ boxWidth, boxHeight }, service) {
  const { name, x, y, alerts, suspect } = service;
  const [left, top] = [x - boxWidth / 2, y - boxHeight / 2];
  const isMarked = suspect !== null || alerts > 0;
  const words = [
    ...(suspect === null ? [] : [`suspect ${suspect}`]),
    ...(alerts === 0 ? [] : [`${alerts} ${alerts === 1 ? "alert" : "alerts"}`]),
  ].join(", ");
  const group = svgElement(
    "g",
    { class: "topology-service" },
    svgElement("title", {}, words === "" ? name : `${name}: ${words}`),
    svgElement("rect", {
      x: left,
      y: top,
      width: boxWidth,
      height: boxHeight,
      rx: 7,
      class: `topology-box ${alerts > 0 ? "is-affected" : ""} ${isMarked ? "" : "is-near"}`,
    }),
  );
  if (suspect !== null) {
    group.append(
      svgElement("rect", {
        x: left - 5,
        y: top - 5,
        width: boxWidth + 10,
        height: boxHeight + 10,
        rx: 11,
        class: "topology-suspect",
      }),
    );
  }
  const shown = fitted(name, boxWidth - 2 * namePadding);
  group.append(
    svgElement("text", { x, y: words === "" ? y + 4.5 : y - 3, class: "topology-name" }, shown),
    ...(words === "" ? [] : [svgElement("text", { x, y: y + 14, class: "topology-word" }, words)]),
  );
  return group;
}

/**
 * As much of a name as a box is wide.
 * @param {string} name
 * @param {number} width - px.
 */
function fitted(name, width) {
  const pen = document.createElement("canvas").getContext("2d");
  if (pen === null) return name;
  pen.font = `${nameFont} ${getComputedStyle(document.body).fontFamily}`;
  const isFitting = (/** @type {string} */ text) => pen.measureText(text).width <= width;
  if (isFitting(name)) return name;
  const letters = [...name];
  while (letters.length > 1 && !isFitting(`${letters.join("")}…`)) letters.pop();
  return `${letters.join("")}…`;
}
