/** Metrics of a rollout: the new version beside the one that serves. */

import type { Rollout } from "../rollout.ts";
import { figure, signedFigure } from "../text/figure.ts";
import { plain, type ViewBlock } from "../view.ts";
import type { MetricComparison } from "./metric-comparison.ts";
import type { Plan } from "./plan.ts";

/** Beside what serves, on the same data where somebody measured so; nothing when nobody measured. */
export function metricBlocks(rollout: Rollout): readonly ViewBlock[] {
  const { metrics: trained } = rollout.progress;
  const comparison =
    rollout.progress.comparison.length > 0
      ? rollout.progress.comparison
      : (rollout.plan.facts?.comparison ?? []);
  if (comparison.length > 0) return [comparisonTable(rollout.plan, comparison)];
  const planned = rollout.plan.metrics;
  const names = [...new Set([...planned.map((metric) => metric.name), ...Object.keys(trained)])].sort();
  if (names.length === 0) return [];
  const rows = names.map((name) => {
    const metric = planned.find((candidate) => candidate.name === name);
    const from = metric?.from ?? null;
    const to = trained[name] ?? metric?.to ?? null;
    return [name, number(from), number(to), from === null || to === null ? "–" : signedFigure(to - from)];
  });
  const { from, to } = rollout.plan;
  // With nothing to compare there is no difference to warn of.
  const isCompared = rows.some((row) => row[3] !== "–");
  const unpaired = "Each version's own figures, not measured together: a difference may be chance.";
  return [
    { kind: "table", columns: ["metric", from ?? "now", to ?? "new version", "difference"], rows },
    ...(isCompared ? [{ kind: "note", text: [plain(unpaired)] } as const] : []),
  ];
}

/** Measured on the same rows, so that the difference has an interval; without one it may be chance. */
function comparisonTable(plan: Plan, comparison: readonly MetricComparison[]): ViewBlock {
  const rows = comparison.map(({ name, champion, challenger, interval, n }) => [
    name,
    number(champion),
    number(challenger),
    signedFigure(challenger - champion),
    interval === null ? "too few to tell" : `${signedFigure(interval[0])} to ${signedFigure(interval[1])}`,
    String(n),
  ]);
  const columns = [
    "metric",
    plan.from ?? "now",
    plan.to ?? "new version",
    "difference",
    "95 % of differences",
    "n",
  ];
  return { kind: "table", columns, rows };
}

function number(value: number | null): string {
  return value === null ? "–" : figure(value);
}
