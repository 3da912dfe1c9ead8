/** Which labels are learned from and which, the newest, are only measured on. */
import { isSaid, type LabelledCause, type LabelledPair } from "./labels.ts";

const heldOutShare = 0.3;

/** What is learned from, and what is not. */
interface Parts<Row> {
  readonly older: readonly Row[];
  readonly newer: readonly Row[];
}

/** How much there is of what people said of pairs. */
export interface SaidOfPairs {
  readonly pairs: number;
  readonly corrections: number;
}

export function countSaid(pairs: readonly LabelledPair[]): SaidOfPairs {
  const said = pairs.filter(isSaid);
  return { pairs: said.length, corrections: correctionsOf(said).size };
}

export function splitByTime<Row extends { readonly at: Date }>(rows: readonly Row[]): Parts<Row> {
  const sorted = [...rows].sort((a, b) => a.at.getTime() - b.at.getTime());
  const cut = cutOf(sorted.length);
  return { older: sorted.slice(0, cut), newer: sorted.slice(cut) };
}

/**
 * Pairs of one correction are on one side, since they tell the same. What nobody objected to is split by itself: there
 * is more of it and it is never measured on, so that together with it nothing might be left that is.
 */
export function splitPairs(pairs: readonly LabelledPair[]): Parts<LabelledPair> {
  const begins = correctionsOf(pairs.filter(isSaid));
  const inOrder = [...begins].sort(([a, x], [b, y]) => x - y || a - b).map(([correction]) => correction);
  const learned = new Set(inOrder.slice(0, cutOf(inOrder.length)));
  const isCorrected = ({ correction }: LabelledPair) => correction !== null && begins.has(correction);
  const isLearned = ({ correction }: LabelledPair) => correction !== null && learned.has(correction);
  const corrected = pairs.filter(isCorrected).sort((a, b) => a.at.getTime() - b.at.getTime());
  const untouched = splitByTime(pairs.filter((pair) => !isCorrected(pair)));
  return {
    older: [...corrected.filter(isLearned), ...untouched.older],
    newer: [...corrected.filter((pair) => !isLearned(pair)), ...untouched.newer],
  };
}

/** The moment of the first label that is measured on; null when there is none. What is learned of time must end before it. */
export function heldOutFrom(labels: {
  readonly causes: readonly Pick<LabelledCause, "at">[];
  readonly pairs: readonly LabelledPair[];
}): Date | null {
  const held = [...splitByTime(labels.causes).newer, ...splitPairs(labels.pairs).newer.filter(isSaid)];
  const times = held.map(({ at }) => at.getTime());
  return times.length === 0 ? null : new Date(times.reduce((a, b) => Math.min(a, b)));
}

/** Corrections with the time of their first pair, ms. */
function correctionsOf(said: readonly LabelledPair[]): ReadonlyMap<number, number> {
  const begins = new Map<number, number>();
  for (const { correction, at } of said)
    if (correction !== null)
      begins.set(correction, Math.min(begins.get(correction) ?? Number.POSITIVE_INFINITY, at.getTime()));
  return begins;
}

function cutOf(count: number): number {
  return Math.ceil(count * (1 - heldOutShare));
}
