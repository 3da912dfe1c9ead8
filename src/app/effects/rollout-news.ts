/** What a rollout that moved is to those who look at incidents: a line in a thread, and a change to suspect. */
import type { Change } from "../../domain/change.ts";
import { planTitle } from "../../domain/rollout/plan.ts";
import type { Rollout } from "../../domain/rollout.ts";
import type { ModelEntry } from "../../ports.ts";

/** What the thread of the related incident is told; null for states that pass by themselves. */
export function lineOf(rollout: Rollout): string | null {
  const name = `rollout ${rollout.id} (${planTitle(rollout.plan)})`;
  switch (rollout.state) {
    case "running":
      return `${name} is running`;
    case "unknown":
      return `${name}: nobody knows whether it was carried out; a person has to look`;
    case "succeeded":
    case "failed":
    case "cancelled":
    case "denied":
    case "expired":
      return `${name} ${rollout.state}${rollout.result === null ? "" : `: ${rollout.result}`}`;
    default:
      return null;
  }
}

/** From the moment it runs a rollout may be felt, whether or not it comes to a good end. */
export function mayBeFelt({ state, plan }: Rollout): boolean {
  return plan.kind !== "retrain" && (state === "running" || state === "succeeded");
}

/**
 * One change for each service of the model, so that incidents there can suspect the rollout. It happened when it was
 * started: when the bot learns how it ended, its alerts may have been firing for long.
 */
export function changesOf(
  rollout: Rollout,
  models: readonly Pick<ModelEntry, "name" | "services">[],
  now: Date,
): readonly Change[] {
  const { plan } = rollout;
  const services = models.find((model) => model.name === plan.model)?.services ?? [];
  const places = services.length === 0 ? [plan.model] : services;
  return places.map((service) => ({
    id: `rollout:${rollout.id}:${service}`,
    kind: "rollout",
    service,
    title: planTitle(plan),
    text: plan.reason,
    author: rollout.requestedBy,
    url: null,
    at: rollout.startedAt ?? now,
    rolloutId: rollout.id,
  }));
}
