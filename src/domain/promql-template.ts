/** Queries of the operator's with a place for a service's name: `{job="{{service}}"}`. */
import { type Token, tokenize, withinQuotes } from "./promql-tokens.ts";

const place = /\{\{\s*service\s*\}\}/g;
const anyPlace = /\{\{.*?\}\}/gs;
/** Longest name of a service that is asked for. */
const maxService = 200;

/**
 * What is wrong with a query of the operator's, and what to write instead; null when it can be filled in.
 * The place stands only inside the quotes of a label matcher, where a value cannot become anything else.
 */
export function templateProblem(template: string): string | null {
  const stray = template.match(anyPlace)?.find((found) => !/^\{\{\s*service\s*\}\}$/.test(found));
  if (stray !== undefined) return `has ${stray.slice(0, 40)}; the only place there is is {{service}}`;
  // A neutral value: braces of the place would look like those of a selector outside of quotes.
  const places = template.match(place)?.length ?? 0;
  if (places === 0)
    return 'has no {{service}}; write it where the name belongs, for example {job="{{service}}"}';
  const tokens = tokenize(template);
  if (tokens === null) return "is no PromQL: its quotes or brackets do not match";
  const inMatchers = tokens.filter((token, index) => isMatcherValue(token, tokens[index - 1]));
  const raw = inMatchers.find((token) => token.text.startsWith("`") && token.text.match(place) !== null);
  if (raw !== undefined)
    return "has {{service}} in back quotes, where nothing can be escaped; use double quotes";
  const inside = inMatchers.reduce((count, token) => count + (token.text.match(place)?.length ?? 0), 0);
  return inside === places
    ? null
    : 'has {{service}} outside of a label matcher; write it in quotes there, for example {job="{{service}}"}';
}

function isMatcherValue(token: Token, before: Token | undefined): boolean {
  const isOperator = before?.kind === "matcher" || before?.text === "!=";
  return token.kind === "string" && token.isInBraces && isOperator;
}

/**
 * The query for one service. In a matcher by regular expression the name stands for itself, letter by letter.
 * @param template - one that {@link templateProblem} finds nothing wrong with.
 * @returns null when the name is too long to be one.
 */
export function fillTemplate(template: string, service: string): string | null {
  const tokens = tokenize(template);
  if (tokens === null || service.length > maxService) return null;
  const strings = tokens.flatMap((token, index) => {
    const before = tokens[index - 1];
    if (!isMatcherValue(token, before)) return [];
    const isPattern = before?.text === "=~" || before?.text === "!~";
    const value = isPattern ? service.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&") : service;
    const filled = token.text.replace(place, () => withinQuotes(value, token.text.charAt(0)));
    return [{ token, filled }];
  });
  return strings.reduceRight(
    (text, { token, filled }) => text.slice(0, token.start) + filled + text.slice(token.end),
    template,
  );
}
