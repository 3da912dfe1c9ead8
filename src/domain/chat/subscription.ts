/**
 * What a channel asked to be shown, beside the routes of tocsin.yaml: `service:payments severity>=high`.
 */
import { type Severity, severities } from "../alert.ts";
import {
  formatMatcher,
  type Matcher,
  type MatcherProblem,
  parseMatcher,
  problemText,
  remedyText,
} from "../suppression/matcher.ts";
import type { Route } from "./routing.ts";

/** All of it must hold on one alert. */
export interface SubscriptionFilter {
  readonly match: readonly Matcher[];
  /** As the bot understands it, whatever word the source has for it. */
  readonly atLeast: Severity | null;
}

export interface Subscription {
  readonly id: number;
  readonly platform: string;
  readonly channel: string;
  readonly filter: SubscriptionFilter;
  readonly createdBy: string;
  readonly createdAt: Date;
}

/** So many may one channel have, and all channels together: each is looked at for every alert. */
export const mostSubscriptions = { ofChannel: 20, inAll: 500 } as const;
const maxMatchers = 10;

export type ReadFilter =
  | { readonly kind: "filter"; readonly filter: SubscriptionFilter }
  | { readonly kind: "wrong"; readonly problem: string; readonly remedy: string };

const how =
  'Write for example service:payments, team=~"pay.*" or severity>=high; all must hold on one alert.';

/** @param words - each one condition, in any order; none at all is every incident. */
export function readFilter(words: readonly string[]): ReadFilter {
  const match: Matcher[] = [];
  let atLeast: Severity | null = null;
  for (const word of words) {
    const least = /^severity\s*>=\s*(.*)$/i.exec(word)?.[1];
    if (least === undefined) {
      const matcher = parseCondition(word);
      if ("kind" in matcher) {
        const problem = `${problemText({ ...matcher, text: word }, "a condition")}.`;
        return { kind: "wrong", problem, remedy: matcher.why === null ? how : remedyText(matcher) };
      }
      match.push(matcher);
      continue;
    }
    const severity = severities.find((known) => known === least.toLowerCase());
    if (severity === undefined) {
      const remedy = `Severities are ${severities.join(", ")}, worst first.`;
      return { kind: "wrong", problem: `"${least}" is not a severity.`, remedy };
    }
    if (atLeast !== null)
      return { kind: "wrong", problem: "There are two least severities.", remedy: "Give one of them." };
    atLeast = severity;
  }
  if (match.length > maxMatchers)
    return {
      kind: "wrong",
      problem: `There are ${match.length} conditions.`,
      remedy: `Give at most ${maxMatchers}.`,
    };
  return { kind: "filter", filter: { match: match.toSorted(byText), atLeast } };
}

/** `service:payments` is `service="payments"`. */
function parseCondition(word: string): Matcher | MatcherProblem {
  // With a blank after it "=" is the operator whatever the value begins with.
  return parseMatcher(word.replace(/^([A-Za-z_][A-Za-z0-9_.-]*):(?=.)/, "$1= "));
}

function byText(a: Matcher, b: Matcher): number {
  return formatMatcher(a) < formatMatcher(b) ? -1 : 1;
}

/** As it may be typed again: `service="payments" severity>=high`; "every incident" for no condition. */
export function filterText({ match, atLeast }: SubscriptionFilter): string {
  const least = atLeast === null ? [] : [`severity>=${atLeast}`];
  const words = [...match.map(formatMatcher), ...least];
  return words.length === 0 ? "every incident" : words.join(" ");
}

/** A subscription as triage routes by it. */
export function subscriptionRoute({ platform, channel, filter }: Subscription): Route {
  const { match, atLeast } = filter;
  return { to: `${platform}:${channel}`, match, ...(atLeast === null ? {} : { atLeast }) };
}
