/** A view as a Discord message: one line of content for notifications, one embed for eyes, buttons. */
import type { Span, View, ViewAction, ViewBlock } from "../../../domain/view.ts";
import { type Embed, embedsOf } from "./embed.ts";
import { filesOf, type Upload } from "./files.ts";
import { calledBy, clean, escapeLines, fitPlain, flowOf, plainLine } from "./markdown.ts";
import { assemble, type Piece, pieceOf } from "./pieces.ts";
import { icons } from "./tone.ts";

export interface Button {
  readonly type: 2;
  readonly style: 1 | 2 | 4;
  readonly label: string;
  readonly custom_id: string;
}
export interface Row {
  readonly type: 1;
  readonly components: readonly Button[];
}
/** Body of a message, and its files. `attachments` names every file, so that an edit replaces the old ones. */
export interface Payload {
  readonly body: {
    readonly content: string;
    readonly embeds: readonly Embed[];
    readonly components: readonly Row[];
    readonly attachments: readonly {
      readonly id: number;
      readonly filename: string;
      readonly description: string;
    }[];
    /** Nobody but those whom a view calls: no text can. */
    readonly allowed_mentions: Mentions;
    readonly flags?: number;
  };
  readonly files: readonly Upload[];
}

export const maxContent = 2000;
/** Characters of a card's line above its embed, past its first sentence. */
const maxLead = 200;
const maxButtons = 25;
const maxLabel = 80;
const maxCustomId = 100;
/** @see https://discord.com/developers/docs/resources/message#allowed-mentions-object */
export interface Mentions {
  readonly parse: readonly never[];
  readonly users?: readonly string[];
  readonly roles?: readonly string[];
}
export const noMentions: Mentions = { parse: [] };

/** In front of a button's command: sent at once, or asked first. */
export const sendPrefix = "!";
export const askPrefix = "?";
export const cancelId = "x";
/** In front of a command that needs something typed; then the option and a colon. */
export const formPrefix = "=";
/** In front of a command whose form opens. */
export const fillPrefix = "~";

/**
 * @param mark - small print by which the message is found again; null for answers, which are never looked for.
 */
export function renderView(view: View, mark: string | null): Payload {
  const { rows, leftOver } = rowsOf(view.actions);
  const { files, attachments } = filesOf(view.blocks);
  const typed = leftOver.map((action): Piece => typedCommand(action));
  const isLine = view.kind === "entry" && files.length === 0 && view.blocks.every(isFlat);
  const text = isLine
    ? { content: lineOf(view, typed, mark), embeds: [] }
    : isSentence(view, typed)
      ? { content: sentenceOf(view, mark), embeds: [] }
      : {
          content: contentOf(view),
          embeds: embedsOf(view, { typed, mark, images: files.filter(({ isImage }) => isImage) }),
        };
  return {
    body: {
      ...text,
      components: rows,
      attachments,
      allowed_mentions: mentionsOf(view.blocks),
    },
    files,
  };
}

/** Who is called in the text of a view: in paragraphs and small print, where alone calls are made. */
function mentionsOf(blocks: readonly ViewBlock[]): Mentions {
  const called = blocks.flatMap((block) =>
    block.kind === "text" || block.kind === "note" ? block.text.flatMap((span) => calledBy(span) ?? []) : [],
  );
  const ids = (kind: "person" | "group") => [
    ...new Set(called.filter((one) => one.kind === kind).map(({ id }) => id)),
  ];
  const [users, roles] = [ids("person"), ids("group")];
  return {
    ...noMentions,
    ...(users.length === 0 ? {} : { users }),
    ...(roles.length === 0 ? {} : { roles }),
  };
}

/** Answers are read where they appear, so they need no line for notifications. */
function contentOf(view: View): string {
  if (view.kind === "answer" || view.kind === "help" || view.kind === "error") return "";
  const icon = view.tone === "neutral" ? "" : `${icons[view.tone]} `;
  return `${icon}${fitPlain(leadOf(view), maxContent - icon.length, escapeLines)}`;
}

/** A digest may be one sentence, which the line for notifications says: an embed would only repeat it. */
function isSentence({ kind, blocks, title, summary }: View, typed: readonly Piece[]): boolean {
  return kind === "digest" && blocks.length === 0 && typed.length === 0 && title === summary;
}

