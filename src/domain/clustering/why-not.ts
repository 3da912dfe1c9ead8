/** Why an alert is not with others: the correlator's own comparison with the nearest of them, and with its own. */
import type { Comparison, Correlator, PartingStep } from "./correlation.ts";

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

/** What decided that an alert is elsewhere: a step of the correlator, or a split that is stored. */
export interface Decision {
  readonly step: PartingStep | "split";
  /** What stands in a sentence after "but". Untrusted text. */
  readonly because: string;
}

/** Steps that part alerts before anybody asks how well they fit. */
const beforeScores: ReadonlySet<Decision["step"]> = new Set([
  "ruling",
  "split",
  "pause",
  "unweighed",
  "crowd",
]);

/**
 * The verdict in one sentence: what is missing, or which step decided.
 * @param parting - what keeps it apart from the best fitting of them; null when nothing does, as things are now.
 */
export function verdictOf(there: SideScore, here: SideScore | null, parting: Decision | null): string {
  const { mean, best } = there;
  if (parting !== null && beforeScores.has(parting.step)) {
    const isFitting = best.score > 0 ? `it fits there (${fitText(there)}), but ` : "";
    return isFitting + parting.because;
  }
  const because = parting === null ? "" : `: ${parting.because}`;
  if (mean > 0 && here !== null && here.mean > mean)
    return `it fits there too (${signed(mean)} on average), but its own incident better (${signed(here.mean)})${because}`;
  if (mean > 0 && parting === null)
    return `with all that is known now it fits there (${signed(mean)} on average, and nothing else parts them); it stays where it was put when it came`;
  if (best.score > 0 && parting !== null) return `it fits there (${fitText(there)}), but ${parting.because}`;
  if (best.score > 0)
    return `one of them fits (${signed(best.score)}), but not all together (${signed(mean)} on average, and above 0 is needed)`;
  return `the best fitting of them scores ${signed(best.score)}, and above 0 is needed`;
}

/** "+0.8 on average", or of one of them while they do not fit on average. */
function fitText({ mean, best }: SideScore): string {
  return mean > 0
    ? `${signed(mean)} on average, pair by pair`
    : `${signed(best.score)} with the best of them, ${signed(mean)} on average`;
}

/** "+1.2", "−0.4". */
export function signed(score: number): string {
  return `${score >= 0 ? "+" : "−"}${Math.abs(score).toFixed(1)}`;
}
