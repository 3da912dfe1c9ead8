/**
 * Which rules cost attention and give nothing back: alerts that never mattered, rules that flap, rules that only ever
 * fire together. All of it follows from counts; what could be done about it is in advice.ts.
 */

import type { SenderKind } from "./sender.ts";

/** Firings that lasted less than this many minutes are counted; from the shortest on. */
export const heldMinutes = [1, 2, 5, 10, 15, 30, 60] as const;

/** What is known of one rule of one team and one sender in a window. */
export interface RuleFacts {
  /** Name of the alerts. Untrusted text, as all text here. */
  readonly name: string;
  /** The first by name, where several Alertmanagers or Grafanas send it. */
  readonly source: string;
  readonly sender: SenderKind;
  /** What its alerts say or show: value of the label `team` or `owner`, else the channel that showed them; null for neither. */
  readonly team: string | null;
  readonly teamFrom: "team" | "owner" | "channel" | null;
  readonly firings: number;
  /** Those that nothing kept from notifying: neither muted nor held open as a part of an alert that flaps. */
  readonly notified: number;
  /** Of the notified: those in an incident that somebody acted on or whose cause was confirmed. */
  readonly mattered: number;
  /** The same of all alerts of this name, whosever they are, also of those that are in no list. */
  readonly matteredOfName: number;
  /** Different alerts, by their labels. */
  readonly alerts: number;
  readonly incidents: number;
  /** Not muted, and began at most 15 minutes after the same alert had ended; also those that were held open. */
  readonly returned: number;
  /** Pause before nine of ten such returns, ms; null without any. */
  readonly pauseMs: number | null;
  /** Median ms of those that ended; null when none did. */
  readonly lastedMs: number | null;
  /** Of the notified that mattered, and that did not: ended within each of {@link heldMinutes}. */
  readonly endedWithin: { readonly mattered: readonly number[]; readonly idle: readonly number[] };
}

/** Two rules that fired for the same service of the same incident within three minutes. */
export interface PairFacts {
  readonly names: readonly [string, string];
  /** How often each fired for some service of some incident. */
  readonly counts: readonly [number, number];
  readonly together: number;
  /** What sent both; null when they came from two sources. */
  readonly sender: SenderKind | null;
  /** Mean ms from the first rule's start to the second's; negative when the second came first. */
  readonly leadMs: number;
  /** Labels of a few that fired together. */
  readonly samples: readonly (readonly [
    Readonly<Record<string, string>>,
    Readonly<Record<string, string>>,
  ])[];
}

export interface NoiseFacts {
  readonly from: Date;
  readonly to: Date;
  /** Most notified first, at most 500. */
  readonly rules: readonly RuleFacts[];
  readonly pairs: readonly PairFacts[];
  /** Over all rules, also those beyond the list. */
  readonly total: { readonly firings: number; readonly notified: number; readonly mattered: number };
}

export type Verdict =
  /** Never acted on, over within half an hour, again and again. */
  | "never mattered"
  /** Comes back minutes after it has ended. */
  | "flaps"
  /** Short firings are noise, longer ones matter. */
  | "too eager";

export interface NoisyRule extends RuleFacts {
  /** Of all notifications of the window. */
  readonly shareRatio: number;
  /** Worst first; empty for a rule that is merely frequent. */
  readonly verdicts: readonly Verdict[];
  /** Rules of the same name, of other teams, channels and senders. */
  readonly elsewhere: readonly RuleFacts[];
}

export interface Duplicate extends PairFacts {
  /** The rule that says it first; the other says the same again. */
  readonly leader: string;
  readonly follower: string;
  /** Together of the more frequent one's firings. */
  readonly shareRatio: number;
  /** Labels that had equal values in every sample; the inhibition compares them. */
  readonly equal: readonly string[];
}

export interface TeamNoise {
  readonly team: string | null;
  readonly notified: number;
  readonly mattered: number;
  readonly shareRatio: number;
}

export interface NoiseReport {
  readonly from: Date;
  readonly to: Date;
  readonly total: NoiseFacts["total"];
  /** Most notified first. */
  readonly teams: readonly TeamNoise[];
  /** Those with a verdict, most notified first. */
  readonly rules: readonly NoisyRule[];
  /** Most frequent first; without a team only. */
  readonly duplicates: readonly Duplicate[];
}

/** Fewer firings tell nothing. */
const fewest = 5;
/** Of those that never mattered, this share was over within half an hour. */
const quickRatio = 0.8;
const quickMinutes = 30;
const flappingRatio = 0.3;
const eagerRatio = 0.5;
const duplicateRatio = 0.9;
/** Labels by which two alerts are about the same thing. */
const placeLabels = [
  "cluster",
  "namespace",
  "environment",
  "env",
  "region",
  "service",
  "app",
  "job",
  "instance",
  "node",
  "host",
  "pod",
];

/**
 * Judges rules by their counts.
 * @param team - only rules of this team, in any case of letters; null for all.
 */
