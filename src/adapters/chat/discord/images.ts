/** Images of a view as files of a message. */
import type { ViewBlock } from "../../../domain/view.ts";
import { plainLine } from "./markdown.ts";

/** Discord's own limit without boosts; larger images are named instead. */
const maxFileBytes = 10 * 1024 * 1024;
/** Limit of the whole request, with room for the rest of it. */
const maxTotalBytes = 24 * 1024 * 1024;
const maxImages = 4;
const maxAlt = 1024;

export interface Upload {
  readonly name: string;
  readonly data: Uint8Array;
  readonly contentType: string;
}
type Image = Extract<ViewBlock, { kind: "image" }>;

/** The images that Discord would take; the others are shown by their alt text. */
export function sendable(blocks: readonly ViewBlock[]): readonly Image[] {
  let total = 0;
  return blocks
    .filter((block) => block.kind === "image")
    .filter((image) => image.png.byteLength > 0 && image.png.byteLength <= maxFileBytes)
    .filter((image) => {
      total += image.png.byteLength;
      return total <= maxTotalBytes;
    })
    .slice(0, maxImages);
}

/** Files, and the entries of `attachments` that describe them. Names are unique and safe in a URL. */
export function imagesOf(blocks: readonly ViewBlock[]) {
  const images = sendable(blocks);
  const files = images.map((image, index): Upload => {
    const name = `${index}-${image.filename.replace(/[^A-Za-z0-9_.-]/g, "_").slice(-60)}`;
    return { name, data: image.png, contentType: "image/png" };
  });
  const attachments = images.map((image, id) => ({
    id,
    filename: files[id]?.name ?? "image.png",
    description: plainLine(image.alt, maxAlt),
  }));
  return { files, attachments };
}
