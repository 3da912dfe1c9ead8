/**
 * Images: three steps, by hand, because the SDK's `uploadV2` sends the alternative text under a name (`alt_text`) that
 * the API does not know; it documents `alt_txt`.
 * @see https://docs.slack.dev/reference/methods/files.getUploadURLExternal
 */
import { oneLine, type View, type ViewBlock } from "../../../domain/view.ts";
import type { Log } from "../../../ports/observability.ts";
import { limits } from "./blocks.ts";
import type { SlackAnswer, SlackApi } from "./client.ts";

type Image = Extract<ViewBlock, { kind: "image" }>;

const mostImages = 4;

/**
 * Puts the images of a view into a thread. Each at most once: only after the message itself is posted, and never
 * again after an error, because Slack has no way to ask whether a share happened. What they show is also in the text.
 */
export async function uploadImages(
  api: SlackApi,
  view: View,
  thread: { readonly channel: string; readonly ts: string },
  log: Log,
): Promise<void> {
  const images = view.blocks.filter((block): block is Image => block.kind === "image").slice(0, mostImages);
  for (const image of images) {
    const answer = await uploadImage(api, image, thread);
    if (answer.kind === "ok") continue;
    log.warn(
      { channel: thread.channel, filename: image.filename, answer },
      "slack: an image was not uploaded",
    );
    return;
  }
}

async function uploadImage(
  api: SlackApi,
  image: Image,
  thread: { readonly channel: string; readonly ts: string },
): Promise<SlackAnswer> {
  const filename = oneLine(image.filename, 100).replace(/[^A-Za-z0-9._-]/g, "-");
  const alt = oneLine(image.alt, limits.altText);
  const place = await api.call("files.getUploadURLExternal", {
    filename,
    length: image.png.byteLength,
    ...(alt === "" ? {} : { alt_txt: alt }),
  });
  if (place.kind !== "ok") return place;
  const { upload_url: url, file_id: id } = place.data;
  if (typeof url !== "string" || typeof id !== "string") return { kind: "refused", code: "no_upload_url" };
  const sent = await api.upload(url, image.png);
  if (sent.kind !== "ok") return sent;
  return api.call("files.completeUploadExternal", {
    files: [{ id, title: filename }],
    channel_id: thread.channel,
    thread_ts: thread.ts,
  });
}
