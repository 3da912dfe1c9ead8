/** Who agreed to a rollout, and whether that is enough. */
import type { ApprovalRule } from "./approval/rule.ts";
import type { Rollout } from "./rollout.ts";

/** One person's word on a rollout. */
export interface Approval {
  readonly rolloutId: number;
  readonly person: string;
  readonly decision: "approve" | "deny";
  /** The plan they saw. */
  readonly planHash: string;
  readonly reason: string;
  readonly via: string;
  readonly at: Date;
}

/** What a person may not do with a rollout, in words; null when their voice is taken. */
export interface VoiceRefusal {
  readonly kind: "refuse";
  readonly reason: "not_pending" | "expired" | "own_rollout" | "already_spoken" | "another_plan";
  readonly problem: string;
  readonly remedy: string;
}

/**
 * Whether a person's voice on a rollout is taken. Their right to speak at all is the policy's business.
 * @param seenPlan - the hash, or the start of it, of the plan they were shown; null when they typed the command
 * themselves and so speak of the plan as it is.
 */
export function refuseVoice(question: {
  readonly rollout: Rollout;
  readonly approvals: readonly Approval[];
  readonly person: string;
  readonly decision: Approval["decision"];
  readonly seenPlan: string | null;
  readonly now: Date;
}): VoiceRefusal | null {
  const { rollout, person, seenPlan, now } = question;
  const { id } = rollout;
  const no = (reason: VoiceRefusal["reason"], problem: string, remedy: string): VoiceRefusal => ({
    kind: "refuse",
    reason,
    problem,
    remedy,
  });
  if (rollout.state !== "pending") {
    const ask = "Ask for it again if it is still wanted.";
    const problem = `Rollout ${id} does not wait for anyone: it is ${rollout.state}.`;
    return no("not_pending", problem, rollout.finishedAt === null ? `To stop it: cancel ${id}.` : ask);
  }
  if (rollout.expiresAt !== null && rollout.expiresAt <= now) {
    return no("expired", `Rollout ${id} waited too long and has expired.`, "Ask for it again.");
  }
  if (question.decision === "approve" && person === rollout.requestedBy) {
    const problem = `You asked for rollout ${id} yourself, so someone else has to approve it.`;
    return no("own_rollout", problem, `To withdraw it: cancel ${id}.`);
  }
  const earlier = question.approvals.find((approval) => approval.person === person);
  if (earlier !== undefined) {
    const word = earlier.decision === "approve" ? "approved" : "denied";
    return no("already_spoken", `You have already ${word} rollout ${id}.`, `To stop it: cancel ${id}.`);
  }
  if (seenPlan !== null && (seenPlan.length < 8 || !rollout.planHash.startsWith(seenPlan))) {
    const problem = `The plan of rollout ${id} is ${rollout.planHash.slice(0, 12)}, not ${seenPlan.slice(0, 12)}.`;
    return no("another_plan", problem, "Read its card as it is now, then decide.");
  }
  return null;
}

export type ApprovalWeight =
  /** Someone refused: one is enough. */
  | { readonly kind: "denied"; readonly by: string }
  | { readonly kind: "enough"; readonly by: readonly string[] }
  | {
      readonly kind: "waiting";
      readonly by: readonly string[];
      /** How many more people it takes at least. */
      readonly missing: number;
      /** The demands that are not met, with how many each still lacks. */
      readonly open: readonly (ApprovalRule & { readonly missing: number })[];
    };

/**
 * Adds up what people said. Counted are distinct people other than the requester, who saw this plan and may approve
 * now; a denial outweighs any number of them. A person's one voice counts for every demand whose role they have.
 */
export function weighApprovals(question: {
  readonly rollout: Pick<Rollout, "planHash" | "requestedBy">;
  readonly approvals: readonly Approval[];
  readonly rules: readonly ApprovalRule[];
  readonly mayApprove: (person: string) => boolean;
  readonly rolesOf: (person: string) => readonly string[];
}): ApprovalWeight {
  const { rollout, approvals, rules, rolesOf } = question;
  const denial = approvals.find((approval) => approval.decision === "deny");
  if (denial !== undefined) return { kind: "denied", by: denial.person };
  const counted = approvals.filter(
    (approval) =>
      approval.planHash === rollout.planHash &&
      approval.person !== rollout.requestedBy &&
      question.mayApprove(approval.person),
  );
  const by = [...new Set(counted.map((approval) => approval.person))];
  const open = rules
    .map((rule) => ({
      ...rule,
      missing: rule.count - by.filter((person) => fits(rule, rolesOf(person))).length,
    }))
    .filter(({ missing }) => missing > 0);
  if (open.length === 0) return { kind: "enough", by };
  return { kind: "waiting", by, missing: Math.max(...open.map(({ missing }) => missing)), open };
}

/** True when a person with these roles can meet the demand. */
export function fits(rule: ApprovalRule, roles: readonly string[]): boolean {
  return rule.roles.length === 0 || rule.roles.some((role) => roles.includes(role));
}

/** A demand that can never be met, because too few people may approve and have its role; null when all can. */
export function unmeetable(
  rules: readonly ApprovalRule[],
  approvers: readonly { readonly roles: readonly string[] }[],
): (ApprovalRule & { readonly able: number }) | null {
  for (const rule of rules) {
    const able = approvers.filter(({ roles }) => fits(rule, roles)).length;
    if (able < rule.count) return { ...rule, able };
  }
  return null;
}
