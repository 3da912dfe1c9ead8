/** Dialogs: asking before an action, the list of keys; and the theme. */
import { byId, recall, remember } from "./dom.js";

/**
 * Asks before a button's command is sent. Escape and Cancel say no; a dangerous action has Cancel in focus.
 * @param {{ label: string, command: string, style: string, confirm: string | null }} action
 * @param {string} person
 * @returns {Promise<boolean>}
 */
export function askFirst(action, person) {
  const dialog = byId("confirm", HTMLDialogElement);
  const yes = byId("confirm-yes", HTMLButtonElement);
  const no = byId("confirm-no", HTMLButtonElement);
  byId("confirm-title", HTMLElement).textContent = action.label;
  byId("confirm-text", HTMLElement).textContent = action.confirm ?? "";
  byId("confirm-command", HTMLElement).textContent = `/${action.command}`;
  byId("confirm-person", HTMLElement).textContent = person;
  yes.textContent = action.label;
  yes.className = `button ${action.style === "plain" ? "primary" : action.style}`;
  return new Promise((resolve) => {
    const done = new AbortController();
    const { signal } = done;
    yes.addEventListener("click", () => dialog.close("yes"), { signal });
    no.addEventListener("click", () => dialog.close("no"), { signal });
    dialog.addEventListener(
      "close",
      () => {
        done.abort();
        resolve(dialog.returnValue === "yes");
      },
      { signal },
    );
    dialog.returnValue = "no";
    dialog.showModal();
    (action.style === "danger" ? no : yes).focus();
  });
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
