/** How the command line shows things. Plain text, colour only on a terminal. */
import { styleText } from "node:util";
import { textOf, type View, type ViewAction, type ViewBlock } from "../domain/view.ts";
import type { Finding } from "../ports.ts";

type Style = Parameters<typeof styleText>[0];

function styled(style: Style, text: string): string {
  return process.stdout.isTTY ? styleText(style, text) : text;
}

/** Text from outside without what a terminal would obey; line breaks stay. */
function visible(text: string): string {
  return text.replace(/[^\P{Cc}\n]|\p{Cf}/gu, "");
}

const marks = { ok: "✓", warning: "!", failure: "✗" } as const;
const colours = { ok: "green", warning: "yellow", failure: "red" } as const;

/** Findings as lines, failures last so that they are read. */
export function formatFindings(findings: readonly Finding[]): string {
  const order = ["ok", "warning", "failure"];
  const sorted = [...findings].sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
  const width = Math.max(...sorted.map((finding) => finding.subject.length), 0);
  const lines = sorted.map((finding) => {
    const mark = styled(colours[finding.status], marks[finding.status]);
    const remedy = finding.remedy === undefined ? "" : `\n  ${" ".repeat(width)}  → ${finding.remedy}`;
    return `${mark} ${visible(`${finding.subject.padEnd(width)}  ${finding.text}${remedy}`)}`;
  });
  const count = (status: Finding["status"]) => findings.filter((finding) => finding.status === status).length;
  const counted = (status: "warning" | "failure") =>
    `${count(status)} ${status}${count(status) === 1 ? "" : "s"}`;
  return `${lines.join("\n")}\n\n${count("ok")} fine, ${counted("warning")}, ${counted("failure")}`;
}

/** What to type for a button; an ellipsis stands for what has to be filled in. */
function shellLine({ command, ask }: ViewAction): string {
  const line = ask === undefined ? command : `${command} --${ask.option} …`;
  return `tocsin run ${/["'\\$`]/.test(line) ? `'${line.replaceAll("'", "'\\''")}'` : line}`;
}

/** A view for a terminal; its actions become command lines. A view with a file is that file, so that `>` keeps it. */
export function formatView(view: View): string {
  const file = view.blocks.find((block) => block.kind === "file");
  if (file !== undefined) return visible(file.text);
  const body = view.blocks.map(formatBlock).filter((text) => text !== "");
  // The form of a command that was not understood is of no use in a terminal, which shows how it is written.
  const offered = view.actions.filter(({ isForm }) => view.kind !== "error" || isForm !== true);
  const actions = offered.map((action) => `  ${action.label}: ${shellLine(action)}`);
  const title = styled("bold", visible(view.title));
  // A short answer is its own title.
  if (body[0] === visible(view.title)) body.shift();
  // The reference of what went wrong, for whoever looks it up.
  const small =
    view.kind === "error" && view.footer !== undefined ? [styled("dim", visible(view.footer))] : [];
  return [title, ...body, ...(actions.length > 0 ? [actions.join("\n")] : []), ...small].join("\n\n");
}

function formatBlock(block: ViewBlock): string {
  return visible(blockText(block));
}

function blockText(block: ViewBlock): string {
  switch (block.kind) {
    case "text":
    case "note":
      return textOf(block.text);
    case "heading":
      return `${block.text}:`;
    case "fields": {
      const width = Math.max(...block.fields.map((field) => field.label.length));
      return block.fields.map((field) => `${field.label.padEnd(width)}  ${textOf(field.value)}`).join("\n");
    }
    case "list":
      return block.items
        .map((item, index) => `${block.ordered === "numbered" ? `${index + 1}.` : "-"} ${textOf(item)}`)
        .join("\n");
    case "table":
      return formatTable(block.columns, block.rows);
    case "steps":
      return block.steps
        .map(
          (step) =>
            `[${{ waiting: " ", running: "…", done: "x", failed: "!", skipped: "-" }[step.state]}] ${step.label}${step.detail === undefined ? "" : `  ${step.detail}`}`,
        )
        .join("\n");
    case "code":
      return block.text.replace(/^/gm, "    ");
    case "file":
      return `(file) ${block.label}: ${block.filename}`;
    case "image":
      return `(chart) ${block.alt}`;
    case "divider":
      return "";
  }
}

function formatTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...rows.map((row) => (row[index] ?? "").length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(columns), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
