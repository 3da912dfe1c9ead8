/** Words that bring something into a sentence of which its evidence has to speak. */
import { hasStem, wordsIn } from "./names.ts";
import { isClosingWord, isPlainWord } from "./vocabulary.ts";

/** A word, with the parts that hyphens join to it. */
const word = /\p{L}[\p{L}\p{M}]*(?:['’]\p{L}+)?(?:-\p{L}+(?:['’]\p{L}+)?)*/gu;

/**
 * The first word that is neither plain English nor in the source: a thing, a state, a size, a name; null when none.
 * A word of parts has to stand in the source as it is, unless each part is plain English.
 * @param rest - a sentence without the names that its evidence holds.
 * @param facts - what machines say in the cited evidence.
 * @param source - that, and all else that the cited evidence and the ranking say; others may have written it.
 */
export function strangerIn(rest: string, facts: string, source: string): string | null {
  const said = new Set(wordsIn(source));
  const isSaid = (text: string) =>
    isClosingWord(text) ? hasStem(facts, text) : said.has(text.toLowerCase()) || hasStem(source, text);
  for (const [whole] of rest.matchAll(word)) {
    const parts = whole.split("-").map((part) => part.replace(/(?:n['’]t|['’]\p{L}+)$/u, ""));
    if (parts.every((part) => part.length < 2 || (isPlainWord(part) && !isClosingWord(part)))) continue;
    const isKnown =
      parts.length === 1
        ? isSaid(parts[0] ?? "")
        : source.toLowerCase().includes(whole.toLowerCase()) && !parts.some(isClosingWord);
    if (!isKnown) return whole;
  }
  return null;
}
