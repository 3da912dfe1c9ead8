/** Who has to agree to a rollout: one demand for each rule of the policy that permits it. */
import { canonicalJson } from "../audit.ts";

/** So many people, with one of these roles, have to agree. All demands on a rollout must be met. */
export interface ApprovalRule {
  /** `@id` of the rule that asks for it. */
  readonly rule: string;
  /** At least 1. */
  readonly count: number;
  /** Any of them will do; none means whoever may approve. */
  readonly roles: readonly string[];
}

/** The most that one rule asks for: how many people it takes at least. */
export function mostNeeded(rules: readonly ApprovalRule[]): number {
  return Math.max(0, ...rules.map(({ count }) => count));
}

/** Both lists, each demand once. */
export function joinRules(
  rules: readonly ApprovalRule[],
  more: readonly ApprovalRule[],
): readonly ApprovalRule[] {
  const known = new Map([...rules, ...more].map((rule) => [canonicalJson(rule), rule]));
  return [...known.values()];
}

/** "2 with the role sre or admin", "1 more". */
export function demandText(count: number, roles: readonly string[]): string {
  return roles.length === 0 ? `${count}` : `${count} with the role ${roles.join(" or ")}`;
}
