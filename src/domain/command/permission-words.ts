/** What a policy lets people do, in words that go on after "may" and "may not". */
import type { PolicyAction, PolicyResource } from "../policy.ts";
import { oneLine } from "../view.ts";

/** Of something in particular, its name follows; of the bot as a whole nothing does. */
const verbs: Readonly<Record<PolicyAction, string>> = {
  help: "ask for help",
  read: "look at what the bot knows",
  acknowledge: "acknowledge",
  resolve: "resolve",
  silence: "silence alerts",
  annotate: "work on",
  deploy: "deploy",
  rollback: "roll back",
  retrain: "retrain",
  approve: "approve",
  deny: "turn down",
  cancel: "cancel",
  freeze: "freeze changes",
  lock: "lock",
  unlock: "unlock",
  review: "close reviews of broken freezes",
  bake: "settle the bake of",
  audit: "read the audit log",
  digest: "ask for a digest",
  subscribe: "subscribe channels to alerts",
  declare: "declare incidents",
  open_channel: "open a channel for",
};

/** "acknowledge incident 12", "deploy scorer in production", "approve rollout 7 of scorer in production". */
export function actInWords(action: PolicyAction, resource: PolicyResource): string {
  const what = objectOf(resource);
  return what === "" ? verbs[action] : `${verbs[action]} ${what}`;
}

/** The same of everything of its kind: "acknowledge incidents", "deploy models". */
export function actAtAllInWords(action: PolicyAction, type: PolicyResource["type"]): string {
  return type === "Bot" ? verbs[action] : `${verbs[action]} ${kinds[type]}`;
}

const kinds = { Incident: "incidents", Model: "models", Rollout: "rollouts" } as const;

function objectOf(resource: PolicyResource): string {
  switch (resource.type) {
    case "Bot":
      return "";
    case "Incident":
      return `incident ${resource.id}`;
    case "Model":
      return placeOf(resource.name, resource.environment);
    case "Rollout":
      return `rollout ${resource.id} of ${placeOf(resource.model, resource.environment)}`;
  }
}

function placeOf(model: string, environment: string): string {
  return `${oneLine(model, 60)} in ${oneLine(environment, 40)}`;
}
