/** A condition that is watched before anything else alerts on it: odd values, or a limit that is coming nearer. */
import { createHash } from "node:crypto";
import type { Labels, Severity } from "../alert.ts";
import { clock } from "../metrics/reading.ts";
import type { MetricPoint } from "../metrics/series.ts";
import { formatValue, leastChange } from "../metrics/unit.ts";
import { duration } from "../view.ts";
import { type Baseline, type BaselineOptions, oddness, usual } from "./anomaly.ts";
import { forecast } from "./forecast.ts";
import type { Look, WatchPatience } from "./state.ts";

interface RuleBase {
  /** Name of the alerts that it raises. */
  readonly name: string;
  readonly what:
    | { readonly kind: "query"; readonly query: string }
    /** How many alerts with these labels begin, in every step of {@link countStepMs}. */
    | { readonly kind: "alerts"; readonly labels: Labels };
  /** See formatValue. */
  readonly unit: string;
  /** On every alert that it raises, beside those of the series. */
  readonly labels: Labels;
  readonly severity: Severity;
  readonly isEnabled: boolean;
  /** How often it is looked at. */
  readonly everyMs: number;
  readonly patience: WatchPatience;
}

export interface ForecastRule extends RuleBase {
  readonly kind: "forecast";
  readonly limit: number;
  /** On which side of the limit the trouble is: at it and above, or at it and below. */
  readonly direction: "up" | "down";
  /** Raises when the limit will be reached within this time. */
  readonly horizonMs: number;
}

export interface AnomalyRule extends RuleBase {
  readonly kind: "anomaly";
  /** Usual deviations from which a value is odd. */
  readonly deviations: number;
  readonly direction: "up" | "down" | "both";
  /** How far back the usual is learned. */
  readonly historyMs: number;
  /** IANA name of where those are whose hours it keeps. */
  readonly timezone: string;
}

/** Alerts are counted in steps of this; a count is known when its step is over. */
export const countStepMs = 5 * 60_000;

export type WatchRule = ForecastRule | AnomalyRule;

export interface Verdict {
  readonly look: Look;
  /** One plain line that says why; of a bad look it is the summary of the alert. */
  readonly because: string;
}

/** Looks a little farther than the horizon, so that a forecast at its edge does not come and go. */
const beyond = 1.4;
/** The trend is read from as long a time as is looked ahead, and at least an hour. */
const minTrendMs = 3_600_000;
/** What comes and goes, as with every rotation of logs, shows only over days: on a Monday, Friday from two hours before now on. */
const minLookBackMs = (3 * 24 + 2) * 3_600_000;
/** Odd by less than this share of what raises is usual again. */
const usualShare = 0.5;

/** How far back a forecast looks, ms. */
export function lookBackOf({ horizonMs }: ForecastRule): number {
  return Math.max(minLookBackMs, 4 * horizonMs);
}

/** Prometheus repeats the newest sample of a series for so long, ms, if the series does not say that it ends. */
const repeatedMs = 5 * 60_000;
/** Looks without a new sample after which a series is gone. */
const goneLooks = 3;

/** Whether a series goes on: of one that is gone there is nothing to foresee. @param points - in order of time. */
export function isAlive({ everyMs }: WatchRule, points: readonly MetricPoint[], atMs: number): boolean {
  const last = points.at(-1);
  return last !== undefined && last[0] >= atMs - Math.max(repeatedMs, goneLooks * everyMs);
}

/** A series that is gone has nothing that could be wrong with it. */
export const gone: Verdict = { look: "good", because: "has no samples any more" };

/** What the recent past says of a limit. @param points - of {@link lookBackOf}, in order of time. */
export function judgeForecast(rule: ForecastRule, points: readonly MetricPoint[]): Verdict {
  const { limit, direction, horizonMs, unit } = rule;
  const value = (number: number) => formatValue(number, unit);
  const trendMs = Math.max(minTrendMs, horizonMs);
  const found = forecast({ points, limit, direction, trendMs, horizonMs: horizonMs * beyond });
  const nowMs = points.at(-1)?.[0] ?? 0;
  switch (found.kind) {
    case "reached":
      return { look: "bad", because: `is ${value(found.value)}, at its limit of ${value(limit)}` };
    case "reaches": {
      const left = found.atMs - nowMs;
      const margin = Math.max(found.latestMs - found.atMs, found.atMs - found.earliestMs);
      const because = `reaches ${value(limit)} in ${duration(rough(left))} ± ${duration(rough(margin))} (about ${clock(found.atMs)}), now ${value(found.value)}, ${signed(found.perHour, unit)} an hour`;
      return { look: left <= horizonMs ? "bad" : "between", because };
    }
    case "clear":
      return {
        look: "good",
        because: `is ${value(found.value)} and will not reach ${value(limit)} within ${duration(horizonMs)}`,
      };
    case "refused":
      // No forecast is no reason to alert, nor to go on alerting.
      return { look: points.length === 0 ? "unknown" : "good", because: `no forecast: ${found.because}` };
  }
}

/** Whole quarters of an hour beyond two hours, five minutes below: a forecast is no finer. */
function rough(ms: number): number {
  const grain = ms > 2 * 3_600_000 ? 15 * 60_000 : 5 * 60_000;
  return Math.max(grain, Math.round(ms / grain) * grain);
}

function signed(value: number, unit: string): string {
  return `${value >= 0 ? "+" : "−"}${formatValue(Math.abs(value), unit)}`;
}

/** How the past of a rule is measured. */
export function baselineOptions({ what, unit, timezone }: AnomalyRule): BaselineOptions {
  return { scale: what.kind === "alerts" ? "count" : "plain", floor: leastChange(unit), timezone };
}

/** Whether the newest value is odd. */
export function judgeAnomaly(rule: AnomalyRule, baseline: Baseline, [atMs, value]: MetricPoint): Verdict {
  const { scale } = baselineOptions(rule);
  const expected = baseline.at(atMs);
  const score = oddness(value, expected, scale);
  const side = rule.direction === "both" ? Math.abs(score) : rule.direction === "up" ? score : -score;
  const text = (number: number) => formatValue(number, rule.unit);
  const { middle, low, high } = usual(expected, scale);
  const season =
    baseline.season === "week"
      ? " at this hour of the week"
      : baseline.season === "day"
        ? " at this hour"
        : "";
  const because = `is ${text(value)}, usual${season} are ${text(middle)} (${text(low)} to ${text(high)}), ${Math.round(Math.abs(score))} deviations ${score >= 0 ? "above" : "below"}`;
  if (side >= rule.deviations) return { look: "bad", because };
  return { look: side < rule.deviations * usualShare ? "good" : "between", because };
}

/**
 * Hash of what a rule decides by; its labels, severity and whether it is on may change without a new backtest.
 * @returns 24 lowercase hex characters.
 */
export function ruleHash(rule: WatchRule): string {
  const { labels: _labels, severity: _severity, isEnabled: _isEnabled, name: _name, ...decides } = rule;
  const sorted = Object.entries(decides).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(sorted)).digest("hex").slice(0, 24);
}

/** Labels of an alert that a rule raises for one series: those of the rule win. */
export function labelsOf(rule: WatchRule, series: Labels): Labels {
  const { __name__: _metric, ...own } = series;
  return { ...own, ...rule.labels, alertname: rule.name, severity: rule.severity };
}
