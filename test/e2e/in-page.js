/**
 * What tests ask of a page, run in the browser: Playwright sends a function's text, so each stands by itself. Plain
 * JavaScript, for the project's types know no browser; {@link ./in-page.d.ts} says what each answers.
 */

/**
 * Visible texts whose contrast with what is behind them is below 4.5, or 3 for large text.
 * @see https://www.w3.org/TR/WCAG22/#contrast-minimum
 */
export function contrastProblems() {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  /** Any CSS colour as red, green, blue and opacity: the browser's own reading of it. */
  const read = (css) => {
    if (canvas === null) throw new Error("no canvas");
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = css;
    canvas.fillRect(0, 0, 1, 1);
    const [r = 0, g = 0, b = 0, a = 0] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => {
    const mix = (index) => top[index] * top[3] + below[index] * (1 - top[3]);
    return [mix(0), mix(1), mix(2), 1];
  };
  const behind = (element) => {
    if (element === null) return [255, 255, 255, 1];
    const own = read(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, behind(element.parentElement));
  };
  const light = (color) => {
    const part = (value) =>
      value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
    return 0.2126 * part(color[0]) + 0.7152 * part(color[1]) + 0.0722 * part(color[2]);
  };
  const problems = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let count = 0;
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    const text = node.textContent?.trim() ?? "";
    if (element === null || text === "" || !element.checkVisibility() || element.closest(".unseen, option"))
      continue;
    count += 1;
    const style = getComputedStyle(element);
    const back = behind(element);
    const lights = [light(over(read(style.color), back)), light(back)].sort((a, b) => b - a);
    const ratio = ((lights[0] ?? 0) + 0.05) / ((lights[1] ?? 0) + 0.05);
    const size = Number.parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) {
      problems.add(`${ratio.toFixed(2)} "${text.slice(0, 30)}" in .${element.className} (${style.color})`);
    }
  }
  if (count < 5) problems.add(`only ${count} texts were looked at`);
  return [...problems];
}

/** Things one can operate that have no name for a screen reader. */
export function namelessControls() {
  const nameOf = (element) => {
    const ids = element.getAttribute("aria-labelledby")?.split(" ") ?? [];
    const named = ids.map((id) => document.getElementById(id)?.textContent ?? "").join("");
    const label =
      element instanceof HTMLInputElement || element instanceof HTMLSelectElement
        ? (element.labels?.[0]?.textContent ?? "")
        : "";
    return `${named}${element.getAttribute("aria-label") ?? ""}${label}${element.getAttribute("alt") ?? ""}${element.textContent ?? ""}`.trim();
  };
  const found = "button, a[href], input, select, [tabindex='0'], dialog, img, [role='listbox'], nav, aside";
  return [...document.querySelectorAll(found)]
    .filter((element) => element.checkVisibility() && nameOf(element) === "")
    .map((element) => element.outerHTML.slice(0, 120));
}

/** Ids that more than one element has. */
export function repeatedIds() {
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  return ids.filter((id, index) => ids.indexOf(id) !== index);
}

/** What has the focus, and whether one sees it. */
export function focused() {
  const element = document.activeElement ?? document.body;
  return {
    id: element.id,
    text: element.textContent,
    tag: element.tagName.toLowerCase(),
    outline: getComputedStyle(element).outlineStyle,
  };
}

export function background() {
  return getComputedStyle(document.body).backgroundColor;
}

export function pageWidth() {
  return document.documentElement.scrollWidth;
}

export function scriptCookies() {
  return document.cookie;
}

export function pictureWidth(element) {
  return element.naturalWidth;
}

export function edges(elements) {
  return elements.map((element) => {
    const { right, height } = element.getBoundingClientRect();
    return { right, height };
  });
}

export function widths(element) {
  return { outer: element.clientWidth, inner: element.scrollWidth };
}

/** What axe-core, which the page was given, finds that is serious or worse: rule, first element, how many. */
export async function axeFindings() {
  const { violations } = await globalThis.axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 160)} (${nodes.length})`);
}
