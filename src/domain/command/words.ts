/** What people type, repaired and split into words and flags. */

/** One piece of a command line. */
export type Token =
  | { readonly kind: "word"; readonly text: string }
  /** `--no-name` is kept as written: only the options tell whether it negates one or is one's name. */
  | { readonly kind: "flag"; readonly name: string; readonly value: string | null };

export type TokenResult =
  | { readonly kind: "tokens"; readonly tokens: readonly Token[] }
  | { readonly kind: "unclosed_quote"; readonly rest: string };

/**
 * Undoes what phones and word processors do to quotes and dashes: “ ” „ « » ‘ ’ become plain quotes, and a dash of any
 * length before a letter at the start of a word becomes `--`.
 */
export function repairTyping(text: string): string {
  return text
    .replace(/[“”„‟«»＂]/g, '"')
    .replace(/[‘’‚‛]/g, "'")
    .replace(/(^|\s)(?:[—–―‒−]-?|-[—–])(?=\p{L})/gu, "$1--")
    .replace(/[\u00a0\u2000-\u200a\u202f\u205f\u3000]/g, " ")
    .replace(/[\u200b-\u200f\u2060\ufeff]/g, "");
}

/**
 * Splits a line into words and flags. A quote opens at the start of a word, or after `--name=`; inside a word it is an
 * ordinary character that keeps its blanks, so that `service="a b"` stays one matcher. After a bare `--` everything is
 * a word.
 */
export function tokenize(line: string): TokenResult {
  const tokens: Token[] = [];
  let position = 0;
  let flagsEnded = false;
  for (;;) {
    while (/\s/.test(line.charAt(position))) position += 1;
    if (position >= line.length) return { kind: "tokens", tokens };
    const piece = readPiece(line, position);
    if (piece === null) return { kind: "unclosed_quote", rest: line.slice(position, position + 40) };
    position = piece.end;
    if (!piece.isQuoted && piece.text === "--" && !flagsEnded) flagsEnded = true;
    else tokens.push(piece.isQuoted || flagsEnded ? { kind: "word", text: piece.text } : tokenOf(piece.text));
  }
}

interface Piece {
  readonly text: string;
  readonly end: number;
  readonly isQuoted: boolean;
}

function readPiece(line: string, start: number): Piece | null {
  const quote = line.charAt(start);
  if (quote === '"' || quote === "'") {
    const quoted = readQuoted(line, start);
    if (quoted !== null) return { ...quoted, isQuoted: true };
    // An apostrophe that nobody closes is an apostrophe: 'tis.
    if (quote === '"') return null;
  }
  let end = start + (quote === "'" ? 1 : 0);
  let text = line.slice(start, end);
  while (end < line.length && !/\s/.test(line.charAt(end))) {
    if (line.charAt(end) === '"') {
      const quoted = readQuoted(line, end);
      if (quoted === null) return null;
      text += /^--[\w-]+=$/.test(text) ? quoted.text : line.slice(end, quoted.end);
      end = quoted.end;
    } else {
      text += line.charAt(end);
      end += 1;
    }
  }
  return { text, end, isQuoted: false };
}

/** Reads a quoted string; a backslash keeps the next quote or backslash. Null when it is never closed. */
function readQuoted(line: string, start: number): { readonly text: string; readonly end: number } | null {
  const quote = line.charAt(start);
  let text = "";
  for (let position = start + 1; position < line.length; position += 1) {
    const character = line.charAt(position);
    if (character === quote) return { text, end: position + 1 };
    const next = line.charAt(position + 1);
    if (character === "\\" && (next === quote || next === "\\")) {
      text += next;
      position += 1;
    } else text += character;
  }
  return null;
}

function tokenOf(text: string): Token {
  const match = /^--([A-Za-z][\w-]*)(?:=([\s\S]*))?$/.exec(text);
  return match?.[1] === undefined
    ? { kind: "word", text }
    : { kind: "flag", name: match[1], value: match[2] ?? null };
}
