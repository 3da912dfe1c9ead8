/** When alerts fired, service by service: what a chart of an incident shows, and the same in words. */

import { type Severity, severities } from "../alert.ts";
import type { Change } from "../change.ts";
import { type ChartMarker, letter, markersOf } from "../metrics/chart.ts";
import { clock } from "../metrics/reading.ts";
import { oneLine } from "../view.ts";
import { entityOf } from "./entity.ts";
import type { TrackedAlert } from "./tracked.ts";

export interface AlertTimeline {
  readonly fromMs: number;
  readonly toMs: number;
  /** When the first alert began. */
  readonly onsetMs: number;
  /** By the first alert of each service. */
  readonly rows: readonly AlertRow[];
  /** Services without a row, because there are too many. */
  readonly leftOut: number;
  /** Changes in the window, in order of time; drawn as A, B, … */
  readonly markers: readonly ChartMarker[];
}

export interface AlertRow {
  readonly service: string;
  readonly alertCount: number;
  readonly worst: Severity;
  /** Stretches in which at least one alert fired, in order, not touching. */
  readonly spans: readonly (readonly [fromMs: number, toMs: number])[];
  readonly isFiring: boolean;
}

export const maxRows = 8;
const maxSpans = 60;
const minuteMs = 60_000;
/** A single alert is no picture: the card says as much. */
const leastAlerts = 2;

/**
 * @param alerts - of one incident, any order, without parts.
 * @param around.changes - any; those in the window are marked, those of the services first.
 * @returns null where there is too little to draw.
 */
export function alertTimeline(
  alerts: readonly TrackedAlert[],
  around: { readonly now: Date; readonly changes: readonly Change[] },
): AlertTimeline | null {
  if (alerts.length < leastAlerts) return null;
  const nowMs = around.now.getTime();
  const stretches = alerts.map(({ alert }) => stretchOf(alert, nowMs));
  const onsetMs = Math.min(...stretches.map(([from]) => from));
  const endMs = Math.max(...stretches.map(([, to]) => to), onsetMs + minuteMs);
  const margin = Math.max(5 * minuteMs, (endMs - onsetMs) * 0.15);
  const window = { fromMs: onsetMs - margin, toMs: endMs };
  const services = new Map<string, TrackedAlert[]>();
  for (const tracked of alerts) {
    const service = entityOf(tracked.alert) ?? "no service";
    const own = services.get(service);
    if (own === undefined) services.set(service, [tracked]);
    else own.push(tracked);
  }
  const rows = [...services]
    .map(([service, own]) => rowOf(service, own, { nowMs, leastGapMs: (endMs - onsetMs) / maxSpans }))
    .toSorted((a, b) => firstOf(a) - firstOf(b) || (a.service < b.service ? -1 : 1));
  return {
    ...{ fromMs: window.fromMs, toMs: window.toMs, onsetMs },
    rows: rows.slice(0, maxRows),
    leftOut: Math.max(0, rows.length - maxRows),
    markers: markersOf(around.changes, new Set(services.keys()), window),
  };
}

function stretchOf(
  { startsAt, endsAt }: TrackedAlert["alert"],
  nowMs: number,
): readonly [fromMs: number, toMs: number] {
  const from = startsAt.getTime();
  return [from, Math.max(from, endsAt?.getTime() ?? nowMs)];
}

function rowOf(
  service: string,
  alerts: readonly TrackedAlert[],
  { nowMs, leastGapMs }: { readonly nowMs: number; readonly leastGapMs: number },
): AlertRow {
  const spans: [number, number][] = [];
  for (const [from, to] of alerts.map(({ alert }) => stretchOf(alert, nowMs)).toSorted(([a], [b]) => a - b)) {
    const last = spans.at(-1);
    if (last !== undefined && from - last[1] <= leastGapMs) last[1] = Math.max(last[1], to);
    else spans.push([from, to]);
  }
  const worst = severities.find((severity) => alerts.some(({ alert }) => alert.severity === severity));
  return {
    service: oneLine(service, 60),
    alertCount: alerts.length,
    worst: worst ?? "info",
    spans,
    isFiring: alerts.some(({ alert }) => alert.endsAt === null),
  };
}

function firstOf({ spans }: AlertRow): number {
  return spans[0]?.[0] ?? 0;
}

/** "4 alerts, critical, since 10:02 UTC" while one fires, else "…, 10:02 UTC to 10:40 UTC" */
export function rowWords({ alertCount, worst, spans, isFiring }: AlertRow): string {
  const [first, last] = [spans[0]?.[0] ?? 0, spans.at(-1)?.[1] ?? 0];
  const when = isFiring ? `since ${clock(first)}` : `${clock(first)} to ${clock(last)}`;
  return `${alertCount} alert${alertCount === 1 ? "" : "s"}, ${worst}, ${when}`;
}

/** The same numbers in words, for those who do not see the picture. */
export function alertTimelineAlt(timeline: AlertTimeline): string {
  const { rows, leftOut, markers, onsetMs } = timeline;
  const services = rows.map((row) => `${row.service}: ${rowWords(row)}.`).join(" ");
  const more = leftOut === 0 ? "" : ` ${leftOut} more services.`;
  const changes = markers
    .map(({ atMs, label }, index) => `${letter(index)}: ${clock(atMs)}, ${label}`)
    .join("; ");
  const marked = changes === "" ? "No change is marked." : `Changes: ${changes}.`;
  return `Alerts per service; the first began at ${clock(onsetMs)}. ${services}${more} ${marked}`;
}
