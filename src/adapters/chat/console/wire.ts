/**
 * What the page receives of a message: plain JSON, bounded, every address checked again. The page puts it into text
 * nodes only, so nothing here is escaped.
 */
import {
  oneLine,
  type Span,
  safeUrl,
  type Text,
  truncate,
  type View,
  type ViewBlock,
} from "../../../domain/view.ts";
import type { ConsoleMessage } from "../../../ports/console.ts";

/** Beyond these a page would be unusable, not merely long. Characters, or counts where the name says so. */
export const limits = {
  title: 300,
  summary: 2_000,
  text: 4_000,
  cell: 500,
  code: 40_000,
  footer: 300,
  label: 80,
  blockCount: 60,
  itemCount: 200,
  columnCount: 30,
  actionCount: 25,
} as const;

export interface WireSpan {
  readonly text: string;
  readonly style?: string;
  readonly url?: string;
  readonly at?: string;
  /** The moment stands within a sentence. */
  readonly inSentence?: true;
  /** Path of another page of the console. */
  readonly page?: string;
}

export type WireBlock =
  | { readonly kind: "text" | "note"; readonly text: readonly WireSpan[] }
  | { readonly kind: "heading"; readonly text: string }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "divider" }
  | {
      readonly kind: "fields";
      readonly fields: readonly { readonly label: string; readonly value: readonly WireSpan[] }[];
    }
  | { readonly kind: "list"; readonly isOrdered: boolean; readonly items: readonly (readonly WireSpan[])[] }
  | {
      readonly kind: "table";
      readonly columns: readonly string[];
      readonly rows: readonly (readonly string[])[];
      /** Rows that were left out. */
      readonly more: number;
    }
  | {
      readonly kind: "steps";
      readonly steps: readonly { readonly label: string; readonly state: string; readonly detail: string }[];
    }
  | { readonly kind: "image"; readonly url: string; readonly alt: string; readonly filename: string }
  | { readonly kind: "file"; readonly url: string; readonly label: string; readonly filename: string };

export interface WireView {
  readonly kind: string;
  readonly title: string;
  readonly tone: string;
  readonly summary: string;
  readonly blocks: readonly WireBlock[];
  readonly actions: readonly {
    readonly label: string;
    readonly command: string;
    readonly style: string;
    readonly confirm: string | null;
    readonly ask: { readonly label: string; readonly option: string } | null;
    /** Its command's form opens before it is sent. */
    readonly isForm: boolean;
  }[];
  readonly footer: string | null;
}

export interface WireMessage {
  readonly id: number;
  readonly channel: string;
  readonly thread: number | null;
  readonly isPrivate: boolean;
  /** The page's own key of the command that this answers; null for anything else. */
  readonly answers: string | null;
  readonly at: string;
  readonly editedAt: string | null;
  readonly revision: number;
  readonly replies: number;
  readonly view: WireView;
}

const answerPattern = /^answer:.*:([\w-]{8,64})$/;

/**
 * Key under which the answer to a command request is kept: the same for every attempt at it. It ends with the key that
 * the page chose, by which the page knows its question again.
 */
export function answerKey(requestKey: string, pageKey: string): string {
  return `answer:${requestKey}:${pageKey}`;
}

/** A message as the page receives it. Pictures and files stay behind and become addresses. */
export function toWire(message: ConsoleMessage): WireMessage {
  return {
    id: message.id,
    channel: message.channel,
    thread: message.threadOf,
    isPrivate: message.audience !== null,
    answers: answerPattern.exec(message.key)?.[1] ?? null,
    at: message.postedAt.toISOString(),
    editedAt: message.editedAt?.toISOString() ?? null,
    revision: message.revision,
    replies: message.replies,
    view: viewToWire(
      message.view,
      (kind, index) => `/api/${kind}/${message.id}/${index}?r=${message.revision}`,
    ),
  };
}

type UrlOf = (kind: "images" | "files", blockIndex: number) => string;

