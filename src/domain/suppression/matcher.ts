import type { Labels } from "../alert.ts";
import { compilePattern } from "./pattern.ts";

export const matcherOperators = ["=", "!=", "=~", "!~"] as const;

/** One condition on a label, as in Alertmanager; a missing label counts as the empty string. */
export interface Matcher {
  readonly name: string;
  readonly op: (typeof matcherOperators)[number];
  readonly value: string;
}

/** Why a text is not a matcher. Untrusted text. */
export interface MatcherProblem {
  readonly kind: "wrong";
  readonly text: string;
  /** What about it; null when it looks like none at all. */
  readonly why: string | null;
  /** What to write, to follow a semicolon. */
  readonly remedy: string;
}

/**
 * Parses `service="checkout"`, `severity=~"high|critical"`, `team=payments`, as Alertmanager does: of backslashes only
 * `\"`, `\\` and `\n` are escapes, so that `"web-\d+"` is a pattern with a digit.
 * @see https://github.com/prometheus/alertmanager/blob/main/pkg/labels/parse.go (ParseMatcher)
 */
export function parseMatcher(text: string): Matcher | MatcherProblem {
  const match = /^\s*([A-Za-z_:][A-Za-z0-9_.:-]*)\s*(=~|!~|!=|=)\s*([\s\S]*)$/.exec(text);
  const name = match?.[1];
  const op = matcherOperators.find((operator) => operator === match?.[2]);
  const raw = match?.[3]?.trim();
  const wrong = (why: string | null, remedy: string): MatcherProblem => ({
    kind: "wrong",
    text,
    why,
    remedy,
  });
  if (name === undefined || op === undefined || raw === undefined)
    return wrong(null, 'write for example team="payments" or severity=~"critical|high"');
  const quoted = /^"((?:[^"\\]|\\[\s\S])*)"$/.exec(raw)?.[1];
  if (quoted === undefined && (/^'|'$/.test(raw) || raw.replace(/\\[\s\S]/g, "").includes('"')))
    return wrong(
      "a quote is left over",
      'put the whole value into double quotes, \\" for one inside, and a comma between matchers',
    );
  if (quoted === undefined && /\s/.test(raw))
    return wrong("its value has a blank", 'put the value into double quotes: team="data platform"');
  const value = (quoted ?? raw).replace(/\\(["\\n])/g, (_all, letter) => (letter === "n" ? "\n" : letter));
  const pattern = op === "=" || op === "!=" ? null : compilePattern(value);
  return pattern?.kind === "refused" ? wrong(pattern.why, pattern.remedy) : { name, op, value };
}

/**
 * Parses `{alertname="NodeDown", cluster="a"}`, with braces or without: commas outside of quotes separate.
 * @see https://github.com/prometheus/alertmanager/blob/main/pkg/labels/parse.go (ParseMatchers)
 */
export function parseMatchers(text: string): readonly Matcher[] | MatcherProblem {
  const parts = splitAtCommas(withoutBraces(text));
  const matchers: Matcher[] = [];
  for (const part of parts.length === 0 ? [text] : parts) {
    const matcher = parseMatcher(part);
    if ("kind" in matcher) return matcher;
    matchers.push(matcher);
  }
  return matchers;
}

export function withoutBraces(text: string): string {
  return /^\s*\{([\s\S]*)\}\s*$/.exec(text)?.[1] ?? text;
}

/** What stands between the commas that are not in double quotes, without blank parts. */
export function splitAtCommas(text: string): readonly string[] {
  const parts = text.match(/(?:[^,"\\]|\\[\s\S]?|"(?:[^"\\]|\\[\s\S])*(?:"|\\?$))+/g) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

/** In one sentence without its full stop: `"web" is not a matcher`. */
export function problemText({ text, why }: MatcherProblem, what = "a matcher"): string {
  return `"${text}" is not ${what}${why === null ? "" : `: ${why}`}`;
}

/** The remedy as a sentence of its own. */
export function remedyText({ remedy }: MatcherProblem): string {
  return `${remedy.slice(0, 1).toUpperCase()}${remedy.slice(1)}.`;
}

/** As it may be typed again. */
export function formatMatcher({ name, op, value }: Matcher): string {
  return `${name}${op}"${value.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

/** True when every matcher holds. */
export function matchesAll(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every((matcher) => matches(matcher, labels));
}

function matches(matcher: Matcher, labels: Labels): boolean {
  const value = labels[matcher.name] ?? "";
  if (matcher.op === "=") return value === matcher.value;
  if (matcher.op === "!=") return value !== matcher.value;
  const pattern = compilePattern(matcher.value);
  const isMatch = pattern.kind === "pattern" && pattern.regex.test(value.slice(0, 1000));
  return matcher.op === "=~" ? isMatch : !isMatch;
}
