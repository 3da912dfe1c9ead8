import type { TrackedAlert } from "../domain/alert/tracked.ts";
import type { CoFiringCount } from "../domain/clustering/co-firing-counts.ts";
import type { Ruling } from "../domain/clustering/correlation.ts";

/** What a retrain of the correlator reads beside feedback on causes. */
export interface LearningStore {
  /** Raises counts to these; one that is higher already stays. */
  saveCoFirings(rows: readonly CoFiringCount[]): Promise<void>;
  /** Counts of a day and later, the largest first. */
  coFirings(since: Date, limit: number): Promise<readonly CoFiringCount[]>;
  /** Removes counts of days before; returns how many went. */
  pruneCoFirings(before: Date): Promise<number>;
  /**
   * What people decided about groupings, in order; of more than `limit` the newest. Those that one correction made share
   * its number.
   */
  rulings(limit: number): Promise<readonly (Ruling & { readonly correction: number; readonly at: Date })[]>;
  /** Alerts that began in this time, in order; of more than `limit` the newest. */
  alertsBetween(from: Date, until: Date, limit: number): Promise<readonly TrackedAlert[]>;
  /**
   * Incidents of several alerts that a person acknowledged or resolved and nobody regrouped, newest first: their
   * grouping was seen and left as it was.
   */
  settledIncidents(limit: number): Promise<readonly { readonly id: number; readonly at: Date }[]>;
}
