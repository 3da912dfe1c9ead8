import type { Person } from "./person.ts";

/** Everything a policy can allow. One word per kind of act; commands name theirs. */
export const policyActions = [
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
  "audit",
  "digest",
] as const;
export type PolicyAction = (typeof policyActions)[number];

export type PolicyResource =
  | { readonly type: "Bot" }
  | { readonly type: "Incident"; readonly id: number; readonly severity: string }
  | {
      readonly type: "Model";
      readonly name: string;
      readonly environment: string;
      readonly risk: "low" | "high";
      readonly owners: readonly string[];
    }
  | {
      readonly type: "Rollout";
      readonly id: number;
      readonly model: string;
      readonly environment: string;
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
}

export type Decision =
  | {
      readonly kind: "allow";
      readonly policies: readonly string[] /** How many other people must agree; from the policy. */;
      readonly approvalsNeeded: number;
    }
  /** `because` is one plain sentence: which rule, or which error. */
  | { readonly kind: "deny"; readonly policies: readonly string[]; readonly because: string };
