/** What stands in a modal for whoever may not have the form that they asked for. */
import { textOf, truncate, type View } from "../../../domain/view.ts";
import { plainText } from "./blocks.ts";

/** Limits of modals. @see https://docs.slack.dev/reference/views/modal-views */
const longest = { title: 24, text: 3_000, small: 2_000 };

/** @param command - whose form it would have been; without slash. */
export function refusalView(command: string, refusal: View): Readonly<Record<string, unknown>> {
  const said = refusal.blocks.flatMap((block) => (block.kind === "text" ? [textOf(block.text)] : []));
  const small = refusal.footer === undefined ? [] : [plainText(truncate(refusal.footer, longest.small))];
  return {
    type: "modal",
    title: plainText(truncate(`/${command}`, longest.title)),
    close: plainText("Close"),
    blocks: [
      ...said.map((text) => ({ type: "section", text: plainText(truncate(text, longest.text)) })),
      ...(small.length === 0 ? [] : [{ type: "context", elements: small }]),
    ],
  };
}
