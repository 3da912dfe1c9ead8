/** Asks a source of metrics: a few questions at a time, all of them within one deadline. */
import type { Labels } from "../domain/alert.ts";
import type { LeftOut } from "../domain/limits.ts";
import { type MetricQuestion, type MetricReading, readSeries, windowOf } from "../domain/metrics/reading.ts";
import type { MetricSeries, MetricWindow } from "../domain/metrics/series.ts";
import type { MetricSource } from "../ports/metric-source.ts";

export interface ReadLimits {
  readonly window: MetricWindow;
  readonly onsetMs: number;
  readonly signal: AbortSignal;
  /** Told of series that are not looked at. */
  readonly leftOut: LeftOut;
}

const atOnce = 4;
/** Series of one answer that are looked at; of more those that moved most. */
const maxSeries = 20;

/** Readings in the order of the questions. Never rejects; once the source itself is away the rest is not asked. */
export async function readMetrics(
  source: Pick<MetricSource, "range">,
  questions: readonly MetricQuestion[],
  limits: ReadLimits,
): Promise<readonly MetricReading[]> {
  const readings: MetricReading[] = [];
  const queue = [...questions.entries()];
  let away: string | null = null;

  async function work(): Promise<void> {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, question] = next;
      const reading = away === null ? await readOne(source, question, limits) : unreadable(question, away);
      readings[index] = reading.reading;
      away ??= reading.away;
    }
  }

  await Promise.all(Array.from({ length: atOnce }, work));
  return readings;
}

interface Step {
  readonly reading: MetricReading;
  /** Why nothing else can be read either, or null. */
  readonly away: string | null;
}

async function readOne(
  source: Pick<MetricSource, "range">,
  question: MetricQuestion,
  limits: ReadLimits,
): Promise<Step> {
  for (const query of question.queries) {
    const answer = await source.range(query, windowOf(question, limits.window), limits.signal);
    if (answer.kind === "unreadable")
      return {
        ...unreadable(question, answer.because),
        away: answer.scope === "server" ? answer.because : null,
      };
    const own = answer.series.filter((series) => isOf(series, question.labels) && series.points.length > 0);
    if (own.length === 0) continue;
    const leftOut = answer.leftOut + Math.max(0, own.length - maxSeries);
    limits.leftOut.note("metric_series", leftOut);
    return { reading: readSeries(question, liveliest(own), { ...limits, leftOut }), away: null };
  }
  return { reading: { question, outcome: { kind: "empty" } }, away: null };
}

function unreadable(question: MetricQuestion, because: string): Step {
  return { reading: { question, outcome: { kind: "unreadable", because } }, away: null };
}

function liveliest(series: readonly MetricSeries[]): readonly MetricSeries[] {
  if (series.length <= maxSeries) return series;
  return series
    .map((one) => ({ one, span: spanOf(one) }))
    .sort((a, b) => b.span - a.span)
    .slice(0, maxSeries)
    .map(({ one }) => one);
}

/** From the lowest value to the highest. */
function spanOf({ points }: MetricSeries): number {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [, value] of points) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return high - low;
}

/** A series that says something else of a label is another's. */
function isOf(series: MetricSeries, labels: Labels): boolean {
  return Object.entries(labels).every(([name, value]) => (series.labels[name] ?? value) === value);
}
