/** The blocks between title and buttons. */
import {
  oneLine,
  type Span,
  type StepState,
  type Text,
  textOf,
  truncate,
  type ViewBlock,
} from "../../../domain/view.ts";
import {
  type Block,
  type ContextBlock,
  type InlineElement,
  limits,
  type PlainText,
  plainText,
  type RichSection,
  type RichTextBlock,
  richText,
  section,
  sizeOf,
  type TableBlock,
} from "./blocks.ts";
import { safeName } from "./files.ts";
import { cleanText, dateFormat, escapeMarkup, inline, literal } from "./text.ts";

const largestTableBytes = 6_000;
const widestColumn = 40;
const longestItem = 600;
/** Short fields stand beside one another on a line of this many characters: a card fits a screen. */
const fieldLine = 76;
const fieldGap = "   ·   ";
const stepMarks: Readonly<Record<StepState, string>> = {
  waiting: "◻️",
  running: "⏳",
  done: "✅",
  failed: "❌",
  skipped: "⏭️",
};

/** Renders in order. Slack takes one table per message (`only_one_table_allowed`); later ones become aligned text. */
export function renderBody(blocks: readonly ViewBlock[], tables: "blocks" | "aligned"): readonly Block[] {
  let mayTable = tables === "blocks";
  const rendered: Block[] = [];
  for (const block of blocks) {
    const next = renderBlock(block, mayTable);
    if (next.some((part) => part.type === "table")) mayTable = false;
    rendered.push(...next);
  }
  return joinHeadings(blocks, rendered);
}

/** A lone heading takes the following rich text into its block, so that they stand together. */
function joinHeadings(source: readonly ViewBlock[], rendered: readonly Block[]): readonly Block[] {
  if (!source.some((block) => block.kind === "heading")) return rendered;
  const joined: Block[] = [];
  for (const block of rendered) {
    const previous = joined.at(-1);
    if (previous !== undefined && isHeading(previous) && block.type === "rich_text") {
      joined[joined.length - 1] = richText(...withLineBreak(previous, block));
    } else joined.push(block);
  }
  return joined;
}

function isHeading(block: Block): block is RichTextBlock {
  if (block.type !== "rich_text" || block.elements.length !== 1) return false;
  const only = block.elements[0];
  if (only?.type !== "rich_text_section" || only.elements.length !== 1) return false;
  return only.elements[0]?.type === "text" && only.elements[0].style?.bold === true;
}

/** Sections of one block run on without a break of their own; lists and preformatted text begin a line. */
function withLineBreak(heading: RichTextBlock, body: RichTextBlock): RichTextBlock["elements"] {
  const first = body.elements[0];
  if (first?.type !== "rich_text_section") return [...heading.elements, ...body.elements];
  const title = heading.elements[0];
  const lead = title?.type === "rich_text_section" ? title.elements : [];
  const opening = section([...lead, { type: "text", text: "\n" }, ...first.elements]);
  return [opening, ...body.elements.slice(1)];
}

function renderBlock(block: ViewBlock, mayTable: boolean): readonly Block[] {
  switch (block.kind) {
    case "text":
      return paragraph(inline(block.text, limits.richText));
    case "heading":
      return paragraph(literal(oneLine(block.text, limits.header), { bold: true }));
    case "fields":
      return paragraph(renderFields(block.fields));
    case "list":
      return renderList(block);
    case "table":
      return mayTable ? renderTable(block) : alignedTable(block);
    case "steps":
      return paragraph(renderSteps(block.steps));
    case "code":
      return preformatted(keepEnd(cleanText(block.text), limits.richText));
    case "image":
      // Uploaded to the thread by itself; its alternative text stands here for those who cannot see it there.
      return renderNote([{ text: `📈 ${oneLine(block.alt, limits.altText)}` }]);
    case "file":
      return renderNote([
        { text: `📎 ${oneLine(`${block.label}: ${safeName(block.filename)}, in the thread`, 300)}` },
      ]);
    case "note":
      return renderNote(block.text);
    case "divider":
      return [{ type: "divider" }];
  }
}

