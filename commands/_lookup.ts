/** Lookups that several commands need. Files that begin with "_" are not commands. */
import { alertName } from "../src/domain/alert/choice.ts";
import { findTarget, type TargetQuestion } from "../src/domain/command/target.ts";
import type { Incident } from "../src/domain/incident.ts";
import { incidentLabel, likelyOthers, shownKey } from "../src/domain/learning/grouping-choices.ts";
import type { Person } from "../src/domain/people/person.ts";
import { modelResource, type PolicyResource, rolloutResource } from "../src/domain/policy.ts";
import type { Rollout } from "../src/domain/rollout.ts";
import { oneLine } from "../src/domain/view.ts";
import type { CommandContext, PrefillContext, Refusal, SuggestContext } from "../src/ports/command.ts";
import type { StoredAlert } from "../src/ports/incident.ts";

/** Suggestions that a platform shows at once. */
const maxSuggestions = 25;

/** Alerts of one incident that are looked through. */
const maxAlerts = 500;
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
  const [newest] = waiting.length > 0 ? waiting : await context.store.rollouts.list({ limit: 1 });
  const listed = waiting.map((other) => other.id).join(", ");
  const last = newest === undefined ? "None was asked for yet." : `The newest is ${newest.id}.`;
  return {
    kind: "refuse",
    reason: "unknown_rollout",
    problem: `There is no rollout ${id}.`,
    remedy: listed === "" ? last : `Waiting for approval: ${listed}.`,
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
  return asSuggestions(await openIncidents(context), partial);
}

/** Those that may be one with the incident that was named, the likeliest first. */
export async function suggestOthers(partial: string, context: Pick<SuggestContext, "store" | "given">) {
  const named = context.given["incident"] ?? context.given["from"];
  const incident = typeof named === "number" ? await context.store.incidents.find(named) : null;
  const open = await openIncidents(context);
  return asSuggestions(incident === null ? open : likelyOthers(incident, open), partial);
}

/** Where an alert may go: a new incident, or another one. */
export async function suggestTargets(partial: string, context: Pick<SuggestContext, "store" | "given">) {
  const others = await suggestOthers(partial, context);
  const isNew = "new: an incident of its own".includes(partial.toLowerCase());
  return isNew ? [{ label: "new: an incident of its own", value: "new" }, ...others] : others;
}

async function openIncidents({ store }: Pick<SuggestContext, "store">): Promise<readonly Incident[]> {
  return await store.incidents.list({ states: ["open", "acknowledged"], limit: 100 });
}

function asSuggestions(incidents: readonly Incident[], partial: string) {
  const word = partial.replace(/^#/, "").toLowerCase();
  return incidents
    .map((incident) => ({ label: incidentLabel(incident), value: String(incident.id) }))
    .filter(({ label }) => label.toLowerCase().includes(word))
    .slice(0, maxSuggestions);
}

/** Alerts that begin with what was typed, firing ones first; those of the incident that was named, where one was. */
export async function suggestAlerts(partial: string, context: Pick<SuggestContext, "store" | "given">) {
  const { store, given } = context;
  const of = given["incident"] ?? given["from"];
  if (typeof of === "number") {
    const word = partial.toLowerCase();
    const found = await store.incidents.alerts(of, maxAlerts);
    return found
      .map((stored) => ({ label: alertLabel(stored), value: stored.key.slice(0, shownKey) }))
      .filter(({ label, value }) => label.toLowerCase().includes(word) || value.startsWith(word))
      .slice(0, maxSuggestions);
  }
  const found = await store.incidents.searchAlerts(partial, maxSuggestions);
  return found.map((stored) => ({
    label: oneLine(`${alertLabel(stored)} · incident ${stored.incidentId}`, 100),
    value: stored.key.slice(0, shownKey),
  }));
}

function alertLabel(stored: StoredAlert): string {
  return oneLine(`${alertName(stored)} · ${stored.alert.status}`, 80);
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

/** The model that an incident is about, where its services belong to one alone: a likely subject of a rollout. */
export function prefillModel({ incident, models }: PrefillContext): Promise<{ model?: string }> {
  const services = new Set(incident?.services ?? []);
  const [only, ...others] = models.filter((model) => model.services.some((service) => services.has(service)));
  return Promise.resolve(only === undefined || others.length > 0 ? {} : { model: only.name });
}

/** The model that was chosen; all of them before one is. */
function chosenModels({ models, given }: Pick<SuggestContext, "models" | "given">) {
  const chosen = models.filter(({ name }) => name === given["model"]);
  return chosen.length === 0 ? models : chosen;
}

/** Environments of the chosen model, or of all. */
export function suggestEnvironments(partial: string, context: Pick<SuggestContext, "models" | "given">) {
  const names = [...new Set(chosenModels(context).flatMap((model) => model.environments))];
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

/** Versions of the chosen model, or of every one. */
export async function suggestVersions(partial: string, context: Pick<SuggestContext, "models" | "given">) {
  const lists = await Promise.all(
    chosenModels(context).map(async (model) =>
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

/** Services of the topology whose name goes with what was typed. */
export async function suggestServices(partial: string, context: Pick<SuggestContext, "store">) {
  const { services, edges } = await context.store.incidents.topology();
  const names = [...new Set([...services, ...edges.flat()])].sort();
  const typed = partial.toLowerCase();
  return names
    .filter((name) => name.toLowerCase().includes(typed))
    .slice(0, maxSuggestions)
    .map((name) => ({ label: name, value: name }));
}
