/** What a chart of metrics around an incident shows: plain JSON, stored with the thread's line and drawn from it. */
import { z } from "zod";
import type { Change } from "../change.ts";
import { forPeople } from "../text/for-people.ts";
import { oneLine } from "../view.ts";
import { beganAt, clock, type MetricReading, nameOfMetric, sentenceOfChange } from "./reading.ts";
import type { MetricWindow } from "./series.ts";
import { formatValue } from "./unit.ts";

const panelSchema = z.object({
  /** "error ratio of checkout". */
  title: z.string(),
  /** "0.2 % → 31 % at 10:02". */
  brief: z.string(),
  /** The whole fact, with numbers. */
  sentence: z.string(),
  unit: z.string(),
  points: z.array(z.tuple([z.number(), z.number()])),
  beganAtMs: z.number().nullable(),
  limit: z.number().nullable(),
});
const markerSchema = z.object({ atMs: z.number(), label: z.string() });
export const metricChartSchema = z.object({
  fromMs: z.number(),
  toMs: z.number(),
  /** When the first alert began. */
  onsetMs: z.number(),
  panels: z.array(panelSchema).min(1).max(3),
  /** Changes in the window, in order of time; drawn as A, B, … */
  markers: z.array(markerSchema).max(6),
});

export type MetricChart = Readonly<z.infer<typeof metricChartSchema>>;
export type ChartMarker = Readonly<z.infer<typeof markerSchema>>;
export type MetricPanel = MetricChart["panels"][number];

const maxPanels = 3;
const maxMarkers = 5;
const maxTitle = 80;

/**
 * The chart of the strongest changes; null when nothing changed.
 * @param changes - any; those in the window are marked, those of the metrics' services first.
 */
export function chartOf(
  strongest: readonly MetricReading[],
  around: { readonly window: MetricWindow; readonly onsetMs: number; readonly changes: readonly Change[] },
): MetricChart | null {
  const { window, onsetMs } = around;
  const panels = strongest.slice(0, maxPanels).flatMap((reading) => panelOf(reading, onsetMs) ?? []);
  if (panels.length === 0) return null;
  const services = new Set(strongest.map(({ question }) => question.service));
  return {
    fromMs: window.fromMs,
    toMs: window.toMs,
    onsetMs,
    panels,
    markers: markersOf(around.changes, services, window),
  };
}

function panelOf(reading: MetricReading, onsetMs: number): MetricPanel | null {
  const sentence = sentenceOfChange(reading, onsetMs);
  if (sentence === null || reading.outcome.kind !== "read") return null;
  return {
    title: capital(oneLine(nameOfMetric(reading), maxTitle)),
    brief: briefOf(reading),
    sentence,
    unit: reading.question.unit,
    points: reading.outcome.points.map(([at, value]): [number, number] => [at, value]),
    beganAtMs: beganAt(reading),
    limit: reading.question.limit?.value ?? null,
  };
}

/** Direction and numbers alone, for a small screen. */
function briefOf({ question, outcome }: MetricReading): string {
  if (outcome.kind !== "read") return "";
  const { change } = outcome;
  const value = (number: number) => formatValue(number, question.unit);
  switch (change.kind) {
    case "changed":
      return `${value(change.before)} → ${value(change.after)} at ${clock(change.beganAtMs)}`;
    case "stopped":
      return `${value(change.before)}, ${outcome.endsInfinite ? "infinite" : "no samples"} after ${clock(change.lastAtMs)}`;
    case "appeared":
      return `${value(change.after)}, no samples before ${clock(change.firstAtMs)}`;
    default:
      return "";
  }
}

/** Changes of the window, those of the services first, in order of time. */
export function markersOf(
  changes: readonly Change[],
  services: ReadonlySet<string>,
  window: Pick<MetricWindow, "fromMs" | "toMs">,
): MetricChart["markers"] {
  const isConcerned = (change: Change) => change.service !== null && services.has(change.service);
  return changes
    .filter(({ at }) => at.getTime() >= window.fromMs && at.getTime() <= window.toMs)
    .toSorted((a, b) => Number(isConcerned(b)) - Number(isConcerned(a)) || b.at.getTime() - a.at.getTime())
    .slice(0, maxMarkers)
    .toSorted((a, b) => a.at.getTime() - b.at.getTime() || (a.id < b.id ? -1 : 1))
    .map((change) => ({ atMs: change.at.getTime(), label: labelOf(change) }));
}

function labelOf({ kind, service, title }: Change): string {
  const where = service === null ? "" : ` of ${forPeople(service, 40)}`;
  return oneLine(`${kind}${where}: ${forPeople(title, 80)}`, 90);
}

/** The same numbers in words, for those who do not see the picture. */
export function altOf(chart: MetricChart): string {
  const span = `${clock(chart.fromMs)} to ${clock(chart.toMs)}`;
  const panels = chart.panels.map(({ sentence }) => `${capital(sentence)}.`).join(" ");
  const markers = chart.markers
    .map(({ atMs, label }, index) => `${letter(index)}: ${clock(atMs)}, ${label}`)
    .join("; ");
  const changes = markers === "" ? "No change is marked." : `Changes: ${markers}.`;
  return `Metrics from ${span}; the first alert began at ${clock(chart.onsetMs)}. ${panels} ${changes}`;
}

/** Words only: "p99" stays as it is. */
function capital(text: string): string {
  return /^[a-z]{2}/.test(text) ? text.slice(0, 1).toUpperCase() + text.slice(1) : text;
}

/** "A" for the first marker. */
export function letter(index: number): string {
  return String.fromCharCode(65 + index);
}