/** A view as the page receives it; its pictures and files are where `urlOf` says. */
export function viewToWire(view: View, urlOf: UrlOf): WireView {
  return {
    kind: view.kind,
    title: oneLine(view.title, limits.title),
    tone: view.tone,
    summary: oneLine(view.summary, limits.summary),
    blocks: view.blocks
      .slice(0, limits.blockCount)
      .map((block, index) => blockToWire(block, (kind) => urlOf(kind, index))),
    actions: view.actions.slice(0, limits.actionCount).map((action) => ({
      label: oneLine(action.label, limits.label),
      command: action.command,
      style: action.style,
      confirm: action.confirm === undefined ? null : readable(action.confirm, limits.text),
      ask:
        action.ask === undefined
          ? null
          : { label: oneLine(action.ask.label, limits.label), option: action.ask.option },
      isForm: action.isForm === true,
    })),
    footer: view.footer === undefined ? null : oneLine(view.footer, limits.footer),
  };
}

export function blockToWire(block: ViewBlock, urlOf: (kind: "images" | "files") => string): WireBlock {
  switch (block.kind) {
    case "text":
    case "note":
      return { kind: block.kind, text: textToWire(block.text) };
    case "heading":
      return { kind: "heading", text: oneLine(block.text, limits.title) };
    case "code":
      return { kind: "code", text: readable(block.text, limits.code) };
    case "divider":
      return { kind: "divider" };
    case "fields":
      return {
        kind: "fields",
        fields: block.fields
          .slice(0, limits.itemCount)
          .map((field) => ({ label: oneLine(field.label, limits.label), value: textToWire(field.value) })),
      };
    case "list":
      return {
        kind: "list",
        isOrdered: block.ordered === "numbered",
        items: block.items.slice(0, limits.itemCount).map(textToWire),
      };
    case "table":
      return tableToWire(block);
    case "steps":
      return {
        kind: "steps",
        steps: block.steps.slice(0, limits.itemCount).map((step) => ({
          label: oneLine(step.label, limits.cell),
          state: step.state,
          detail: oneLine(step.detail ?? "", limits.cell),
        })),
      };
    case "image":
      return {
        kind: "image",
        url: urlOf("images"),
        alt: oneLine(block.alt, limits.text),
        filename: oneLine(block.filename, limits.label),
      };
    case "file":
      return {
        kind: "file",
        url: urlOf("files"),
        label: oneLine(block.label, limits.label),
        filename: oneLine(block.filename, limits.label),
      };
  }
}

function tableToWire(table: Extract<ViewBlock, { kind: "table" }>): WireBlock {
  const cells = (row: readonly string[]) =>
    row.slice(0, limits.columnCount).map((cell) => readable(cell, limits.cell));
  return {
    kind: "table",
    columns: cells(table.columns),
    rows: table.rows.slice(0, limits.itemCount).map(cells),
    more: Math.max(0, table.rows.length - limits.itemCount),
  };
}

export function textToWire(text: Text): readonly WireSpan[] {
  return text.slice(0, limits.itemCount).map(spanToWire);
}

function spanToWire(span: Span): WireSpan {
  const url = safeUrl(span.url);
  const isMoment = span.at !== undefined && !Number.isNaN(span.at.getTime());
  return {
    text: readable(span.text, limits.text),
    ...(span.style === undefined ? {} : { style: span.style }),
    ...(url === null ? {} : { url }),
    ...(isMoment ? { at: span.at.toISOString() } : {}),
    ...(isMoment && span.inSentence !== undefined ? { inSentence: true } : {}),
    ...(span.page !== undefined && isPath(span.page) ? { page: span.page } : {}),
  };
}

/** A path of this very site: "//elsewhere" is none. */
export function isPath(text: string): boolean {
  return text.length <= 1_000 && /^\/(?![/\\])[!-~]*$/.test(text);
}

/**
 * The text without what could make it read as something else: control characters other than line ends and tabs, and
 * the marks that turn the direction of writing. Joiners stay, for scripts and emoji need them.
 * @see https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
 */
export function readable(text: string, max: number): string {
  return truncate(
    text.replace(/\r\n?/g, "\n").replace(/(?![\n\t\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ""),
    max,
  );
}