function sentenceOf(view: View, mark: string | null): string {
  const small = smallPrint(view, mark);
  return small === "" ? contentOf(view) : `${contentOf(view)}\n${small}`;
}

/** The line above the embed of a card says what a phone shows of it: as many sentences as fit; the embed says the rest. */
function leadOf({ kind, summary }: View): string {
  if (kind !== "incident" && kind !== "rollout") return summary;
  const sentences = summary.split(/(?<=[.!?]) (?=\S)/);
  let lead = sentences[0] ?? "";
  for (const next of sentences.slice(1)) {
    if (lead.length + 1 + next.length > maxLead) break;
    lead = `${lead} ${next}`;
  }
  return lead;
}

function isFlat(block: ViewBlock): boolean {
  return block.kind === "text" || block.kind === "note" || block.kind === "list" || block.kind === "steps";
}

/** A thread entry: lines of chat rather than a box. The title is left out when the first line says it already. */
function lineOf(view: View, typed: readonly Piece[], mark: string | null): string {
  const small = smallPrint(view, mark);
  const first = view.blocks[0];
  const isTold = first?.kind === "text" && startOf(first.text).startsWith(clean(view.title).trim());
  const title: Piece[] = isTold
    ? []
    : [pieceOf({ kind: "text", text: [{ text: view.title, style: "bold" }] })];
  const icon = `${icons[view.tone]} `;
  const body = assemble(
    [...title, ...view.blocks.filter((block) => block.kind !== "note").map(pieceOf), ...typed],
    maxContent - icon.length - small.length - 1,
  );
  return `${icon}${body}${small === "" ? "" : `\n${small}`}`;
}

function startOf(text: readonly Span[]): string {
  return clean(text.map((span) => span.text).join("")).trim();
}

/** Notes, footer and mark on one line in Discord's small type. */
function smallPrint(view: View, mark: string | null): string {
  const notes = view.blocks.flatMap((block) =>
    block.kind === "note" ? [flowOf(block.text).replace(/\s*\n\s*/g, " ")] : [],
  );
  const footer = view.footer === undefined ? [] : [escapeLines(plainLine(view.footer, 200))];
  const parts = [...notes.filter((note) => note !== "" && note.length <= 500).slice(0, 2), ...footer];
  const all = mark === null ? parts : [...parts, mark];
  return all.length === 0 ? "" : `-# ${all.join(" · ")}`;
}

function rowsOf(actions: readonly ViewAction[]): {
  readonly rows: readonly Row[];
  readonly leftOver: readonly ViewAction[];
} {
  const buttons: Button[] = [];
  const leftOver: ViewAction[] = [];
  const seen = new Set<string>();
  for (const action of actions) {
    if (seen.has(action.command)) continue;
    seen.add(action.command);
    const button = buttonOf(action);
    if (button === null || buttons.length === maxButtons) leftOver.push(action);
    else buttons.push(button);
  }
  const rows: Row[] = [];
  for (let start = 0; start < buttons.length; start += 5)
    rows.push({ type: 1, components: buttons.slice(start, start + 5) });
  return { rows, leftOver };
}

/** Null when the command does not fit whole: half a command must never run. */
function buttonOf(action: ViewAction): Button | null {
  const id = `${prefixOf(action)}${action.command}`;
  if (id.length > maxCustomId || action.command === "") return null;
  const label = plainLine(action.label, maxLabel);
  const styles = { primary: 1, plain: 2, danger: 4 } as const;
  return { type: 2, style: styles[action.style], label: label === "" ? "…" : label, custom_id: id };
}

function prefixOf({ ask, confirm, isForm }: ViewAction): string {
  if (isForm === true) return fillPrefix;
  if (ask !== undefined) return `${formPrefix}${ask.option}:`;
  return confirm === undefined ? sendPrefix : askPrefix;
}

/** What to type where there is no button. */
function typedCommand(action: ViewAction): Piece {
  return pieceOf({
    kind: "text",
    text: [{ text: `${action.label}: ` }, { text: `/${action.command}`, style: "code" }],
  });
}
