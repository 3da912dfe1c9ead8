/** A version beside the one that serves, metric by metric: what a chart shows, and the same in words. */

import type { Rollout } from "../rollout.ts";
import { figure, signedFigure } from "../text/figure.ts";
import { oneLine } from "../view.ts";
import type { MetricComparison } from "./metric-comparison.ts";

export interface ComparisonChart {
  readonly model: string;
  /** What serves. */
  readonly champion: string;
  readonly challenger: string;
  readonly rows: readonly MetricComparison[];
  /** Metrics without a row, because there are too many. */
  readonly leftOut: number;
}

const maxRows = 6;
const maxName = 60;

/** @returns null when nobody measured both versions on the same data. */
export function comparisonChart({
  plan,
  progress,
}: Pick<Rollout, "plan" | "progress">): ComparisonChart | null {
  const measured = progress.comparison.length > 0 ? progress.comparison : (plan.facts?.comparison ?? []);
  const usable = measured.filter(({ champion, challenger }) => [champion, challenger].every(Number.isFinite));
  if (usable.length === 0) return null;
  const challenger = progress.newVersion ?? plan.to ?? "new version";
  return {
    model: oneLine(plan.model, maxName),
    champion: oneLine(plan.from ?? "now", maxName),
    challenger: oneLine(challenger, maxName),
    rows: usable.slice(0, maxRows).map((row) => ({ ...row, name: oneLine(row.name, maxName) })),
    leftOut: Math.max(0, usable.length - maxRows),
  };
}

/** "auc: 0.941, then 0.957; difference +0.016, 95 % between +0.011 and +0.021, n = 4200" */
export function comparisonWords({ name, champion, challenger, interval, n }: MetricComparison): string {
  const range =
    interval === null
      ? "too few to tell"
      : `95 % between ${signedFigure(interval[0])} and ${signedFigure(interval[1])}`;
  return (
    `${name}: ${figure(champion)}, then ${figure(challenger)}; ` +
    `difference ${signedFigure(challenger - champion)}, ${range}, n = ${n}`
  );
}

/** The same numbers in words, for those who do not see the picture. */
export function comparisonAlt({ model, champion, challenger, rows, leftOut }: ComparisonChart): string {
  const more = leftOut === 0 ? "" : ` ${leftOut} more metrics.`;
  return `${model}: version ${challenger} beside ${champion}, which serves. ${rows.map(comparisonWords).join(". ")}.${more}`;
}
