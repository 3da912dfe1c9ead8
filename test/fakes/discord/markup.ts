/**
 * Discord's markdown as its clients read it: what is shown, and what text does beyond being shown. Written from the
 * documentation and the behaviour of the client, not from the adapter.
 * @see https://support.discord.com/hc/en-us/articles/210298617
 */

export interface Reading {
  /** Visible characters. */
  readonly text: string;
  /** Links, mentions, emoji, spoilers, headings, quotes: one line each. */
  readonly effects: readonly string[];
}

interface Rule {
  readonly pattern: RegExp;
  readonly read: (match: RegExpExecArray, effect: (what: string) => void) => string;
}

const atLineStart: readonly Rule[] = [
  { pattern: /^\s*#{1,3} +/, read: (_match, effect) => told(effect, "heading", "") },
  { pattern: /^(?:>>> |> )/, read: (_match, effect) => told(effect, "quote", "") },
  { pattern: /^-# +/, read: () => "" },
  { pattern: /^\s*[-*] +/, read: () => "• " },
  { pattern: /^\s*\d+\. +/, read: (match) => match[0] },
];

const anywhere: readonly Rule[] = [
  { pattern: /^\\([^0-9A-Za-z\s])/, read: (match) => match[1] ?? "" },
  { pattern: /^```(?:[a-z0-9_+-]*\n)?([\s\S]+?)```/, read: (match) => match[1] ?? "" },
  { pattern: /^(`+)([\s\S]*?[^`])\1(?!`)/, read: (match) => match[2] ?? "" },
  { pattern: /^<t:-?\d+(?::[tTdDfFR])?>/, read: () => "[time]" },
  { pattern: /^<@[!&]?\d+>/, read: (match, effect) => told(effect, `mention ${match[0]}`, match[0]) },
  { pattern: /^<#\d+>/, read: (match, effect) => told(effect, `channel ${match[0]}`, match[0]) },
  { pattern: /^<id:[a-z]+>/, read: (match, effect) => told(effect, `channel ${match[0]}`, match[0]) },
  { pattern: /^<\/[^:>]+:\d+>/, read: (match, effect) => told(effect, `command ${match[0]}`, match[0]) },
  { pattern: /^<a?:\w+:\d+>/, read: (match, effect) => told(effect, `emoji ${match[0]}`, match[0]) },
  {
    pattern: /^<(https?:\/\/[^ >]+)>/,
    read: (match, effect) => told(effect, `link ${match[1]}`, match[1] ?? ""),
  },
  {
    pattern: /^<[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+>/,
    read: (match, effect) => told(effect, `mail ${match[0]}`, match[0]),
  },
  {
    pattern: /^\[((?:\\.|[^\]\\])+)\]\(<?((?:https?|discord):\/\/[^\s)>]+)>?\)/,
    read: (match, effect) => told(effect, `link ${match[2]}`, readMarkup(match[1] ?? "").text),
  },
  { pattern: /^@(?:everyone|here)/, read: (match, effect) => told(effect, `mention ${match[0]}`, match[0]) },
  {
    pattern: /^https?:\/\/[^\s<]+[^<.,:;"'\])\s]/,
    read: (match, effect) => told(effect, `link ${match[0]}`, match[0]),
  },
  {
    pattern: /^discord(?:app)?\.(?:gg|com\/invite)\/[\w-]+/,
    read: (match, effect) => told(effect, `invite ${match[0]}`, match[0]),
  },
  { pattern: /^:(\w+):/, read: (match, effect) => told(effect, `emoji ${match[0]}`, match[0]) },
  { pattern: /^\|\|[\s\S]+?\|\|/, read: (match, effect) => told(effect, "spoiler", match[0]) },
  { pattern: /^__(?=[\s\S]+?__)/, read: (_match, effect) => told(effect, "underline", "") },
  { pattern: /^(?:\*\*|~~|\*(?=\S)|(?<=\S)\*)/, read: () => "" },
];

/** Reads a content, a description, a field value or, without line rules, a title. */
export function readMarkup(source: string, lines: "lines" | "one line" = "lines"): Reading {
  const effects: string[] = [];
  let text = "";
  let rest = source;
  let isStart = true;
  while (rest !== "") {
    const rules = isStart && lines === "lines" ? [...atLineStart, ...anywhere] : anywhere;
    const hit = firstHit(rules, rest);
    if (hit === null) {
      isStart = rest.startsWith("\n");
      text += rest[0];
      rest = rest.slice(1);
      continue;
    }
    text += hit.rule.read(hit.match, (what) => effects.push(what));
    rest = rest.slice(hit.match[0].length);
    isStart = false;
  }
  return { text: text.replace(/\u200b/g, ""), effects };
}

function firstHit(rules: readonly Rule[], rest: string): { rule: Rule; match: RegExpExecArray } | null {
  for (const rule of rules) {
    const match = rule.pattern.exec(rest);
    if (match !== null) return { rule, match };
  }
  return null;
}

function told(effect: (what: string) => void, what: string, shown: string): string {
  effect(what);
  return shown;
}
