/**
 * Text for Discord. Every span that is not ours is neutralised here: it can neither mention, link, format nor open a
 * heading or a list. Marks that we add ourselves (bold, links, timestamps) are written around escaped text.
 */
import { type Span, safeUrl, type Text, truncate } from "../../../domain/view.ts";

/** Splits what a client would otherwise read as one token, and shows nothing. */
const gap = "\u200b";

/**
 * A text without control, bidirectional and zero-width characters; lines are kept, lone surrogates replaced.
 * Discord refuses a body with a lone surrogate, and a bidirectional override can make a text read backwards.
 */
export function clean(text: string): string {
  return text
    .replace(/\r\n?|[\p{Zl}\p{Zp}]/gu, "\n")
    .replace(/\t/g, " ")
    .replace(/\p{Cs}/gu, "\ufffd")
    .replace(/(?!\n)[\p{Cc}\p{Cf}\p{Co}]/gu, "");
}

/** Plain text on one line for places without markup: footers, labels, thread names, alt texts. */
export function plainLine(text: string, max: number): string {
  const line = clean(text).replace(/\s+/g, " ").trim();
  return truncate(breakMentions(line), max);
}

/** One line in which no character is markup, for embed titles and field names. */
export function escapeInline(text: string): string {
  return escapeMarks(clean(text).replace(/\s+/g, " "));
}

/** Several lines in which nothing is markup, also not at the start of a line. */
export function escapeLines(text: string): string {
  return clean(text)
    .split("\n")
    .map((line) => escapeLineStart(escapeMarks(line)))
    .join("\n");
}

/**
 * A colon is escaped only where it makes a link or an emoji, a dot only where it makes an invite: notifications show
 * the raw text, so fewer backslashes read better.
 */
function escapeMarks(text: string): string {
  return text
    .replace(/[\\*_~`|[\]<]|:(?=\/\/|[\w+-]+:)|\.(?=gg\/|com\/invite\/)/gi, (char) => `\\${char}`)
    .replace(/@|<(?=[#:]|a:|t:|id:|\/\w)/g, (char) => `${char}${gap}`);
}

function escapeLineStart(line: string): string {
  return line.replace(/^(\s*)([#>+-])/, "$1\\$2").replace(/^(\s*\d{1,9})([.)])/, "$1\\$2");
}

/** For places where backslashes would show: code, footers. Breaks only what the server could read as a mention. */
function breakMentions(text: string): string {
  return text.replace(/@(?=everyone|here)/gi, `@${gap}`).replace(/<(?=[@#:/]|a:|t:|id:)/gi, `<${gap}`);
}

/** Spans as one line of Discord markdown. */
export function inlineOf(text: Text): string {
  return flowOf(text).replace(/\s*\n\s*/g, " ");
}

/** Spans as Discord markdown; lines are kept. */
export function flowOf(text: Text): string {
  let out = "";
  let wasMarked = false;
  for (const span of joined(text)) {
    const rendered = spanOf(span);
    if (rendered === "") continue;
    const isMarked = span.style !== undefined;
    if (isMarked && wasMarked) out += gap;
    out += rendered;
    wasMarked = isMarked;
  }
  return out;
}

/** Adjacent spans of one kind become one, so that no markup can hide in the seam between two. */
function joined(text: Text): Span[] {
  const out: Span[] = [];
  for (const span of text) {
    const last = out.at(-1);
    const isJoinable = last !== undefined && !isAtom(last) && !isAtom(span) && last.style === span.style;
    if (isJoinable) out[out.length - 1] = { ...last, text: last.text + span.text };
    else out.push(span);
  }
  return out;
}

function isAtom(span: Span): boolean {
  return span.url !== undefined || span.at !== undefined || span.mention !== undefined;
}

const marks = { bold: "**", italic: "*", strike: "~~" } as const;

/** The account of this platform that a span calls; null for any other span. */
export function calledBy({
  mention,
}: Span): { readonly kind: "person" | "group"; readonly id: string } | null {
  const id = mention?.accounts["discord"] ?? "";
  return mention !== undefined && /^\d{15,21}$/.test(id) ? { kind: mention.kind, id } : null;
}

function spanOf(span: Span): string {
  const called = calledBy(span);
  if (called !== null) return called.kind === "person" ? `<@${called.id}>` : `<@&${called.id}>`;
  if (span.at !== undefined && !Number.isNaN(span.at.getTime())) return timestamp(span.at, span);
  const url = safeUrl(span.url);
  if (url !== null) return linkOf(span, url);
  if (span.style === undefined) return escapeLines(span.text);
  return styled(span.text, span.style);
}

function styled(text: string, style: NonNullable<Span["style"]>): string {
  const line = clean(text).replace(/\s+/g, " ");
  const core = line.trim();
  if (core === "") return line;
  const before = line.startsWith(" ") ? " " : "";
  const after = line.endsWith(" ") ? " " : "";
  if (style === "code") return `${before}\`${breakMentions(core.replace(/`/g, "ˋ"))}\`${after}`;
  return `${before}${marks[style]}${escapeMarks(core)}${marks[style]}${after}`;
}

/** The angle brackets keep Discord from unfurling the page. */
function linkOf(span: Span, url: string): string {
  const text = escapeInline(span.text).trim();
  const target = url.replace(/[()<>\\`\s]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  return `[${text === "" ? "link" : text}](<${target}>)`;
}

/** A moment in the reader's own zone: alone relative, "3 minutes ago"; in a sentence its time, or its day too. */
export function timestamp(at: Date, { inSentence }: Pick<Span, "inSentence"> = {}): string {
  const styles = { time: "t", "day and time": "f" } as const;
  const style = inSentence === undefined ? "R" : styles[inSentence];
  return `<t:${Math.floor(at.getTime() / 1000)}:${style}>`;
}

/** Verbatim text in a code block; the end is kept when it is too long, since a log's end matters. Null without room. */
export function codeBlock(text: string, max: number): string | null {
  const frame = "```\n".length * 2;
  const body = breakMentions(clean(text).replace(/``/g, `\`${gap}\``).replace(/\s+$/, ""));
  const room = max - frame;
  if (room < 20) return null;
  const kept =
    body.length <= room ? body : `…${body.slice(body.length - room + 1).replace(/^[\uDC00-\uDFFF]/, "")}`;
  return `\`\`\`\n${kept === "" ? " " : kept}\n\`\`\``;
}

/**
 * The longest cut of the text whose rendering fits, with an ellipsis where something is missing.
 * The source is cut, never the rendering, so that no escape and no mark is left half.
 */
export function fitText(text: Text, max: number, render: (text: Text) => string): string {
  const bounded = cutText(text, max);
  const whole = render(bounded);
  if (whole.length <= max) return whole;
  let low = 0;
  let high = max;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (render(cutText(bounded, middle)).length <= max) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? "" : render(cutText(bounded, low));
}

/** {@link fitText} for one untrusted string. */
export function fitPlain(text: string, max: number, toMarkdown: (text: string) => string): string {
  return fitText([{ text }], max, (spans) => toMarkdown(spans.map((span) => span.text).join("")));
}

function cutText(text: Text, max: number): Text {
  const out: Span[] = [];
  let room = max;
  for (const span of text) {
    if (room <= 0) return [...out, { text: "…" }];
    out.push(
      span.at === undefined && span.mention === undefined
        ? { ...span, text: truncate(span.text, room) }
        : span,
    );
    room -= span.text.length;
  }
  return out;
}
