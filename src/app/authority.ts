/** Whether a rollout still has the authority it was given, asked at the moment it is carried out. */

import { joinRules, mostNeeded } from "../domain/approval/rule.ts";
import { type Approval, weighApprovals } from "../domain/approval.ts";
import { botPerson, ownPlatform, type Person } from "../domain/people/person.ts";
import { modelResource, rolloutResource } from "../domain/policy.ts";
import { type FreezeInForce, freezeStanding, freezesOn, freezeText } from "../domain/rollout/freeze.ts";
import type { Rollout } from "../domain/rollout.ts";
import type { ModelEntry, Policy, Store } from "../ports.ts";

/** What must be known to say who may do what with a rollout. */
export interface Authority {
  readonly policy: Policy;
  readonly people: readonly Person[];
  readonly models: readonly ModelEntry[];
}

/**
 * Why a rollout may not begin as things stand, or null; see {@link checkAuthority}.
 * @param now - the freezes that hold then count.
 */
export async function objectionTo(
  options: Authority & { readonly store: Pick<Store, "rollouts"> },
  rollout: Rollout,
  now: Date,
): Promise<string | null> {
  const { rollouts } = options.store;
  const approvals = await rollouts.approvals(rollout.id);
  const freezes = freezesOn(await rollouts.freezes(now), rollout.plan, options.models, now);
  return checkAuthority(options, { rollout, approvals, freezes, now });
}

/**
 * Asks the policy again about the requester and about everyone who approved: people change roles and policies change
 * while a rollout waits. Each is asked about by the door they came through, at the hour it is now.
 * @returns why it may not be carried out, in one plain line; null when it may.
 */
function checkAuthority(
  options: Authority,
  question: {
    readonly rollout: Rollout;
    readonly approvals: readonly Approval[];
    /** Those that cover it now. */
    readonly freezes: readonly FreezeInForce[];
    readonly now: Date;
  },
): string | null {
  const { rollout, approvals, freezes, now } = question;
  const { policy, people, models } = options;
  const { plan } = rollout;
  const isOwn = rollout.requestedBy === botPerson.id;
  const requester = isOwn ? botPerson : people.find((person) => person.id === rollout.requestedBy);
  if (requester === undefined) return `${rollout.requestedBy} is no longer in tocsin.yaml`;
  const model = models.find((entry) => entry.name === plan.model);
  if (model === undefined) return `${plan.model} is no longer in tocsin.yaml`;
  const asked = policy.decide({
    person: requester,
    action: plan.kind,
    resource: modelResource(model, plan.environment),
    via: isOwn ? ownPlatform : (rollout.requestedIn?.split(":")[0] ?? "cli"),
    now,
    freeze: freezeStanding(plan, freezes),
  });
  const [freeze] = freezes;
  const frozen = freeze === undefined ? "" : ` (${freezeText(freeze)})`;
  if (asked.kind === "deny")
    return `${requester.name} may not ${plan.kind} it any more: ${asked.because}${frozen}`;
  const rules = joinRules(rollout.approvalRules, asked.approvals);
  const mayApprove = (id: string): boolean => {
    const person = people.find((candidate) => candidate.id === id);
    const via = approvals.find((approval) => approval.person === id)?.via;
    if (person === undefined || via === undefined) return false;
    const resource = rolloutResource(rollout, models);
    return policy.decide({ person, action: "approve", resource, via, now }).kind === "allow";
  };
  const rolesOf = (id: string) => people.find((person) => person.id === id)?.roles ?? [];
  const weight = weighApprovals({ rollout, approvals, rules, mayApprove, rolesOf });
  if (weight.kind === "enough") return null;
  return weight.kind === "denied"
    ? `it was denied by ${weight.by}`
    : `${weight.by.length} of ${mostNeeded(rules)} approvals still count; ask again`;
}
