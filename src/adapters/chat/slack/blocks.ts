/**
 * The parts of Block Kit that we send, as plain objects, with the limits that Slack enforces.
 * @see https://docs.slack.dev/reference/block-kit/blocks
 */

/** Characters unless a name says otherwise. */
export const limits = {
  blocksPerMessage: 50,
  /**
   * Slack refuses a message whose blocks are "too long" together (`msg_blocks_too_long`) without saying how it counts;
   * people measured 11,341 characters of rich text refused and 13,172 of Markdown accepted. Bytes of JSON are an upper
   * bound of every way to count.
   * @see https://github.com/slackapi/bolt-js/issues/2867
   */
  blocksJsonBytes: 11_000,
  header: 150,
  section: 3000,
  richText: 3000,
  contextText: 2000,
  messageText: 4000,
  buttonLabel: 75,
  buttonValue: 2000,
  actionId: 255,
  buttonsPerBlock: 25,
  confirmTitle: 100,
  confirmText: 300,
  confirmButton: 30,
  tableRows: 100,
  tableColumns: 20,
  altText: 1000,
} as const;

export interface InlineStyle {
  readonly bold?: boolean;
  readonly italic?: boolean;
  readonly code?: boolean;
  readonly strike?: boolean;
}
interface Styled {
  readonly style?: InlineStyle;
}
export interface TextElement extends Styled {
  readonly type: "text";
  readonly text: string;
}
export interface LinkElement extends Styled {
  readonly type: "link";
  readonly url: string;
  readonly text: string;
}
export interface DateElement extends Styled {
  readonly type: "date";
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly format: string;
  readonly fallback: string;
}
export interface UserElement {
  readonly type: "user";
  readonly user_id: string;
}
export interface UserGroupElement {
  readonly type: "usergroup";
  readonly usergroup_id: string;
}
export type InlineElement = TextElement | LinkElement | DateElement | UserElement | UserGroupElement;

export interface RichSection {
  readonly type: "rich_text_section";
  readonly elements: readonly InlineElement[];
}
export interface RichList {
  readonly type: "rich_text_list";
  readonly style: "bullet" | "ordered";
  readonly elements: readonly RichSection[];
}
export interface RichPreformatted {
  readonly type: "rich_text_preformatted";
  readonly elements: readonly TextElement[];
}
export interface RichTextBlock {
  readonly type: "rich_text";
  readonly elements: readonly (RichSection | RichList | RichPreformatted)[];
}

/** Shown literally; `emoji` is off so that ":boom:" stays what it was. */
export interface PlainText {
  readonly type: "plain_text";
  readonly text: string;
  readonly emoji: false;
}
/** Only ever made of what we wrote or escaped ourselves; `verbatim` keeps Slack from linking names by itself. */
export interface Markup {
  readonly type: "mrkdwn";
  readonly text: string;
  readonly verbatim: true;
}
export interface HeaderBlock {
  readonly type: "header";
  readonly text: PlainText;
}
export interface SectionBlock {
  readonly type: "section";
  readonly text: PlainText;
}
export interface ContextBlock {
  readonly type: "context";
  readonly elements: readonly (PlainText | Markup)[];
}
export interface DividerBlock {
  readonly type: "divider";
}
export interface TableBlock {
  readonly type: "table";
  readonly rows: readonly (readonly RichTextBlock[])[];
  readonly column_settings: readonly { readonly is_wrapped: boolean }[];
}
export interface Button {
  readonly type: "button";
  /** Unique within its block. */
  readonly action_id: string;
  readonly text: PlainText;
  readonly value: string;
  readonly style?: "primary" | "danger";
  readonly confirm?: {
    readonly title: PlainText;
    readonly text: PlainText;
    readonly confirm: PlainText;
    readonly deny: PlainText;
    readonly style: "primary" | "danger";
  };
}
export interface ActionsBlock {
  readonly type: "actions";
  readonly elements: readonly Button[];
}
export type Block =
  | HeaderBlock
  | SectionBlock
  | ContextBlock
  | DividerBlock
  | RichTextBlock
  | TableBlock
  | ActionsBlock;

/** What a message shows. `text` is for notifications and screen readers, escaped. */
export interface SlackMessage {
  readonly text: string;
  readonly blocks: readonly Block[];
}

export function plainText(text: string): PlainText {
  return { type: "plain_text", text, emoji: false };
}
export function richText(...elements: RichTextBlock["elements"]): RichTextBlock {
  return { type: "rich_text", elements };
}
export function section(elements: readonly InlineElement[]): RichSection {
  return { type: "rich_text_section", elements };
}
/** Bytes of JSON, our upper bound of what Slack counts. */
export function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
