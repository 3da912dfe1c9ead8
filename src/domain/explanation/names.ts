/** Where names stand in a sentence: as whole words, and apart from longer names that hold them. */

/** The text as a pattern that matches it and nothing else. */
export function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

/** True when the name occurs as a whole word: "cart" in "the cart service", not in "cart-db". */
export function mentions(text: string, name: string): boolean {
  return name !== "" && new RegExp(wholeWord(name), "iu").test(text);
}

/** True when the name occurs outside the others, which may hold it: "cart" stands in "cart-db" for no "cart". */
export function mentionsApart(text: string, name: string, others: readonly string[]): boolean {
  return mentions(withoutNames(text, others), name);
}

/** The text with blanks for every name, as long as it was, longest name first: language and numbers are left. */
export function withoutNames(text: string, names: readonly string[]): string {
  return [...new Set(names)]
    .filter((name) => name !== "")
    .sort((a, b) => b.length - a.length)
    .reduce(
      (rest, name) => rest.replace(new RegExp(wholeWord(name), "giu"), (found) => " ".repeat(found.length)),
      text,
    );
}

/** A name, and where in a text it stands. */
export interface Place {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** Where the names stand, in order; of names within one another the longest counts. */
export function placesOf(text: string, names: readonly string[]): readonly Place[] {
  const sought = [...new Set(names)].filter((name) => name !== "").sort((a, b) => b.length - a.length);
  if (sought.length === 0) return [];
  return [...text.matchAll(new RegExp(sought.map(wholeWord).join("|"), "giu"))].map((match) => {
    const found = match[0].toLowerCase();
    const name = sought.find((each) => each.toLowerCase() === found) ?? match[0];
    return { name, from: match.index, to: match.index + match[0].length };
  });
}

/** The name as a pattern that matches it as a whole word. */
export function wholeWord(name: string): string {
  return `(?<![\\p{L}\\p{N}_-])${literal(name)}(?![\\p{L}\\p{N}_]|-[\\p{L}\\p{N}])`;
}

/** Words in lower case, "HighErrorRate" as "high error rate". */
export function wordsIn(text: string): readonly string[] {
  return (
    text
      .replace(/(?<=\p{Ll})(?=\p{Lu})/gu, " ")
      .toLowerCase()
      .match(/\p{L}+/gu) ?? []
  );
}

/** True when a word of the text begins as this word does, so that "retries" is found by "retry". */
export function hasStem(text: string, word: string): boolean {
  const stem = stemOf(word);
  return wordsIn(text).some(
    (other) => other.startsWith(stem) || (other.length > 3 && stemOf(other) === stem),
  );
}

function stemOf(word: string): string {
  const bare = word.toLowerCase().replace(/(?:ies|es|s|ing|ed|y)$/, "");
  return bare.length >= 3 ? bare : word.toLowerCase();
}
