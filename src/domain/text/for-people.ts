/** Text of others on its way to people: on a card, in stored evidence, in a chart. */
import { oneLine } from "../view.ts";
import { redact } from "./redaction.ts";
import { startOf } from "./whole-words.ts";

/** Read of any one text; redaction is linear, but not free. */
const maxRaw = 4_000;

/**
 * The text without secrets, on one line, cut. Secrets go before the cut, since half a secret is no longer recognised.
 * It stays untrusted: renderers escape it. What reads like instructions stays too: people report it, and obey it not.
 * @param max - longest result, UTF-16 units.
 */
export function forPeople(text: string, max: number): string {
  return oneLine(redact(startOf(text, maxRaw)).text, max);
}