export function reportNoise(facts: NoiseFacts, team: string | null): NoiseReport {
  const isAsked = (rule: Pick<RuleFacts, "team">) =>
    team === null || (rule.team ?? "").toLowerCase() === team.toLowerCase();
  const rules = facts.rules.filter(isAsked);
  const all = Math.max(1, facts.total.notified);
  const byName = rulesByName(facts.rules);
  const judged = (rule: RuleFacts): NoisyRule => ({
    ...rule,
    shareRatio: rule.notified / all,
    verdicts: verdictsOf(rule),
    elsewhere: (byName.get(rule.name) ?? []).filter((other) => other !== rule),
  });
  return {
    from: facts.from,
    to: facts.to,
    total: facts.total,
    teams: teamsOf(rules, all),
    rules: rules
      .map(judged)
      .filter(({ verdicts }) => verdicts.length > 0)
      .sort((a, b) => b.notified - a.notified || (a.name < b.name ? -1 : 1)),
    duplicates: duplicatesOf(facts.pairs, new Set(rules.map(({ name }) => name))),
  };
}

/** Whether only the sender tells it apart from another rule of its name and team. */
export function isOfSeveralSenders({ team, elsewhere }: NoisyRule): boolean {
  return elsewhere.some((other) => other.team === team);
}

/** In the order in which they come. */
export function rulesByName<Rule extends RuleFacts>(
  rules: readonly Rule[],
): ReadonlyMap<string, readonly Rule[]> {
  const byName = new Map<string, Rule[]>();
  for (const rule of rules) {
    const same = byName.get(rule.name);
    if (same === undefined) byName.set(rule.name, [rule]);
    else same.push(rule);
  }
  return byName;
}

function teamsOf(rules: readonly RuleFacts[], all: number): readonly TeamNoise[] {
  const teams = new Map<string | null, { notified: number; mattered: number }>();
  for (const { team, notified, mattered } of rules) {
    const sum = teams.get(team) ?? { notified: 0, mattered: 0 };
    teams.set(team, { notified: sum.notified + notified, mattered: sum.mattered + mattered });
  }
  return [...teams]
    .map(([team, sum]) => ({ team, ...sum, shareRatio: sum.notified / all }))
    .sort((a, b) => b.notified - a.notified || ((a.team ?? "") < (b.team ?? "") ? -1 : 1));
}

function verdictsOf(rule: RuleFacts): readonly Verdict[] {
  if (rule.notified < fewest) return [];
  const idle = rule.notified - rule.mattered;
  const quick = rule.endedWithin.idle[heldMinutes.indexOf(quickMinutes)] ?? 0;
  const isIdle = rule.mattered === 0 && quick >= quickRatio * rule.notified;
  const isFlapping = rule.returned >= flappingRatio * rule.notified;
  const isEager = !isIdle && rule.mattered > 0 && idle >= fewest && holdOf(rule) !== null;
  return [
    ...(isIdle ? (["never mattered"] as const) : []),
    ...(isFlapping ? (["flaps"] as const) : []),
    ...(isEager ? (["too eager"] as const) : []),
  ];
}

/** How much longer a condition should hold before it fires, and what that would have spared. */
export interface Hold {
  readonly minutes: number;
  /** Notifications that never mattered and would not have come. */
  readonly spared: number;
}

/**
 * The shortest hold that spares at least half of what never mattered and nothing that mattered; null when there is none.
 * Firings are counted from when they fired: the hold comes on top of the rule's own `for`.
 */
export function holdOf(rule: Pick<RuleFacts, "notified" | "mattered" | "endedWithin">): Hold | null {
  const idle = rule.notified - rule.mattered;
  for (const [index, minutes] of heldMinutes.entries()) {
    if ((rule.endedWithin.mattered[index] ?? 0) > 0) return null;
    const spared = rule.endedWithin.idle[index] ?? 0;
    if (idle > 0 && spared >= eagerRatio * idle) return { minutes, spared };
  }
  return null;
}

function duplicatesOf(pairs: readonly PairFacts[], asked: ReadonlySet<string>): readonly Duplicate[] {
  return pairs
    .filter(({ names }) => names.every((name) => asked.has(name)))
    .flatMap((pair): Duplicate[] => {
      const shareRatio = pair.together / Math.max(1, ...pair.counts);
      if (pair.together < fewest || shareRatio < duplicateRatio) return [];
      const [first, second] = pair.names;
      const [leader, follower] = pair.leadMs >= 0 ? [first, second] : [second, first];
      return [{ ...pair, leader, follower, shareRatio, equal: equalLabels(pair.samples) }];
    })
    .sort((a, b) => b.together - a.together || (a.leader < b.leader ? -1 : 1));
}

function equalLabels(samples: PairFacts["samples"]): readonly string[] {
  if (samples.length === 0) return [];
  return placeLabels.filter((label) =>
    samples.every(([a, b]) => a[label] !== undefined && a[label] !== "" && a[label] === b[label]),
  );
}
