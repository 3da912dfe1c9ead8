/**
 * Sentences that list in parallel: "CPU and memory of checkout rose, to 95 % and 71 %" says as much as one sentence for
 * each of the two. Only what can be read in one way is taken apart; everything else stays one sentence.
 */
import { placesOf, wholeWord } from "./names.ts";
import { figure } from "./quantity.ts";

/** What tells the parts of a sentence apart. */
export interface ListedWords {
  /** Services, alerts and changes. */
  readonly subjects: readonly string[];
  /** In lower case. */
  readonly services: ReadonlySet<string>;
  /** Words for what is measured, in lower case. */
  readonly topics: readonly string[];
}

const ranges = listOf(String.raw`from\s+${figure}\s+to\s+${figure}`);
/** "to 95 % and 71 %", "to 95 % and to 71 %". */
const figures = listOf(String.raw`(?:(?:to|at|by)\s+)?${figure}`);
const numbers = new RegExp(`(?<![\\p{L}\\p{N}.:-])(?:${ranges}|${figures})`, "giu");

/** A list, and where in the text it stands. */
interface List {
  readonly items: readonly string[];
  readonly from: number;
  readonly to: number;
}

/** The sentence once for each item of its list, with that item and its numbers alone; null where it does not list. */
export function toldApart(text: string, words: ListedWords): readonly string[] | null {
  const sentence = text.replace(/,?\s+respectively\b/gi, "");
  const counted = listsIn(sentence, numbers);
  const [named, ...others] = itemLists(sentence, words);
  if (counted.length === 0 || named === undefined || others.length > 0) return null;
  if (counted.some(({ items }) => items.length !== named.items.length)) return null;
  return isClear(sentence, named, words)
    ? named.items.map((_item, index) => withOne(sentence, [named, ...counted], index))
    : null;
}

/** Lists of services, of alerts, of alerts on services, and of what is measured. */
function itemLists(sentence: string, { subjects, topics }: ListedWords): readonly List[] {
  const anyOf = (names: readonly string[]) =>
    names.length === 0
      ? "(?!)"
      : `(?:${[...names]
          .sort((a, b) => b.length - a.length)
          .map(wholeWord)
          .join("|")})`;
  const [subject, topic] = [anyOf(subjects), anyOf(topics)];
  const article = String.raw`(?:(?:the|its|their)\s+)?`;
  const kinds = [`${subject}\\s+on\\s+${subject}`, subject, `${topic}(?:\\s+${topic})*`];
  return listsIn(sentence, new RegExp(kinds.map((kind) => listOf(`${article}${kind}`)).join("|"), "giu"));
}

/**
 * Whether it is plain whose numbers these are. Items are of one sort; beside services no other service is named, and
 * beside what is measured one at most, to which all of it belongs.
 */
function isClear(sentence: string, { items, from, to }: List, { subjects, services }: ListedWords): boolean {
  const servicesIn = (part: string) =>
    new Set(
      placesOf(part, subjects)
        .map(({ name }) => name.toLowerCase())
        .filter((name) => services.has(name)),
    ).size;
  const [first = 0, ...rest] = items.map(servicesIn);
  if (rest.some((count) => count !== first)) return false;
  return servicesIn(`${sentence.slice(0, from)} ; ${sentence.slice(to)}`) <= (first > 0 ? 0 : 1);
}

function withOne(sentence: string, lists: readonly List[], index: number): string {
  return lists
    .toSorted((a, b) => b.from - a.from)
    .reduce(
      (text, { items, from, to }) => text.slice(0, from) + (items[index] ?? "") + text.slice(to),
      sentence,
    );
}

/** "A and B", "A, B and C", as a pattern. */
function listOf(item: string): string {
  return String.raw`${item}(?:,\s+${item})*,?\s+and\s+${item}`;
}

function listsIn(sentence: string, pattern: RegExp): readonly List[] {
  return [...sentence.matchAll(pattern)].map(({ 0: found, index }) => ({
    items: found.split(/,?\s+and\s+|,\s+/iu),
    from: index,
    to: index + found.length,
  }));
}
