/**
 * A page of the console, before any HTML: what a browser shows at one address. As in a {@link View}, text is spans and
 * never markup.
 */
import type { Drawing } from "../topology/drawing.ts";
import {
  moment,
  oneLine,
  plain,
  type Span,
  type Text,
  type Tone,
  type View,
  type ViewBlock,
} from "../view.ts";

/** One cell of a table; with a tone it is also marked by that tone's sign. */
export interface Cell {
  readonly text: Text;
  readonly tone?: Tone;
  /** From 0 to 1; drawn as a bar beside the text. */
  readonly share?: number;
}

export type PageBlock =
  | ViewBlock
  /** Rows that are more than strings: they link, and say how bad something is. */
  | {
      readonly kind: "records";
      /** What the table is, for whoever cannot see where it stands. */
      readonly label: string;
      readonly columns: readonly string[];
      readonly rows: readonly (readonly Cell[])[];
      /** Columns whose values say themselves what they are: a phone shows them without a label. */
      readonly bare?: readonly string[];
      /** Shown in place of the table when there are no rows. */
      readonly empty: string;
    }
  /** What happened, in the order in which it is to be read. */
  | {
      readonly kind: "events";
      readonly label: string;
      readonly events: readonly {
        readonly at: Date;
        readonly what: string;
        readonly by: string;
        readonly text: Text;
      }[];
      readonly empty: string;
    }
  | { readonly kind: "drawing"; readonly drawing: Drawing }
  /** A card or an answer, with its buttons. `subject` names the card in whose thread they are answered. */
  | { readonly kind: "view"; readonly view: View; readonly subject: CardSubject | null };

/** What has a card in a channel. */
export interface CardSubject {
  readonly kind: "incident" | "rollout";
  readonly id: number;
}

/** One thing by which a page can be narrowed; its name is the word in the address. */
export interface Filter {
  readonly name: string;
  readonly label: string;
  /** A day is written 2026-11-29 and is the reader's own; it reaches the bot as the moment at which it begins. */
  readonly kind: "search" | "text" | "choice" | "day";
  /** Empty when it narrows nothing. */
  readonly value: string;
  /** All there are for a choice; for a text some that are known. */
  readonly options: readonly { readonly value: string; readonly label: string }[];
}

export interface Page {
  /** Also the title of the browser's tab. Untrusted text is allowed. */
  readonly title: string;
  /** One plain sentence: what this page says. Empty when the title says it all. */
  readonly lead: string;
  readonly filters: readonly Filter[];
  readonly blocks: readonly PageBlock[];
  /** Address of what comes after, older; null when this is all. */
  readonly next: string | null;
}

/** A span that leads to a page of the console; elsewhere it is plain text. */
export function toPage(text: string, page: string, style?: Span["style"]): Span {
  return style === undefined ? { text, page } : { text, page, style };
}

/** "#12", leading to the incident's page. */
export function toIncident(id: number): Span {
  return toPage(`#${id}`, `/incidents/${id}`);
}

/** The number of a rollout, leading to its page. */
export function toRollout(id: number, text = String(id)): Span {
  return toPage(text, `/rollouts/${id}`);
}

export function toModel(name: string): Span {
  return toPage(oneLine(name, 80), `/models/${encodeURIComponent(name)}`);
}

export function cell(text: string | Span, tone?: Tone): Cell {
  const spans = [typeof text === "string" ? plain(text) : text];
  return tone === undefined ? { text: spans } : { text: spans, tone };
}

/** Columns of views whose cells name something that has a page. */
const pagesByColumn: Readonly<Record<string, (value: string) => string | null>> = {
  incident: (value) => numbered(value, "/incidents/"),
  rollout: (value) => numbered(value, "/rollouts/"),
  model: (value) => `/models/${encodeURIComponent(value)}`,
};

function numbered(value: string, before: string): string | null {
  const id = /^#?(\d{1,9})$/.exec(value)?.[1];
  return id === undefined ? null : `${before}${id}`;
}

/** The blocks of a view for a page: what its tables name leads to the page about it, and its moments are the reader's. */
export function onPage(blocks: readonly ViewBlock[], label: string): readonly PageBlock[] {
  return blocks.map((block): PageBlock => {
    if (block.kind !== "table") return block;
    const rows = block.rows.map((row) =>
      row.map((value, index) => cellOf(block.columns[index] ?? "", value)),
    );
    return { kind: "records", label, columns: block.columns, rows, empty: "Nothing." };
  });
}

function cellOf(column: string, value: string): Cell {
  const percent = column === "share" ? /^(\d{1,3}(?:\.\d+)?) %$/.exec(value)?.[1] : undefined;
  const shown = cell(spanOf(column, value));
  return percent === undefined ? shown : { ...shown, share: Math.min(1, Number(percent) / 100) };
}

function spanOf(column: string, value: string): Span {
  const page = Object.hasOwn(pagesByColumn, column) ? (pagesByColumn[column]?.(value) ?? null) : null;
  if (page !== null) return toPage(value, page);
  const rollout = /^rollout (\d{1,9})$/.exec(value)?.[1];
  if (rollout !== undefined) return toRollout(Number(rollout), value);
  const [, day, minute] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d)(?: UTC)?$/.exec(value) ?? [];
  return day === undefined ? plain(value) : moment(new Date(`${day}T${minute}Z`));
}
