/** From a view to a Slack message. One glance answers what, how bad, since when, who has it, why, and what to do. */
import {
  oneLine,
  type Span,
  type Text,
  type Tone,
  textOf,
  truncate,
  type View,
  type ViewAction,
  type ViewBlock,
} from "../../../domain/view.ts";
import {
  type ActionsBlock,
  type Block,
  type Button,
  type ContextBlock,
  type InlineElement,
  limits,
  plainText,
  type RichTextBlock,
  richText,
  type SlackMessage,
  section,
  sizeOf,
} from "./blocks.ts";
import { renderBody } from "./body.ts";
import { cleanText, escapeMarkup, inline, literal } from "./text.ts";

/** Action ids of our buttons begin with this; their value is the command line. */
export const buttonPrefix = "tocsin:";
/** In front of one that opens a form; then its index, the option and the question. */
export const askPrefix = "tocsin-ask:";
/** In front of one that opens the form of its command; then its index. */
export const fillPrefix = "tocsin-fill:";

/** How bad it is: a shape and a word, never colour alone. */
const marks: Readonly<Record<Tone, { readonly emoji: string; readonly word: string }>> = {
  critical: { emoji: "🔴", word: "Critical" },
  high: { emoji: "🟠", word: "High" },
  warning: { emoji: "🟡", word: "Warning" },
  info: { emoji: "🔵", word: "Info" },
  good: { emoji: "✅", word: "" },
  bad: { emoji: "❌", word: "" },
  neutral: { emoji: "", word: "" },
};

const largestActionsBytes = 4_000;
const longestFooter = 300;

/** The message as it should look; `tables` says whether as table blocks or as aligned text. */
export function renderMessage(view: View, tables: "blocks" | "aligned" = "blocks"): SlackMessage {
  const { title, body } = opening(view);
  const tail = [...renderActions(view.actions), ...renderFooter(view)];
  return {
    text: renderText(view),
    blocks: assemble(renderTitle(view, title), renderBody(body, tables), tail),
  };
}

/**
 * The same facts in the oldest blocks only (header, plain sections, buttons), for when Slack refuses the rich
 * message with `invalid_blocks`.
 */
export function renderPlainMessage(view: View): SlackMessage {
  const body = bodyOf(view)
    .map((block) => cleanText(plainTextOf(block)).trim())
    .filter((text) => text !== "")
    .map((text): Block => ({ type: "section", text: plainText(truncate(text, limits.section)) }));
  const title: Block = { type: "header", text: plainText(titleOf(view)) };
  return { text: renderText(view), blocks: assemble([title], body, renderActions(view.actions)) };
}

/** What notifications and screen readers get: the whole fact, escaped. */
export function renderText(view: View): string {
  const fact = oneLine(view.summary === "" ? view.title : view.summary, limits.messageText);
  return escapeMarkup(fact === "" ? "(no text)" : fact, limits.messageText);
}

function bodyOf(view: View): readonly ViewBlock[] {
  if (view.blocks.length > 0 || view.summary === view.title || view.summary === "") return view.blocks;
  return [{ kind: "text", text: [{ text: view.summary }] }];
}

/**
 * The title as spans, and what follows it. Entries and answers may begin with their title, for platforms that show none:
 * a thread says it once, with the moments that it has there.
 */
function opening(view: View): { readonly title: Text; readonly body: readonly ViewBlock[] } {
  const body = bodyOf(view);
  const whole = { title: [{ text: view.title }], body };
  const [first, ...rest] = body;
  if (hasHeadline(view) || first?.kind !== "text" || titleOf(view).endsWith("…")) return whole;
  const end = spansOf(view.title, first.text);
  if (end === null) return whole;
  const title = first.text.slice(0, end);
  const spans = first.text.slice(end);
  const from = spans.findIndex(({ text }) => text.trim() !== "");
  const [next = { text: "" }, ...others] = from === -1 ? [] : spans.slice(from);
  const lead = { ...next, text: next.text.replace(/^ · /, "") };
  const after: readonly ViewBlock[] = lead.text === "" ? [] : [{ ...first, text: [lead, ...others] }];
  return { title, body: [...after, ...rest] };
}

/** How many spans say these words and nothing more; null when the text does not begin with them. */
function spansOf(words: string, text: Text): number | null {
  let said = "";
  for (const [index, span] of text.entries()) {
    said += span.text;
    if (said === words) return index + 1;
    if (!words.startsWith(said)) return null;
  }
  return null;
}

function titleOf(view: View): string {
  const { emoji, word } = marks[view.tone];
  const title = oneLine(view.title, 1000);
  // A rollout has no severity, and says its state in words of its own.
  const saysWord =
    view.kind === "rollout" || word === "" || title.toLowerCase().startsWith(word.toLowerCase());
  const marked = [emoji, saysWord ? title : `${word} · ${title}`].filter((part) => part !== "").join(" ");
  return truncate(marked === "" ? "(no title)" : marked, limits.header);
}

/** Cards have a headline; entries and answers a bold line, so that a thread stays quiet. */
function renderTitle(view: View, title: Text): readonly Block[] {
  if (hasHeadline(view)) return [{ type: "header", text: plainText(titleOf(view)) }];
  const plainTitle = titleOf(view);
  if (title.every(({ at }) => at === undefined))
    return [richText(section(literal(plainTitle, { bold: true })))];
  const mark = plainTitle.slice(0, plainTitle.length - oneLine(view.title, 1000).length);
  const spans = [{ text: mark }, ...title].map((span): Span => ({ ...span, style: "bold" }));
  return [richText(section(inline(spans, limits.header)))];
}

