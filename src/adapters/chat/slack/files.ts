/**
 * Images and text files: three steps, by hand, because the SDK's `uploadV2` sends the alternative text under a name
 * (`alt_text`) that the API does not know; it documents `alt_txt`.
 * @see https://docs.slack.dev/reference/methods/files.getUploadURLExternal
 */
import { oneLine, type View, type ViewBlock } from "../../../domain/view.ts";
import type { Log } from "../../../ports/observability.ts";
import { limits } from "./blocks.ts";
import type { SlackAnswer, SlackApi } from "./client.ts";

interface Upload {
  readonly filename: string;
  readonly bytes: Uint8Array;
  /** What it shows, for those who cannot see it; empty for text. */
  readonly alt: string;
}

const mostFiles = 4;

/**
 * Puts the images and files of a view into a thread. Each at most once: only after the message itself is posted, and
 * never again after an error, because Slack has no way to ask whether a share happened. What images show is also in
 * the text.
 * @returns the first answer that was not ok, after which nothing more is sent; null when all went well.
 */
export async function uploadFiles(
  api: SlackApi,
  view: View,
  thread: { readonly channel: string; readonly ts: string },
  log: Log,
): Promise<Exclude<SlackAnswer, { kind: "ok" }> | null> {
  const uploads = view.blocks.flatMap((block) => uploadOf(block) ?? []).slice(0, mostFiles);
  for (const upload of uploads) {
    const answer = await uploadFile(api, upload, thread);
    if (answer.kind === "ok") continue;
    log.warn(
      { channel: thread.channel, filename: upload.filename, answer },
      "slack: a file was not uploaded",
    );
    return answer;
  }
  return null;
}

function uploadOf(block: ViewBlock): Upload | null {
  if (block.kind !== "image" && block.kind !== "file") return null;
  const filename = safeName(block.filename);
  return block.kind === "image"
    ? { filename, bytes: block.png, alt: oneLine(block.alt, limits.altText) }
    : { filename, bytes: new TextEncoder().encode(block.text), alt: "" };
}

/** The name under which a file is uploaded. */
export function safeName(filename: string): string {
  return oneLine(filename, 100).replace(/[^A-Za-z0-9._-]/g, "-");
}

async function uploadFile(
  api: SlackApi,
  { filename, bytes, alt }: Upload,
  thread: { readonly channel: string; readonly ts: string },
): Promise<SlackAnswer> {
  const place = await api.call("files.getUploadURLExternal", {
    filename,
    length: bytes.byteLength,
    ...(alt === "" ? {} : { alt_txt: alt }),
  });
  if (place.kind !== "ok") return place;
  const { upload_url: url, file_id: id } = place.data;
  if (typeof url !== "string" || typeof id !== "string") return { kind: "refused", code: "no_upload_url" };
  const sent = await api.upload(url, bytes);
  if (sent.kind !== "ok") return sent;
  return api.call("files.completeUploadExternal", {
    files: [{ id, title: filename }],
    channel_id: thread.channel,
    thread_ts: thread.ts,
  });
}
