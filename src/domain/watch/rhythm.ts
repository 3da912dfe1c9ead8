/**
 * Whether a metric was here at this hour on an earlier day, too, and did not come to its limit from here: what people do
 * by day rises every morning, and is no trend.
 */
import { type MetricPoint, median } from "../metrics/series.ts";

export interface RhythmQuestion {
  /** In order of time; the last is now. */
  readonly points: readonly MetricPoint[];
  readonly value: number;
  readonly limit: number;
  /** 1 when the limit is above, -1 when it is below. */
  readonly towards: 1 | -1;
  /** How far ahead is looked, ms. */
  readonly horizonMs: number;
}

const dayMs = 86_400_000;
/** People come and go earlier and later than the day before by so much, clocks change by an hour, ms. */
const slackMs = 90 * 60_000;
/** What follows an hour is its own day, not the next. */
const maxAheadMs = dayMs / 2;
/** Days differ by about this share of how far they swing. */
const roomShare = 0.1;

/**
 * Whether it is as on an earlier day, which turned before the limit. It is not when one of them came to the limit from
 * here, nor once it has gone beyond where they turned.
 */
export function turnedBefore(question: RhythmQuestion): boolean {
  const { points } = question;
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return false;
  const days = Math.floor((last[0] - first[0]) / dayMs);
  const ends = Array.from({ length: days }, (_, index) => endOf(question, last[0] - (index + 1) * dayMs));
  return ends.includes("turned") && !ends.includes("reached");
}

/** What came of a day that was here at this hour; null of one that was elsewhere. */
function endOf(question: RhythmQuestion, atMs: number): "turned" | "reached" | null {
  const { towards } = question;
  const between = (fromMs: number, toMs: number) =>
    smoothed(
      question.points.filter(([at]) => at >= fromMs && at <= toMs).map(([, value]) => value * towards),
    );
  const around = between(atMs - slackMs, atMs + slackMs);
  const ahead = between(atMs, atMs + Math.min(question.horizonMs, maxAheadMs));
  if (around.length === 0 || ahead.length === 0) return null;
  const value = question.value * towards;
  const [low, turn] = [Math.min(...around), Math.max(...around, ...ahead)];
  if (turn >= question.limit * towards) return low <= value ? "reached" : null;
  const room = roomShare * (turn - Math.min(low, ...ahead));
  const wasHere = value >= low - room && value <= Math.max(...around) + room;
  return wasHere && value <= turn + room ? "turned" : null;
}

/** Median of three: one odd sample is no turn. */
function smoothed(values: readonly number[]): readonly number[] {
  if (values.length < 3) return values;
  return values.slice(2).map((value, index) => median([value, ...values.slice(index, index + 2)]));
}
