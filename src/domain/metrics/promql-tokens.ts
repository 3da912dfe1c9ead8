/** PromQL as tokens, and values as strings of it. */

export type TokenKind = "string" | "word" | "number" | "comparison" | "matcher" | "open" | "close" | "other";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Brackets around it; a bracket itself counts as outside. */
  readonly depth: number;
  /** Inside the braces of a selector. */
  readonly isInBraces: boolean;
}

/** Longest query looked at, characters; longer ones are taken as they stand. */
const maxQuery = 20_000;

const lexemes =
  /(?<comment>#[^\n]*)|(?<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)|(?<number>0x[\da-f]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?(?:ms|[smhdwy])?(?:\d+(?:ms|[smhdwy]))*)|(?<word>[a-z_:][\w:]*)|(?<comparison>==|!=|<=|>=|<|>)|(?<matcher>=~|!~|=)|(?<open>[([{])|(?<close>[)\]}])|(?<other>\S)/giy;

/** Null when brackets or quotes do not match: then nothing can be said about the text. */
export function tokenize(text: string): readonly Token[] | null {
  if (text.length > maxQuery) return null;
  const tokens: Token[] = [];
  const brackets: string[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text.charAt(at))) {
      at += 1;
      continue;
    }
    lexemes.lastIndex = at;
    const match = lexemes.exec(text);
    const groups = match?.groups;
    if (match === null || groups === undefined) return null;
    const [kind = "other"] = Object.entries(groups).find(([, value]) => value !== undefined) ?? [];
    const found = match[0];
    if (kind === "close" && brackets.pop() !== closing[found]) return null;
    // Outside of selectors these three are never comparisons, inside they never are anything else.
    const isInBraces = brackets.at(-1) === "{";
    if (kind === "other" && /["'`]/.test(found)) return null;
    if (kind !== "comment")
      tokens.push({
        // The names of the groups are the kinds, but for the comment.
        kind: kind as TokenKind,
        text: found,
        start: at,
        end: at + found.length,
        depth: brackets.length,
        isInBraces,
      });
    if (kind === "open") brackets.push(found);
    at += found.length;
  }
  return brackets.length === 0 ? tokens : null;
}

const closing: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };

/**
 * A label's value as a string of PromQL: whatever it holds, it stays one string.
 * @see https://prometheus.io/docs/prometheus/latest/querying/basics/#string-literals
 */
export function quoted(value: string): string {
  return `"${withinQuotes(value, '"')}"`;
}

/** A value between the quotes of a string. @param quote - the one that ends it. */
export function withinQuotes(value: string, quote: string): string {
  const escaped = value.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`);
  return escaped.replaceAll("\n", "\\n").replaceAll("\r", "\\r").toWellFormed();
}
