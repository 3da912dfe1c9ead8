/** A rule run through the past as it would have been looked at then: when it would have raised, and what came of it. */

import { type MetricPoint, median } from "../metrics/series.ts";
import { type Baseline, learnBaseline } from "./anomaly.ts";
import {
  type AnomalyRule,
  baselineOptions,
  countStepMs,
  type ForecastRule,
  gone,
  isAlive,
  judgeAnomaly,
  judgeForecast,
  lookBackOf,
  type Verdict,
  type WatchRule,
} from "./rule.ts";
import { quiet, stepWatch, type WatchState } from "./state.ts";

/** A time in which the rule would have alerted. */
export interface Raised {
  readonly fromMs: number;
  /** Null when it was still raised at the end. */
  readonly toMs: number | null;
  readonly because: string;
}

/** The usual is learned anew this often: in the past as in the present. */
export const relearnMs = 6 * 3_600_000;

export interface BacktestSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * When a rule would have raised, between two moments.
 * @param points - one series, in order of time, with as much before the span as the rule looks back.
 */
export function backtest(
  rule: WatchRule,
  points: readonly MetricPoint[],
  span: BacktestSpan,
): readonly Raised[] {
  const look = rule.kind === "forecast" ? forecastLooks(rule, points) : anomalyLooks(rule, points);
  const raised: Raised[] = [];
  let state: WatchState = quiet;
  for (let at = span.fromMs; at <= span.toMs; at += rule.everyMs) {
    const verdict = look(at);
    const step = stepWatch(state, verdict.look, at, rule.patience);
    state = step.state;
    if (step.event === "raised") raised.push({ fromMs: at, toMs: null, because: verdict.because });
    const open = raised.at(-1);
    if (step.event === "ended" && open !== undefined) raised[raised.length - 1] = { ...open, toMs: at };
  }
  return raised;
}

const nothing: Verdict = { look: "unknown", because: "there are no samples" };

function forecastLooks(rule: ForecastRule, points: readonly MetricPoint[]): (at: number) => Verdict {
  const back = lookBackOf(rule);
  return (at) => {
    const seen = points.slice(indexAfter(points, at - back), indexAfter(points, at));
    return isAlive(rule, seen, at) ? judgeForecast(rule, seen) : gone;
  };
}

function anomalyLooks(rule: AnomalyRule, points: readonly MetricPoint[]): (at: number) => Verdict {
  let learned: { readonly atMs: number; readonly baseline: Baseline | null } | null = null;
  const delayMs = knownAfterMs(rule);
  return (at) => {
    const knownMs = at - delayMs;
    if (learned === null || at - learned.atMs >= relearnMs) {
      const past = points.slice(
        indexAfter(points, at - rule.historyMs),
        indexAfter(points, Math.min(knownMs, at - 1)),
      );
      const result = learnBaseline(past, baselineOptions(rule));
      learned = { atMs: at, baseline: result.kind === "baseline" ? result.baseline : null };
    }
    const newest = points[indexAfter(points, knownMs) - 1];
    // A sample that is older than the last look says nothing new.
    const isNew = newest !== undefined && newest[0] > at - 2 * rule.everyMs;
    return learned.baseline === null || !isNew ? nothing : judgeAnomaly(rule, learned.baseline, newest);
  };
}

/** How long after its own time a value is known, ms: a count has the time at which its step begins, and is whole when that is over. */
function knownAfterMs({ what }: WatchRule): number {
  return what.kind === "alerts" ? countStepMs : 0;
}

/** Index of the first point after a moment. */
function indexAfter(points: readonly MetricPoint[], ms: number): number {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.[0] ?? 0) <= ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Something real that the rule should have come before. */
export interface Event {
  readonly atMs: number;
  readonly endMs: number;
}

