/** What a question to the source of metrics says of a version that bakes. */

import type { BakeCheck, CheckResult } from "../bake.ts";
import { fillPlaces } from "../metrics/promql-template.ts";
import type { MetricPoint, MetricSeries, MetricWindow } from "../metrics/series.ts";
import { figure } from "../text/figure.ts";
import { duration, oneLine } from "../view.ts";

/** Places that a check's query may have. */
export const checkPlaces = ["model", "version", "environment"] as const;

/** Of all moments at which a value could have been, the share that must have one for it to tell anything. */
const minCoverageRatio = 0.5;
/** A series whose newest value is older than this is not what there is now, ms. */
const maxAgeMs = 120_000;
const minStepMs = 5_000;
const maxStepMs = 60_000;
/** Steps in a window: enough to see what is short, few enough for any server. */
const stepsPerWindow = 240;

/** The query for one version; null when a name is too long to be one. */
export function queryOf(
  check: Pick<BakeCheck, "query">,
  of: { readonly model: string; readonly version: string; readonly environment: string },
): string | null {
  const { model, version, environment } = of;
  return fillPlaces(check.query, { model, version, environment });
}

/** Pause between two values that are asked for, ms: at least three within the time that counts as a breach. */
export function checkStepMs(check: Pick<BakeCheck, "holdMs">, windowMs: number): number {
  const wanted = Math.min(windowMs / stepsPerWindow, check.holdMs / 3);
  return Math.round(Math.min(maxStepMs, Math.max(minStepMs, wanted)));
}

/**
 * Reads the answer. A value outside of its limits for long enough is a breach, whatever came after it. Too few values,
 * or none of late, are missing data: they say nothing good.
 */
export function readCheck(
  check: BakeCheck,
  series: readonly MetricSeries[],
  window: MetricWindow,
): CheckResult {
  const { name } = check;
  const inWindow = series.map(({ points }) =>
    points.filter(([at]) => at >= window.fromMs && at <= window.toMs),
  );
  const breach = worstBreach(check, inWindow, window.stepMs);
  if (breach !== null) return { name, state: "breached", text: breach };
  const problem = whatIsMissing(inWindow.flat(), window);
  if (problem !== null) return { name, state: "missing", text: `${shown(name)}: ${problem}` };
  const values = inWindow.flat().map(([, value]) => value);
  const [least, most] = values.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  const range = least === most ? figure(least) : `${figure(least)} to ${figure(most)}`;
  return { name, state: "ok", text: `${shown(name)}: ${range}, ${limits(check)}` };
}

/** A check that could not be asked. */
export function unreadCheck({ name }: Pick<BakeCheck, "name">, because: string): CheckResult {
  return { name, state: "missing", text: `${shown(name)}: cannot be read: ${oneLine(because, 200)}` };
}

/** The stretch furthest outside, in words; null when none lasted. */
function worstBreach(
  check: BakeCheck,
  series: readonly (readonly MetricPoint[])[],
  stepMs: number,
): string | null {
  const lasting = (run: Run) => run.lastMs - run.firstMs + stepMs >= check.holdMs;
  const long = series.flatMap((points) => outsideRuns(check, points, stepMs)).filter(lasting);
  const [worst] = long.sort((a, b) => beyondLimits(check, b.value) - beyondLimits(check, a.value));
  if (worst === undefined) return null;
  const time = duration(worst.lastMs - worst.firstMs + stepMs);
  return `${shown(check.name)}: ${figure(worst.value)} at worst, ${limits(check)}, outside for ${time}`;
}

/** A stretch of time outside of the limits, and the value furthest outside. */
interface Run {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly value: number;
}

/** Stretches without a value inside the limits and without a gap. */
function outsideRuns(check: BakeCheck, points: readonly MetricPoint[], stepMs: number): readonly Run[] {
  const runs: Run[] = [];
  let before: "inside" | "outside" = "inside";
  for (const [at, value] of points) {
    const isOutside = beyondLimits(check, value) > 0;
    const last = before === "outside" ? runs.at(-1) : undefined;
    if (isOutside && last !== undefined && at - last.lastMs <= 2 * stepMs) {
      const isWorse = beyondLimits(check, value) > beyondLimits(check, last.value);
      runs[runs.length - 1] = { ...last, lastMs: at, value: isWorse ? value : last.value };
    } else if (isOutside) {
      runs.push({ firstMs: at, lastMs: at, value });
    }
    before = isOutside ? "outside" : "inside";
  }
  return runs;
}

/** How far a value lies outside; 0 or less when it does not. */
function beyondLimits({ max, min }: BakeCheck, value: number): number {
  const above = max === null ? Number.NEGATIVE_INFINITY : value - max;
  const below = min === null ? Number.NEGATIVE_INFINITY : min - value;
  return Math.max(above, below);
}

function whatIsMissing(points: readonly MetricPoint[], window: MetricWindow): string | null {
  if (points.length === 0) return "no values at all";
  const newest = points.reduce((latest, [at]) => Math.max(latest, at), Number.NEGATIVE_INFINITY);
  if (window.toMs - newest > maxAgeMs) return `no value in the last ${duration(window.toMs - newest)}`;
  const moments = new Set(points.map(([at]) => Math.round((at - window.fromMs) / window.stepMs)));
  const possible = Math.floor((window.toMs - window.fromMs) / window.stepMs) + 1;
  const coverage = moments.size / possible;
  return coverage >= minCoverageRatio ? null : `values for only ${Math.round(100 * coverage)} % of the time`;
}

function limits({ max, min }: BakeCheck): string {
  const words = [
    max === null ? [] : [`at most ${figure(max)}`],
    min === null ? [] : [`at least ${figure(min)}`],
  ];
  return `must be ${words.flat().join(" and ")}`;
}

function shown(name: string): string {
  return oneLine(name, 60);
}
