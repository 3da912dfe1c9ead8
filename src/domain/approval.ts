/** One person's word on a rollout. */
export interface Approval {
  readonly rolloutId: number;
  readonly person: string;
  readonly decision: "approve" | "deny";
  /** The plan they saw. */
  readonly planHash: string;
  readonly reason: string;
  readonly via: string;
  readonly at: Date;
}
