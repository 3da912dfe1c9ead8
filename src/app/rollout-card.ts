/** Gathers what the card of a rollout shows. */
import type { Person } from "../domain/people/person.ts";
import { rolloutResource } from "../domain/policy.ts";
import { planTitle } from "../domain/rollout/plan.ts";
import { nothingInTheWay } from "../domain/rollout/standing.ts";
import { isFinal } from "../domain/rollout/state.ts";
import { awaitedPeople, type RolloutFacts, rolloutView, waitingSentence } from "../domain/rollout/view.ts";
import type { Rollout } from "../domain/rollout.ts";
import { moment, type View } from "../domain/view.ts";
import type { RolloutStore } from "../ports.ts";
import type { Authority } from "./authority.ts";
import { standingOf } from "./standing.ts";

/** What is read to show a rollout. */
export type CardStore = Pick<RolloutStore, "find" | "approvals" | "freezes" | "findLock" | "queue">;

/**
 * The card of a rollout as it stands; null when there is no such rollout.
 * Called by whoever posts cards, and for answers.
 */
export async function rolloutCard(
  rollouts: CardStore,
  authority: Authority,
  id: number,
  now: Date,
): Promise<View | null> {
  const rollout = await rollouts.find(id);
  return rollout === null ? null : rolloutView(await rolloutFacts(rollouts, authority, rollout, now));
}

/** One line: which rollout still waits, for whom, and until when. */
export async function reminderText(
  rollouts: CardStore,
  authority: Authority,
  rollout: Rollout,
  now: Date,
): Promise<string> {
  const facts = await rolloutFacts(rollouts, authority, rollout, now);
  const until = rollout.expiresAt === null ? "" : ` It expires at ${moment(rollout.expiresAt).text}.`;
  return `Rollout ${rollout.id} still waits: ${planTitle(rollout.plan)}. ${waitingSentence(facts)}${until}`;
}

/** Who still has to speak on a rollout that waits for approval; empty for one that does not. */
export async function awaitedOn(
  rollouts: CardStore,
  authority: Authority,
  id: number,
  now: Date,
): Promise<readonly string[]> {
  const rollout = await rollouts.find(id);
  if (rollout?.state !== "pending") return [];
  return awaitedPeople({
    ...factsFor(authority, rollout, now),
    approvals: await rollouts.approvals(id),
  });
}

async function rolloutFacts(
  rollouts: CardStore,
  authority: Authority,
  rollout: Rollout,
  now: Date,
): Promise<RolloutFacts> {
  return {
    ...factsFor(authority, rollout, now),
    approvals: await rollouts.approvals(rollout.id),
    standing: isFinal(rollout.state)
      ? nothingInTheWay
      : await standingOf(rollouts, authority.models, rollout.plan, rollout, now),
  };
}

/** What the configuration says around a rollout, asked for or not. */
export function factsFor(authority: Authority, rollout: Rollout, now: Date): RolloutFacts {
  const model = authority.models.find(({ name }) => name === rollout.plan.model);
  return {
    rollout,
    approvals: [],
    approvers: approversOf(authority, rollout, now).map((person) => person.id),
    rolesOf: (person) => authority.people.find((candidate) => candidate.id === person)?.roles ?? [],
    nameOf: (person) => authority.people.find((candidate) => candidate.id === person)?.name ?? person,
    risk: model?.risk ?? "high",
    dashboards: model?.dashboards ?? [],
  };
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
