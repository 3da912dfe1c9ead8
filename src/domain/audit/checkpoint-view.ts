/** A checkpoint in a channel: whoever can read the channel can later hold the log against it. */
import { plain, type View } from "../view.ts";

export function checkpointView({ size, note }: { readonly size: number; readonly note: string }): View {
  const summary = `Checkpoint of the audit log at entry ${size}. Everything up to it can be held against this message.`;
  return {
    kind: "entry",
    title: `Audit checkpoint at entry ${size}`,
    tone: "neutral",
    summary,
    blocks: [
      { kind: "text", text: [plain(summary)] },
      { kind: "code", text: note },
    ],
    actions: [],
    isQuiet: true,
  };
}
