/**
 * Regular expressions of matchers. Alertmanager's are RE2's, ours are JavaScript's: what the two write differently is
 * translated, and what could take exponential time is refused.
 * @see https://github.com/google/re2/wiki/Syntax
 */
import { checkRepeats, type PatternPiece } from "./repeats.ts";

/** Longest regular expression that a matcher may hold; keeps matching cheap. */
const maxPattern = 200;

export type CompiledPattern =
  | { readonly kind: "pattern"; readonly regex: RegExp }
  | { readonly kind: "refused"; readonly why: string; readonly remedy: string };

const compiled = new Map<string, CompiledPattern>();

/** Anchored on both ends, as in Alertmanager. */
export function compilePattern(text: string): CompiledPattern {
  const known = compiled.get(text);
  if (known !== undefined) return known;
  if (compiled.size > 10_000) compiled.clear();
  const result = build(text);
  compiled.set(text, result);
  return result;
}

function build(text: string): CompiledPattern {
  if (text.length > maxPattern)
    return refused(`its pattern has ${text.length} characters`, `use at most ${maxPattern}`);
  const flags = /^\^?\(\?([is]+)\)/.exec(text);
  const body = flags === null ? text : text.slice(flags[0].length);
  const isDotAll = flags?.[1]?.includes("s") === true;
  const pieces = piecesOf(body, isDotAll);
  const odd = pieces.find(({ kind }) => kind === "flags");
  if (odd !== undefined)
    return refused(
      `its pattern has the flags ${odd.text}`,
      "only (?i) and (?s) are taken, at the start of the pattern",
    );
  const problem = checkRepeats(pieces);
  if (problem !== null)
    return refused(
      problem,
      "write it without the inner or the outer repeat, or with small counts as in (a{1,3}){2}",
    );
  try {
    const source = pieces.map(({ text: piece }) => piece).join("");
    const letters = flags?.[1]?.includes("i") === true ? "iu" : "u";
    return { kind: "pattern", regex: new RegExp(`^(?:${source})$`, letters) };
  } catch (cause) {
    // "Invalid regular expression: /^(?:()$/u: Unterminated group": only its end speaks of what was written.
    const said = cause instanceof SyntaxError ? (cause.message.split(": ").at(-1) ?? "") : "";
    return refused(`its pattern is no regular expression (${said.toLowerCase()})`, "correct it");
  }
}

function refused(why: string, remedy: string): CompiledPattern {
  return { kind: "refused", why, remedy };
}

type Rule = readonly [RegExp, (match: RegExpExecArray, isDotAll: boolean) => PatternPiece];

/** Pairs of first and last characters. In RE2 all of them are of ASCII. */
const classes: Readonly<Record<string, string>> = {
  alnum: "09AZaz",
  alpha: "AZaz",
  ascii: "\0\x7f",
  blank: "\t\t  ",
  cntrl: "\0\x1f\x7f\x7f",
  digit: "09",
  graph: "!~",
  lower: "az",
  print: " ~",
  punct: "!/:@[`{~",
  space: "\t\r  ",
  upper: "AZ",
  word: "09AZ__az",
  xdigit: "09AFaf",
};
const blanks = "\t\n\f\r  ";

