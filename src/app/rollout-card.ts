/** Gathers what the card of a rollout shows. */
import type { Person } from "../domain/person.ts";
import { rolloutResource } from "../domain/policy.ts";
import type { Rollout } from "../domain/rollout.ts";
import { rolloutView } from "../domain/rollout-view.ts";
import type { View } from "../domain/view.ts";
import type { ModelEntry, Policy, RolloutStore } from "../ports.ts";

/** What must be known to say who may do what with a rollout. */
export interface Authority {
  readonly policy: Policy;
  readonly people: readonly Person[];
  readonly models: readonly ModelEntry[];
}

/**
 * The card of a rollout as it stands; null when there is no such rollout.
 * Called by whoever posts cards, and for answers.
 */
export async function rolloutCard(
  rollouts: Pick<RolloutStore, "find" | "approvals">,
  authority: Authority,
  id: number,
  now: Date,
): Promise<View | null> {
  const rollout = await rollouts.find(id);
  if (rollout === null) return null;
  return rolloutView({
    rollout,
    approvals: await rollouts.approvals(id),
    approvers: approversOf(authority, rollout, now).map((person) => person.id),
    nameOf: (person) => authority.people.find((candidate) => candidate.id === person)?.name ?? person,
  });
}

/** People other than the requester who may approve it now. */
export function approversOf(
  authority: Authority,
  rollout: Pick<Rollout, "id" | "plan" | "requestedBy">,
  now: Date,
): readonly Person[] {
  const resource = rolloutResource(rollout, authority.models);
  return authority.people.filter((person) => {
    if (person.id === rollout.requestedBy) return false;
    const question = { person, action: "approve" as const, resource, via: "console", now };
    return authority.policy.decide(question).kind === "allow";
  });
}
