import type { Decision, PolicyQuestion } from "../domain/policy.ts";

/** Who may do what. Any error is a deny. */
export interface Policy {
  decide(question: PolicyQuestion): Decision;
  /** SHA-256 of the policy text, for the audit log. */
  readonly hash: string;
}
