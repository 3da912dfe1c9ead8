/** What could be done about noisy rules: snippets to paste into Alertmanager and Prometheus, and command lines. */

import { formatMatcher } from "../suppression/matcher.ts";
import { duration, oneLine } from "../view.ts";
import { type Duplicate, holdOf, type NoiseReport, type NoisyRule } from "./noise.ts";

/** One thing to do, with what it would have spared. */
export interface Advice {
  /** One plain sentence. Untrusted text. */
  readonly title: string;
  /** Notifications of the window that would not have come. */
  readonly spared: number;
  /** What to paste and where: YAML for `where`, or null when there is nothing to paste. */
  readonly snippet: { readonly where: "alertmanager.yml" | "Prometheus rule"; readonly text: string } | null;
  /** Command line that mutes it for a week, without the slash; null when that would be wrong. */
  readonly command: string | null;
}

/** Senders whose alerts went through Alertmanager with their labels. */
const alertmanagers: readonly string[] = ["alertmanager", "grafana"];
const week = "7d";
const minuteMs = 60_000;
/** A name that goes into a snippet: longer ones, and control characters, are not written for others to paste. */
const pasteable = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,200}$/u;

/** What to do, most sparing first. */
export function adviseOn({ rules, duplicates }: NoiseReport): readonly Advice[] {
  return [...rules.flatMap(adviseOnRule), ...duplicates.flatMap(inhibit)].sort((a, b) => b.spared - a.spared);
}

function adviseOnRule(rule: NoisyRule): readonly Advice[] {
  if (!pasteable.test(rule.name)) return [];
  const hold =
    rule.verdicts.includes("never mattered") || rule.verdicts.includes("too eager") ? holdOf(rule) : null;
  const advice: Advice[] = [];
  if (rule.verdicts.includes("flaps")) advice.push(keepFiring(rule));
  else if (hold !== null && hold.spared >= 0.8 * (rule.notified - rule.mattered))
    advice.push(holdLonger(rule, hold));
  else if (rule.verdicts.includes("too eager") && hold !== null) advice.push(holdLonger(rule, hold));
  if (rule.verdicts.includes("never mattered")) advice.push(mute(rule));
  return advice;
}

/** @see https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/ */
function keepFiring(rule: NoisyRule): Advice {
  const minutes = Math.max(5, 5 * Math.ceil((rule.pauseMs ?? 0) / minuteMs / 5));
  const title = `${named(rule)} came back ${rule.returned} times within 15 min of its end: keep it firing over its pauses.`;
  const text = ruleSnippet(rule.name, `keep_firing_for: ${minutes}m`);
  return {
    title,
    spared: Math.min(rule.returned, rule.notified),
    snippet: snippetOf(rule, text),
    command: null,
  };
}

function holdLonger(rule: NoisyRule, hold: { readonly minutes: number; readonly spared: number }): Advice {
  const kept =
    rule.mattered === 0 ? "none of them mattered" : `all ${rule.mattered} that mattered lasted longer`;
  const title = `${hold.spared} of ${rule.notified} notifications of ${named(rule)} were over within ${hold.minutes} min; ${kept}: wait ${hold.minutes} min longer.`;
  const text = ruleSnippet(rule.name, `for: ${hold.minutes}m`, "# on top of what it has now");
  return { title, spared: hold.spared, snippet: snippetOf(rule, text), command: null };
}

function ruleSnippet(name: string, line: string, comment = ""): string {
  return [`- alert: ${quoted(name)}`, `  ${line}${comment === "" ? "" : ` ${comment}`}`].join("\n");
}

function snippetOf(rule: NoisyRule, text: string): Advice["snippet"] {
  return alertmanagers.includes(rule.source) ? { where: "Prometheus rule", text } : null;
}

/** @see https://prometheus.io/docs/alerting/latest/configuration/#route */
function mute(rule: NoisyRule): Advice {
  const matchers = matchersOf(rule);
  const lasted = rule.lastedMs === null ? "" : `, over after ${duration(rule.lastedMs)} (median)`;
  const title = `Nobody ever acted on ${named(rule)}: ${rule.notified} notifications${lasted}. Delete the rule, or route it to nobody.`;
  const text = [
    "route:",
    "  routes:",
    "    - matchers:",
    ...matchers.map((matcher) => `        - ${quoted(matcher)}`),
    "      receiver: nobody",
    "receivers:",
    "  - name: nobody",
  ].join("\n");
  const command = `silence ${matchers.join(" ")} --for ${week} --reason "noise"`;
  const isOurs = alertmanagers.includes(rule.source);
  return {
    title,
    spared: rule.notified,
    snippet: isOurs ? { where: "alertmanager.yml", text } : null,
    command: command.length <= 100 ? command : null,
  };
}

function matchersOf(rule: NoisyRule): readonly string[] {
  const byTeam =
    rule.team !== null && (rule.teamFrom === "team" || rule.teamFrom === "owner") && pasteable.test(rule.team)
      ? [{ name: rule.teamFrom, op: "=" as const, value: rule.team }]
      : [];
  return [{ name: "alertname", op: "=" as const, value: rule.name }, ...byTeam].map(formatMatcher);
}

/** @see https://prometheus.io/docs/alerting/latest/configuration/#inhibit_rule */
function inhibit(pair: Duplicate): readonly Advice[] {
  // Without a label in common every such alert anywhere would be muted by one.
  if (pair.equal.length === 0 || !pasteable.test(pair.leader) || !pasteable.test(pair.follower)) return [];
  const share = Math.round(pair.shareRatio * 100);
  const title = `${oneLine(pair.leader, 80)} and ${oneLine(pair.follower, 80)} fire together (${pair.together} times, ${share} %): let the first mute the second.`;
  const matcher = (value: string) => quoted(formatMatcher({ name: "alertname", op: "=", value }));
  const text = [
    "inhibit_rules:",
    `  - source_matchers: [${matcher(pair.leader)}]`,
    `    target_matchers: [${matcher(pair.follower)}]`,
    `    equal: [${pair.equal.join(", ")}]`,
  ].join("\n");
  return [{ title, spared: pair.together, snippet: { where: "alertmanager.yml", text }, command: null }];
}

function named(rule: NoisyRule): string {
  const team = rule.team === null ? "" : ` (${oneLine(rule.team, 60)})`;
  return `${oneLine(rule.name, 100)}${team}`;
}

/** A YAML scalar in single quotes: the one style in which nothing but the quote itself has a meaning. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
