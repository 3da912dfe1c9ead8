/**
 * As much of PromQL as is needed to ask for what an alerting rule watches: the side of its outermost comparison that
 * is not the limit, narrowed to one alert's labels.
 * Nothing here evaluates anything. What is not understood is left as it stands.
 * @see https://prometheus.io/docs/prometheus/latest/querying/operators/#binary-operator-precedence
 */
import type { Labels } from "../alert.ts";
import { quoted, type Token, tokenize } from "./promql-tokens.ts";

// ---------- what a rule watches ----------

const comparisons = [">", ">=", "<", "<=", "==", "!="] as const;
export type Comparison = (typeof comparisons)[number];

/** What an alerting rule looks at, apart from when it complains. */
export interface Watched {
  /** PromQL whose value is compared; the whole expression where no comparison could be found. */
  readonly expression: string;
  /** The number it is compared with; null when there is none, or it is no plain number. */
  readonly limit: { readonly comparison: Comparison; readonly value: number } | null;
  /** False when the expression stands as it was: then it has a value only while the alert is due. */
  readonly isStripped: boolean;
}

/** Unwrapping is repeated this often: `((a) > 1) and b`. */
const maxLayers = 20;

/**
 * The side of a rule's outermost comparison that is watched: `rate(x[5m]) > 0.05 and on() y` gives `rate(x[5m])` with
 * the limit "> 0.05". What stands left of `and` and `unless` gives an alert its value; with `or` at the outside there
 * is no one side, and the whole expression is returned.
 */
export function watchedBy(query: string): Watched {
  let expression = query.trim();
  let limit: Watched["limit"] = null;
  let isStripped = false;
  for (let layer = 0; layer < maxLayers; layer += 1) {
    const step = outermost(expression);
    if (step === null) break;
    expression = step.expression;
    limit ??= step.limit;
    isStripped ||= step.isComparison;
  }
  return isStripped
    ? { expression, limit, isStripped }
    : { expression: query.trim(), limit: null, isStripped };
}

interface Layer {
  readonly expression: string;
  readonly limit: Watched["limit"];
  readonly isComparison: boolean;
}

/** One layer off: brackets, a set operator or a comparison; null when nothing is left to take off. */
function outermost(text: string): Layer | null {
  const tokens = tokenize(text);
  const first = tokens?.[0];
  if (tokens === null || first === undefined) return null;
  const outside = tokens.filter((token) => token.depth === 0);
  const last = tokens.at(-1);
  if (first.text === "(" && outside.length === 2 && outside[1] === last)
    return layer(text.slice(first.end, last?.start));
  const words = outside.filter((token) => token.kind === "word");
  if (words.some((token) => token.text.toLowerCase() === "or")) return null;
  const set = words.find((token) => ["and", "unless"].includes(token.text.toLowerCase()));
  if (set !== undefined) return layer(text.slice(0, set.start));
  const comparison = outside.findLast((token) => token.kind === "comparison");
  // A comment may follow the last token.
  return comparison === undefined ? null : sidesOf(text.slice(0, last?.end), comparison);
}

function layer(expression: string): Layer | null {
  const trimmed = expression.trim();
  return trimmed === "" ? null : { expression: trimmed, limit: null, isComparison: false };
}

function sidesOf(text: string, token: Token): Layer | null {
  const left = text.slice(0, token.start).trim();
  const right = text
    .slice(token.end)
    .trim()
    .replace(/^bool\b\s*/i, "");
  if (left === "" || right === "") return null;
  // The pattern of comparisons lets nothing else through.
  const comparison = token.text as Comparison;
  const [leftNumber, rightNumber] = [numberIn(left), numberIn(right)];
  if (leftNumber !== null && rightNumber === null)
    return {
      expression: right,
      limit: { comparison: flipped[comparison], value: leftNumber },
      isComparison: true,
    };
  return {
    expression: left,
    limit: rightNumber === null ? null : { comparison, value: rightNumber },
    isComparison: true,
  };
}

const flipped: Readonly<Record<Comparison, Comparison>> = {
  ">": "<",
  ">=": "<=",
  "<": ">",
  "<=": ">=",
  "==": "==",
  "!=": "!=",
};

