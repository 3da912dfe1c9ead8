import type { Freeze } from "../domain/rollout/freeze.ts";
import type { MaintenanceWindow } from "../domain/suppression/maintenance.ts";
import type { ConfiguredWindow } from "./mute.ts";

/** What a rollout that broke a freeze leaves to look at. */
export interface Review {
  readonly id: number;
  readonly rolloutId: number;
  readonly openedBy: string;
  /** Why the freeze was broken. */
  readonly reason: string;
  readonly openedAt: Date;
  readonly closedBy: string | null;
  readonly closedAt: Date | null;
  readonly verdict: string | null;
}

/** What stands between a plan and its start, beside approvals and locks. */
export interface GuardStore {
  saveFreeze(freeze: Omit<MaintenanceWindow, "id">): Promise<number>;
  /** False when there is no such freeze of a command that is not over. */
  endFreeze(id: number, at: Date): Promise<boolean>;
  /** Freezes that were not ended and may come again after `at`, in order of number. */
  freezes(at: Date): Promise<readonly Freeze[]>;
  /** Freezes of tocsin.yaml become these; by name they keep their number. */
  setConfiguredFreezes(freezes: readonly ConfiguredWindow[], at: Date): Promise<void>;
  /** One for each rollout. */
  openReview(review: Pick<Review, "rolloutId" | "openedBy" | "reason" | "openedAt">): Promise<void>;
  /** Those that nobody has closed, oldest first. */
  openReviews(limit: number): Promise<readonly Review[]>;
  findReview(id: number): Promise<Review | null>;
  /** False when somebody has closed it. */
  closeReview(
    id: number,
    closed: { readonly by: string; readonly at: Date; readonly verdict: string },
  ): Promise<boolean>;
}
