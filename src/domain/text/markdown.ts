/**
 * Markdown of texts that came from outside. Whatever they hold, it is shown as it is: no emphasis, link, image, HTML,
 * table cell or list of its own making, nobody mentioned where the document is pasted, and no secret.
 * @see https://spec.commonmark.org/0.31.2/#backslash-escapes
 * @see https://github.github.com/gfm/#autolinks-extension-
 */

import { oneLine } from "../view.ts";
import { redact } from "./redaction.ts";
import { startOf } from "./whole-words.ts";

/** Characters of one text that are looked at, several times what a document shows of it. */
const maxRead = 20_000;

/** The text on one line of at most `max` characters before they are escaped. */
export function markdownOf(text: string, max: number): string {
  return escaped(oneLine(redact(startOf(text, maxRead)).text, max));
}

function escaped(text: string): string {
  return (
    text
      .replace(/&/g, "&amp;")
      .replace(/</g, "&lt;")
      .replace(/[\\`*_{}[\]>|~!#$^]/g, "\\$&")
      // What begins a list or a heading only does so at the start.
      .replace(/^([-+=])/, "\\$1")
      .replace(/^(\d{1,9})([.)])/, "$1\\$2")
      // Addresses become links, and names mentions, without any markup.
      .replace(/:(?=\/\/)/g, "&#58;")
      .replace(/\b(www)\./gi, "$1&#46;")
      .replace(/@/g, "@&#8203;")
  );
}

/** A table; cells are Markdown already, of one line. Nothing without rows. */
export function markdownTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(columns), line(columns.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A list; items are Markdown already, of one line. Nothing without items. */
export function markdownList(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join("\n");
}

/** A moment to the second: "2026-03-01T10:00:00Z". */
export function markdownMoment(at: Date): string {
  return at.toISOString().replace(/\.\d{3}Z$/, "Z");
}
