/** Two histograms of one feature side by side, so that they can be compared bin by bin. */
import { coarsen, commonEdges, type Histogram, type NumericHistogram, sum } from "./histogram.ts";

/** Counts of reference and current values in the same bins. */
export interface PairedBins {
  readonly reference: readonly number[];
  readonly current: readonly number[];
  /** Values in all bins of the reference, and of what is compared with it. */
  readonly n: number;
  readonly m: number;
}

/** The same, with the limits of the bins: the first and last of them hold what lies outside. */
export interface OrderedBins extends PairedBins {
  /** The limits between the bins, in order: one fewer than there are bins. */
  readonly cuts: readonly number[];
}

/** Values expected in a bin of the smaller side; with fewer the approximations of the checks do not hold. */
const fewestExpected = 5;

/** @returns null when the two are of different kinds or have no bins in common. */
export function pairBins(reference: Histogram, current: Histogram): PairedBins | null {
  if (reference.kind === "numeric")
    return current.kind === "numeric" ? pairOrdered(reference, current) : null;
  if (current.kind !== "categorical") return null;
  const names = [...new Set([...reference.counts.keys(), ...current.counts.keys()])].sort();
  const counts = ({ counts: known, other }: typeof reference) => [
    ...names.map((name) => known.get(name) ?? 0),
    other,
  ];
  return paired(counts(reference), counts(current));
}

/** @returns null when the two have no bins in common. */
export function pairOrdered(reference: NumericHistogram, current: NumericHistogram): OrderedBins | null {
  const cuts = commonEdges(reference.edges, current.edges);
  if (cuts === null) return null;
  const counts = (histogram: NumericHistogram) => {
    const coarse = coarsen(histogram, cuts);
    return [coarse.below, ...coarse.counts, coarse.above];
  };
  return { ...paired(counts(reference), counts(current)), cuts };
}

function paired(reference: readonly number[], current: readonly number[]): PairedBins {
  return { reference, current, n: sum(reference), m: sum(current) };
}

/**
 * Bins too empty to say anything are joined: neighbours where bins have an order, else the emptiest with one another.
 * What is joined depends on both sides together alone, so that it favours neither.
 */
export function joinSparse(bins: PairedBins): PairedBins {
  const { n, m } = bins;
  const least = (fewestExpected * (n + m)) / Math.max(1, Math.min(n, m));
  const pooled = bins.reference.map((count, index) => count + (bins.current[index] ?? 0));
  const order = "cuts" in bins ? pooled.keys() : ascending(pooled);
  const groups: number[][] = [];
  let open: number[] = [];
  let size = 0;
  for (const index of order) {
    open.push(index);
    size += pooled[index] ?? 0;
    if (size < least) continue;
    groups.push(open);
    open = [];
    size = 0;
  }
  // What is left over at the end has too few values of its own.
  if (open.length > 0) groups.push([...(groups.pop() ?? []), ...open]);
  const joined = (counts: readonly number[]) =>
    groups.map((group) => sum(group.map((index) => counts[index] ?? 0)));
  return { ...bins, reference: joined(bins.reference), current: joined(bins.current) };
}

/** Pearson's chi-squared of the table with two rows: the most faithful to its approximation where bins are sparse. */
export function pearson({ reference, current, n, m }: PairedBins): number {
  return (
    reference.reduce((total, count, index) => {
      const other = current[index] ?? 0;
      if (count + other === 0) return total;
      return total + (count / n - other / m) ** 2 / (count + other);
    }, 0) *
    n *
    m
  );
}

function ascending(values: readonly number[]): readonly number[] {
  return [...values.keys()].sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0) || a - b);
}
