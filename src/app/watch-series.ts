/** The past of what a rule watches: from Prometheus, or from the alerts that the bot itself received. */
import type { Labels } from "../domain/alert.ts";
import type { MetricPoint, MetricSeries } from "../domain/metrics/series.ts";
import { countStepMs, type WatchRule } from "../domain/watch/rule.ts";
import type { MetricSource, WatchStore } from "../ports.ts";

/** Series in the order of their labels, with how many more there are. */
export interface ReadSeries {
  readonly kind: "series";
  readonly series: readonly MetricSeries[];
  readonly leftOut: number;
}

export type SeriesAnswer = ReadSeries | { readonly kind: "unreadable"; readonly because: string };

export interface WatchSeries {
  /**
   * All that the source answers; see {@link firstSeries}.
   * @param window - both ends count; the answer may hold a little less.
   */
  read(
    what: WatchRule["what"],
    window: { readonly fromMs: number; readonly toMs: number; readonly stepMs: number },
    signal: AbortSignal,
  ): Promise<SeriesAnswer>;
}

/** Samples of one question; Prometheus refuses more than 11,000. */
const maxPoints = 10_000;
/** Series of one rule that are watched. */
export const maxSeries = 20;
const dayMs = 24 * 3_600_000;
/** A day is over for good when alerts of it can hardly come any more. */
const lateMs = 6 * 3_600_000;

type CountedAlerts = Pick<WatchStore, "alertStarts" | "firstAlertStart">;

/** @param source - null without PROMETHEUS_URL: then queries are unreadable. */
export function createWatchSeries(parts: {
  readonly source: MetricSource | null;
  readonly alerts: CountedAlerts;
}): WatchSeries {
  const counts = createCounts(parts.alerts);
  return {
    async read(what, window, signal) {
      if (what.kind === "alerts")
        return { kind: "series", series: await counts(what.labels, window), leftOut: 0 };
      if (parts.source === null)
        return { kind: "unreadable", because: "PROMETHEUS_URL is not set, and its query needs one" };
      return await readQuery(parts.source, what.query, window, signal);
    },
  };
}

/** In parts where it is longer than one answer may be; series are put together by their labels. */
async function readQuery(
  source: MetricSource,
  query: string,
  window: { readonly fromMs: number; readonly toMs: number; readonly stepMs: number },
  signal: AbortSignal,
): Promise<SeriesAnswer> {
  const whole = new Map<string, { readonly labels: Labels; readonly points: MetricPoint[] }>();
  const spanMs = maxPoints * window.stepMs;
  let leftOut = 0;
  for (let fromMs = window.fromMs; fromMs <= window.toMs; fromMs += spanMs + window.stepMs) {
    const part = { ...window, fromMs, toMs: Math.min(window.toMs, fromMs + spanMs) };
    const answer = await source.range(query, part, signal);
    if (answer.kind === "unreadable") return { kind: "unreadable", because: answer.because };
    leftOut = Math.max(leftOut, answer.leftOut);
    for (const { labels, points } of answer.series) {
      const key = keyOf(labels);
      const known = whole.get(key);
      if (known === undefined) whole.set(key, { labels, points: [...points] });
      else for (const point of points) known.points.push(point);
    }
  }
  const series = [...whole.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
  return { kind: "series", series, leftOut };
}

/** No more than are watched, the first by their labels: where the past is learned they have to be the same every time. */
export function firstSeries({ series, leftOut }: ReadSeries): ReadSeries {
  const first = series.slice(0, maxSeries);
  return { kind: "series", series: first, leftOut: leftOut + series.length - first.length };
}

/** Labels in one order. */
export function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Counts of alerts; days that are over are counted once. */
function createCounts(alerts: CountedAlerts) {
  const days = new Map<string, readonly MetricPoint[]>();
  const firsts = new Map<string, number>();

  async function ofDay(labels: Labels, fromMs: number, nowMs: number): Promise<readonly MetricPoint[]> {
    const key = `${fromMs} ${keyOf(labels)}`;
    const known = days.get(key);
    if (known !== undefined) return known;
    const toMs = Math.min(fromMs + dayMs, nowMs + countStepMs);
    const counted = await alerts.alertStarts({
      from: new Date(fromMs),
      to: new Date(toMs),
      stepMs: countStepMs,
      labels,
    });
    if (fromMs + dayMs + lateMs < nowMs) days.set(key, counted);
    // Rules look back five weeks at most; there are few of them.
    for (const old of [...days.keys()].slice(0, Math.max(0, days.size - 1_000))) days.delete(old);
    return counted;
  }

  /** Asked for once: alerts come later than it. Infinity while there was none. */
  async function firstOf(labels: Labels, found: readonly MetricPoint[]): Promise<number> {
    const key = keyOf(labels);
    const known = firsts.get(key) ?? (await alerts.firstAlertStart(labels)) ?? Number.POSITIVE_INFINITY;
    const first = Math.min(known, found[0]?.[0] ?? Number.POSITIVE_INFINITY);
    firsts.set(key, first);
    return first;
  }

  return async function read(
    labels: Labels,
    { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  ): Promise<readonly MetricSeries[]> {
    const found: MetricPoint[] = [];
    for (let day = Math.floor(fromMs / dayMs) * dayMs; day <= toMs; day += dayMs)
      for (const point of await ofDay(labels, day, toMs)) found.push(point);
    const firstMs = await firstOf(labels, found);
    return [{ labels: {}, points: filledCounts(found, { fromMs, toMs, firstMs }) }];
  };
}

/**
 * With a zero for every step without alerts, from the first alert on: before it nobody sent any. The step that is
 * still going on is left out.
 * @param firstMs - when the first alert of all began, which may be long before these.
 */
export function filledCounts(
  counted: readonly MetricPoint[],
  { fromMs, toMs, firstMs }: { readonly fromMs: number; readonly toMs: number; readonly firstMs: number },
): readonly MetricPoint[] {
  const byStep = new Map(counted);
  const points: MetricPoint[] = [];
  const first = Math.floor(firstMs / countStepMs) * countStepMs;
  const from = Math.max(first, Math.ceil(fromMs / countStepMs) * countStepMs);
  for (let at = from; at + countStepMs <= toMs; at += countStepMs) points.push([at, byStep.get(at) ?? 0]);
  return points;
}
