/**
 * Inhibition as in Alertmanager: while an alert that matches the source side of a rule fires, alerts that match the
 * target side and have equal values of the `equal` labels are muted. A missing label is as good as an empty one. An
 * alert that matches both sides is not muted by alerts for which the same is true, itself included.
 * @see https://prometheus.io/docs/alerting/latest/configuration/#inhibition-related-settings
 */
import { isSameLabels, type Labels } from "../alert.ts";
import { type Matcher, matchesAll } from "./matcher.ts";

export interface InhibitionRule {
  readonly name: string;
  /** All must hold on the alert that mutes. */
  readonly source: readonly Matcher[];
  /** All must hold on the alerts that are muted. */
  readonly target: readonly Matcher[];
  /** Labels whose values must be the same on both. */
  readonly equal: readonly string[];
}

/** Which rule mutes an alert, and one of the firing alerts by which it does. */
export interface Inhibitor {
  readonly rule: string;
  /** Key of the source alert. */
  readonly source: string;
}

/**
 * Who inhibits whom, among the alerts that fire. Every group of equal labels keeps all of its sources: an inhibition
 * holds until the last of them has ended, in whichever order they end.
 */
export interface InhibitionIndex {
  /** An alert fires, with these labels. Cheap when nothing has changed since. */
  add(key: string, labels: Labels): void;
  /** It fires no more. */
  remove(key: string): void;
  /** The first rule, in their order, that mutes this firing alert, or null. */
  inhibitorOf(key: string): Inhibitor | null;
  /** Keys of firing alerts whose inhibitor may be another since the last call. */
  takeAffected(): readonly string[];
}

/** Alerts of one rule with equal values of its labels. */
interface Group {
  /** Sources that are no targets, in order of arrival. */
  readonly sources: Set<string>;
  /** Sources that are targets as well: they mute only targets that are no sources. */
  readonly twoSided: Set<string>;
  readonly targets: Set<string>;
}

/** An alert's part in one rule. */
interface Role {
  readonly rule: number;
  readonly group: string;
  readonly isSource: boolean;
  readonly isTarget: boolean;
}

interface Member {
  readonly labels: Labels;
  readonly roles: readonly Role[];
}

/** Makes an empty index. Its size is that of the alerts that fire and have a part in a rule. */
export function createInhibitionIndex(rules: readonly InhibitionRule[]): InhibitionIndex {
  const groups = rules.map(() => new Map<string, Group>());
  const members = new Map<string, Member>();
  const affected = new Set<string>();

  function rolesOf(labels: Labels): readonly Role[] {
    return rules.flatMap((rule, index) => {
      const isSource = matchesAll(rule.source, labels);
      const isTarget = matchesAll(rule.target, labels);
      if (!isSource && !isTarget) return [];
      const group = JSON.stringify(rule.equal.map((name) => labels[name] ?? ""));
      return [{ rule: index, group, isSource, isTarget }];
    });
  }

  function change(key: string, role: Role, kind: "enter" | "leave"): void {
    const ofRule = groups[role.rule];
    if (ofRule === undefined) return;
    const group = ofRule.get(role.group) ?? {
      sources: new Set(),
      twoSided: new Set(),
      targets: new Set(),
    };
    const speakers = () => [first(group.sources), first(group.twoSided)].join("\n");
    const before = speakers();
    const own = role.isTarget ? group.twoSided : group.sources;
    if (kind === "enter") {
      if (role.isSource) own.add(key);
      if (role.isTarget) group.targets.add(key);
    } else {
      own.delete(key);
      group.targets.delete(key);
    }
    if (group.sources.size + group.targets.size === 0) ofRule.delete(role.group);
    else ofRule.set(role.group, group);
    if (speakers() !== before) for (const target of group.targets) affected.add(target);
  }

  function remove(key: string): void {
    const member = members.get(key);
    if (member === undefined) return;
    members.delete(key);
    affected.delete(key);
    for (const role of member.roles) change(key, role, "leave");
  }

  return {
    add(key, labels) {
      if (rules.length === 0) return;
      const known = members.get(key);
      if (known !== undefined && isSameLabels(known.labels, labels)) return;
      remove(key);
      // With other labels it may have no part in any rule, and so be inhibited no longer.
      if (known !== undefined) affected.add(key);
      const roles = rolesOf(labels);
      if (roles.length === 0) return;
      members.set(key, { labels, roles });
      for (const role of roles) change(key, role, "enter");
      affected.add(key);
    },
    remove,
    inhibitorOf(key) {
      for (const role of members.get(key)?.roles ?? []) {
        if (!role.isTarget) continue;
        const group = groups[role.rule]?.get(role.group);
        const source = first(group?.sources) ?? (role.isSource ? undefined : first(group?.twoSided));
        const rule = rules[role.rule]?.name;
        if (source !== undefined && rule !== undefined) return { rule, source };
      }
      return null;
    },
    takeAffected() {
      const keys = [...affected];
      affected.clear();
      return keys;
    },
  };
}

function first(set: ReadonlySet<string> | undefined): string | undefined {
  return set?.values().next().value;
}
