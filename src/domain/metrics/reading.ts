/** What was read of one metric around the start of an incident, and how that is said. */
import type { Labels } from "../alert.ts";
import { forPeople } from "../text/for-people.ts";
import { duration } from "../view.ts";
import { findChange, type MetricChange } from "./change.ts";
import type { Comparison } from "./promql.ts";
import type { MetricPoint, MetricSeries, MetricWindow } from "./series.ts";
import { formatValue, leastChange } from "./unit.ts";

/** One thing to ask for. */
export interface MetricQuestion {
  /** What it is to people: "error ratio", or the name of an alert's rule. Untrusted text. */
  readonly name: string;
  /** rule: what an alert's rule watches. query: one of tocsin.yaml, or of those that are shipped. */
  readonly origin: "rule" | "query";
  readonly service: string;
  /** Asked first, and if that gives nothing, the second: it is narrower than the rule. */
  readonly queries: readonly string[];
  /** Series with another value for one of these are left out. */
  readonly labels: Labels;
  /** See {@link formatValue}. */
  readonly unit: string;
  readonly limit: { readonly comparison: Comparison; readonly value: number } | null;
  /** How long the rule's condition must hold before it fires, ms; of a query that of its service's rules. */
  readonly holdMs: number;
}

/** The series that changed most, of those that a question gave. */
export interface MetricReading {
  readonly question: MetricQuestion;
  readonly outcome:
    | {
        readonly kind: "read";
        readonly labels: Labels;
        readonly points: readonly MetricPoint[];
        readonly change: MetricChange;
        /** Series in all, and how many of them changed. */
        readonly count: number;
        readonly changedCount: number;
        /** More series that were not looked at. */
        readonly leftOut: number;
        /** See {@link MetricSeries}. */
        readonly endsInfinite: boolean;
      }
    | { readonly kind: "empty" }
    /** `because` is one plain line. */
    | { readonly kind: "unreadable"; readonly because: string };
}

/** How strong a change is, for choosing the strongest: usual deviations, 0 for none. */
export function weightOf({ outcome }: MetricReading): number {
  if (outcome.kind !== "read") return 0;
  const { change } = outcome;
  return change.kind === "changed" || change.kind === "stopped" || change.kind === "appeared"
    ? change.score
    : 0;
}

/** When the change of a reading began, ms; null when there is none. */
export function beganAt({ outcome }: MetricReading): number | null {
  if (outcome.kind !== "read") return null;
  const { change } = outcome;
  if (change.kind === "changed") return change.beganAtMs;
  if (change.kind === "stopped") return change.lastAtMs;
  return change.kind === "appeared" ? change.firstAtMs : null;
}

/** Samples of a series at most: of longer windows the steps are longer. */
const maxSteps = 560;

/** A window that begins as much earlier as the question's condition had to hold: the alert came so long after its cause. */
export function windowOf({ holdMs }: MetricQuestion, window: MetricWindow): MetricWindow {
  if (holdMs === 0) return window;
  const fromMs = window.fromMs - holdMs;
  const stepMs = window.stepMs * Math.ceil((window.toMs - fromMs) / (maxSteps * window.stepMs));
  return { fromMs: Math.floor(fromMs / stepMs) * stepMs, toMs: window.toMs, stepMs };
}

/**
 * Chooses the series that changed most.
 * @param series - at least one, of {@link windowOf} the question.
 */
export function readSeries(
  question: MetricQuestion,
  series: readonly MetricSeries[],
  around: { readonly window: MetricWindow; readonly onsetMs: number; readonly leftOut: number },
): MetricReading {
  const { onsetMs, leftOut } = around;
  const asked = { window: windowOf(question, around.window), onsetMs, holdMs: question.holdMs };
  const floor = Math.max(leastChange(question.unit), 0.05 * Math.abs(question.limit?.value ?? 0));
  const read = series.map(({ labels, points, endsInfinite = false }) => ({
    labels,
    points,
    endsInfinite,
    change: findChange({ points, floor, ...asked }),
  }));
  const readings = read.map(
    (one): MetricReading => ({
      question,
      outcome: { kind: "read", ...one, count: 1, changedCount: 1, leftOut },
    }),
  );
  const changedCount = readings.filter((reading) => weightOf(reading) > 0).length;
  const strongest = readings.toSorted((a, b) => weightOf(b) - weightOf(a))[0];
  if (strongest === undefined || strongest.outcome.kind !== "read")
    return { question, outcome: { kind: "empty" } };
  return { question, outcome: { ...strongest.outcome, count: series.length, changedCount } };
}

