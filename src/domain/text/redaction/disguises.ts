/**
 * Other ways to write the same text: full-width letters, letters split by what is not seen, colours, and the escapes
 * of addresses, HTML and JSON. Patterns know secrets as their issuers write them, so each is tried on these, too.
 */

/** Colours; of those on one line the escape itself is gone. */
const ansi = /(?:[^\P{Cc}\t\n\r]|\\u001b|\\x1b|\\033|\\e)\[[0-9;]{0,12}[A-Za-z]|(?<=^|\s)\[[0-9;]{0,12}m/gu;
const unseen = /[\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]+/gu;
const control = /[^\P{Cc}\t\n\r]+/gu;
const entities: Readonly<Record<string, string>> = {
  quot: '"',
  apos: "'",
  amp: "&",
  lt: "<",
  gt: ">",
  nbsp: " ",
};

/** The text as it reads: folded to plain letters, without what is not seen, and unescaped once. */
export function asRead(text: string): string {
  const plain = /[^\t\n\r -~]|\\[eux0]|\[[0-9;]{0,12}m/.test(text) ? folded(text) : text;
  return unescaped(plain);
}

function folded(text: string): string {
  return text.replace(ansi, " ").replace(unseen, "").replace(control, "").normalize("NFKC");
}

function unescaped(text: string): string {
  if (!/%[0-9a-f]{2}|&[a-z#]|\\["'/nrtux]/i.test(text)) return text;
  return text
    .replace(/\\(["'/nrt])/g, (_, sign: string) => (/[nrt]/.test(sign) ? "\n" : sign))
    .replace(/%([0-9a-f]{2})/gi, (whole, code: string) => character(parseInt(code, 16)) ?? whole)
    .replace(/\\(?:u00|x)([0-9a-f]{2})/gi, (whole, code: string) => character(parseInt(code, 16)) ?? whole)
    .replace(/&#(x?)([0-9a-f]{1,5});/gi, (whole, isHex: string, code: string) => {
      return character(parseInt(code, isHex === "" ? 10 : 16)) ?? whole;
    })
    .replace(/&([a-z]{2,4});/g, (whole, name: string) => entities[name] ?? whole);
}

/** Null for what is no visible ASCII: the rest of an address in UTF-8 is no part of a secret's form. */
function character(code: number): string | null {
  return (code >= 0x20 && code < 0x7f) || code === 0x0a ? String.fromCharCode(code) : null;
}

/** Base64 of 24 characters and more. */
export const encodedWord = /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{24,16000}={0,2}(?![A-Za-z0-9+/_=-])/g;

/** What base64 holds; null unless it is readable text, which digests, keys and tokens are not. */
export function decoded(word: string): string | null {
  const text = Buffer.from(word, "base64").toString("latin1").replaceAll("\0", "");
  return text.length >= 12 && /^[\t\n\r -~]*$/.test(text) ? text : null;
}
