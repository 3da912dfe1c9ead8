/**
 * A short word that ties what a person was told to what the bot kept of it: the same stands in the answer, in the log
 * and, for a denied attempt, in the audit log.
 */
import { createHash } from "node:crypto";
import type { View } from "../view.ts";

const length = 8;

/**
 * The reference of a request: the same for every delivery of it and every attempt at it.
 * @param requestKey - the key of the request, or a fresh random text where something went wrong before there was one.
 * @returns 8 lowercase hex characters: short enough to read out, and one in four thousand million to be another's.
 */
export function referenceOf(requestKey: string): string {
  return createHash("sha256").update(requestKey).digest("hex").slice(0, length);
}

/** The reference in small print under an error; other views stay as they are. */
export function withReference(view: View, reference: string): View {
  if (view.kind !== "error") return view;
  const own = `reference ${reference}`;
  return { ...view, footer: view.footer === undefined ? own : `${view.footer} · ${own}` };
}

/** The reference at the end of an error that is one line of text. */
export function referTo(text: string, reference: string): string {
  return `${text} (reference ${reference})`;
}
