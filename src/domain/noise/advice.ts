/** What could be done about noisy rules: snippets for whoever reads them, words for who has no file, and command lines. */

import { formatMatcher } from "../suppression/matcher.ts";
import { duration, oneLine } from "../view.ts";
import {
  type Duplicate,
  type Hold,
  holdOf,
  isOfSeveralSenders,
  type NoiseReport,
  type NoisyRule,
  type RuleFacts,
  rulesByName,
} from "./noise.ts";
import { pasteable, reachOf, unlisted } from "./reach.ts";
import { isSameSender } from "./sender.ts";

/** One thing to do, with what it would have spared. */
export interface Advice {
  /** One plain sentence. Untrusted text. */
  readonly title: string;
  /** Notifications of the window that would not have come. */
  readonly spared: number;
  /** What to paste and where: YAML for `where`, or null when there is nothing to paste. */
  readonly snippet: {
    readonly where: "alertmanager.yml" | "Prometheus rule" | "tocsin.yaml";
    readonly text: string;
  } | null;
  /** Command line that mutes it for a week, without the slash; null when that would be wrong. */
  readonly command: string | null;
}

const week = "7d";
const minuteMs = 60_000;

/** What to do, most sparing first. */
export function adviseOn({ rules, duplicates }: NoiseReport): readonly Advice[] {
  const known = rules.filter(({ name }) => pasteable.test(name));
  // A rule's own line holds for every team, so it is said once for each sender.
  const perName = [...rulesByName(known).values()].flatMap(bySender).flatMap(holdOfName);
  return [...perName, ...known.flatMap(adviseOnRule), ...duplicates.flatMap(inhibit)].sort(
    (a, b) => b.spared - a.spared,
  );
}

function bySender(rules: readonly NoisyRule[]): readonly (readonly NoisyRule[])[] {
  const firsts = rules.filter((rule, index) => rules.findIndex((each) => isSameSender(each, rule)) === index);
  return firsts.map((first) => rules.filter((rule) => isSameSender(rule, first)));
}

function adviseOnRule(rule: NoisyRule): readonly Advice[] {
  return [
    ...(rule.verdicts.includes("flaps") ? [keepFiring(rule)] : []),
    ...(rule.verdicts.includes("never mattered") ? [mute(rule)] : []),
  ];
}

/** @see https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/ */
function keepFiring(rule: NoisyRule): Advice {
  const minutes = Math.max(5, 5 * Math.ceil((rule.pauseMs ?? 0) / minuteMs / 5));
  const title = `${named(rule)} came back ${rule.returned} times within 15 min of its end: ${keepFiringWords(rule, minutes)}.`;
  const text = ruleSnippet(rule.name, `keep_firing_for: ${minutes}m`);
  return {
    title,
    spared: Math.min(rule.returned, rule.notified),
    snippet: snippetOf(rule, text),
    command: null,
  };
}

/** @see https://grafana.com/docs/grafana/latest/alerting/fundamentals/alert-rule-evaluation/ for what Grafana calls it. */
function keepFiringWords(rule: NoisyRule, minutes: number): string {
  if (rule.sender === "grafana") return `in Grafana, set its "Keep firing for" to ${minutes} min`;
  return `${place(rule)}keep it firing over its pauses`;
}

/** Where a rule is changed that is in no file of Prometheus; empty for one that is. */
function place({ sender }: NoisyRule): string {
  const places = { alertmanager: "", grafana: "in Grafana, ", other: "where the rule lives, " } as const;
  return places[sender];
}

/** @param rules - those of one name and one sender that have a verdict. */
function holdOfName(rules: readonly NoisyRule[]): readonly Advice[] {
  const candidates = rules.filter(({ verdicts }) => !verdicts.includes("flaps"));
  const isEager = candidates.some(({ verdicts }) => verdicts.includes("too eager"));
  const [rule] = candidates.filter(({ verdicts }) => isEager || verdicts.includes("never mattered"));
  if (rule === undefined) return [];
  const all = ofName(rule);
  // How long those lasted that mattered elsewhere is not known then.
  const hold = unlisted(rule) > 0 ? null : holdOf(all);
  if (hold === null) return [];
  return isEager || hold.spared >= 0.8 * (all.notified - all.mattered) ? [holdLonger(rule, all, hold)] : [];
}

type Counts = Pick<NoisyRule, "notified" | "mattered" | "endedWithin">;

/** The rule with all of its name that the same sender has elsewhere. */
function ofName(rule: NoisyRule): Counts {
  const sum = (a: readonly number[], b: readonly number[]) =>
    a.map((count, index) => count + (b[index] ?? 0));
  return sameSender(rule).reduce<Counts>(
    (all, { notified, mattered, endedWithin }) => ({
      notified: all.notified + notified,
      mattered: all.mattered + mattered,
      endedWithin: {
        mattered: sum(all.endedWithin.mattered, endedWithin.mattered),
        idle: sum(all.endedWithin.idle, endedWithin.idle),
      },
    }),
    rule,
  );
}

