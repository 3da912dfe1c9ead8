/** Images and text files of a view as files of a message. */
import type { ViewBlock } from "../../../domain/view.ts";
import { plainLine } from "./markdown.ts";

/** Discord's own limit without boosts; larger files are named instead. */
const maxFileBytes = 10 * 1024 * 1024;
/** Limit of the whole request, with room for the rest of it. */
const maxTotalBytes = 24 * 1024 * 1024;
const maxFiles = 4;
const maxAlt = 1024;

export interface Upload {
  readonly name: string;
  readonly data: Uint8Array;
  readonly contentType: string;
  /** What an embed shows as a picture; the rest is listed under the message. */
  readonly isImage: boolean;
}
type FileBlock = Extract<ViewBlock, { kind: "image" | "file" }>;

interface Sendable {
  readonly block: FileBlock;
  readonly data: Uint8Array;
}

/** The images and files that Discord would take; the others are named in the text. */
export function sendable(blocks: readonly ViewBlock[]): readonly Sendable[] {
  let total = 0;
  return blocks
    .filter((block) => block.kind === "image" || block.kind === "file")
    .map((block) => ({ block, data: bytesOf(block) }))
    .filter(({ data }) => data.byteLength > 0 && data.byteLength <= maxFileBytes)
    .filter(({ data }) => {
      total += data.byteLength;
      return total <= maxTotalBytes;
    })
    .slice(0, maxFiles);
}

function bytesOf(block: FileBlock): Uint8Array {
  return block.kind === "image" ? block.png : new TextEncoder().encode(block.text);
}

/** Files, and the entries of `attachments` that describe them. Names are unique and safe in a URL. */
export function filesOf(blocks: readonly ViewBlock[]) {
  const sent = sendable(blocks);
  const files = sent.map(({ block, data }, index): Upload => {
    const safe = block.filename.replace(/[^A-Za-z0-9_.-]/g, "_").slice(-60);
    const isImage = block.kind === "image";
    // A person keeps a file under its name; that of an image only ties it to its embed.
    const name = isImage || index > 0 ? `${index}-${safe}` : safe;
    return { name, data, contentType: isImage ? "image/png" : "text/markdown; charset=utf-8", isImage };
  });
  const attachments = sent.map(({ block }, id) => ({
    id,
    filename: files[id]?.name ?? "file",
    description: plainLine(block.kind === "image" ? block.alt : block.label, maxAlt),
  }));
  return { files, attachments };
}
