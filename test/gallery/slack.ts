/** What Slack's client makes of our blocks, near enough to judge a card: its sizes, weights and colours, not its frame. */
import type {
  Block,
  InlineElement,
  RichTextBlock,
  SlackMessage,
} from "../../src/adapters/chat/slack/blocks.ts";
import { clock, escaped } from "./page.ts";

export const slackCss = `
[data-theme] { --ink: #1d1c1d; --paper: #fff; --soft: #616061; --line: #ddd; --code: #c01343; --codebg: #f6f6f6; --link: #1264a3; }
[data-theme="dark"] { --ink: #d1d2d3; --paper: #1a1d21; --soft: #ababad; --line: #3e4147; --code: #e8912d; --codebg: #232529; --link: #1d9bd1; }
body { background: var(--paper); color: var(--ink); font: 15px/1.46668 Lato, "Helvetica Neue", Arial, sans-serif; }
.slack { display: grid; grid-template-columns: 36px 1fr; gap: 0 8px; }
.slack .face { width: 36px; height: 36px; border-radius: 4px; background: #4a154b; color: #fff; display: grid; place-items: center; font-weight: 900; }
.slack .who { font-weight: 900; } .slack .app { font-size: 10px; background: var(--line); border-radius: 2px; padding: 0 3px; margin-left: 4px; vertical-align: 1px; }
.slack > div { min-width: 0; } .slack h2 { font-size: 18px; line-height: 1.33; margin: 8px 0 4px; overflow-wrap: anywhere; }
.slack p, .slack ul, .slack ol { margin: 4px 0; white-space: pre-wrap; overflow-wrap: anywhere; } .slack ul, .slack ol { padding-left: 26px; }
.slack pre { background: var(--codebg); border: 1px solid var(--line); border-radius: 4px; padding: 8px; font: 12px/1.5 Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
.slack code { background: var(--codebg); border: 1px solid var(--line); border-radius: 3px; color: var(--code); font: 12px Menlo, Consolas, monospace; padding: 2px 3px 1px; }
.slack a { color: var(--link); text-decoration: none; } .slack hr { border: 0; border-top: 1px solid var(--line); margin: 12px 0; }
.slack .context { color: var(--soft); font-size: 13px; display: flex; flex-wrap: wrap; gap: 4px; margin: 4px 0; }
.slack .actions { display: flex; flex-wrap: wrap; gap: 8px; margin: 8px 0; }
.slack .actions span, .slack .actions select { border: 1px solid var(--line); border-radius: 4px; padding: 0 12px; font-weight: 700; font-size: 13px; line-height: 28px; background: transparent; color: inherit; }
.slack .actions .primary { background: #007a5a; border-color: #007a5a; color: #fff; } .slack .actions .danger { background: #e01e5a; border-color: #e01e5a; color: #fff; }
.slack table { border-collapse: collapse; margin: 6px 0; font-size: 14px; } .slack th, .slack td { border: 1px solid var(--line); padding: 4px 8px; text-align: left; vertical-align: top; }
.slack .call { background: #1d9bd133; border-radius: 3px; padding: 0 2px; } .slack .scroll { overflow-x: auto; } .slack img { max-width: 100%; border-radius: 4px; }
`;

/** A message under the bot's name. */
export function slackHtml(message: SlackMessage): string {
  return `<div class="slack"><div class="face">T</div><div><span class="who">Tocsin</span><span class="app">APP</span>
${message.blocks.map(blockHtml).join("\n")}</div></div>`;
}

function blockHtml(block: Block): string {
  switch (block.type) {
    case "header":
      return `<h2>${escaped(block.text.text)}</h2>`;
    case "section":
      return `<p>${escaped(block.text.text)}</p>`;
    case "context":
      return `<div class="context">${block.elements.map((element) => `<span>${markup(element.text)}</span>`).join("")}</div>`;
    case "divider":
      return "<hr>";
    case "table":
      return tableHtml(block);
    case "actions":
      return `<div class="actions">${block.elements.map(controlHtml).join("")}</div>`;
    case "rich_text":
      return richHtml(block);
    default:
      throw new Error(`gallery: Slack's block "${JSON.stringify(block).slice(0, 80)}" has no picture`);
  }
}

function controlHtml(element: {
  readonly type: string;
  readonly style?: string;
  readonly text?: { readonly text: string };
}): string {
  return `<span class="${element.style ?? ""}">${escaped(element.text?.text ?? element.type)}</span>`;
}

function tableHtml(block: Extract<Block, { type: "table" }>): string {
  const [head = [], ...body] = block.rows;
  const row = (cells: typeof head, tag: "th" | "td") =>
    `<tr>${cells.map((cell) => `<${tag}>${richHtml(cell, "inline")}</${tag}>`).join("")}</tr>`;
  return `<div class="scroll"><table>${row(head, "th")}${body.map((cells) => row(cells, "td")).join("")}</table></div>`;
}

function richHtml(block: RichTextBlock, place: "block" | "inline" = "block"): string {
  return block.elements.map((element) => richElementHtml(element, place)).join("");
}

function richElementHtml(element: RichTextBlock["elements"][number], place: "block" | "inline"): string {
  if (element.type === "rich_text_preformatted")
    return `<pre>${element.elements.map(inlineHtml).join("")}</pre>`;
  if (element.type === "rich_text_list") {
    const tag = element.style === "ordered" ? "ol" : "ul";
    const items = element.elements.map((item) => `<li>${item.elements.map(inlineHtml).join("")}</li>`);
    return `<${tag}>${items.join("")}</${tag}>`;
  }
  const inner = element.elements.map(inlineHtml).join("");
  return place === "inline" ? inner : `<p>${inner}</p>`;
}

function inlineHtml(element: InlineElement): string {
  if (element.type === "user") return `<a class="call">@${escaped(element.user_id)}</a>`;
  if (element.type === "usergroup") return `<a class="call">@${escaped(element.usergroup_id)}</a>`;
  const { style = {} } = element;
  const inner =
    element.type === "link"
      ? `<a href="${escaped(element.url)}">${escaped(element.text ?? element.url)}</a>`
      : element.type === "date"
        ? escaped(clock(new Date(element.timestamp * 1000), howShown(element.format)))
        : escaped(element.text);
  const wrap = (tag: string, html: string) => `<${tag}>${html}</${tag}>`;
  return (["code", "strike", "italic", "bold"] as const).reduce((html, name) => {
    const tag = { code: "code", strike: "s", italic: "i", bold: "b" }[name];
    return style[name] === true ? wrap(tag, html) : html;
  }, inner);
}

/** Small print: the only markup in it are our date tokens. */
function markup(text: string): string {
  return text
    .split(/(<!date\^\d+\^[^>]*>)/)
    .map((part) => {
      const [, seconds, format = ""] = /^<!date\^(\d+)\^([^|]*)/.exec(part) ?? [];
      return seconds === undefined
        ? escaped(part)
        : escaped(clock(new Date(Number(seconds) * 1000), howShown(format)));
    })
    .join("");
}

/** @param format - of a date token, "{date_short} {time}". */
function howShown(format: string): "alone" | "day and time" | "time" {
  if (format === "{time}") return "time";
  return format.includes(" at ") ? "alone" : "day and time";
}
