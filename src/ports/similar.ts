import type { PastIncident } from "../domain/incident/past.ts";
import type { IncidentFeature } from "../domain/incident/similar.ts";

export interface SimilarQuestion {
  readonly incidentId: number;
  /** What it is known by now. */
  readonly features: readonly IncidentFeature[];
  /**
   * The past as it was known at this moment: incidents that were over by then, and how they had ended, with what had
   * been said and done by then. Now when absent.
   */
  readonly asOf?: Date;
}

/** What incidents are known by, so that later ones find them. */
export interface SimilarStore {
  /** Keeps what an incident is known by, in place of what was kept before. */
  remember(incidentId: number, features: readonly IncidentFeature[]): Promise<void>;
  /**
   * Incidents opened before this one that are resolved, share a kind of alert with it and are worth showing, most similar
   * first, with how they ended. Of many those are compared that share the rarest kinds. Left out are muted ones, those
   * merged into others, and what it was split from or into. Its cost does not grow with the number of incidents.
   */
  past(asked: SimilarQuestion): Promise<readonly PastIncident[]>;
}