function paragraph(elements: readonly InlineElement[]): readonly RichTextBlock[] {
  return elements.length === 0 ? [] : [richText(section(elements))];
}

function preformatted(text: string): readonly RichTextBlock[] {
  const shown = text.replace(/^\n+|\s+$/g, "");
  if (shown === "") return [];
  return [richText({ type: "rich_text_preformatted", elements: [{ type: "text", text: shown }] })];
}

/** Of a log the last lines tell; the beginning goes first. */
function keepEnd(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = text.slice(text.length - max + 1).replace(/^[\uDC00-\uDFFF]/, "");
  return `…${end}`;
}

function renderFields(
  fields: readonly { readonly label: string; readonly value: Text }[],
): readonly InlineElement[] {
  const lengths = fields.map(({ value }) => textOf(value).length);
  const budget = Math.max(60, longestThatFits(lengths, limits.richText));
  let used = 0;
  return fields.flatMap((field, index) => {
    const label = oneLine(field.label, 60);
    const length = label.length + textOf(field.value).length + fieldGap.length;
    const isBeside = index > 0 && used + length <= fieldLine;
    used = isBeside ? used + length : length;
    return [
      ...literal(index === 0 ? "" : isBeside ? fieldGap : "\n"),
      ...literal(label, { bold: true }),
      ...literal("  "),
      ...inline(field.value.map(onOneLine), budget),
    ];
  });
}

/** How long each of many texts may be so that all have room: what short ones leave is for the long ones. */
function longestThatFits(lengths: readonly number[], room: number): number {
  let left = room;
  for (const [index, length] of lengths.toSorted((a, b) => a - b).entries()) {
    const share = Math.floor(left / (lengths.length - index));
    if (length > share) return share;
    left -= length;
  }
  return room;
}

function onOneLine(span: Span): Span {
  return { ...span, text: span.text.replace(/\s*\n\s*/g, " ") };
}

function renderList(block: Extract<ViewBlock, { kind: "list" }>): readonly RichTextBlock[] {
  const sections: RichSection[] = [];
  let left: number = limits.richText;
  for (const item of block.items) {
    const elements = inline(item, Math.min(longestItem, left));
    left -= textOf(item).length;
    if (elements.length > 0) sections.push(section(elements));
    if (left <= 0) break;
  }
  const omitted = block.items.length - sections.length;
  if (sections.length === 0) return [];
  if (left <= 0 && omitted > 0) sections.push(section(literal(`… and ${omitted} more`, { italic: true })));
  const style = block.ordered === "numbered" ? "ordered" : "bullet";
  return [richText({ type: "rich_text_list", style, elements: sections })];
}

function renderSteps(steps: Extract<ViewBlock, { kind: "steps" }>["steps"]): readonly InlineElement[] {
  return steps
    .slice(0, 30)
    .flatMap((step, index) => [
      ...literal(`${index === 0 ? "" : "\n"}${stepMarks[step.state]} `),
      ...literal(oneLine(step.label, 150), step.state === "running" ? { bold: true } : undefined),
      ...literal(step.detail === undefined ? "" : `  ${oneLine(step.detail, 200)}`, { italic: true }),
    ]);
}

/**
 * A table block, or aligned text where it would be too large. Cells are rich text: Slack has refused `raw_text` cells
 * with a server error.
 * @see https://docs.slack.dev/reference/block-kit/blocks/table-block
 */