/** The value of a plain number, in brackets or not; null for anything else. */
function numberIn(text: string): number | null {
  const bare = text.replace(/^\((.*)\)$/s, "$1").trim();
  if (!/^[+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(bare)) return null;
  const value = Number(bare.replaceAll("_", ""));
  return Number.isFinite(value) ? value : null;
}

// ---------- one alert's share of it ----------

/** After one of these the labels of the result are no longer those of what was selected. */
const relabelling: ReadonlySet<string> = new Set([
  "label_replace",
  "label_join",
  "group_left",
  "group_right",
  "on",
  "ignoring",
  "without",
  "count_values",
  "absent",
  "absent_over_time",
  "info",
]);
const aggregations: ReadonlySet<string> = new Set([
  "sum",
  "avg",
  "min",
  "max",
  "count",
  "group",
  "stddev",
  "stdvar",
  "topk",
  "bottomk",
  "quantile",
  "limitk",
  "limit_ratio",
]);
const keywords: ReadonlySet<string> = new Set([
  "by",
  "bool",
  "and",
  "or",
  "unless",
  "atan2",
  "offset",
  "start",
  "end",
  "inf",
  "nan",
]);
/** Most labels that are added to a selector. */
const maxAdded = 8;

/**
 * Adds an alert's labels to every selector of an expression, where that surely keeps its value: labels survive
 * functions and `by (…)`, but not `without`, joins and relabelling. Otherwise the expression comes back as it was.
 * @param labels - those of the alert that its rule did not set itself.
 */
export function narrowTo(expression: string, labels: Labels): string {
  const tokens = tokenize(expression);
  if (tokens === null) return expression;
  const words = tokens.filter((token) => token.kind === "word" && !token.isInBraces);
  if (words.some((token) => relabelling.has(token.text.toLowerCase()))) return expression;
  const groups = groupsOf(tokens);
  const aggregates = words.filter((token) => aggregations.has(token.text.toLowerCase())).length;
  if (groups.length !== aggregates) return expression;
  const kept = Object.entries(labels)
    .filter(([name]) => /^[a-z_]\w*$/i.test(name) && groups.every((group) => group.labels.includes(name)))
    .slice(0, maxAdded);
  if (kept.length === 0) return expression;
  const matchers = kept.map(([name, value]) => `${name}=${quoted(value)}`).join(",");
  const edits = selectorsOf(tokens, groups).map((selector) => editOf(selector, tokens, matchers));
  return edits.reduceRight((text, { at, insert }) => text.slice(0, at) + insert + text.slice(at), expression);
}

interface Group {
  readonly from: number;
  readonly to: number;
  readonly labels: readonly string[];
}

/** The lists after `by`, with the tokens that they span. */
function groupsOf(tokens: readonly Token[]): readonly Group[] {
  return tokens.flatMap((token, index): Group[] => {
    const isBy = token.kind === "word" && !token.isInBraces && token.text.toLowerCase() === "by";
    if (!isBy || tokens[index + 1]?.text !== "(") return [];
    const to = tokens.findIndex((other, at) => at > index + 1 && other.text === ")");
    const inside = tokens.slice(index + 2, to);
    return [
      { from: index, to, labels: inside.filter(({ kind }) => kind === "word").map(({ text }) => text) },
    ];
  });
}

/** Where selectors begin: names of metrics, and braces without a name before them. */
function selectorsOf(tokens: readonly Token[], groups: readonly Group[]): readonly number[] {
  return tokens.flatMap((token, index) => {
    if (token.isInBraces || groups.some((group) => index >= group.from && index <= group.to)) return [];
    const before = tokens[index - 1];
    if (token.text === "{") return before !== undefined && isMetric(before, token) ? [] : [index];
    return isMetric(token, tokens[index + 1]) ? [index] : [];
  });
}

function isMetric(token: Token, next: Token | undefined): boolean {
  if (token.kind !== "word" || next?.text === "(") return false;
  const word = token.text.toLowerCase();
  return !keywords.has(word) && !aggregations.has(word);
}

function editOf(selector: number, tokens: readonly Token[], matchers: string) {
  const token = tokens[selector];
  const brace = token?.text === "{" ? selector : selector + 1;
  if (tokens[brace]?.text !== "{") return { at: token?.end ?? 0, insert: `{${matchers}}` };
  const end = tokens.findIndex((other, index) => index > brace && other.text === "}");
  const before = tokens[end - 1];
  const needsComma = end > brace + 1 && before?.text !== ",";
  return { at: tokens[end]?.start ?? 0, insert: needsComma ? `,${matchers}` : matchers };
}

// ---------- what it measures ----------

/** The unit that the name of the one metric in an expression says; empty when it says none, or there are several. */
export function unitOf(expression: string): string {
  const tokens = tokenize(expression);
  if (tokens === null) return "";
  const groups = groupsOf(tokens);
  const names = new Set(
    selectorsOf(tokens, groups)
      .map((index) => tokens[index]?.text ?? "")
      .filter((text) => text !== "{"),
  );
  const [metric = ""] = names;
  if (names.size !== 1 || tokens.some((token) => /^[*/%^-]$/.test(token.text))) return "";
  const functions = new Set(
    tokens.filter(({ kind }) => kind === "word").map(({ text }) => text.toLowerCase()),
  );
  const isRate = ["rate", "irate", "increase", "delta", "deriv", "count"].some((name) => functions.has(name));
  if (functions.has("histogram_quantile")) return /_seconds(_bucket)?$/.test(metric) ? "seconds" : "";
  if (isRate) return "";
  return unitSuffixes.find(([pattern]) => pattern.test(metric))?.[1] ?? "";
}

const unitSuffixes: readonly (readonly [RegExp, string])[] = [
  [/_ratio$/, "ratio"],
  [/_percent$/, "percent"],
  [/_bytes$/, "bytes"],
  [/_(?<!timestamp_)seconds$/, "seconds"],
];
