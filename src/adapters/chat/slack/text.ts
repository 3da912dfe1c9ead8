/**
 * Text for Slack. Untrusted text reaches a channel in three ways only: as a `text` element of rich text and as
 * plain_text (both are shown literally), and escaped in the top-level `text` of a message.
 */
import { type Span, safeUrl, type Text, truncate } from "../../../domain/view.ts";
import type { DateElement, InlineElement, InlineStyle, LinkElement, TextElement } from "./blocks.ts";

/**
 * The text without what could reorder, hide or break it: control characters but line breaks and tabs, bidirectional
 * and zero-width marks, halves of surrogate pairs. Joiners within emoji stay.
 */
export function cleanText(text: string): string {
  return text
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, "\n")
    .replace(/(?![\n\t])\p{Cc}|[\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/gu, "")
    .replace(/[\u{E0000}-\u{E007F}]/gu, "")
    .replace(/\p{Surrogate}/gu, "\uFFFD");
}

/**
 * Escapes the three characters with which Slack's markup begins, and cuts so that the escaped text has at most `max`
 * characters, never within an entity.
 * @see https://docs.slack.dev/messaging/formatting-message-text/#escaping
 */
export function escapeMarkup(text: string, max: number): string {
  const whole = escapeAll(text);
  if (whole.length <= max) return whole;
  let escaped = "";
  for (const character of text) {
    const next = escapeAll(character);
    if (escaped.length + next.length > max - 1) break;
    escaped += next;
  }
  return `${escaped}…`;
}

function escapeAll(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/**
 * Undoes Slack's escaping of what a person typed: `<https://x|x>` becomes the address, `<@U1|name>` "@U1",
 * `<#C1|name>` "#name", `<!here>` "here", and `&lt;`, `&gt;`, `&amp;` the characters they stand for.
 * @see https://docs.slack.dev/messaging/formatting-message-text#escaping
 */
export function unescapeMarkup(text: string): string {
  return text
    .replace(
      /<([@#!][^<>|\s]{1,200}|[a-z][a-z0-9+.-]{1,20}:[^<>|\s]{1,2000})(?:\|([^<>]{0,2000}))?>/gi,
      (_whole, target: string, label: string | undefined) => unwrap(target, label ?? ""),
    )
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&amp;/g, "&");
}

function unwrap(target: string, label: string): string {
  if (target.startsWith("@")) return target;
  if (target.startsWith("#")) return label === "" ? target : `#${label}`;
  if (target.startsWith("!")) return target.slice(1);
  const bare = target.replace(/^(?:https?:\/\/|mailto:)/, "");
  // Slack makes links of bare hosts and addresses; what the person typed is the label then.
  return label === bare || label === bare.replace(/\/$/, "") ? label : target;
}

/** One literal run; Slack refuses empty ones, so nothing for an empty text. */
export function literal(text: string, style?: InlineStyle): readonly TextElement[] {
  const clean = cleanText(text);
  if (clean === "") return [];
  return [style === undefined ? { type: "text", text: clean } : { type: "text", text: clean, style }];
}

/** Spans as rich-text elements, cut with an ellipsis at `max` characters of text in all. */
export function inline(text: Text, max: number): readonly InlineElement[] {
  const elements: InlineElement[] = [];
  let left = max;
  for (const span of text) {
    if (left <= 0) break;
    const shown = truncate(cleanText(span.text), left);
    left -= shown.length;
    elements.push(...inlineSpan({ ...span, text: shown }));
  }
  return elements;
}

function inlineSpan(span: Span): readonly InlineElement[] {
  const called = mentionElement(span);
  if (called !== null) return [called];
  const style = styleOf(span);
  if (span.at !== undefined) return [withStyle(dateElement(span.at, span), style)];
  const url = safeUrl(span.url);
  if (url !== null)
    return [withStyle({ type: "link", url, text: span.text === "" ? url : span.text }, style)];
  return literal(span.text, style);
}

/** A call to an account of this workspace; null for any other span. */
function mentionElement({ mention }: Span): InlineElement | null {
  const id = mention?.accounts["slack"] ?? "";
  if (mention?.kind === "person" && /^[UW][A-Z0-9]+$/.test(id)) return { type: "user", user_id: id };
  if (mention?.kind === "group" && /^S[A-Z0-9]+$/.test(id)) return { type: "usergroup", usergroup_id: id };
  return null;
}

/** @see https://docs.slack.dev/messaging/formatting-message-text#date-formatting */
export function dateFormat({ inSentence }: Span): string {
  if (inSentence === "time") return "{time}";
  return inSentence === undefined ? "{date_short_pretty} at {time}" : "{date_short} {time}";
}

function dateElement(at: Date, span: Span): DateElement {
  const fallback = span.text;
  return {
    type: "date",
    timestamp: Math.floor(at.getTime() / 1000),
    format: dateFormat(span),
    fallback: fallback === "" ? `${at.toISOString().slice(0, 16).replace("T", " ")} UTC` : fallback,
  };
}

function styleOf(span: Span): InlineStyle | undefined {
  return span.style === undefined ? undefined : { [span.style]: true };
}

function withStyle(element: DateElement | LinkElement, style: InlineStyle | undefined): InlineElement {
  return style === undefined ? element : { ...element, style };
}
