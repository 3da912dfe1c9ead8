/**
 * A text as it reads to somebody who sees through spelling: a model reads "1gn0re", "i g n o r e", "&#105;gnore" and
 * letters of other alphabets that look alike as the same word. Each reading is one text; patterns look at all of them.
 */
import { oneLine } from "../view.ts";

/** Read of any one text; more of it does not reach a model either. */
const maxRead = 4_000;

/** Letters of Cyrillic, Greek, Armenian and of phonetics beside the Latin letter that they look like. */
const lookAlikes: ReadonlyMap<string, string> = new Map([
  ["а", "a"],
  ["ɑ", "a"],
  ["α", "a"],
  ["в", "b"],
  ["β", "b"],
  ["с", "c"],
  ["ϲ", "c"],
  ["ԁ", "d"],
  ["ɗ", "d"],
  ["е", "e"],
  ["ε", "e"],
  ["ҽ", "e"],
  ["ғ", "f"],
  ["ɡ", "g"],
  ["ց", "g"],
  ["һ", "h"],
  ["н", "h"],
  ["η", "n"],
  ["і", "i"],
  ["ι", "i"],
  ["ı", "i"],
  ["ɩ", "i"],
  ["ӏ", "l"],
  ["ј", "j"],
  ["к", "k"],
  ["κ", "k"],
  ["м", "m"],
  ["ո", "n"],
  ["п", "n"],
  ["ν", "v"],
  ["о", "o"],
  ["ο", "o"],
  ["օ", "o"],
  ["σ", "o"],
  ["ø", "o"],
  ["р", "p"],
  ["ρ", "p"],
  ["ԛ", "q"],
  ["г", "r"],
  ["ѕ", "s"],
  ["т", "t"],
  ["τ", "t"],
  ["υ", "u"],
  ["ս", "u"],
  ["ѵ", "v"],
  ["ԝ", "w"],
  ["ω", "w"],
  ["ш", "w"],
  ["х", "x"],
  ["χ", "x"],
  ["у", "y"],
  ["γ", "y"],
  ["ү", "y"],
  ["ᴢ", "z"],
  ["ł", "l"],
  ["đ", "d"],
  ["æ", "ae"],
  ["œ", "oe"],
  ["ß", "ss"],
]);

/** Digits and signs within words that stand for letters. */
const leet: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "@": "a",
  $: "s",
  "!": "i",
  "|": "l",
};

const entities: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
  nbsp: " ",
};

/**
 * The readings of a text, each once: as it stands, and without its disguises. Plain text has one.
 * @returns at least one, at most eight, each of at most some 4,000 characters.
 */
export function readingsOf(text: string): readonly string[] {
  const decoded = withoutInvisible(decode(decode(text.slice(0, maxRead)))).normalize("NFKC");
  const line = oneLine(decoded, maxRead);
  const folded = fold(line);
  const apart = wordsApart(folded);
  return [...new Set([decoded, line, folded, apart, together(line), withLetters(apart), ...encoded(line)])];
}

/** What stands for characters by their numbers: "%20", "&#105;", "\u0069", and the invisible tags of Unicode. */
function decode(text: string): string {
  return text
    .replace(/[\u{e0020}-\u{e007e}]/gu, (char) => String.fromCharCode((char.codePointAt(0) ?? 0) - 0xe0000))
    .replace(/%([2-7][0-9a-f])/gi, (_whole, hex: string) => characterOf(hex, 16))
    .replace(/&#x([0-9a-f]{1,6});?/gi, (_whole, hex: string) => characterOf(hex, 16))
    .replace(/&#(\d{1,7});?/g, (_whole, digits: string) => characterOf(digits, 10))
    .replace(/&(lt|gt|amp|quot|apos|nbsp);/g, (whole, name: string) => entities[name] ?? whole)
    .replace(/\\u\{?([0-9a-f]{4,6})\}?|\\x([0-9a-f]{2})/gi, (_whole, long?: string, short?: string) =>
      characterOf(long ?? short ?? "", 16),
    );
}

function characterOf(digits: string, base: number): string {
  const code = Number.parseInt(digits, base);
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : " ";
}

/** Without characters that take no room: they stand within words to hide them. */
function withoutInvisible(text: string): string {
  return text.replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}]+/gu, "");
}

/** Small letters of the Latin alphabet, without what stands over and under them. */
function fold(text: string): string {
  const bare = text.normalize("NFD").replace(/\p{M}+/gu, "");
  // Case tells words of a name apart; it is kept for that.
  return bare.replace(/[^\0-\x7f]/gu, (char) => {
    const lower = char.toLowerCase();
    const alike = lookAlikes.get(lower);
    return alike === undefined ? char : lower === char ? alike : alike.toUpperCase();
  });
}

/** "ignore_all-previousRules" as "ignore all previous Rules". */
function wordsApart(text: string): string {
  return text
    .replace(/(?<=\p{Ll})(?=\p{Lu})/gu, " ")
    .replace(/(?<=[\p{L}\p{N}])[_\-+.]+(?=[\p{L}\p{N}])/gu, " ");
}

/** Without what is spread through words to hide them: "i.g.n.o.r.e", "i g n o r e". */
function together(text: string): string {
  return text
    .replace(/(?<=\p{L})[.\-_*·•](?=\p{L}(?:[.\-_*·•]|\b))/gu, "")
    .replace(/(?<=(?<!\p{L})\p{L}) (?=\p{L}(?!\p{L}))/gu, "");
}

/** "1gn0re" as "ignore"; numbers stay. */
function withLetters(text: string): string {
  return text.replace(/[\p{L}\d@$!|]+/gu, (word) =>
    /\p{L}/u.test(word) ? word.replace(/[013457@$!|]/g, (sign) => leet[sign] ?? sign) : word,
  );
}

/** Nothing but its letters, small: what stands between them, or splits them, hides nothing then. */
export function squeezed(reading: string): string {
  return reading.replace(/[^\p{L}]+/gu, "").toLowerCase();
}

/** What long words in base64 hold, where that is text. */
function encoded(text: string): readonly string[] {
  const words = text.match(/[A-Za-z0-9+/]{24,2000}={0,2}/g) ?? [];
  const held = words.slice(0, 4).map((word) => Buffer.from(word, "base64").toString("latin1"));
  const texts = held.filter((each) => /^[\t\n\r -~]+$/.test(each));
  return texts.length === 0 ? [] : [texts.join(" \n ")];
}
