/** Which labels mute a rule where it never mattered, and leave it where it did: a name alone is that of every team. */

import type { Matcher } from "../suppression/matcher.ts";
import { oneLine } from "../view.ts";
import type { NoisyRule, RuleFacts } from "./noise.ts";
import { isSameSender } from "./sender.ts";

export type Reach =
  /** `beside` says where else the name mattered, to follow a colon; null when it mattered nowhere. */
  | { readonly kind: "apart"; readonly matchers: readonly Matcher[]; readonly beside: string | null }
  /** It mattered also where no label tells its alerts from these. */
  | { readonly kind: "mixed"; readonly beside: string };

/** A name or a label's value that goes into a snippet: control characters are not written for others to paste. */
export const pasteable = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,200}$/u;

export function reachOf(rule: NoisyRule): Reach {
  const acted = rule.elsewhere.filter(({ mattered }) => mattered > 0);
  const beside = besideText(acted, rule);
  const name: Matcher = { name: "alertname", op: "=", value: rule.name };
  const own = ownLabel(rule);
  if (beside === null) return { kind: "apart", matchers: own === null ? [name] : [name, own], beside: null };
  // Another sender's alerts of the same team have the same label.
  if (acted.some(({ team, teamFrom }) => team === rule.team && teamFrom === rule.teamFrom))
    return { kind: "mixed", beside };
  if (own?.name === "team") return { kind: "apart", matchers: [name, own], beside };
  // An alert is its team's before it is its owner's.
  if (own !== null) return { kind: "apart", matchers: [name, own, without("team")], beside };
  const isLabelled = rule.teamFrom === "team" || rule.teamFrom === "owner";
  const areLabelled = acted.every(({ teamFrom }) => teamFrom === "team" || teamFrom === "owner");
  if (isLabelled || !areLabelled || unlisted(rule) > 0) return { kind: "mixed", beside };
  return { kind: "apart", matchers: [name, without("team"), without("owner")], beside };
}

function ownLabel({ team, teamFrom }: NoisyRule): Matcher | null {
  if (team === null || (teamFrom !== "team" && teamFrom !== "owner") || !pasteable.test(team)) return null;
  return { name: teamFrom, op: "=", value: team };
}

function without(label: string): Matcher {
  return { name: label, op: "=", value: "" };
}

/** Notifications of the name that mattered and are of no rule that is known. */
export function unlisted({ mattered, elsewhere, matteredOfName }: NoisyRule): number {
  return matteredOfName - elsewhere.reduce((sum, other) => sum + other.mattered, mattered);
}

/** "20 of 20 mattered to payments, 3 of 9 to search". */
function besideText(acted: readonly RuleFacts[], rule: NoisyRule): string | null {
  const [first, ...others] = acted
    .toSorted((a, b) => b.mattered - a.mattered)
    .map((other) => ({ of: `${other.mattered} of ${other.notified}`, to: whose(other, rule) }));
  if (first === undefined) return unlisted(rule) > 0 ? `${unlisted(rule)} mattered to others` : null;
  const second = others.length === 1 ? others.map(({ of, to }) => `, ${of} to ${to}`).join("") : "";
  const more = others.length > 1 ? `, and some to ${others.length} others` : "";
  return `${first.of} mattered to ${first.to}${second}${more}`;
}

function whose(other: RuleFacts, rule: RuleFacts): string {
  const team = oneLine(other.team ?? "no team", 60);
  return isSameSender(other, rule) ? team : `${team} (from ${oneLine(other.source, 60)})`;
}
