/** What is known of one feature without any of its rows: how many values fell where. */

/** Values between ordered limits: `counts[i]` lie in [`edges[i]`, `edges[i + 1]`). */
export interface NumericHistogram {
  readonly kind: "numeric";
  /** Strictly rising; one more than there are counts, at least two. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  /** Values under the first edge and over the last. */
  readonly below: number;
  readonly above: number;
}

export interface CategoricalHistogram {
  readonly kind: "categorical";
  readonly counts: ReadonlyMap<string, number>;
  /** Values of categories that were not counted one by one. */
  readonly other: number;
}

export type Histogram = NumericHistogram | CategoricalHistogram;

/** One feature over some time. Nulls are not in the histogram. */
export interface FeatureProfile {
  readonly histogram: Histogram;
  readonly nulls: number;
}

/** More categories than this are counted together as other. */
export const maxCategories = 500;

/** How many values a histogram holds. */
export function sizeOf(histogram: Histogram): number {
  if (histogram.kind === "categorical") return sum([...histogram.counts.values()]) + histogram.other;
  return sum(histogram.counts) + histogram.below + histogram.above;
}

/**
 * Both together, for windows into which many small reports go. Bins that differ are made coarser first, which loses no
 * value.
 * @returns null when the two have no bins in common.
 */
export function addHistograms(a: Histogram, b: Histogram): Histogram | null {
  if (a.kind === "categorical" && b.kind === "categorical") return addCategories(a, b);
  if (a.kind !== "numeric" || b.kind !== "numeric") return null;
  const edges = commonEdges(a.edges, b.edges);
  if (edges === null) return null;
  const [left, right] = [coarsen(a, edges), coarsen(b, edges)];
  return {
    kind: "numeric",
    edges,
    counts: left.counts.map((count, index) => count + (right.counts[index] ?? 0)),
    below: left.below + right.below,
    above: left.above + right.above,
  };
}

function addCategories(a: CategoricalHistogram, b: CategoricalHistogram): CategoricalHistogram {
  const counts = new Map(a.counts);
  for (const [name, count] of b.counts) counts.set(name, (counts.get(name) ?? 0) + count);
  return limitCategories({ kind: "categorical", counts, other: a.other + b.other });
}

/** Keeps the most frequent categories, by name where they are as frequent, and counts the rest together. */
export function limitCategories(histogram: CategoricalHistogram): CategoricalHistogram {
  if (histogram.counts.size <= maxCategories) return histogram;
  const ordered = [...histogram.counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const rest = sum(ordered.slice(maxCategories).map(([, count]) => count));
  return {
    kind: "categorical",
    counts: new Map(ordered.slice(0, maxCategories)),
    other: histogram.other + rest,
  };
}

/** Limits that both have, as they are; null with fewer than one bin in common. */
export function commonEdges(a: readonly number[], b: readonly number[]): readonly number[] | null {
  const others = new Set(b);
  const common = a.filter((edge) => others.has(edge));
  return common.length >= 2 ? common : null;
}

/** The same values in fewer bins. @param edges - some of the histogram's own, in order. */
export function coarsen(histogram: NumericHistogram, edges: readonly number[]): NumericHistogram {
  if (edges.length === histogram.edges.length) return histogram;
  const counts = edges.slice(1).map(() => 0);
  let { below, above } = histogram;
  for (const [index, count] of histogram.counts.entries()) {
    const start = histogram.edges[index] ?? 0;
    const bin = binOf(edges, start);
    if (bin < 0) below += count;
    else if (bin >= counts.length) above += count;
    else counts[bin] = (counts[bin] ?? 0) + count;
  }
  return { kind: "numeric", edges, counts, below, above };
}

/** Index of the bin that begins at or before `value`: -1 under the first edge, the number of bins over the last. */
function binOf(edges: readonly number[], value: number): number {
  let bin = -1;
  while (bin + 1 < edges.length && (edges[bin + 1] ?? Number.POSITIVE_INFINITY) <= value) bin += 1;
  return bin;
}

export function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
