/** Blocks of a view as pieces of Discord markdown that can be made to fit. */
import type { StepState, Text, ViewBlock } from "../../../domain/view.ts";
import {
  clean,
  codeBlock,
  escapeInline,
  fitPlain,
  fitText,
  flowOf,
  inlineOf,
  plainLine,
} from "./markdown.ts";

/** Renders in at most `max` characters; null when there is no room for anything useful. */
export type Piece = (max: number) => string | null;

/** Room kept for the line that says how much is missing. */
const restRoom = 24;

/** Joins pieces by lines; those that find no room are counted in a last line. */
export function assemble(pieces: readonly Piece[], max: number): string {
  const out: string[] = [];
  let used = 0;
  for (const [index, piece] of pieces.entries()) {
    const isLast = index === pieces.length - 1;
    const rendered = piece(max - used - (isLast ? 0 : restRoom));
    if (rendered === null) return [...out, `-# … ${pieces.length - index} more`].join("\n");
    out.push(rendered);
    used += rendered.length + 1;
  }
  return out.join("\n");
}

/** A block without its own place in an embed. Images and files are attached; fields are laid out by the embed. */
export function pieceOf(block: ViewBlock): Piece {
  switch (block.kind) {
    case "text":
      return (max) => textPiece(block.text, max);
    case "heading":
      return (max) => (max < 10 ? null : `**${fitPlain(block.text, max - 4, escapeInline)}**`);
    case "note":
      return (max) => (max < 20 ? null : `-# ${fitText(block.text, max - 3, inlineOf)}`);
    case "list":
      return (max) =>
        linesPiece(
          block.items.map((item, index) => listLine(block.ordered, item, index)),
          max,
        );
    case "steps":
      return (max) => linesPiece(block.steps.map(stepLine), max);
    case "table":
      return (max) => tablePiece(block.columns, block.rows, max);
    case "code":
      return (max) => codeBlock(block.text, max);
    case "fields":
      return (max) => linesPiece(block.fields.map(fieldLine), max);
    case "image":
      return (max) => (max < 20 ? null : `-# ${fitPlain(`Image: ${block.alt}`, max - 3, escapeInline)}`);
    case "file":
      return (max) =>
        max < 20 ? null : `-# ${fitPlain(`File: ${block.label}, ${block.filename}`, max - 3, escapeInline)}`;
    case "divider":
      return () => "";
  }
}

function textPiece(text: Text, max: number): string | null {
  const whole = flowOf(text);
  if (whole.length <= max) return whole;
  return max < 20 ? null : fitText(text, max, flowOf);
}

type Line = (max: number) => string;

/** As many lines as fit, then how many are missing. Null when not even the first has room. */
function linesPiece(lines: readonly Line[], max: number): string | null {
  const out: string[] = [];
  let used = 0;
  for (const [index, line] of lines.entries()) {
    const room = max - used - (index === lines.length - 1 ? 0 : restRoom);
    if (room < 20) {
      if (index === 0) return null;
      return [...out, `-# … ${lines.length - index} more`].join("\n");
    }
    const rendered = line(Math.min(room, 900));
    out.push(rendered);
    used += rendered.length + 1;
  }
  return out.join("\n");
}

function listLine(ordered: "numbered" | "bulleted", item: Text, index: number): Line {
  const bullet = ordered === "numbered" ? `${index + 1}. ` : "- ";
  return (max) => `${bullet}${fitText(item, max - bullet.length, inlineOf)}`;
}

const stepIcons: Readonly<Record<StepState, string>> = {
  waiting: "⚪",
  running: "⏳",
  done: "✅",
  failed: "❌",
  skipped: "⏭️",
};

function stepLine(step: {
  readonly label: string;
  readonly state: StepState;
  readonly detail?: string;
}): Line {
  const text = step.detail === undefined ? step.label : `${step.label} — ${step.detail}`;
  return (max) => `${stepIcons[step.state]} ${fitPlain(text, max - 3, escapeInline)}`;
}

function fieldLine(field: { readonly label: string; readonly value: Text }): Line {
  return (max) => {
    const label = `**${fitPlain(field.label, Math.floor(max / 2) - 6, escapeInline)}** `;
    return `${label}${fitText(field.value, max - label.length, inlineOf)}`;
  };
}

const maxCell = 32;
/** Columns of a fixed-width font that an embed has room for; what is wider breaks every line of the table. */
const widestTable = 60;

/** Discord has no tables: columns of a fixed width in a code block, or, where they do not fit, a line for each row. */
function tablePiece(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  max: number,
): string | null {
  const cells = [columns, ...rows].map((row) => columns.map((_, at) => plainLine(row[at] ?? "", maxCell)));
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => width(row[at] ?? ""))));
  const total = widths.reduce((sum, size) => sum + size, 2 * (widths.length - 1));
  if (total > widestTable)
    return linesPiece(
      rows.map((row) => rowLine(columns, row)),
      max,
    );
  const lines = cells.map((row) =>
    row
      .map((cell, at) => pad(cell, widths[at] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const rule = widths.map((size) => "─".repeat(size)).join("  ");
  const all = [lines[0] ?? "", rule, ...lines.slice(1)];
  for (let shown = all.length; shown > 2; shown -= 1) {
    const missing = all.length - shown;
    const text = [...all.slice(0, shown), ...(missing > 0 ? [`… ${missing} more`] : [])].join("\n");
    if (text.length + 8 <= max) return codeBlock(text, max);
  }
  return null;
}

/** "- **recall** · 41: 0.71 · 42: 0.744": the first cell names the row, the others are named by their columns. */
function rowLine(columns: readonly string[], row: readonly string[]): Line {
  const [name = "", ...others] = row;
  const text: Text = [
    { text: plainLine(name, maxCell), style: "bold" },
    ...others.flatMap((cell, at) =>
      cell.trim() === "" ? [] : [{ text: ` · ${columns[at + 1] ?? ""}: ${plainLine(cell, maxCell)}` }],
    ),
  ];
  return listLine("bulleted", text, 0);
}

function pad(cell: string, size: number): string {
  return cell + " ".repeat(Math.max(0, size - width(cell)));
}

const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\uFF01-\uFF60]|\p{Emoji_Presentation}/u;

/** Columns that a text takes in a fixed-width font: wide East Asian characters and emoji take two. */
function width(text: string): number {
  let columns = 0;
  for (const char of clean(text)) columns += wide.test(char) ? 2 : 1;
  return columns;
}