const escapes: readonly (readonly [RegExp, (match: RegExpExecArray) => string])[] = [
  [/\\([pP])(?:\{(\^?)(\w+)\}|([A-Z]))/y, property],
  [/\\x(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{2}))/y, ([, long, short]) => `\\u{${long ?? short ?? ""}}`],
  [/\\a/y, () => "\\x07"],
  // RE2 lets any punctuation be escaped.
  [/\\([!-/:-@[-`{-~])/y, ([, character = ""]) => literal(character)],
  [/\\[\s\S]/y, ([all]) => all],
];

const rules: readonly Rule[] = [
  [/\\Q([\s\S]*?)(?:\\E|$)/y, ([, text = ""]) => atom(Array.from(text, literal).join(""))],
  [/\\A/y, () => atom("^")],
  [/\\z/y, () => atom("$")],
  [/\\s/y, () => atom(`[${ranges(blanks)}]`)],
  [/\\S/y, () => atom(`[^${ranges(blanks)}]`)],
  ...escapes.map(([regex, write]): Rule => [regex, (match) => atom(write(match))]),
  [
    /\[(\^?)(\]?(?:\[:\^?\w+:\]|\\[\s\S]|[^\]\\])*)\]/uy,
    ([, not = "", body = ""]) => atom(classOf(not, body)),
  ],
  // Names of groups do not matter to what matches.
  [/\(\?P?<\w+>/y, () => ({ kind: "open", text: "(?:" })],
  [/\(\?[a-zA-Z-]+[:)]/y, ([text]) => ({ kind: "flags", text })],
  [/\((?:\?(?::|=|!|<=|<!))?/y, ([text]) => ({ kind: "open", text })],
  [/\)/y, ([text]) => ({ kind: "close", text })],
  [/\|/y, ([text]) => ({ kind: "or", text })],
  [
    /\{(\d+)(,?)(\d*)\}\??/y,
    ([text, min, comma, max]) => counted(text, Number(min), comma === "" ? min : max),
  ],
  [
    /([*+?])\??/y,
    ([text, sign]) => ({ kind: "repeat", text, min: sign === "+" ? 1 : 0, max: sign === "?" ? 1 : Infinity }),
  ],
  [/\./y, (_match, isDotAll) => atom(isDotAll ? "[^]" : "[^\\n]")],
  [/[{}\]]/y, ([text]) => atom(literal(text))],
  [/[\s\S]/uy, ([text]) => atom(text)],
];

/** What a pattern consists of, in JavaScript's writing; `\u0041` and look-ahead, which RE2 lacks, stay as they are. */
function piecesOf(text: string, isDotAll: boolean): readonly PatternPiece[] {
  const pieces: PatternPiece[] = [];
  for (let at = 0; at < text.length; ) {
    const [match, write] = firstMatch(rules, text, at);
    pieces.push(write(match, isDotAll));
    at += match[0].length;
  }
  return pieces;
}

function firstMatch<Write>(
  list: readonly (readonly [RegExp, Write])[],
  text: string,
  at: number,
): readonly [RegExpExecArray, Write] {
  for (const [regex, write] of list) {
    regex.lastIndex = at;
    const match = regex.exec(text);
    if (match !== null) return [match, write];
  }
  throw new Error(`pattern: nothing reads "${text}" at ${at}; the last rule should take any character`);
}

function atom(text: string): PatternPiece {
  return { kind: "atom", text };
}

function counted(text: string, min: number, max: string | undefined): PatternPiece {
  return { kind: "repeat", text, min, max: max === undefined || max === "" ? Infinity : Number(max) };
}

function property([, letter = "p", not, long, short]: RegExpExecArray): string {
  const sign = not === "^" ? (letter === "p" ? "P" : "p") : letter;
  const name = long ?? short ?? "";
  return `\\${sign}{${name.length <= 2 || name === "Any" ? name : `Script=${name}`}}`;
}

const classRules: readonly (readonly [RegExp, (match: RegExpExecArray) => string])[] = [
  [/\[:(\^?)(\w+):\]/y, ([all, not, name = ""]) => named(all, not === "^", classes[name])],
  [/\\([sS])/y, ([all, letter]) => named(all, letter === "S", blanks)],
  [/\\[dDwW]/y, ([all]) => all],
  ...escapes,
  [/[\s\S]/uy, ([character]) => literal(character)],
];

/** RE2 takes a first `]`, and any `-` that makes no range, as they are. */
function classOf(not: string, body: string): string {
  const parts: string[] = [];
  for (let at = 0; at < body.length; ) {
    const [match, write] = firstMatch(classRules, body, at);
    at += match[0].length;
    const isOne = !/^(?:\[:|\\[sSdDwWpP])/.test(match[0]);
    if (isOne && body.charAt(at) === "-" && at + 1 < body.length) {
      const [last, writeLast] = firstMatch(classRules, body, at + 1);
      parts.push(`${write(match)}-${writeLast(last)}`);
      at += 1 + last[0].length;
    } else parts.push(write(match));
  }
  return `[${not}${parts.join("")}]`;
}

/** An unknown name is left as it is, so that the engine complains. */
function named(all: string, isNot: boolean, pairs: string | undefined): string {
  if (pairs === undefined) return `\\p{${all}}`;
  return isNot ? rangesBeside(pairs) : ranges(pairs);
}

function ranges(pairs: string): string {
  const codes = Array.from(pairs, (character) => character.charCodeAt(0));
  return codes.map((code, index) => `${index % 2 === 1 ? "-" : ""}${escaped(code)}`).join("");
}

/** All that is in none of the pairs, which come in order. */
function rangesBeside(pairs: string): string {
  const codes = Array.from(pairs, (character) => character.charCodeAt(0));
  const edges = [-1, ...codes, 0x110000];
  return edges
    .flatMap((edge, index) => {
      const next = edges[index + 1] ?? 0;
      return index % 2 === 0 && edge + 1 < next ? [`${escaped(edge + 1)}-${escaped(next - 1)}`] : [];
    })
    .join("");
}

function escaped(code: number): string {
  return `\\u{${code.toString(16)}}`;
}

/** A character that stands for itself, inside of brackets and outside. */
function literal(character: string): string {
  return /[\^$\\.*+?()[\]{}|/-]/.test(character) ? escaped(character.charCodeAt(0)) : character;
}
