/** Queries of the operator's with places for names: `{job="{{service}}"}`. */
import { type Token, tokenize, withinQuotes } from "./promql-tokens.ts";

const anyPlace = /\{\{\s*(.*?)\s*\}\}/gs;
/** Longest name that is asked for. */
const maxName = 200;

/**
 * What is wrong with a query that is asked of every service, and what to write instead; null when it can be filled in.
 * The place stands only inside the quotes of a label matcher, where a value cannot become anything else.
 */
export function templateProblem(template: string): string | null {
  const problem = placesProblem(template, ["service"]);
  if (problem !== null || template.match(anyPlace) !== null) return problem;
  return 'has no {{service}}; write it where the name belongs, for example {job="{{service}}"}';
}

/** The same for a query with places of these names, none of which has to be there. */
export function placesProblem(template: string, names: readonly string[]): string | null {
  const places = [...template.matchAll(anyPlace)];
  const listed = names.map((name) => `{{${name}}}`).join(", ");
  const stray = places.find(([, name = ""]) => !names.includes(name))?.[0];
  if (stray !== undefined)
    return `has ${stray.slice(0, 40)}; ${names.length === 1 ? "it may have only" : "it may have"} ${listed}`;
  const tokens = tokenize(template);
  if (tokens === null) return "is no PromQL: its quotes or brackets do not match";
  const inMatchers = tokens.filter((token, index) => isMatcherValue(token, tokens[index - 1]));
  const single = names.find((name) => inMatchers.some(({ text }) => text.slice(1, -1) === `{${name}}`));
  if (single !== undefined) return `has "{${single}}" with single braces; write "{{${single}}}"`;
  const raw = inMatchers
    .filter(({ text }) => text.startsWith("`"))
    .flatMap(({ text }) => text.match(anyPlace) ?? [])[0];
  if (raw !== undefined) return `has ${raw} in back quotes, where nothing can be escaped; use double quotes`;
  const inside = inMatchers.reduce((count, token) => count + (token.text.match(anyPlace)?.length ?? 0), 0);
  const [first] = places;
  return first === undefined || inside === places.length
    ? null
    : `has ${first[0]} outside of a label matcher; write it in quotes there, for example {job="${first[0]}"}`;
}

function isMatcherValue(token: Token, before: Token | undefined): boolean {
  const isOperator = before?.kind === "matcher" || before?.text === "!=";
  return token.kind === "string" && token.isInBraces && isOperator;
}

/** The query for one service; see {@link fillPlaces}. */
export function fillTemplate(template: string, service: string): string | null {
  return fillPlaces(template, { service });
}

/**
 * The query with its places filled in. In a matcher by regular expression a value stands for itself, letter by letter.
 * @param template - one that {@link placesProblem} finds nothing wrong with.
 * @returns null when a value is too long to be a name.
 */
export function fillPlaces(template: string, values: Readonly<Record<string, string>>): string | null {
  const tokens = tokenize(template);
  if (tokens === null || Object.values(values).some((value) => value.length > maxName)) return null;
  const strings = tokens.flatMap((token, index) => {
    const before = tokens[index - 1];
    if (!isMatcherValue(token, before)) return [];
    const isPattern = before?.text === "=~" || before?.text === "!~";
    const filled = token.text.replace(anyPlace, (place, name: string) => {
      const value = values[name];
      if (value === undefined) return place;
      const literal = isPattern ? value.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&") : value;
      return withinQuotes(literal, token.text.charAt(0));
    });
    return [{ token, filled }];
  });
  return strings.reduceRight(
    (text, { token, filled }) => text.slice(0, token.start) + filled + text.slice(token.end),
    template,
  );
}
