/** Why an alert is not with others: the correlator's own comparison with the nearest of them, and with its own. */
import type { Comparison, Correlator } from "./correlation.ts";

/** Alerts of one side that are compared, those nearest in time. */
export const maxCompared = 12;

/** An alert as far as it matters here. */
export interface Placed {
  readonly key: string;
  readonly alert: { readonly startsAt: Date };
}

export interface Compared extends Comparison {
  /** Key of the alert it was compared with. */
  readonly key: string;
}

export interface SideScore {
  /** The one that speaks most for being together. */
  readonly best: Compared;
  /** Mean score over those that could be compared; above zero they would be together. */
  readonly mean: number;
  readonly compared: number;
}

/** The alerts nearest in time to one, without it; the nearest first. */
export function nearestTo<Other extends Placed>(one: Placed, others: readonly Other[]): readonly Other[] {
  const lag = (other: Placed) => Math.abs(other.alert.startsAt.getTime() - one.alert.startsAt.getTime());
  return others
    .filter(({ key }) => key !== one.key)
    .sort((a, b) => lag(a) - lag(b) || (a.key < b.key ? -1 : 1))
    .slice(0, maxCompared);
}

/** How an alert and some others fit; null when none of them was still weighed beside it. */
export function scoreWith(
  correlator: Pick<Correlator, "compare">,
  key: string,
  others: readonly Placed[],
): SideScore | null {
  const compared = others.flatMap((other): Compared[] => {
    const comparison = correlator.compare(key, other.key);
    return comparison === null ? [] : [{ ...comparison, key: other.key }];
  });
  const [best] = [...compared].sort((a, b) => b.score - a.score || (a.key < b.key ? -1 : 1));
  if (best === undefined) return null;
  const mean = compared.reduce((sum, { score }) => sum + score, 0) / compared.length;
  return { best, mean, compared: compared.length };
}

/** The verdict in one sentence: what is missing, or what else decided. */
export function verdictOf(there: SideScore, here: SideScore | null): string {
  if (there.mean > 0 && here !== null && here.mean > there.mean)
    return `it fits there too (${signed(there.mean)} on average), but its own incident better (${signed(here.mean)})`;
  if (there.mean > 0)
    return `taken pair by pair it fits there (${signed(there.mean)} on average); what else fired then, or an earlier decision, kept it apart`;
  if (there.best.score > 0)
    return `one of them fits (${signed(there.best.score)}), but not all together (${signed(there.mean)} on average, and above 0 is needed)`;
  return `the best fitting of them scores ${signed(there.best.score)}, and above 0 is needed`;
}

/** "+1.2", "−0.4". */
export function signed(score: number): string {
  return `${score >= 0 ? "+" : "−"}${Math.abs(score).toFixed(1)}`;
}
