/** What all charts share: size, colours, and how a document begins. */

/** Drawn at twice this size. Letters of 22 units are still 11 points high on a phone that shows it 360 points wide. */
export const width = 720;
export const ink = "#1f2933";
export const faint = "#d5dbe1";
export const grey = "#52606d";

/** A white page of the common width with its parts, in the common font. */
export function documentOf(height: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Inter" font-size="22" fill="${ink}"><rect width="${width}" height="${height}" fill="#ffffff"/>${parts.join("")}</svg>`;
}

/** A coordinate. */
export function fixed(value: number): string {
  return value.toFixed(1);
}

/** Text from outside: it never becomes markup. */
export function escaped(text: string): string {
  // XML knows no control characters, not even escaped ones.
  const clean = text.replace(/\p{Cc}/gu, " ").toWellFormed();
  return clean.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** The text as far as it fits. */
export function shortened(text: string, room: number, perLetterOf: number): string {
  const most = Math.floor(room / perLetterOf);
  return text.length <= most ? text : `${text.slice(0, most - 1).trimEnd()}…`;
}
