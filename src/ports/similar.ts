import type { PastIncident } from "../domain/incident/past.ts";
import type { FeatureRarity, IncidentFeature, SimilarCandidate } from "../domain/incident/similar.ts";
import type { Incident } from "../domain/incident.ts";

/** An earlier incident that may be similar. */
export interface EarlierIncident extends SimilarCandidate {
  readonly incident: Incident;
}

/** How an incident came to its end, as far as it is on record. */
export interface EndingRecord {
  /** Of the person who resolved it last; null when it ended by itself or nothing was written. */
  readonly reason: string | null;
  /** Rollouts that were made because of it and succeeded, oldest first. */
  readonly rollouts: readonly { readonly id: number; readonly title: string }[];
}

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
   * Incidents opened before this one that are resolved and share a kind of alert with it, those that share the rarest
   * first. Left out are muted ones, those merged into others, and what it was split from or into.
   * The rarity covers the asked features and those of the answer. Its cost does not grow with the number of incidents.
   */
  earlier(
    asked: SimilarQuestion,
    limit: number,
  ): Promise<{ readonly found: readonly EarlierIncident[]; readonly rarity: FeatureRarity }>;
  /** How incidents ended, by number; those of which nothing is on record have empty fields. */
  endings(incidentIds: readonly number[]): Promise<ReadonlyMap<number, EndingRecord>>;
  /** Those of the earlier ones that are worth showing, most similar first, with how they ended. */
  past(asked: SimilarQuestion): Promise<readonly PastIncident[]>;
}
