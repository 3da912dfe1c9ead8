/** What the browser receives of a page: plain JSON, bounded and cleaned like everything that it puts into text nodes. */

import type { Drawing } from "../../../domain/topology/drawing.ts";
import type { Cell, Filter, Page, PageBlock } from "../../../domain/view/page.ts";
import { oneLine, type ViewBlock } from "../../../domain/view.ts";
import {
  blockToWire,
  isPath,
  limits as shared,
  textToWire,
  viewToWire,
  type WireBlock,
  type WireSpan,
  type WireView,
} from "./wire.ts";

/** Counts; characters where a name says so. */
const limits = { blocks: 60, rows: 600, events: 1_200, services: 60, options: 200, value: 300 } as const;

export interface WireCell {
  readonly text: readonly WireSpan[];
  readonly tone?: string;
  readonly share?: number;
}

export type WirePageBlock =
  | WireBlock
  | {
      readonly kind: "records";
      readonly label: string;
      readonly columns: readonly string[];
      readonly rows: readonly (readonly WireCell[])[];
      readonly bare: readonly string[];
      readonly empty: string;
    }
  | {
      readonly kind: "events";
      readonly label: string;
      readonly events: readonly {
        readonly at: string;
        readonly what: string;
        readonly by: string;
        readonly text: readonly WireSpan[];
      }[];
      readonly empty: string;
    }
  | { readonly kind: "drawing"; readonly drawing: Drawing }
  | {
      readonly kind: "view";
      readonly view: WireView;
      readonly subject: { readonly kind: "incident" | "rollout"; readonly id: number } | null;
    };

export interface WirePage {
  readonly title: string;
  readonly lead: string;
  readonly filters: readonly Filter[];
  readonly blocks: readonly WirePageBlock[];
  readonly next: string | null;
}

/** @param fileUrl - where the file of the block at that index is. */
export function pageToWire(page: Page, fileUrl: (blockIndex: number) => string): WirePage {
  return {
    title: oneLine(page.title, shared.title),
    lead: oneLine(page.lead, shared.summary),
    filters: page.filters.map(filterToWire),
    blocks: page.blocks
      .slice(0, limits.blocks)
      .flatMap((block, index) =>
        block.kind === "file" ? fileToWire(block, fileUrl(index)) : [pageBlockToWire(block)],
      ),
    next: page.next !== null && isPath(page.next) ? page.next : null,
  };
}

function filterToWire(filter: Filter): Filter {
  return {
    ...filter,
    label: oneLine(filter.label, shared.label),
    value: oneLine(filter.value, limits.value),
    options: filter.options.slice(0, limits.options).map(({ value, label }) => ({
      value: oneLine(value, limits.value),
      label: oneLine(label, limits.value),
    })),
  };
}

function pageBlockToWire(block: PageBlock): WirePageBlock {
  switch (block.kind) {
    case "records":
      return {
        kind: "records",
        label: oneLine(block.label, shared.title),
        columns: block.columns.slice(0, shared.columnCount).map((column) => oneLine(column, shared.label)),
        rows: block.rows.slice(0, limits.rows).map((row) => row.slice(0, shared.columnCount).map(cellToWire)),
        bare: (block.bare ?? []).slice(0, shared.columnCount).map((column) => oneLine(column, shared.label)),
        empty: oneLine(block.empty, shared.title),
      };
    case "events":
      return {
        kind: "events",
        label: oneLine(block.label, shared.title),
        events: block.events.slice(0, limits.events).map((event) => ({
          at: event.at.toISOString(),
          what: oneLine(event.what, shared.label),
          by: oneLine(event.by, shared.label),
          text: textToWire(event.text),
        })),
        empty: oneLine(block.empty, shared.title),
      };
    case "drawing":
      return { kind: "drawing", drawing: drawingToWire(block.drawing) };
    case "view": {
      const { view, subject } = block;
      const blocks = view.blocks.map(withoutAttachment);
      return { kind: "view", view: viewToWire({ ...view, blocks }, () => ""), subject };
    }
    default:
      return blockToWire(withoutAttachment(block), () => "");
  }
}

/** The file itself, its text to read at once, and how much of that there is no room for. */
function fileToWire(file: Extract<ViewBlock, { kind: "file" }>, url: string): readonly WirePageBlock[] {
  const link = blockToWire(file, () => url);
  const text = blockToWire(withoutAttachment(file), () => url);
  const { length } = file.text;
  if (length <= shared.code) return [link, text];
  const count = (characters: number) => characters.toLocaleString("en-US");
  const said = `Shown are the first ${count(shared.code)} of ${count(length)} characters; the file above has all of them.`;
  return [link, text, { kind: "note", text: [{ text: said }] }];
}

/** Pictures belong to messages, and so do files within cards; a page says in words what they hold. */
function withoutAttachment(block: ViewBlock): ViewBlock {
  if (block.kind === "image") return { kind: "note", text: [{ text: block.alt }] };
  return block.kind === "file" ? { kind: "code", text: block.text } : block;
}

function cellToWire({ text, tone, share }: Cell): WireCell {
  return {
    text: textToWire(text),
    ...(tone === undefined ? {} : { tone }),
    ...(share === undefined ? {} : { share }),
  };
}

function drawingToWire(drawing: Drawing): Drawing {
  return {
    ...drawing,
    services: drawing.services
      .slice(0, limits.services)
      .map((service) => ({ ...service, name: oneLine(service.name, shared.label) })),
    words: drawing.words.map((line) => oneLine(line, shared.cell)),
  };
}
