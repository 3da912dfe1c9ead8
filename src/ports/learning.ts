import type { TrackedAlert } from "../domain/alert/tracked.ts";
import type { CoFiringCount } from "../domain/clustering/co-firing-counts.ts";
import type { Ruling } from "../domain/clustering/correlation.ts";
import type { FitOptions, FitResult, LabelledCause } from "../domain/learning/fitting.ts";
import type { PairScores, PairWork } from "../domain/learning/score-pairs.ts";

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

/** What is fitted: as much as was read of it, one incident after the other, so that all of them are never in one place. */
export interface FitWork extends Omit<FitOptions, "causes"> {
  /** Oldest first. Their questions hold plain data only. */
  readonly causes: AsyncIterable<LabelledCause>;
}

/**
 * The long computations of a retrain, where they hold up nothing else. One at a time; others wait for it.
 * Both throw NotStartedError, naming the limit, when one took longer or more memory than it may: it would again.
 */
export interface LearningThread {
  scorePairs(work: PairWork): Promise<PairScores>;
  fit(work: FitWork): Promise<FitResult>;
}
