/** Dialogs: asking before an action, the list of keys; and the theme. */
import { byId, h, recall, remember } from "./dom.js";

/**
 * Asks before a button's command is sent, also for what has to be typed. Escape and Cancel say no; a dangerous action
 * has Cancel in focus.
 * @param {{ label: string, command: string, style: string, confirm: string | null, ask: { label: string, option: string } | null }} action
 * @param {string} person
 * @returns {Promise<string | null>} the command line to send, or null
 */
export function askFirst(action, person) {
  const dialog = byId("confirm", HTMLDialogElement);
  const yes = byId("confirm-yes", HTMLButtonElement);
  const no = byId("confirm-no", HTMLButtonElement);
  byId("confirm-title", HTMLElement).textContent = action.label;
  byId("confirm-text", HTMLElement).textContent = action.confirm ?? "";
  byId("confirm-command", HTMLElement).textContent = `/${action.command}`;
  byId("confirm-person", HTMLElement).textContent = person;
  const typed = byId("confirm-typed", HTMLElement);
  const input = byId("confirm-input", HTMLInputElement);
  const { ask } = action;
  typed.hidden = ask === null;
  input.value = "";
  byId("confirm-label", HTMLElement).textContent = ask?.label ?? "";
  yes.disabled = ask !== null;
  yes.textContent = action.label;
  yes.className = `button ${action.style === "plain" ? "primary" : action.style}`;
  return new Promise((resolve) => {
    const done = new AbortController();
    const { signal } = done;
    yes.addEventListener("click", () => dialog.close("yes"), { signal });
    input.addEventListener("input", () => (yes.disabled = ask !== null && input.value.trim() === ""), {
      signal,
    });
    input.addEventListener(
      "keydown",
      (event) => {
        if (event.key !== "Enter" || event.isComposing) return;
        event.preventDefault();
        if (!yes.disabled) dialog.close("yes");
      },
      { signal },
    );
    no.addEventListener("click", () => dialog.close("no"), { signal });
    dialog.addEventListener(
      "close",
      () => {
        done.abort();
        if (dialog.returnValue !== "yes") resolve(null);
        else
          resolve(ask === null ? action.command : withOption(action.command, ask.option, input.value.trim()));
      },
      { signal },
    );
    dialog.returnValue = "no";
    dialog.showModal();
    if (ask !== null) input.focus();
    else (action.style === "danger" ? no : yes).focus();
  });
}

/**
 * What is said to whoever may not have the form of a command, in its place.
 * @param {import("../../src/adapters/chat/console/desk.ts").WireRefusal} refusal
 * @returns {Promise<null>} once it is closed: there is nothing to send.
 */
export function showRefusal({ title, summary, footer }) {
  const close = h("button", { type: "submit", class: "button primary" }, "Close");
  const dialog = h(
    "dialog",
    { class: "dialog", "aria-labelledby": "refusal-title", "aria-describedby": "refusal-text" },
    h(
      "form",
      { method: "dialog" },
      h("h2", { id: "refusal-title" }, title),
      h("p", { id: "refusal-text" }, summary),
      footer !== null && h("p", { class: "fine" }, footer),
      h("div", { class: "dialog-actions" }, close),
    ),
  );
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(null);
    });
    dialog.showModal();
    close.focus();
  });
}

/**
 * The line with one more option, its value quoted.
 * @param {string} line
 * @param {string} option
 * @param {string} value
 */
export function withOption(line, option, value) {
  return `${line} --${option} "${value.replace(/[\\"]/g, "\\$&")}"`;
}

/** The list of keys, and whether single keys are on. */
export function createShortcuts() {
  const dialog = byId("shortcuts", HTMLDialogElement);
  const box = byId("single-keys", HTMLInputElement);
  box.checked = recall("single-keys") !== "off";
  box.addEventListener("change", () => remember("single-keys", box.checked ? "on" : "off"));
  byId("shortcuts-close", HTMLButtonElement).addEventListener("click", () => dialog.close());
  byId("keys", HTMLButtonElement).addEventListener("click", () => dialog.showModal());
  return { open: () => dialog.showModal(), areSingleKeysOn: () => box.checked };
}

/** The button that goes from the system's theme to light to dark. */
export function createThemeButton() {
  const button = byId("theme", HTMLButtonElement);
  const order = ["system", "light", "dark"];
  show(recall("theme") ?? "system");
  button.addEventListener("click", () => {
    const current = document.documentElement.dataset["theme"] ?? "system";
    const next = order[(order.indexOf(current) + 1) % order.length] ?? "system";
    remember("theme", next);
    show(next);
  });

  /** @param {string} theme */
  function show(theme) {
    if (theme === "light" || theme === "dark") document.documentElement.dataset["theme"] = theme;
    else delete document.documentElement.dataset["theme"];
    button.setAttribute("aria-label", `Theme: ${theme}`);
    button.title = `Theme: ${theme}`;
  }
}
