import type { Labels } from "../alert.ts";

export const matcherOperators = ["=", "!=", "=~", "!~"] as const;

/** One condition on a label, as in Alertmanager; a missing label counts as the empty string. */
export interface Matcher {
  readonly name: string;
  readonly op: (typeof matcherOperators)[number];
  readonly value: string;
}

/** Longest regular expression that a matcher may hold; keeps matching cheap. */
const maxPattern = 200;

/**
 * Parses `service="checkout"`, `severity=~"high|critical"`, `team=payments`.
 * @returns null when the text is not a matcher or its pattern is not a regular expression of at most 200 characters.
 */
export function parseMatcher(text: string): Matcher | null {
  const match = /^\s*([A-Za-z_][A-Za-z0-9_.-]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|(\S*))\s*$/.exec(
    text,
  );
  const name = match?.[1];
  const op = matcherOperators.find((operator) => operator === match?.[2]);
  if (name === undefined || op === undefined) return null;
  const value = match?.[3]?.replace(/\\(.)/g, "$1") ?? match?.[4] ?? "";
  const matcher = { name, op, value };
  return op === "=" || op === "!=" || compile(value) !== null ? matcher : null;
}

export function formatMatcher(matcher: Matcher): string {
  return `${matcher.name}${matcher.op}${JSON.stringify(matcher.value)}`;
}

/** True when every matcher holds. */
export function matchesAll(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every((matcher) => matches(matcher, labels));
}

function matches(matcher: Matcher, labels: Labels): boolean {
  const value = labels[matcher.name] ?? "";
  if (matcher.op === "=") return value === matcher.value;
  if (matcher.op === "!=") return value !== matcher.value;
  const isMatch = compile(matcher.value)?.test(value.slice(0, 1000)) ?? false;
  return matcher.op === "=~" ? isMatch : !isMatch;
}

const compiled = new Map<string, RegExp | null>();

/** Anchored on both ends, as in Alertmanager. Nested quantifiers are refused: they can take exponential time. */
function compile(pattern: string): RegExp | null {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  if (compiled.size > 10_000) compiled.clear();
  const regex =
    pattern.length > maxPattern || /[+*}]\)?[+*{]|\([^)]*[+*][^)]*\)[+*{]/.test(pattern)
      ? null
      : build(pattern);
  compiled.set(pattern, regex);
  return regex;
}

function build(pattern: string): RegExp | null {
  try {
    return new RegExp(`^(?:${pattern})$`, "u");
  } catch {
    return null;
  }
}
