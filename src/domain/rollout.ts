export const rolloutStates = [
  "pending",
  "approved",
  "starting",
  "running",
  "cancelling",
  "succeeded",
  "failed",
  "cancelled",
  "denied",
  "expired",
  "unknown",
] as const;
export type RolloutState = (typeof rolloutStates)[number];

/** What a rollout would do. What is approved is what is applied: its hash is checked again at apply. */
export interface Plan {
  readonly kind: "deploy" | "rollback" | "retrain";
  readonly model: string;
  readonly environment: string;
  /** Serving now; null when nothing is. */
  readonly from: string | null;
  /** Serving after; null for a retrain. */
  readonly to: string | null;
  /** Content digest of `to` when the backend has one. */
  readonly digest: string | null;
  readonly metrics: readonly {
    readonly name: string;
    readonly from: number | null;
    readonly to: number | null;
  }[];
  readonly steps: readonly string[];
  readonly notes: readonly string[];
  /** Command line that undoes it, or null when nothing can. */
  readonly inverse: string | null;
  readonly reason: string;
  readonly incidentId: number | null;
  readonly expectedMs: number | null;
}

/** One deploy, rollback or retrain from request to final state; a row with a state machine. */
export interface Rollout {
  readonly id: number;
  readonly operationId: string;
  readonly plan: Plan;
  readonly planHash: string;
  readonly state: RolloutState;
  /** For compare-and-set. */
  readonly version: number;
  readonly requestedBy: string;
  /** Channel it was asked in, "platform:id", or null. */
  readonly requestedIn: string | null;
  readonly requestedAt: Date;
  readonly approvalsNeeded: number;
  /** A pending one expires then. */
  readonly expiresAt: Date | null;
  readonly externalRef: Readonly<Record<string, string>> | null;
  readonly progress: {
    readonly steps: readonly {
      readonly label: string;
      readonly state: "waiting" | "running" | "done" | "failed";
    }[];
    readonly logTail: string;
    /** Who asked to cancel it. */
    readonly cancelRequestedBy: string | null;
    readonly metrics: Readonly<Record<string, number>>;
    readonly newVersion: string | null;
  };
  /** One plain line once it is final. */
  readonly result: string | null;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  /** Audit entry of the newest transition. */
  readonly auditSeq: number | null;
  /** Grows with every change that a card shows. */
  readonly revision: number;
}
