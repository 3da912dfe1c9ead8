/** What charts over the time of an incident share: its axis, its onset, the changes in it, and what explains them. */
import type { scaleTime } from "d3-scale";
import { type ChartMarker, letter } from "../../domain/metrics/chart.ts";
import { escaped, fixed, grey, shortened, width } from "./svg.ts";

export type TimeScale = ReturnType<typeof scaleTime<number, number>>;

/** From where to where something is drawn, downwards. */
export interface Span {
  readonly top: number;
  readonly bottom: number;
}

/** Of Okabe and Ito, which people with any colour vision tell apart; dashes and letters say the same again. */
const onsetColour = "#d55e00";
const changeColour = "#007d5c";
export const axisHeight = 40;
export const flagHeight = 34;
export const legendLine = 38;
const minute = 60_000;
const day = 86_400_000;
const right = 24;
/** Widths of letters of 22 units in Inter, on the safe side. */
export const perLetter = 12.2;

/** A dashed line where the first alert began. */
export function onsetLine(x: number, span: Span): string {
  return `<line x1="${fixed(x)}" x2="${fixed(x)}" y1="${span.top - 6}" y2="${span.bottom}" stroke="${onsetColour}" stroke-width="4" stroke-dasharray="12 7"/>`;
}

export interface Flag {
  readonly x: number;
  /** Where its letters are: beside one another where changes came together. */
  readonly at: number;
  readonly text: string;
}

/** Letters above the picture, one for each change. */
export function flagsOf(markers: readonly ChartMarker[], x: TimeScale): readonly Flag[] {
  const flags: Flag[] = [];
  for (const [index, marker] of markers.entries()) {
    const place = x(marker.atMs);
    const last = flags.at(-1);
    const room = last === undefined ? Number.NEGATIVE_INFINITY : last.at + 34;
    flags.push({ x: place, at: Math.max(place, room), text: letter(index) });
  }
  return flags;
}

export function flagParts({ x, at, text }: Flag, spans: readonly Span[], top: number): readonly string[] {
  const lines = spans.map(
    ({ top: from, bottom: to }) =>
      `<line x1="${fixed(x)}" x2="${fixed(x)}" y1="${from - 6}" y2="${to}" stroke="${changeColour}" stroke-width="3"/>`,
  );
  return [...lines, ...badge(at, top + 12, text)];
}

function badge(x: number, y: number, text: string): readonly string[] {
  return [
    `<rect x="${fixed(x - 14)}" y="${fixed(y - 14)}" width="28" height="28" rx="6" fill="${changeColour}"/>`,
    `<text x="${fixed(x)}" y="${fixed(y + 8)}" text-anchor="middle" font-weight="700" fill="#ffffff">${text}</text>`,
  ];
}

/** Round times, at most seven; in UTC as everything in the thread. Beyond a day and a half dates. */
export function timeAxis(
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  x: TimeScale,
  bottom: number,
): readonly string[] {
  const steps = [5, 10, 15, 20, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 10_080];
  const every = (steps.find((each) => (toMs - fromMs) / (each * minute) <= 6) ?? 40_320) * minute;
  const first = Math.ceil(fromMs / every) * every;
  const count = Math.floor((toMs - first) / every) + 1;
  const isLong = toMs - fromMs > 1.5 * day;
  return Array.from({ length: Math.max(0, count) }, (_, index) => first + index * every).map((at) => {
    const anchor = x(at) > width - right - 30 ? "end" : "middle";
    const text = new Date(at).toISOString();
    const shown = isLong ? text.slice(5, 10) : text.slice(11, 16);
    return `<line x1="${fixed(x(at))}" x2="${fixed(x(at))}" y1="${bottom}" y2="${bottom + 7}" stroke="${grey}" stroke-width="2"/><text x="${fixed(x(at))}" y="${bottom + 30}" text-anchor="${anchor}" fill="${grey}">${shown}</text>`;
  });
}

/** What the dashed line and the letters mean. */
export function legend(
  { onsetMs, markers }: { readonly onsetMs: number; readonly markers: readonly ChartMarker[] },
  from: number,
): readonly string[] {
  const time = (ms: number) => new Date(ms).toISOString().slice(11, 16);
  const y = (index: number) => from + legendLine * (index + 1) - 6;
  const onset = [
    `<line x1="34" x2="34" y1="${y(0) - 22}" y2="${y(0) + 6}" stroke="${onsetColour}" stroke-width="4" stroke-dasharray="12 7"/>`,
    `<text x="60" y="${y(0)}">${time(onsetMs)} first alert · all times UTC</text>`,
  ];
  const lines = markers.flatMap(({ atMs, label }, index) => [
    ...badge(34, y(index + 1) - 8, letter(index)),
    `<text x="60" y="${y(index + 1)}">${escaped(shortened(`${time(atMs)} ${label}`, width - 60 - right, perLetter))}</text>`,
  ]);
  return [...onset, ...lines];
}