/** "error ratio of checkout"; of a rule "what ErrorRateHigh on checkout watches". */
export function nameOfMetric({ question, outcome }: MetricReading): string {
  const service = forPeople(question.service, 80);
  const name = forPeople(question.name, 80);
  const part = outcome.kind === "read" && outcome.count > 1 ? partOf(outcome.labels, question) : "";
  return question.origin === "rule"
    ? `the value behind ${name} on ${service}${part}`
    : `${name} of ${service}${part}`;
}

/** Of many series the labels that tell this one apart: at most two. */
function partOf(labels: Labels, question: MetricQuestion): string {
  const telling = Object.entries(labels)
    .filter(
      ([name, value]) =>
        name !== "__name__" && value !== question.service && question.labels[name] === undefined,
    )
    .slice(0, 2)
    .map(([name, value]) => `${forPeople(name, 40)} ${forPeople(value, 60)}`);
  return telling.length === 0 ? "" : ` (${telling.join(", ")})`;
}

/**
 * What happened to it, with numbers, unit, direction and since when; null when nothing did.
 * "error ratio of checkout rose from 0.2 % to 31 % at 10:02 UTC, 3 min before the first alert"
 */
export function sentenceOfChange(reading: MetricReading, onsetMs: number): string | null {
  const { question, outcome } = reading;
  if (outcome.kind !== "read" || weightOf(reading) === 0) return null;
  const { change } = outcome;
  const value = (number: number) => formatValue(number, question.unit);
  const name = nameOfMetric(reading);
  switch (change.kind) {
    case "changed": {
      const verb = change.direction === "up" ? "rose" : "fell";
      const times = timesOf(change.before, change.after);
      const over = change.isOver ? ", and is back" : "";
      const limit = limitOf(question);
      return `${name} ${verb} from ${value(change.before)} to ${value(change.after)}${times} ${when(change.beganAtMs, onsetMs)}${over}${limit}`;
    }
    case "stopped":
      return `${name} was ${value(change.before)} and ${outcome.endsInfinite ? "is infinite" : "has no samples"} after ${when(change.lastAtMs, onsetMs).replace(/^at /, "")}`;
    case "appeared":
      return `${name} has samples only since ${when(change.firstAtMs, onsetMs).replace(/^at /, "")}, and is ${value(change.after)}`;
    default:
      return null;
  }
}

/** " (155 times as much)" where that says more than the two numbers. */
function timesOf(before: number, after: number): string {
  if (before <= 0 || after <= 0) return "";
  const ratio = after > before ? after / before : before / after;
  if (ratio < 1.5 || ratio > 10_000) return "";
  const number = ratio < 10 ? ratio.toFixed(1).replace(/\.0$/, "") : String(Math.round(ratio));
  return after > before ? ` (${number} times as much)` : ` (to 1/${number})`;
}

function limitOf({ limit, unit, origin, holdMs }: MetricQuestion): string {
  if (limit === null || origin !== "rule") return "";
  const hold = holdMs === 0 ? "" : ` after ${duration(holdMs)}`;
  return `; its rule fires${hold} at ${limit.comparison} ${formatValue(limit.value, unit)}`;
}

/** "at 10:02 UTC, 3 min before the first alert" */
function when(atMs: number, onsetMs: number): string {
  const distance = Math.abs(atMs - onsetMs);
  const relation =
    distance < 30_000
      ? "as the first alert began"
      : `${duration(rounded(distance))} ${atMs < onsetMs ? "before" : "after"} the first alert`;
  return `at ${clock(atMs)}, ${relation}`;
}

/** Half minutes below two, whole ones beyond: samples are no finer. */
function rounded(ms: number): number {
  const grain = ms < 120_000 ? 30_000 : 60_000;
  return Math.round(ms / grain) * grain;
}

/** "10:02 UTC". */
export function clock(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(11, 16)} UTC`;
}
