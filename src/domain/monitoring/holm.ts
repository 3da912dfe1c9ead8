/**
 * Which of many checks are findings, so that a report of a model that has not changed holds none with the probability
 * that was asked for, however many features it looks at. Holm's step-down procedure needs no independence: the checks
 * of one feature see the same values. (Benjamini and Hochberg's would bound the share of false findings among all
 * findings, which says nothing of how often a quiet model alerts.)
 * @see https://www.jstor.org/stable/4615733
 */

/**
 * The level at which each chance was judged, in the order given, and whether it holds.
 * @param rate - probability of any finding while nothing has changed, 0 to 1.
 */
export function holm(
  chances: readonly number[],
  rate: number,
): readonly { readonly level: number; readonly isFinding: boolean }[] {
  const order = [...chances.keys()].sort((a, b) => (chances[a] ?? 1) - (chances[b] ?? 1) || a - b);
  const judged: { level: number; isFinding: boolean }[] = chances.map(() => ({
    level: rate,
    isFinding: false,
  }));
  let level = rate / Math.max(1, chances.length);
  let isStopped = false;
  for (const [rank, index] of order.entries()) {
    // Behind the first that fails all are judged at its level, at which they fail too.
    if (!isStopped) level = rate / (chances.length - rank);
    const isFinding: boolean = !isStopped && (chances[index] ?? 1) <= level;
    isStopped = isStopped || !isFinding;
    judged[index] = { level, isFinding };
  }
  return judged;
}
