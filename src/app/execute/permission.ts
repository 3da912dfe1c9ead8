/** Who may: the policy's word on a command, before it runs. */
import {
  type Decision,
  mayAtAll,
  type PolicyAction,
  type PolicyResource,
  sampleResourcesOf,
} from "../../domain/policy.ts";
import type { CommandContext } from "../../ports.ts";
import { type AuditedDenial, denied, type Outcome, refused } from "../outcome.ts";
import type { Asked } from "./asked.ts";
import type { Execution } from "./options.ts";

export type Permission =
  | { readonly kind: "go" }
  | { readonly kind: "stop"; readonly outcome: Outcome; readonly audit: AuditedDenial | null };

export async function permit(
  execution: Execution,
  asked: Asked,
  context: CommandContext,
): Promise<Permission> {
  const { command } = asked.known;
  const resource = (await command.resource?.(asked.options, context)) ?? { type: "Bot" as const };
  if ("kind" in resource) {
    // What exists is told only to those who may look.
    const look = context.decide(asked.person, "read", { type: "Bot" });
    if (look.kind === "allow") return { kind: "stop", outcome: refused(resource), audit: null };
    return {
      kind: "stop",
      ...deny(execution, asked, { action: "read", resource: { type: "Bot" }, decision: look }),
    };
  }
  const decision = context.decide(asked.person, command.action, resource);
  if (decision.kind === "allow") return { kind: "go" };
  return { kind: "stop", ...deny(execution, asked, { action: command.action, resource, decision }) };
}

/** Of whom it is not known yet what they want to do it to: may they do it to anything? */
export function permitAtAll(
  { policy, people, models }: Execution,
  asked: Asked,
  context: CommandContext,
): Permission {
  const { action } = asked.known.command;
  const decided = sampleResourcesOf(asked.person, action, models).map((resource) => ({
    resource,
    decision: context.decide(asked.person, action, resource),
  }));
  const [first] = decided;
  if (first === undefined || decided.some(({ decision }) => decision.kind === "allow")) return { kind: "go" };
  const { person, request, now } = asked;
  const via = request.account.platform;
  const able = people.filter((other) =>
    mayAtAll(
      action,
      models,
      (_, resource) => policy.decide({ person: other, action, resource, via, now }).kind === "allow",
    ),
  );
  return {
    kind: "stop",
    ...denied({ request, person, action, ...first, isOfAll: true, able, remedy: null }),
  };
}

/** A denial in words, with who could do it instead. */
export function deny(
  { policy, people }: Execution,
  { request, person, now }: Asked,
  judged: {
    readonly action: PolicyAction;
    readonly resource: PolicyResource;
    readonly decision: Decision;
    readonly remedy?: string | null;
  },
): { readonly outcome: Outcome; readonly audit: AuditedDenial } {
  const { action, resource, decision, remedy = null } = judged;
  const via = request.account.platform;
  const able = people.filter(
    (other) =>
      other.id !== person.id && policy.decide({ person: other, action, resource, via, now }).kind === "allow",
  );
  return denied({ request, person, action, resource, decision, able, remedy });
}
