/** What the card of a rollout is made of. */
import type { Approval } from "../approval.ts";
import type { Rollout } from "../rollout.ts";
import type { Standing } from "./standing.ts";

/** Everything a card is made of. */
export interface RolloutFacts {
  readonly rollout: Rollout;
  readonly approvals: readonly Approval[];
  /** Ids of the people other than the requester who may approve it now. */
  readonly approvers: readonly string[];
  readonly rolesOf: (person: string) => readonly string[];
  /** Id to the name shown. */
  readonly nameOf: (person: string) => string;
  /** One of high risk asks for the model's name to be typed. */
  readonly risk?: "low" | "high";
  readonly standing?: Standing;
  readonly dashboards?: readonly { readonly name: string; readonly url: string }[];
}
