/**
 * The form of a command, for who was asked for more: one field per option, lists where values are known.
 * @typedef {import("../../src/ports/chat.ts").CommandForm} CommandForm
 * @typedef {import("../../src/ports/chat.ts").FormField} FormField
 */
import { withOption } from "./dialogs.js";
import { h } from "./dom.js";

/** Texts that may be longer get several lines. */
const oneLineLength = 300;
/** A list of so many may not be all there is. */
const mostChoices = 25;

/**
 * Asks for what a command needs. Escape and Cancel say no.
 * @param {CommandForm} form
 * @param {string} person - who it is sent as.
 * @returns {Promise<string | null>} the command line to send, or null
 */
export function fillIn(form, person) {
  const fields = form.fields.map((field) => ({ field, input: inputOf(field) }));
  const cancel = h("button", { type: "button", class: "button" }, "Cancel");
  const send = h("button", { type: "submit", class: "button primary", value: "yes" }, "Send");
  const body = h(
    "form",
    { method: "dialog" },
    h("h2", { id: "form-title" }, `/${form.command}`),
    h("p", {}, `${form.summary}.`),
    ...fields.map(({ field, input }) => rowOf(field, input)),
    h("p", { class: "fine" }, `Sent as ${person}. Ctrl+Enter sends.`),
    h("div", { class: "dialog-actions" }, cancel, send),
  );
  const dialog = h("dialog", { class: "dialog form", "aria-labelledby": "form-title" }, body);
  document.body.append(dialog);
  return new Promise((resolve) => {
    cancel.addEventListener("click", () => dialog.close("no"));
    // In a text of several lines Enter begins a line, so this sends from anywhere.
    body.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
      event.preventDefault();
      body.requestSubmit(send);
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes" ? lineOf(form, fields) : null);
    });
    dialog.showModal();
    const isEmpty = (/** @type {typeof fields[number]} */ { input }) => input.value === "";
    const first = fields.find((row) => row.field.isRequired && isEmpty(row)) ?? fields.find(isEmpty);
    (first ?? fields[0])?.input.focus();
  });
}

/**
 * @param {FormField} field
 * @param {HTMLElement} input
 */
function rowOf(field, input) {
  const needed = field.isRequired ? null : h("span", { class: "fine" }, " optional");
  const list = isListed(field) ? null : suggestions(field);
  return h(
    "div",
    { class: "form-row" },
    h("label", { for: input.id }, field.label, needed),
    input,
    list,
    h("p", { class: "fine", id: `${input.id}-hint` }, field.option.summary),
  );
}

/** @param {FormField} field */
function inputOf(field) {
  const { option, isRequired, isMultiple, maxLength, value } = field;
  const name = {
    id: `form-${option.name}`,
    "aria-describedby": `form-${option.name}-hint`,
    required: isRequired,
  };
  if (isListed(field)) {
    const select = h("select", { ...name, multiple: isMultiple });
    if (!isMultiple) select.append(h("option", { value: "" }, "—"));
    const chosen = isMultiple ? (value ?? "").split(", ") : [value];
    for (const choice of choicesOf(field))
      select.append(
        h("option", { value: choice.value, selected: chosen.includes(choice.value) }, choice.label),
      );
    return select;
  }
  const isLong = option.type === "string" && !option.isSuggested && (maxLength ?? 0) > oneLineLength;
  const list = field.choices.length === 0 ? null : `form-${option.name}-list`;
  const input = isLong
    ? h("textarea", { ...name, rows: 3, maxlength: maxLength })
    : h("input", { ...name, type: "text", maxlength: maxLength, list, autocomplete: "off" });
  input.value = value ?? "";
  return input;
}

/**
 * Whether one of the choices is all that may be said.
 * @param {FormField} field
 */
function isListed({ choices, isOpen, option }) {
  return choices.length > 0 && !isOpen && (!option.isSuggested || choices.length < mostChoices);
}

/**
 * The choices, with what was said already where it is none of them.
 * @param {FormField} field
 */
function choicesOf({ choices, value, shown, isMultiple }) {
  const isThere = value === null || isMultiple || choices.some((choice) => choice.value === value);
  return isThere || value === null ? choices : [{ label: shown ?? value, value }, ...choices];
}

/** @param {FormField} field */
function suggestions({ option, choices }) {
  const list = h("datalist", { id: `form-${option.name}-list` });
  for (const { value, label } of choices) list.append(h("option", { value }, label));
  return list;
}

/**
 * @param {CommandForm} form
 * @param {readonly { field: FormField, input: HTMLSelectElement | HTMLInputElement | HTMLTextAreaElement }[]} fields
 */
function lineOf(form, fields) {
  const said = fields.map(({ field, input }) => {
    const value =
      input instanceof HTMLSelectElement
        ? [...input.selectedOptions].map((option) => option.value).join(", ")
        : input.value.trim();
    return { name: field.option.name, value };
  });
  const kept = Object.entries(form.kept).map(([name, value]) => ({ name, value: String(value) }));
  return [...kept, ...said]
    .filter(({ value }) => value !== "")
    .reduce((line, { name, value }) => withOption(line, name, value), form.command);
}
