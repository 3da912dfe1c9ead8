/** Matchers as people type them, for commands that mute. Files that begin with "_" are not commands. */

import { tokenize } from "../src/domain/command/words.ts";
import {
  formatMatcher,
  type Matcher,
  matchesAll,
  parseMatcher,
  problemText,
  remedyText,
  splitAtCommas,
  withoutBraces,
} from "../src/domain/suppression/matcher.ts";
import { oneLine } from "../src/domain/view.ts";
import type { Refusal } from "../src/ports/command.ts";

const maxMatchers = 20;

/** Reads `service=checkout severity=~"warning|info"`, or says what is wrong; refuses what would mute everything. */
export function readMatchers(text: string): readonly Matcher[] | Refusal {
  const matchers = readMatcherList(text);
  if ("kind" in matchers) return matchers;
  if (matchers.length === 0 || matchers.length > maxMatchers) {
    return refusal("matcher", `There are ${matchers.length} matchers.`, `Give 1 to ${maxMatchers}.`);
  }
  // As in Alertmanager: a silence that an alert without any labels would match mutes everything.
  if (matchesAll(matchers, {})) {
    return refusal(
      "matches_everything",
      `${matchers.map(formatMatcher).join(" ")} would mute every alert.`,
      "Add a matcher that an empty label does not satisfy, for example service=checkout.",
    );
  }
  return matchers;
}

/** Reads matchers, also none; says which word is not one. */
export function readMatcherList(text: string): readonly Matcher[] | Refusal {
  const words = readWords(text);
  if ("kind" in words) return words;
  const matchers: Matcher[] = [];
  for (const word of words) {
    const matcher = parseMatcher(word);
    if ("kind" in matcher) {
      const problem = `${problemText({ ...matcher, text: oneLine(word, 80) })}.`;
      const how = 'Write label=value, label!=value, label=~"a|b" or label!~"a.*".';
      return refusal("matcher", problem, matcher.why === null ? how : remedyText(matcher));
    }
    matchers.push(matcher);
  }
  return matchers;
}

/** The words of a text, with blanks or commas between them; quotes hold both. Braces around all of it are Alertmanager's. */
export function readWords(text: string): readonly string[] | Refusal {
  const split = tokenize(withoutBraces(text));
  if (split.kind === "unclosed_quote") {
    return refusal(
      "unclosed_quote",
      `A quote is never closed: ${oneLine(split.rest, 40)}`,
      'Close it with ".',
    );
  }
  return split.tokens
    .map((token) => (token.kind === "word" ? token.text : `--${token.name}`))
    .flatMap((word) => splitAtCommas(word));
}

/** `service="checkout" and severity="warning"` */
export function matchersText(matchers: readonly Matcher[]): string {
  return matchers.map(formatMatcher).join(" and ");
}

/** The reason on one line, or a refusal when there is none. */
export function readReason(text: string | undefined, what: string): string | Refusal {
  const reason = oneLine(text ?? "", 500);
  if (reason !== "") return reason;
  return refusal("no_reason", `${what} needs a reason.`, 'Add --reason "why"; others will want to know.');
}

export function refusal(reason: string, problem: string, remedy: string): Refusal {
  return { kind: "refuse", reason, problem, remedy };
}
