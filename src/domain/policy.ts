import { severities } from "./alert.ts";
import type { ApprovalRule } from "./approval/rule.ts";
import type { Person } from "./people/person.ts";
import type { Rollout } from "./rollout.ts";

/** Everything a policy can allow. One word per kind of act; commands name theirs. */
export const policyActions = [
  "help",
  "read",
  "acknowledge",
  "resolve",
  "silence",
  "annotate",
  "deploy",
  "rollback",
  "retrain",
  "approve",
  "deny",
  "cancel",
  "freeze",
  "lock",
  "unlock",
  "review",
  "bake",
  "audit",
  "digest",
  "subscribe",
  "declare",
  "open_channel",
] as const;
export type PolicyAction = (typeof policyActions)[number];

export type PolicyResource =
  | { readonly type: "Bot" }
  | { readonly type: "Incident"; readonly id: number; readonly severity: string }
  | {
      readonly type: "Model";
      readonly name: string;
      readonly environment: string;
      /** The registry's name for what serves there: "champion". */
      readonly alias: string;
      readonly risk: "low" | "high";
      readonly owners: readonly string[];
    }
  | {
      readonly type: "Rollout";
      readonly id: number;
      readonly model: string;
      readonly environment: string;
      readonly alias: string;
      readonly risk: "low" | "high";
      readonly owners: readonly string[];
      readonly requestedBy: string;
    };

export interface PolicyQuestion {
  readonly person: Person;
  readonly action: PolicyAction;
  readonly resource: PolicyResource;
  readonly via: string;
  readonly now: Date;
  /**
   * Whether a freeze covers the rollout that is asked about, and whether someone asks to break it. Left out where nothing
   * is about to be done: may they do it at all?
   */
  readonly freeze?: FreezeStanding;
}

/**
 * open: no freeze is in force. broken: one is, and the requester asks to go on in spite of it, with a reason.
 * check_broken: none is, and the requester asks to go on in spite of a check that refuses.
 */
export type FreezeStanding = "open" | "frozen" | "broken" | "check_broken";

export type Decision =
  | {
      readonly kind: "allow";
      readonly policies: readonly string[];
      /** Who else must agree; from the policy. All of them. */
      readonly approvals: readonly ApprovalRule[];
      /** How many other people that takes at least. */
      readonly approvalsNeeded: number;
    }
  /** `because` is one plain sentence: which rule, or which error. */
  | { readonly kind: "deny"; readonly policies: readonly string[]; readonly because: string };

/** What a policy is told of a model that is configured. */
export interface ModelFacts {
  readonly name: string;
  readonly environments: readonly string[];
  readonly risk: "low" | "high";
  readonly owners: readonly string[];
  /** Environment to the registry's name for what serves there, where it is not the usual one. */
  readonly aliases?: Readonly<Record<string, string>>;
}

/** The usual name for what serves: `champion` in production, `champion-staging` in staging. */
export function usualAlias(environment: string): string {
  return environment === "production" ? "champion" : `champion-${environment}`;
}

function aliasIn(model: Pick<ModelFacts, "aliases"> | undefined, environment: string): string {
  const { aliases = {} } = model ?? {};
  const own = Object.hasOwn(aliases, environment) ? aliases[environment] : undefined;
  return own ?? usualAlias(environment);
}

/** A model in an environment, as a policy sees it. */
export function modelResource(model: Omit<ModelFacts, "environments">, environment: string): PolicyResource {
  const { name, risk, owners } = model;
  return { type: "Model", name, environment, alias: aliasIn(model, environment), risk, owners };
}

/** A rollout, as a policy sees it. One of a model that is no longer configured counts as of high risk, and nobody's. */
export function rolloutResource(
  rollout: Pick<Rollout, "id" | "plan" | "requestedBy">,
  models: readonly ModelFacts[],
): PolicyResource {
  const { model: name, environment } = rollout.plan;
  const model = models.find((candidate) => candidate.name === name);
  return {
    type: "Rollout",
    id: rollout.id,
    model: name,
    environment,
    alias: aliasIn(model, environment),
    risk: model?.risk ?? "high",
    owners: model?.owners ?? [],
    requestedBy: rollout.requestedBy,
  };
}

/** Kinds of things each action is done to; the schema of the policy says the same. */
const resourceTypes: Readonly<Record<PolicyAction, PolicyResource["type"]>> = {
  help: "Bot",
  read: "Bot",
  acknowledge: "Incident",
  resolve: "Incident",
  annotate: "Incident",
  silence: "Bot",
  deploy: "Model",
  rollback: "Model",
  retrain: "Model",
  approve: "Rollout",
  deny: "Rollout",
  cancel: "Rollout",
  freeze: "Bot",
  lock: "Model",
  unlock: "Model",
  review: "Bot",
  bake: "Rollout",
  audit: "Bot",
  digest: "Bot",
  subscribe: "Bot",
  declare: "Bot",
  open_channel: "Incident",
};

/**
 * Things an action could be done to, for asking whether someone may do it at all: help lists what may be done to at
 * least one of them.
 */
export function sampleResources(
  action: PolicyAction,
  models: readonly ModelFacts[],
): readonly PolicyResource[] {
  const places = models.flatMap((model) =>
    model.environments.map((environment) => modelResource(model, environment)),
  );
  switch (resourceTypes[action]) {
    case "Bot":
      return [{ type: "Bot" }];
    case "Incident":
      return severities.map((severity) => ({ type: "Incident" as const, id: 0, severity }));
    case "Model":
      return places;
    case "Rollout":
      return places.flatMap((place) =>
        place.type !== "Model"
          ? []
          : [{ ...place, type: "Rollout", id: 0, model: place.name, requestedBy: "someone else" }],
      );
  }
}

/** The same for somebody in particular: also rollouts that they asked for themselves. */
export function sampleResourcesOf(
  person: Pick<Person, "id">,
  action: PolicyAction,
  models: readonly ModelFacts[],
): readonly PolicyResource[] {
  const others = sampleResources(action, models);
  const own = others.flatMap((resource) =>
    resource.type === "Rollout" ? [{ ...resource, requestedBy: person.id }] : [],
  );
  return [...others, ...own];
}

/** True when someone may do this to at least one thing; for help and suggestions. */
export function mayAtAll(
  action: PolicyAction,
  models: readonly ModelFacts[],
  may: (action: PolicyAction, resource: PolicyResource) => boolean,
): boolean {
  return sampleResources(action, models).some((resource) => may(action, resource));
}
