import type { Ruling } from "../domain/clustering/correlation.ts";
import type { Feedback } from "../domain/learning/feedback.ts";

export type { Feedback } from "../domain/learning/feedback.ts";

export type NewRuling = Omit<Ruling, "id">;

/** What people said of groupings and causes, and what the correlator has to do about it. */
export interface FeedbackStore {
  /** Appends, with the rulings that follow from it, in order. */
  add(said: Feedback, rulings?: readonly NewRuling[]): Promise<void>;
  /** The newest, in the order in which they were said. */
  list(limit: number): Promise<readonly Feedback[]>;
  /** The same of some incidents. */
  ofIncidents(ids: readonly number[], limit: number): Promise<readonly Feedback[]>;
  /** Rulings that triage has still to carry out, oldest first. */
  waiting(limit: number): Promise<readonly Ruling[]>;
  markCarriedOut(rulings: readonly number[], at: Date): Promise<void>;
  /**
   * Carried out, and about an alert that fires or began since `since`: what a new leader must remember. Of more than
   * `limit` the newest, oldest of them first.
   */
  inForce(since: Date, limit: number): Promise<readonly Ruling[]>;
}
