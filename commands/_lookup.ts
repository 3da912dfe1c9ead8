/** Lookups that several commands need. Files that begin with "_" are not commands. */
import { alertName } from "../src/domain/alert-choice.ts";
import type { Incident } from "../src/domain/incident.ts";
import type { Person } from "../src/domain/person.ts";
import { modelResource, type PolicyResource, rolloutResource } from "../src/domain/policy.ts";
import type { Rollout } from "../src/domain/rollout.ts";
import { findTarget, type TargetQuestion } from "../src/domain/target.ts";
import { oneLine } from "../src/domain/view.ts";
import type { CommandContext, Refusal, SuggestContext } from "../src/ports/command.ts";

/** Suggestions that a platform shows at once. */
const maxSuggestions = 25;

/** Incidents that went into one another, at most. */
const maxMerges = 20;

/** The incident with this number; what it was merged into is followed. Locked when the command may change it. */
export async function findIncident(
  id: number,
  context: Pick<CommandContext, "store">,
  purpose: "read" | "change" = "read",
): Promise<Incident | Refusal> {
  const { incidents } = context.store;
  const find = (number: number) =>
    purpose === "change" ? incidents.findForUpdate(number) : incidents.find(number);
  let number = id;
  for (let step = 0; step < maxMerges; step += 1) {
    const incident = await find(number);
    if (incident === null) break;
    if (incident.mergedInto === null) return incident;
    number = incident.mergedInto;
  }
  return await unknownIncident(number, context);
}

async function unknownIncident(id: number, context: Pick<CommandContext, "store">): Promise<Refusal> {
  const open = await context.store.incidents.list({ states: ["open", "acknowledged"], limit: 5 });
  const listed = open.map((incident) => incident.id).join(", ");
  return {
    kind: "refuse",
    reason: "unknown_incident",
    problem: `There is no incident ${id}.`,
    remedy: listed === "" ? "No incident is open." : `Open incidents are: ${listed}.`,
    suggestions: ["incidents"],
  };
}

/** What a policy is told of an incident. */
export async function incidentResource(
  id: number,
  context: Pick<CommandContext, "store">,
): Promise<PolicyResource | Refusal> {
  const incident = await findIncident(id, context);
  if ("kind" in incident) return incident;
  return { type: "Incident", id: incident.id, severity: incident.severity };
}

export async function findRollout(
  id: number,
  context: Pick<CommandContext, "store">,
): Promise<Rollout | Refusal> {
  const rollout = await context.store.rollouts.find(id);
  if (rollout !== null) return rollout;
  const waiting = await context.store.rollouts.list({ states: ["pending"], limit: 5 });
  const listed = waiting.map((other) => other.id).join(", ");
  return {
    kind: "refuse",
    reason: "unknown_rollout",
    problem: `There is no rollout ${id}.`,
    remedy: listed === "" ? "None waits for approval." : `Waiting for approval: ${listed}.`,
  };
}

/** What a policy is told of a rollout. */
export async function resourceOfRollout(
  id: number,
  context: Pick<CommandContext, "store" | "models">,
): Promise<PolicyResource | Refusal> {
  const rollout = await findRollout(id, context);
  return "kind" in rollout ? rollout : rolloutResource(rollout, context.models);
}

/** The name of a person, or the id of one whom the configuration no longer knows. */
export function nameOf(people: readonly Person[], id: string): string {
  return people.find((person) => person.id === id)?.name ?? id;
}

/** Open incidents whose number or title goes with what was typed. */
export async function suggestIncidents(partial: string, context: Pick<SuggestContext, "store">) {
  const open = await context.store.incidents.list({ states: ["open", "acknowledged"], limit: 100 });
  return open
    .map((incident) => ({
      label: oneLine(`${incident.id} · ${incident.severity} · ${incident.title}`, 100),
      value: String(incident.id),
    }))
    .filter((suggestion) => suggestion.label.toLowerCase().includes(partial.replace(/^#/, "").toLowerCase()))
    .slice(0, maxSuggestions);
}

/** Alerts that begin with what was typed, firing ones first; what is offered is the beginning of the key. */
export async function suggestAlerts(partial: string, context: Pick<SuggestContext, "store">) {
  const found = await context.store.incidents.searchAlerts(partial, maxSuggestions);
  return found.map((stored) => ({
    label: oneLine(`${alertName(stored)} · ${stored.alert.status} · incident ${stored.incidentId}`, 100),
    value: stored.key.slice(0, 16),
  }));
}

/** Rollouts in some states whose number or target goes with what was typed. */
export async function suggestRollouts(
  partial: string,
  context: Pick<SuggestContext, "store">,
  states: readonly Rollout["state"][],
) {
  const rollouts = await context.store.rollouts.list({ states, limit: 50 });
  return rollouts
    .map((rollout) => ({
      label: oneLine(
        `${rollout.id} · ${rollout.plan.kind} ${rollout.plan.model} in ${rollout.plan.environment}`,
        100,
      ),
      value: String(rollout.id),
    }))
    .filter((suggestion) => suggestion.label.toLowerCase().includes(partial.toLowerCase()))
    .slice(0, maxSuggestions);
}

export function suggestModels(partial: string, context: Pick<SuggestContext, "models">) {
  const names = context.models
    .map((model) => model.name)
    .filter((name) => name.includes(partial.toLowerCase()));
  return Promise.resolve(names.map((name) => ({ label: name, value: name })));
}

/** Environments of all models. */
export function suggestEnvironments(partial: string, context: Pick<SuggestContext, "models">) {
  const names = [...new Set(context.models.flatMap((model) => model.environments))];
  const near = names.filter((name) => name.startsWith(partial.toLowerCase()));
  return Promise.resolve(near.map((name) => ({ label: name, value: name })));
}

/** What a policy is told of the target of a rollout command. */
export function resourceOfTarget(
  question: TargetQuestion,
  context: Pick<CommandContext, "models">,
): PolicyResource | Refusal {
  const target = findTarget(context.models, question);
  return target.kind === "refuse" ? target : modelResource(target.model, target.environment);
}

/** What a policy is told of a model that is locked; of one in several places, the first. */
export function resourceOfPlace(
  { model, environment }: { readonly model: string; readonly environment?: string | undefined },
  context: Pick<CommandContext, "models">,
): PolicyResource | Refusal {
  const [first] = context.models.find(({ name }) => name === model)?.environments ?? [];
  return resourceOfTarget(
    { kind: "deploy", model, environment: environment ?? first ?? null, to: null },
    context,
  );
}

/** Versions of every model: a platform does not say which model was chosen before. */
export async function suggestVersions(partial: string, context: Pick<SuggestContext, "models">) {
  const lists = await Promise.all(
    context.models.map(async (model) =>
      (await model.backend.versions(model.name)).map((version) => ({
        label: oneLine(`${version.version} · ${model.name} · ${version.description}`, 100),
        value: version.version,
      })),
    ),
  );
  return lists
    .flat()
    .filter((suggestion) => suggestion.label.toLowerCase().includes(partial.toLowerCase()))
    .slice(0, maxSuggestions);
}