export interface BacktestScore {
  /** Events that it raised for in time, with how long before, ms. */
  readonly leads: readonly number[];
  readonly missed: readonly Event[];
  /** Raised for nothing; what is still raised in the end may yet come. */
  readonly falseAlarms: readonly Raised[];
  /** Median of the leads; null without any. */
  readonly medianLeadMs: number | null;
}

export interface Tolerance {
  /** How long before an event raising still counts as raised for it. */
  readonly aheadMs: number;
  /** How long after its beginning raising still counts, with a lead below zero. */
  readonly lateMs: number;
}

/** An odd value may come so long before the alert that people name, and an alarm so long after it and still be of use. */
const oddMs = { aheadMs: 60 * 60_000, lateMs: 15 * 60_000 };

/**
 * When raising counts as raised for an event. A forecast has to come before it, by twice its horizon at most. What is odd may
 * be told of a quarter of an hour late, counted from when it can be known: the number of alerts is known a step after its time.
 */
export function toleranceOf(rule: WatchRule): Tolerance {
  if (rule.kind === "forecast") return { aheadMs: 2 * rule.horizonMs, lateMs: 0 };
  return { ...oddMs, lateMs: oddMs.lateMs + knownAfterMs(rule) };
}

/**
 * Compares what was raised with what really happened.
 * @param events - that it should have come before.
 * @param earlier - events from before the time that was looked at: to raise while they go on is late, too, not false.
 */
export function scoreBacktest(
  raised: readonly Raised[],
  { events, earlier = [] }: { readonly events: readonly Event[]; readonly earlier?: readonly Event[] },
  tolerance: Tolerance,
): BacktestScore {
  const isFor = (alarm: Raised, event: Event) => {
    const until = alarm.toMs ?? Number.POSITIVE_INFINITY;
    const begins = alarm.fromMs <= event.atMs + tolerance.lateMs && alarm.fromMs <= event.endMs;
    return (
      begins && alarm.fromMs >= event.atMs - tolerance.aheadMs && until >= event.atMs - tolerance.aheadMs
    );
  };
  const first = events.map((event) => raised.find((alarm) => isFor(alarm, event)));
  const leads = events.flatMap((event, index) => {
    const alarm = first[index];
    return alarm === undefined ? [] : [event.atMs - alarm.fromMs];
  });
  return {
    leads,
    missed: events.filter((_, index) => first[index] === undefined),
    falseAlarms: raised.filter(
      (alarm) =>
        alarm.toMs !== null &&
        !events.some((event) => isFor(alarm, event)) &&
        ![...events, ...earlier].some((event) => isWithin(alarm, event)),
    ),
    medianLeadMs: leads.length === 0 ? null : median(leads),
  };
}

/** Raised while it is going on is late, not false. */
function isWithin(alarm: Raised, event: Event): boolean {
  return alarm.fromMs >= event.atMs && alarm.fromMs <= event.endMs;
}

/**
 * Times at which a series was at its limit or beyond, for two samples or more: what a forecast should come before.
 * @returns those that begin within the span, and those that were going on when it began.
 */
export function crossings(
  points: readonly MetricPoint[],
  { limit, direction }: Pick<ForecastRule, "limit" | "direction">,
  span: BacktestSpan,
): { readonly events: readonly Event[]; readonly earlier: readonly Event[] } {
  const events: Event[] = [];
  let since: MetricPoint | null = null;
  let count = 0;
  for (const point of points) {
    const isAt = direction === "up" ? point[1] >= limit : point[1] <= limit;
    if (isAt) {
      since ??= point;
      count += 1;
      continue;
    }
    if (since !== null && count >= 2) events.push({ atMs: since[0], endMs: point[0] });
    since = null;
    count = 0;
  }
  const last = points.at(-1);
  if (since !== null && count >= 2 && last !== undefined) events.push({ atMs: since[0], endMs: last[0] });
  return {
    events: events.filter(({ atMs }) => atMs >= span.fromMs && atMs <= span.toMs),
    earlier: events.filter(({ atMs, endMs }) => atMs < span.fromMs && endMs >= span.fromMs),
  };
}
