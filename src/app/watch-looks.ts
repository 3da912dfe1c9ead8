/** One look at a rule: its series are read, and each is judged as it is now. */

import type { Labels } from "../domain/alert.ts";
import type { MetricSeries } from "../domain/metrics/series.ts";
import { type Baseline, learnBaseline } from "../domain/watch/anomaly.ts";
import { relearnMs } from "../domain/watch/backtest.ts";
import {
  type AnomalyRule,
  baselineOptions,
  type ForecastRule,
  isAlive,
  judgeAnomaly,
  judgeForecast,
  lookBackOf,
  type Verdict,
  type WatchRule,
} from "../domain/watch/rule.ts";
import { firstSeries, keyOf, maxSeries, type ReadSeries, type WatchSeries } from "./watch-series.ts";

export interface Judged {
  readonly labels: Labels;
  readonly verdict: Verdict;
}

export type LookResult =
  | { readonly kind: "looked"; readonly judged: readonly Judged[]; readonly leftOut: number }
  | { readonly kind: "unreadable"; readonly because: string };

export type Looker = (rule: WatchRule, now: Date, signal: AbortSignal) => Promise<LookResult>;

const minute = 60_000;
/** The past of an anomaly is read this coarsely. */
const historyStepMs = 5 * minute;

/** What is usual is learned at the first look at a rule, and anew every few hours. */
export function createLooker(series: WatchSeries): Looker {
  const learned = new Map<
    string,
    { readonly atMs: number; readonly baselines: ReadonlyMap<string, Baseline> }
  >();

  return async function look(rule, now, signal) {
    return rule.kind === "forecast" ? lookAhead(rule, now, signal) : lookForOdd(rule, now, signal);
  };

  async function lookAhead(rule: ForecastRule, now: Date, signal: AbortSignal): Promise<LookResult> {
    const toMs = now.getTime();
    const answer = await series.read(
      rule.what,
      { fromMs: toMs - lookBackOf(rule), toMs, stepMs: stepOf(rule) },
      signal,
    );
    if (answer.kind === "unreadable") return answer;
    // Those that are gone would be told as of now, and take the places of those that are not.
    const alive = answer.series.filter(({ points }) => isAlive(rule, points, toMs));
    return worst(judgedOf({ ...answer, series: alive }, ({ points }) => judgeForecast(rule, points)));
  }

  async function lookForOdd(rule: AnomalyRule, now: Date, signal: AbortSignal): Promise<LookResult> {
    const baselines = await usualOf(rule, now, signal);
    if (baselines.kind === "unreadable") return baselines;
    const toMs = now.getTime();
    const window = { fromMs: toMs - Math.max(3 * rule.everyMs, 15 * minute), toMs, stepMs: minute };
    const answer = await series.read(rule.what, window, signal);
    if (answer.kind === "unreadable") return answer;
    return judgedOf(firstSeries(answer), ({ labels, points }) => {
      const baseline = baselines.known.get(keyOf(labels));
      const newest = points.at(-1);
      if (newest === undefined || !isAlive(rule, points, toMs))
        return { look: "unknown", because: "there are no new samples" };
      if (baseline === undefined) return { look: "unknown", because: "too little is known of its past" };
      return judgeAnomaly(rule, baseline, newest);
    });
  }

  async function usualOf(rule: AnomalyRule, now: Date, signal: AbortSignal) {
    const known = learned.get(rule.name);
    if (known !== undefined && now.getTime() - known.atMs < relearnMs)
      return { kind: "learned", known: known.baselines } as const;
    const toMs = now.getTime();
    const window = { fromMs: toMs - rule.historyMs, toMs, stepMs: historyStepMs };
    const answer = await series.read(rule.what, window, signal);
    if (answer.kind === "unreadable") return answer;
    const baselines = new Map<string, Baseline>();
    const isGone = ({ points }: MetricSeries) => !isAlive(rule, points, toMs);
    const aliveFirst = answer.series.toSorted((a, b) => Number(isGone(a)) - Number(isGone(b)));
    for (const { labels, points } of firstSeries({ ...answer, series: aliveFirst }).series) {
      const result = learnBaseline(points, baselineOptions(rule));
      if (result.kind === "baseline") baselines.set(keyOf(labels), result.baseline);
    }
    learned.set(rule.name, { atMs: toMs, baselines });
    return { kind: "learned", known: baselines } as const;
  }
}

/** Fine enough for the trend, coarse enough for one question. */
export function stepOf(rule: ForecastRule): number {
  return Math.max(15_000, Math.min(rule.everyMs, Math.floor(rule.horizonMs / 60 / 15_000) * 15_000));
}

type Looked = Extract<LookResult, { readonly kind: "looked" }>;

function judgedOf(answer: ReadSeries, judge: (series: ReadSeries["series"][number]) => Verdict): Looked {
  const judged = answer.series.map((one) => ({ labels: one.labels, verdict: judge(one) }));
  return { kind: "looked", judged, leftOut: answer.leftOut };
}

const byUrgency = ["bad", "unknown", "between", "good"] as const;

/** No more than are watched: what is bad must not be missed, or end, because others come first by their labels. */
function worst({ judged, leftOut }: Looked): Looked {
  const urgency = ({ verdict }: Judged) => byUrgency.indexOf(verdict.look);
  const kept = judged.toSorted((a, b) => urgency(a) - urgency(b)).slice(0, maxSeries);
  return { kind: "looked", judged: kept, leftOut: leftOut + judged.length - kept.length };
}
