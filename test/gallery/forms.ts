/** The forms of every command of the project: bare, and with as much in them as a form may hold. */
import path from "node:path";
import { modalOf } from "../../src/adapters/chat/discord/command-form.ts";
import { formView } from "../../src/adapters/chat/slack/command-form.ts";
import { formOf } from "../../src/app/form.ts";
import { prepareCommand } from "../../src/app/parse.ts";
import { checkCommand, loadFolders } from "../../src/load.ts";
import type { CommandForm } from "../../src/ports.ts";
import { escaped, type Picture } from "./page.ts";

const longest = "Checkout fails for customers in the north since the roll-out of version 41 ".repeat(3);
export const place = { channel: "C0INCIDENTS", thread: "1.000100", responseUrl: "https://hooks.example/1" };

export async function galleryForms(): Promise<readonly CommandForm[]> {
  const { plugins } = await loadFolders([path.resolve("commands")], checkCommand);
  const prepared = new Map(plugins.map((command) => [command.name, prepareCommand(command)]));
  return [...prepared.keys()].flatMap((command) => {
    const account = { platform: "slack", id: "U1", name: "ada" };
    const input = { kind: "text", text: "" } as const;
    const form = formOf(prepared, { account, command, input, channel: null });
    return form === null ? [] : [form];
  });
}

/** As {@link Forms.fill} leaves it where the bot knows a lot: full lists of long labels, a value in every field. */
export function filled(form: CommandForm): CommandForm {
  const fields = form.fields.map((field) => {
    if (!field.option.isSuggested) return field;
    const choices = Array.from({ length: 25 }, (_, index) => ({
      label: `${index} · critical · ${longest}`.slice(0, 100),
      value: String(index + 1),
    }));
    return { ...field, choices, value: "1", shown: choices[0]?.label ?? null };
  });
  return { ...form, fields };
}

/** What stands in fields whose values the bot suggests, when the form is opened from a card. */
const examples: Readonly<Record<string, string>> = {
  incident: "12 · critical · HighErrorRate on web and 2 more services",
  other: "13 · high · LatencyHigh on checkout",
  model: "fraud-scorer",
  version: "42 · recall 0.744, trained by Mika Lehtonen",
  environment: "production",
  alert: "HighErrorRate on web",
  alerts: "HighErrorRate on web",
  cause: "change:rollout:7:fraud-scorer",
};

function opened(form: CommandForm): CommandForm {
  const fields = form.fields.map((field) => {
    const label = examples[field.option.name];
    if (!field.option.isSuggested || label === undefined) return field;
    return { ...field, choices: [{ label, value: "1" }], value: "1", shown: label };
  });
  return { ...form, fields };
}

/** Those that people meet most, for the pictures. */
const pictured: ReadonlySet<string> = new Set(["deploy", "merge", "split", "resolve", "silence", "pin"]);

interface Row {
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly isSelect: boolean;
}

/** A sheet with one row per field, as both platforms draw them. */
function sheet(title: string, rows: readonly Row[]): string {
  const lines = rows.map(
    ({ label, hint, value, isSelect }) =>
      `<p><b>${escaped(label)}</b><br><span class="field">${escaped(value)}${isSelect ? " ▾" : ""}</span><br><small>${escaped(hint)}</small></p>`,
  );
  return `<div class="sheet"><h2>${escaped(title)}</h2>${lines.join("")}</div>`;
}
export const sheetCss = `
.sheet { border: 1px solid var(--line); border-radius: 8px; padding: 8px 20px; max-width: 480px; } .sheet h2 { font-size: 20px; margin: 8px 0; }
.sheet p { margin: 12px 0; } .sheet .field { display: block; border: 1px solid var(--line); border-radius: 4px; padding: 6px 10px; min-height: 1.4em; overflow-wrap: anywhere; } .sheet small { color: var(--soft); }
`;

export function slackForms(forms: readonly CommandForm[]): readonly Picture[] {
  return pictures(forms, (form) => {
    const rows = form.fields.map(({ label, option, shown, choices, isRequired }) => ({
      label: isRequired ? label : `${label} (optional)`,
      hint: option.summary,
      value: (shown ?? "").slice(0, 75),
      isSelect: option.isSuggested || choices.length > 0,
    }));
    return formView(form, place) === null ? null : sheet(`/${form.command}`, rows);
  });
}

export function discordForms(forms: readonly CommandForm[]): readonly Picture[] {
  return pictures(forms, (form) => {
    const modal = modalOf(form, { ...form, fields: [] });
    if (modal === null) return null;
    const rows = modal.components.map(({ label, description = "", component }) => ({
      label,
      hint: description,
      value: "options" in component ? (component.options?.find((one) => one.default)?.label ?? "") : "",
      isSelect: component.type === 3,
    }));
    return sheet(modal.title, rows);
  });
}

function pictures(
  forms: readonly CommandForm[],
  draw: (form: CommandForm) => string | null,
): readonly Picture[] {
  return forms
    .filter(({ command }) => pictured.has(command))
    .flatMap((form) => {
      const html = draw(opened(form));
      return html === null ? [] : [{ family: "form", state: form.command, html }];
    });
}
