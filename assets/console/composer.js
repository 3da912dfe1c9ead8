/** The command line: completion as one types, history, and where the command goes. */
import { getCompletion } from "./api.js";
import { byId, h, recall, remember } from "./dom.js";

const historyLength = 200;
const pauseMs = 50;

/** @param {{ send: (line: string) => void }} handlers */
export function createComposer(handlers) {
  const form = byId("composer", HTMLFormElement);
  const line = byId("line", HTMLInputElement);
  const list = byId("choices", HTMLElement);
  const where = byId("composer-where", HTMLElement);
  /** @type {import("./api.js").Completion | null} */
  let completion = null;
  let chosen = -1;
  /** A choice made while its list was still on the way: what is shown belongs to an older line. */
  /** @type {number | null} */
  let taking = null;
  /** Place in the history; its length means the line being written. */
  let place = 0;
  let draft = "";
  let history = readHistory();
  /** @type {AbortController | null} */
  let asking = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let pause;

  line.addEventListener("input", () => {
    place = history.length;
    askSoon();
  });
  line.addEventListener("keydown", onKey);
  line.addEventListener("blur", () => setTimeout(hide, 150));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (event.isComposing || event.altKey || event.metaKey) return;
    const isOpen = !list.hidden;
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      const step = event.key === "ArrowUp" ? -1 : 1;
      if (isOpen && line.value !== "" && place === history.length) choose(chosen + step);
      else browse(step);
    } else if (event.key === "Tab" && !event.shiftKey && (isOpen || asking !== null)) {
      event.preventDefault();
      take(chosen === -1 ? 0 : chosen);
    } else if (event.key === "Enter" && isOpen && chosen !== -1) {
      event.preventDefault();
      take(chosen);
    } else if (event.key === "Escape" && (isOpen || asking !== null)) {
      event.preventDefault();
      event.stopPropagation();
      hide();
    }
  }

  function submit() {
    const text = line.value.trim();
    if (text === "") return;
    if (history.at(-1) !== text) history = [...history, text].slice(-historyLength);
    remember("history", JSON.stringify(history));
    place = history.length;
    line.value = "";
    hide();
    handlers.send(text);
  }

  /** @param {number} step */
  function browse(step) {
    const next = place + step;
    if (next < 0 || next > history.length) return;
    if (place === history.length) draft = line.value;
    place = next;
    line.value = history[place] ?? draft;
    line.setSelectionRange(line.value.length, line.value.length);
    hide();
  }

  function askSoon() {
    clearTimeout(pause);
    asking?.abort();
    asking = null;
    taking = null;
    mark(-1);
    if (line.value === "") {
      hide();
      return;
    }
    const mine = new AbortController();
    asking = mine;
    pause = setTimeout(() => void ask(mine), pauseMs);
  }

  /** @param {AbortController} mine */
  async function ask(mine) {
    const before = line.value.slice(0, line.selectionStart ?? line.value.length);
    try {
      const found = await getCompletion(before, mine.signal);
      if (mine.signal.aborted) return;
      asking = null;
      show(found);
    } catch {
      // Completion is a courtesy: without it the line can still be sent.
      if (!mine.signal.aborted) hide();
    }
  }

  /** @param {import("./api.js").Completion} found */
  function show(found) {
    const typed = line.value.slice(found.from, found.to);
    const isDone = found.items.length === 1 && found.items[0]?.insert.trim() === typed.trim();
    if (found.items.length === 0 || isDone || document.activeElement !== line) {
      hide();
      return;
    }
    completion = found;
    list.replaceChildren(...found.items.map(renderChoice));
    list.hidden = false;
    list.scrollTop = 0;
    line.setAttribute("aria-expanded", "true");
    mark(-1);
    if (taking !== null) take(taking);
  }

  /**
   * @param {import("./api.js").Completion["items"][number]} item
   * @param {number} index
   */
  function renderChoice(item, index) {
    const choice = h(
      "div",
      { id: `choice-${index}`, role: "option", "aria-selected": "false", class: "choice" },
      h("span", { class: "choice-label", dir: "auto" }, item.label),
      h("span", { class: "choice-detail", dir: "auto" }, item.detail),
    );
    // Before blur would hide the list.
    choice.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      if (asking === null) take(index);
    });
    return choice;
  }

  /** @param {number} index */
  function choose(index) {
    const count = list.childElementCount;
    mark(index < -1 ? count - 1 : index >= count ? -1 : index);
  }

  /** @param {number} index */
  function mark(index) {
    chosen = index;
    for (const [at, choice] of [...list.children].entries()) {
      choice.setAttribute("aria-selected", String(at === index));
      if (at === index) choice.scrollIntoView({ block: "nearest" });
    }
    if (index === -1) line.removeAttribute("aria-activedescendant");
    else line.setAttribute("aria-activedescendant", `choice-${index}`);
  }

  /** @param {number} index */
  function take(index) {
    if (asking !== null) {
      taking = index;
      return;
    }
    const item = completion?.items[index];
    if (completion === null || item === undefined) return;
    const caret = completion.from + item.insert.length;
    line.value = line.value.slice(0, completion.from) + item.insert + line.value.slice(completion.to);
    line.setSelectionRange(caret, caret);
    hide();
    askSoon();
  }

  /** Also forgets what was asked and is not yet answered: it would open the list again. */
  function hide() {
    clearTimeout(pause);
    asking?.abort();
    asking = null;
    taking = null;
    list.hidden = true;
    completion = null;
    chosen = -1;
    line.setAttribute("aria-expanded", "false");
    line.removeAttribute("aria-activedescendant");
  }

  return {
    focus: () => line.focus(),
    /** @param {string} text */
    fill(text) {
      line.value = text;
      line.focus();
      askSoon();
    },
    /** @param {string} text */
    setWhere(text) {
      where.textContent = text;
    },
  };
}

/** @returns {string[]} */
function readHistory() {
  try {
    const kept = JSON.parse(recall("history") ?? "[]");
    return Array.isArray(kept) ? kept.filter((entry) => typeof entry === "string") : [];
  } catch {
    return [];
  }
}
