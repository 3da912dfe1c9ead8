/** What a fit learns from: incidents whose cause is known, and pairs of alerts of which it is known where they belong. */

import { carriersOf } from "../causes/change-evidence.ts";
import type { CauseQuestion } from "../clustering/correlation.ts";
import { noChange } from "./feedback.ts";

/** An incident whose cause a person named. */
export interface LabelledCause {
  readonly question: CauseQuestion;
  /** The right service, or null when nobody said. */
  readonly service: string | null;
  /** The right change; "none" when people said that no change was to blame; null when nobody said. */
  readonly changeId: string | null;
  readonly at: Date;
}

/** Two alerts that were near in time, what each signal said of them, and whether they turned out to be one incident. */
export interface LabelledPair {
  /** Signal name to its unweighted score. */
  readonly scores: Readonly<Record<string, number>>;
  readonly areTogether: boolean;
  /** How much it counts: 1 for what a person said, less for what nobody objected to. Above 0. */
  readonly weight: number;
  readonly at: Date;
}

/**
 * Ids under which a ranking knows the right change: a commit is judged as the deploys that carry it. Empty where it is
 * not among the changes of the question, where no change is to blame, and where nobody said.
 */
export function rightChanges({ question, changeId }: LabelledCause): ReadonlySet<string> {
  if (changeId === null || changeId === noChange) return new Set();
  const carriers = carriersOf(changeId, question.changes);
  const isThere = question.changes.some(({ id }) => id === changeId);
  return new Set(carriers.length > 0 ? carriers : isThere ? [changeId] : []);
}
