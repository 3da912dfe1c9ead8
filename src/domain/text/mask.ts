/**
 * Masks what differs between two messages of one kind: quoted texts, addresses, paths, identifiers and numbers. General
 * rules only, none for any one product. Pure: the same text always gives the same words.
 */

const longestLine = 500;
const mostWords = 60;

const quoted = /(?<![\w'])'[^']{0,200}'(?!\w)|"[^"]{0,200}"|`[^`]{0,200}`/g;
const url = /\b[a-z][a-z0-9+.-]{1,20}:\/\/\S+/gi;
const separators = /[\s,;=()[\]{}<>|]+/;
const edges = /^[.:!?"'*-]+|[.:!?"'*-]+$/g;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const address =
  /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[?[0-9a-f]*(?::[0-9a-f]*){2,7}\]?)(?::\d{1,5})?(?:\/\d{1,3})?$/i;
const path = /^(?:[a-z]:)?[\\/][\w.+@~-]+(?:[\\/][\w.+@~-]*)*$/i;
const pod = /^([a-z][a-z0-9-]*?)-(?=[a-z]*\d)[a-z0-9]{6,10}-[a-z0-9]{5}$/;
const hex = /^(?:0x[0-9a-f]+|(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,})$/i;
const moment = /^\d{4}-\d\d-\d\d(?:t\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:z|[+-]\d\d:?\d\d)?)?$/i;
const quantity = /^[+-]?\d[\d.,:_]*(?:e[+-]?\d+)?(?:%|[a-zµ]{1,3}(?:\/[a-z]{1,4})?)?$/i;

/** @returns the words of the text with `<*>` for each that is masked; at most 60. */
export function maskedWords(text: string): string[] {
  let line = text.slice(0, longestLine);
  if (line.includes("'") || line.includes('"') || line.includes("`")) line = line.replace(quoted, " <*> ");
  if (line.includes("://")) line = line.replace(url, " <*> ");
  const words: string[] = [];
  for (const piece of line.replaceAll("<*>", "\u0001").split(separators)) {
    if (words.length >= mostWords) break;
    const word = piece.replace(edges, "");
    if (word !== "") words.push(word === "\u0001" ? wildcard : maskedWord(word));
  }
  return words;
}

/** Stands for whatever differs. */
export const wildcard = "<*>";

function maskedWord(word: string): string {
  if (word.includes("/") || word.includes("\\"))
    return path.test(word) || address.test(word) ? wildcard : maskedDigits(word);
  if (word.includes(":") && address.test(word)) return wildcard;
  // Most words have no digit, and are what the message says.
  if (!/\d/.test(word)) return word;
  if (quantity.test(word) || uuid.test(word) || address.test(word) || hex.test(word) || moment.test(word))
    return wildcard;
  const workload = pod.exec(word)?.[1];
  return workload === undefined ? maskedDigits(word) : maskedDigits(`${workload}-`) + wildcard;
}

/** "web-12" and "web-13" are one word. */
function maskedDigits(word: string): string {
  return word.replace(/\d+/g, wildcard);
}
