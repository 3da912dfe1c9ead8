/** Runs a rule through the past before it is switched on: when it would have raised, and what it would have been worth. */
import type { Labels } from "../domain/alert.ts";
import type { MetricPoint, MetricSeries } from "../domain/metrics/series.ts";
import {
  type BacktestScore,
  type BacktestSpan,
  backtest,
  crossings,
  type Event,
  type Raised,
  scoreBacktest,
  toleranceOf,
} from "../domain/watch/backtest.ts";
import { countStepMs, isAlive, lookBackOf, type WatchRule } from "../domain/watch/rule.ts";
import { stepOf } from "./watch-looks.ts";
import { filledCounts, firstSeries, type ReadSeries, type WatchSeries } from "./watch-series.ts";

/** One series of the rule, and what became of it. */
export interface ReplayedSeries {
  readonly labels: Labels;
  readonly raised: readonly Raised[];
  /** What it should have come before; null when nothing says. */
  readonly events: readonly Event[] | null;
  readonly score: BacktestScore | null;
}

export interface WatchReplay {
  readonly rule: WatchRule;
  readonly span: BacktestSpan;
  readonly series: readonly ReplayedSeries[];
  readonly leftOut: number;
}

export type WatchReplayResult =
  | { readonly kind: "replayed"; readonly replay: WatchReplay }
  | { readonly kind: "unreadable"; readonly because: string };

export interface WatchReplayOptions {
  readonly rule: WatchRule;
  readonly span: BacktestSpan;
  readonly series: WatchSeries;
  /** When the real alert fired that the rule should come before; null when none is named. */
  readonly events: readonly Event[] | null;
  readonly signal: AbortSignal;
}

const minute = 60_000;

/** Replays a rule over what its source remembers. */
export async function replayWatch(options: WatchReplayOptions): Promise<WatchReplayResult> {
  const { rule, span } = options;
  const answer = await options.series.read(rule.what, windowOf(rule, span), options.signal);
  if (answer.kind === "unreadable") return answer;
  return { kind: "replayed", replay: judged(rule, span, answer, options.events) };
}

/** Replays a rule about alerts over a recorded stream of them. @param starts - when alerts began, ms, in any order. */
export function replayWatchOnAlerts(
  rule: WatchRule,
  starts: readonly number[],
  events: readonly Event[] | null,
): WatchReplay | null {
  const sorted = [...starts].sort((a, b) => a - b);
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined) return null;
  const counts = new Map<number, number>();
  for (const ms of sorted) {
    const step = Math.floor(ms / countStepMs) * countStepMs;
    counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  const counted = [...counts].map(([at, count]): MetricPoint => [at, count]);
  const span = { fromMs: Math.floor(first / countStepMs) * countStepMs, toMs: last + countStepMs };
  const series = [{ labels: {}, points: filledCounts(counted, { ...span, firstMs: first }) }];
  return judged(rule, span, { kind: "series", series, leftOut: 0 }, events);
}

/** As much before the span as the rule looks back. */
function windowOf(rule: WatchRule, { fromMs, toMs }: BacktestSpan) {
  if (rule.kind === "forecast") return { fromMs: fromMs - lookBackOf(rule), toMs, stepMs: stepOf(rule) };
  return { fromMs: fromMs - rule.historyMs, toMs, stepMs: Math.max(rule.everyMs, minute) };
}

function judged(
  rule: WatchRule,
  span: BacktestSpan,
  answer: ReadSeries,
  named: readonly Event[] | null,
): WatchReplay {
  // What was gone before the span takes no place of what was there.
  const there = answer.series.filter(({ points }) => isAlive(rule, points, span.fromMs));
  const { series: watched, leftOut } = firstSeries({ ...answer, series: there });
  const series = watched.map((one): ReplayedSeries => {
    const raised = backtest(rule, one.points, span);
    const known = named === null ? eventsOf(rule, one, span) : { events: named };
    return {
      labels: one.labels,
      raised,
      events: known?.events ?? null,
      score: known === null ? null : scoreBacktest(raised, known, toleranceOf(rule)),
    };
  });
  return { rule, span, series, leftOut };
}

/** A forecast is measured by its own limit; what an odd value should have come before, only people know. */
function eventsOf(rule: WatchRule, { points }: MetricSeries, span: BacktestSpan) {
  return rule.kind === "forecast" ? crossings(points, rule, span) : null;
}

/** Times in which at least one series has samples: an alert that fires, as Prometheus remembers it. */
export function eventsFrom(series: readonly MetricSeries[], stepMs: number): readonly Event[] {
  const moments = [...new Set(series.flatMap(({ points }) => points.map(([at]) => at)))].sort(
    (a, b) => a - b,
  );
  const events: Event[] = [];
  for (const at of moments) {
    const open = events.at(-1);
    if (open !== undefined && at - open.endMs <= 3 * stepMs)
      events[events.length - 1] = { ...open, endMs: at };
    else events.push({ atMs: at, endMs: at });
  }
  return events;
}
