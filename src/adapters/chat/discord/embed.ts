/**
 * The embed of a view. Discord shows the description above the fields, so what comes before them and what has no
 * heading of its own is the description; a heading after fields opens a section, which is a field of its own.
 */
import type { Text, View, ViewBlock } from "../../../domain/view.ts";
import { sendable, type Upload } from "./files.ts";
import { escapeInline, fitPlain, fitText, flowOf, plainLine } from "./markdown.ts";
import { assemble, type Piece, pieceOf } from "./pieces.ts";
import { withoutMark } from "./reference.ts";
import { colours, toneMark } from "./tone.ts";

export interface EmbedField {
  readonly name: string;
  readonly value: string;
  readonly inline: boolean;
}
/** @see https://discord.com/developers/docs/resources/message#embed-object */
export interface Embed {
  readonly title?: string;
  readonly description?: string;
  readonly color: number;
  readonly fields?: readonly EmbedField[];
  readonly footer?: { readonly text: string };
  readonly image?: { readonly url: string };
}

const maxTitle = 256;
const maxDescription = 4096;
const maxFieldName = 256;
const maxFieldValue = 1024;
const maxFields = 25;
const maxFooter = 300;
/** Of all embeds of a message together. */
const maxTotal = 6000;
/** A value up to this long shares its row with others. */
const maxInlineText = 60;
/** Discord refuses an empty name. */
const noName = "\u200b";

interface Extras {
  /** Commands that got no button. */
  readonly typed: readonly Piece[];
  readonly mark: string | null;
  readonly images: readonly Upload[];
}

/** One embed, and one more for every image after the first, since an embed shows one. */
export function embedsOf(view: View, extras: Extras): readonly Embed[] {
  const color = colours[view.tone];
  const prefix = toneMark(view);
  const title = `${prefix}${fitPlain(view.title, maxTitle - prefix.length, escapeInline)}`.trim();
  const footer = footerOf(view, extras.mark);
  const layout = layOut(view.blocks, extras.typed);
  const room = maxTotal - title.length - footer.length;
  const description = assemble(
    layout.description,
    Math.min(maxDescription, descriptionRoom(layout, room)),
  ).trim();
  const fields = fieldsOf(layout, room - description.length);
  const images = extras.images.map((file) => ({ url: `attachment://${file.name}` }));
  const first: Embed = {
    ...(title === "" ? {} : { title }),
    ...(description === "" ? {} : { description }),
    color,
    ...(fields.length === 0 ? {} : { fields }),
    ...(images[0] === undefined ? {} : { image: images[0] }),
  };
  const all = [first, ...images.slice(1).map((image): Embed => ({ color, image }))];
  const last = all.length - 1;
  return all.map((embed, at) =>
    at === last && footer !== "" ? { ...embed, footer: { text: footer } } : embed,
  );
}

/** Footers are no markdown. */
function footerOf(view: View, mark: string | null): string {
  const own = withoutMark(plainLine(view.footer ?? "", maxFooter));
  if (mark === null) return own;
  return own === "" ? mark : `${own} · ${mark}`;
}

interface Section {
  readonly name: string;
  readonly pieces: Piece[];
}
interface Layout {
  readonly description: Piece[];
  readonly grid: { readonly label: string; readonly value: Text }[];
  readonly sections: Section[];
}

function layOut(blocks: readonly ViewBlock[], typed: readonly Piece[]): Layout {
  const layout: Layout = { description: [], grid: [], sections: [] };
  const sent = new Set<ViewBlock>(sendable(blocks).map(({ block }) => block));
  for (const block of blocks) {
    if (sent.has(block)) continue;
    if (block.kind === "fields") layout.grid.push(...block.fields);
    else if (block.kind === "heading" && layout.grid.length > 0)
      layout.sections.push({ name: block.text, pieces: [] });
    else add(layout.sections.at(-1)?.pieces ?? layout.description, block);
  }
  (layout.sections.at(-1)?.pieces ?? layout.description).push(...typed);
  return layout;
}

/** A heading stands apart from what is above it. */
function add(pieces: Piece[], block: ViewBlock): void {
  const isApart = block.kind === "heading" && pieces.length > 0;
  if (isApart) pieces.push(() => "");
  pieces.push(pieceOf(block));
}

/** A long description must not push the facts out: they keep a third of the room. */
function descriptionRoom(layout: Layout, room: number): number {
  return layout.grid.length + layout.sections.length === 0 ? room : Math.floor((room * 2) / 3);
}

function fieldsOf(layout: Layout, room: number): EmbedField[] {
  const fields: EmbedField[] = [];
  let left = room;
  const add = (field: EmbedField) => {
    const size = field.name.length + field.value.length;
    if (fields.length === maxFields || size > left) return false;
    fields.push(field);
    left -= size;
    return true;
  };
  for (const { label, value } of layout.grid) if (!add(gridField(label, value, left))) break;
  for (const section of layout.sections) if (!addSection(section, add, () => left)) break;
  return fields;
}

function gridField(label: string, value: Text, left: number): EmbedField {
  const name = named(fitPlain(label, Math.min(maxFieldName, 200), escapeInline));
  const text = fitText(value, Math.min(maxFieldValue, Math.max(20, left - name.length)), flowOf).trim();
  const length = value.reduce((sum, span) => sum + (span.at === undefined ? span.text.length : 12), 0);
  return { name, value: text === "" ? "—" : text, inline: length <= maxInlineText };
}

/** A section that is longer than a field goes on in the next ones. */
function addSection(section: Section, add: (field: EmbedField) => boolean, left: () => number): boolean {
  let name = named(fitPlain(section.name, maxFieldName, escapeInline));
  let rest: readonly Piece[] = section.pieces.length === 0 ? [() => "—"] : section.pieces;
  while (rest.length > 0) {
    const max = Math.min(maxFieldValue, left() - name.length);
    const taken = whatFits(rest, max);
    const value = taken === 0 ? assemble(rest, max) : assemble(rest.slice(0, taken), max);
    if (!add({ name, value: value.trim() === "" ? "—" : value, inline: false })) return false;
    rest = taken === 0 ? [] : rest.slice(taken);
    name = noName;
  }
  return true;
}

/** How many pieces fit whole; 0 when not even the first does. */
function whatFits(pieces: readonly Piece[], max: number): number {
  let used = 0;
  for (const [index, piece] of pieces.entries()) {
    used += (piece(Number.MAX_SAFE_INTEGER) ?? "").length + 1;
    if (used > max) return index;
  }
  return pieces.length;
}

function named(name: string): string {
  return name.trim() === "" ? noName : name;
}
