/**
 * Text cut before secrets are looked for, since looking costs time with its length. Half a secret is not known as one,
 * so a word that the cut would halve goes whole. Words end at blanks and quotes, as secrets do.
 */

const end = /[\s"'`]/;

/** At most `max` characters from the start, and an ellipsis where it was cut. */
export function startOf(text: string, max: number): string {
  if (text.length <= max) return text;
  let length = max;
  while (length > 0 && !end.test(text.charAt(length - 1))) length -= 1;
  return `${text.slice(0, length)}…`;
}

/** At most `max` characters from the end, after an ellipsis where it was cut. */
export function endOf(text: string, max: number): string {
  return text.length <= max ? text : afterCut(text.slice(text.length - max));
}

/** What is left of a text whose start was cut off somewhere in a word. */
export function afterCut(text: string): string {
  const start = text.search(end);
  return start === -1 ? "…" : `…${text.slice(start)}`;
}
