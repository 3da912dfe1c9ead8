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

type Scores = Readonly<Record<string, number>>;

/** Two alerts that were near in time, what each signal said of them, and whether they turned out to be one incident. */
export interface LabelledPair {
  /** Signal name to its unweighted score, as the version that serves says. */
  readonly scores: Scores;
  /** The same with the counts of what fired together that a new version would have; absent where they are the same. */
  readonly challengerScores?: Scores;
  readonly areTogether: boolean;
  /** How much it counts: 1 for what a person said, less for what nobody objected to. Above 0. */
  readonly weight: number;
  /** Number of the correction that it follows from, of which there may be many pairs; null when nobody corrected anything. */
  readonly correction: number | null;
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

/** The pair as a new version would score it. */
export function asChallenger(pair: LabelledPair): LabelledPair {
  return { ...pair, scores: pair.challengerScores ?? pair.scores };
}

/** True for what people said of a pair, and not for what nobody objected to, which would flatter whatever decided it. */
export function isSaid({ weight }: Pick<LabelledPair, "weight">): boolean {
  return weight >= 1;
}