function sameSender(rule: NoisyRule): readonly RuleFacts[] {
  return rule.elsewhere.filter((other) => isSameSender(other, rule));
}

function holdLonger(rule: NoisyRule, all: Counts, hold: Hold): Advice {
  const kept =
    all.mattered === 0 ? "none of them mattered" : `all ${all.mattered} that mattered lasted longer`;
  const name = sameSender(rule).length === 0 ? named(rule) : `${oneLine(rule.name, 100)} (all teams)`;
  const wait =
    rule.sender === "grafana"
      ? `in Grafana, make its pending period ${hold.minutes} min longer`
      : `${place(rule)}wait ${hold.minutes} min longer`;
  const title = `${hold.spared} of ${all.notified} notifications of ${name} were over within ${hold.minutes} min; ${kept}: ${wait}.`;
  const text = ruleSnippet(rule.name, `for: ${hold.minutes}m`, "# on top of what it has now");
  return { title, spared: hold.spared, snippet: snippetOf(rule, text), command: null };
}

function ruleSnippet(name: string, line: string, comment = ""): string {
  return [`- alert: ${quoted(name)}`, `  ${line}${comment === "" ? "" : ` ${comment}`}`].join("\n");
}

function snippetOf(rule: NoisyRule, text: string): Advice["snippet"] {
  return rule.sender === "alertmanager" ? { where: "Prometheus rule", text } : null;
}

/** @see https://prometheus.io/docs/alerting/latest/configuration/#route */
function mute(rule: NoisyRule): Advice {
  const reach = reachOf(rule);
  const lasted = rule.lastedMs === null ? "" : `, over after ${duration(rule.lastedMs)} (median)`;
  const found = `Nobody ever acted on ${named(rule)}: ${rule.notified} notifications${lasted}.`;
  if (reach.kind === "mixed") {
    const title = `${found} Of the same name ${reach.beside}, and neither team nor owner tells them apart: label its alerts before muting them.`;
    return { title, spared: rule.notified, snippet: null, command: null };
  }
  const matchers = reach.matchers.map(formatMatcher);
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
  return {
    title: `${found} ${muteWords(rule, reach.beside)}`,
    spared: rule.notified,
    snippet: rule.sender === "alertmanager" ? { where: "alertmanager.yml", text } : null,
    command: command.length <= 100 ? command : null,
  };
}

function muteWords({ sender }: NoisyRule, beside: string | null): string {
  const isRouted = sender === "alertmanager";
  if (beside !== null)
    return `${isRouted ? "Route it to nobody" : "Silence it here"}, and only it: of the same name ${beside}.`;
  if (isRouted) return "Delete the rule, or route it to nobody.";
  return `Delete the rule ${sender === "grafana" ? "in Grafana" : "where it lives"}, or silence it here.`;
}

/**
 * An Alertmanager inhibits only what it sends itself; for all else the bot has rules of the same form.
 * @see https://prometheus.io/docs/alerting/latest/configuration/#inhibit_rule
 */
function inhibit(pair: Duplicate): readonly Advice[] {
  // Without a label in common every such alert anywhere would be muted by one.
  if (pair.equal.length === 0 || !pasteable.test(pair.leader) || !pasteable.test(pair.follower)) return [];
  const share = Math.round(pair.shareRatio * 100);
  const title = `${oneLine(pair.leader, 80)} and ${oneLine(pair.follower, 80)} fire together (${pair.together} times, ${share} %): let the first mute the second.`;
  const where = pair.sender === "alertmanager" ? "alertmanager.yml" : "tocsin.yaml";
  const matcher = (value: string) => quoted(formatMatcher({ name: "alertname", op: "=", value }));
  const text = [
    "inhibit_rules:",
    `  - source_matchers: [${matcher(pair.leader)}]`,
    `    target_matchers: [${matcher(pair.follower)}]`,
    `    equal: [${pair.equal.join(", ")}]`,
  ].join("\n");
  return [{ title, spared: pair.together, snippet: { where, text }, command: null }];
}

function named(rule: NoisyRule): string {
  const said = [
    ...(rule.team === null ? [] : [oneLine(rule.team, 60)]),
    ...(isOfSeveralSenders(rule) ? [`from ${oneLine(rule.source, 60)}`] : []),
  ];
  return `${oneLine(rule.name, 100)}${said.length === 0 ? "" : ` (${said.join(", ")})`}`;
}

/** A YAML scalar in single quotes: the one style in which nothing but the quote itself has a meaning. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