function renderTable(block: Extract<ViewBlock, { kind: "table" }>): readonly Block[] {
  const columns = block.columns.length;
  const fits = columns > 0 && columns <= limits.tableColumns && block.rows.length < limits.tableRows;
  if (!fits) return alignedTable(block);
  const cells = (row: readonly string[], kind: "head" | "row") =>
    block.columns.map((_, index) => cell(row[index] ?? "", kind));
  const table: TableBlock = {
    type: "table",
    rows: [cells(block.columns, "head"), ...block.rows.map((row) => cells(row, "row"))],
    column_settings: block.columns.map(() => ({ is_wrapped: true })),
  };
  return sizeOf(table) > largestTableBytes ? alignedTable(block) : [table];
}

/** Empty cells are refused, so they hold a dash. */
function cell(text: string, kind: "head" | "row"): RichTextBlock {
  const shown = oneLine(text, 200);
  const style = kind === "head" ? { bold: true } : undefined;
  return richText(section(literal(shown === "" ? "–" : shown, style)));
}

function alignedTable(block: Extract<ViewBlock, { kind: "table" }>): readonly Block[] {
  const rows = [block.columns, ...block.rows].map((row) => row.map((text) => oneLine(text, widestColumn)));
  const widths = block.columns.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0), 1),
  );
  const line = (row: readonly string[]) =>
    widths
      .map((width, column) => (row[column] ?? "").padEnd(width))
      .join("  ")
      .trimEnd();
  const [head, ...body] = rows;
  const lines = [line(head ?? []), widths.map((width) => "─".repeat(width)).join("  "), ...body.map(line)];
  return preformatted(keepLines(lines, limits.richText));
}

function keepLines(lines: readonly string[], max: number): string {
  const kept: string[] = [];
  let left = max - 30;
  for (const line of lines) {
    left -= line.length + 1;
    if (left < 0) break;
    kept.push(line);
  }
  const omitted = lines.length - kept.length;
  return omitted > 0 ? [...kept, `… and ${omitted} more rows`].join("\n") : kept.join("\n");
}

/** Small print: plain text and moments side by side; with links or styles it becomes an ordinary paragraph. */
export function renderNote(text: Text): readonly Block[] {
  const isPlain = text.every((span) => span.url === undefined && span.style === undefined);
  const moments = text.filter((span) => span.at !== undefined).length;
  if (!isPlain || moments > 4) return paragraph(inline(text, limits.richText));
  const elements: ContextBlock["elements"][number][] = [];
  const spans = mergePlain(text);
  for (const [index, span] of spans.entries()) {
    const isAfterMoment = spans[index - 1]?.at !== undefined;
    if (span.at !== undefined) {
      const end = closing.exec(spans[index + 1]?.text ?? "")?.[0] ?? "";
      elements.push({ type: "mrkdwn", text: `${dateToken(span, span.at)}${end}`, verbatim: true });
    } else elements.push(...smallPrint(isAfterMoment ? span.text.replace(closing, "") : span.text));
  }
  return elements.length === 0 ? [] : [{ type: "context", elements }];
}

/** What ends a moment stays with it: small print has gaps between its elements. Nothing of it is markup. */
const closing = /^[.,;:)]+/;

function smallPrint(text: string): readonly PlainText[] {
  const clean = truncate(cleanText(text).trim(), limits.contextText);
  return clean === "" ? [] : [plainText(clean)];
}

function mergePlain(text: Text): readonly Span[] {
  const merged: Span[] = [];
  for (const span of text) {
    const previous = merged.at(-1);
    if (previous !== undefined && previous.at === undefined && span.at === undefined) {
      merged[merged.length - 1] = { text: previous.text + span.text };
    } else merged.push(span);
  }
  return merged;
}

/** @see https://docs.slack.dev/messaging/formatting-message-text/#date-formatting */
function dateToken(span: Span, at: Date): string {
  const fallback = escapeMarkup(oneLine(span.text, 60).replace(/[*_~`|^<>]/g, ""), 100);
  const seconds = Math.floor(at.getTime() / 1000);
  return `<!date^${seconds}^${dateFormat(span)}|${fallback === "" ? "?" : fallback}>`;
}
