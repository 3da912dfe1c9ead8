/** Freezes: stretches of time in which rollouts of some models are not wanted. What they stop is the policy's business. */
import type { Labels } from "../alert.ts";
import type { FreezeStanding, ModelFacts } from "../policy.ts";
import { type MaintenanceWindow, occurrenceAt, windowName } from "../suppression/maintenance.ts";
import { matchesAll } from "../suppression/matcher.ts";
import { moment, oneLine } from "../view.ts";
import type { Plan } from "./plan.ts";

/** The same as a maintenance window; its matchers hold on a rollout, and none means every rollout. */
export type Freeze = MaintenanceWindow;

/** What the matchers of a freeze see of a rollout. */
export const freezeLabelNames = ["model", "environment", "kind", "risk"] as const;

/** One that is under way. */
export interface FreezeInForce {
  readonly name: string;
  readonly until: Date;
  readonly reason: string;
  readonly by: string;
}

/** The freezes that cover a rollout at a moment, in their order. A model that is not configured counts as of high risk. */
export function freezesOn(
  freezes: readonly Freeze[],
  rollout: Pick<Plan, "kind" | "model" | "environment">,
  models: readonly ModelFacts[],
  now: Date,
): readonly FreezeInForce[] {
  const { kind, model, environment } = rollout;
  const risk = models.find(({ name }) => name === model)?.risk ?? "high";
  const labels: Labels = { model, environment, kind, risk };
  return freezes.flatMap((freeze) => {
    const occurrence = occurrenceAt(freeze.schedule, now);
    if (occurrence === null || !matchesAll(freeze.matchers, labels)) return [];
    const { reason, createdBy: by } = freeze;
    return [{ name: windowName(freeze), until: occurrence.to, reason, by }];
  });
}

/** What a policy is told. */
export function freezeStanding(
  { breakGlass }: Pick<Plan, "breakGlass">,
  freezes: readonly FreezeInForce[],
): FreezeStanding {
  if (freezes.length === 0) return breakGlass === undefined ? "open" : "check_broken";
  return breakGlass === undefined ? "frozen" : "broken";
}

/** "freeze year-end by tocsin.yaml until 2027-01-02 08:00 UTC: closing the books" */
export function freezeText({ name, by, until, reason }: FreezeInForce): string {
  return oneLine(`freeze ${name} by ${by} until ${moment(until).text}: ${reason}`, 300);
}