/** A digest that is one sentence is no headline of anything. */
function hasHeadline({ kind, blocks, title, summary }: View): boolean {
  const isSentence = blocks.length === 0 && title === summary;
  return kind === "incident" || kind === "rollout" || (kind === "digest" && !isSentence);
}

function renderFooter(view: View): readonly ContextBlock[] {
  const footer = oneLine(view.footer ?? "", longestFooter);
  return footer === "" ? [] : [{ type: "context", elements: [plainText(footer)] }];
}

function renderActions(actions: readonly ViewAction[]): readonly ActionsBlock[] {
  const buttons: Button[] = [];
  let left = largestActionsBytes;
  for (const action of actions.slice(0, limits.buttonsPerBlock)) {
    if (action.command === "" || action.command.length > limits.buttonValue) continue;
    const button = renderButton(action, buttons.length);
    left -= sizeOf(button);
    if (left < 0) break;
    buttons.push(button);
  }
  return buttons.length === 0 ? [] : [{ type: "actions", elements: buttons }];
}

function renderButton(action: ViewAction, index: number): Button {
  const cut = oneLine(action.label, limits.buttonLabel);
  const label = cut === "" ? "…" : cut;
  return {
    type: "button",
    action_id: actionIdOf(action, index),
    text: plainText(label),
    value: action.command,
    ...(action.style === "plain" ? {} : { style: action.style }),
    ...(action.confirm === undefined || action.ask !== undefined || action.isForm === true
      ? {}
      : { confirm: renderConfirm(action.confirm, label, action.style) }),
  };
}

function actionIdOf({ ask, isForm }: ViewAction, index: number): string {
  if (isForm === true) return `${fillPrefix}${index}`;
  if (ask === undefined) return `${buttonPrefix}${index}`;
  return truncate(`${askPrefix}${index}:${ask.option}:${ask.label}`, limits.actionId);
}

function renderConfirm(
  asked: string,
  label: string,
  style: ViewAction["style"],
): NonNullable<Button["confirm"]> {
  const question = truncate(cleanText(asked).trim(), limits.confirmText);
  return {
    title: plainText(truncate(label, limits.confirmTitle)),
    text: plainText(question === "" ? "Are you sure?" : question),
    confirm: plainText(truncate(label, limits.confirmButton)),
    deny: plainText("Not now"),
    style: style === "danger" ? "danger" : "primary",
  };
}

/** Head and tail always stay; of the body as much as Slack takes, then a line that says what is missing. */
function assemble(head: readonly Block[], body: readonly Block[], tail: readonly Block[]): readonly Block[] {
  const reserve = sizeOf(omission(body.length));
  let bytes = limits.blocksJsonBytes - sizeOf([...head, ...tail]) - reserve;
  let room = limits.blocksPerMessage - head.length - tail.length - 1;
  const kept: Block[] = [];
  for (const block of body) {
    const fitting = room > 0 ? shorten(block, bytes) : null;
    if (fitting === null) break;
    kept.push(fitting);
    bytes -= sizeOf(fitting) + 1;
    room -= 1;
    if (fitting !== block) break;
  }
  const omitted = body.length - kept.length;
  return [...head, ...kept, ...(omitted > 0 ? [omission(omitted)] : []), ...tail];
}

/** The block, with its texts cut where it is too large; null where nothing of use would be left. */
function shorten(block: Block, bytes: number): Block | null {
  const size = sizeOf(block);
  if (size < bytes) return block;
  const ratio = (0.9 * (bytes - 200)) / size;
  if (block.type !== "rich_text" || ratio < 0.1) return null;
  const cut = richText(...block.elements.map((element) => cutTexts(element, ratio)));
  return sizeOf(cut) < bytes ? cut : null;
}

type RichElement = RichTextBlock["elements"][number];

function cutTexts(element: RichElement, ratio: number): RichElement {
  const cut = <Part extends InlineElement>(part: Part): Part =>
    part.type === "text"
      ? { ...part, text: truncate(part.text, Math.ceil(part.text.length * ratio) + 1) }
      : part;
  if (element.type === "rich_text_section") return { ...element, elements: element.elements.map(cut) };
  if (element.type === "rich_text_preformatted") return { ...element, elements: element.elements.map(cut) };
  const items = element.elements.map((item) => ({ ...item, elements: item.elements.map(cut) }));
  return { ...element, elements: items };
}

function omission(count: number): ContextBlock {
  const parts = count === 1 ? "1 part" : `${count} parts`;
  return { type: "context", elements: [plainText(`… ${parts} too long for Slack; the console shows all`)] };
}

function plainTextOf(block: ViewBlock): string {
  switch (block.kind) {
    case "text":
    case "note":
      return textOf(block.text);
    case "heading":
    case "code":
      return block.text;
    case "fields":
      return block.fields.map((field) => `${field.label}: ${textOf(field.value)}`).join("\n");
    case "list":
      return block.items.map((item, index) => `${bullet(block.ordered, index)} ${textOf(item)}`).join("\n");
    case "table":
      return [block.columns, ...block.rows].map((row) => row.join(" | ")).join("\n");
    case "steps":
      return block.steps.map((step) => `${step.state}: ${step.label} ${step.detail ?? ""}`.trim()).join("\n");
    case "image":
      return block.alt;
    case "file":
      return `${block.label}: ${block.filename}`;
    case "divider":
      return "";
  }
}

function bullet(ordered: "numbered" | "bulleted", index: number): string {
  return ordered === "numbered" ? `${index + 1}.` : "•";
}

/** A private text that we say ourselves, for example that the database is slow. */
export function sayPrivately(text: string): SlackMessage {
  const spans: Text = [{ text }];
  return { text: escapeMarkup(text, limits.messageText), blocks: [richText(section(inline(spans, 1000)))] };
}
