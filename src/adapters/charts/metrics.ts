/** Metrics around the start of an incident: one panel each over one time axis, with what was changed when. */
import { scaleLinear, scaleTime } from "d3-scale";
import { line } from "d3-shape";
import type { MetricChart, MetricPanel } from "../../domain/metrics/chart.ts";
import { formatValue } from "../../domain/metrics/unit.ts";
import { documentOf, escaped, faint, fixed, grey, ink, shortened, width } from "./svg.ts";
import {
  axisHeight,
  flagHeight,
  flagParts,
  flagsOf,
  legend,
  legendLine,
  onsetLine,
  perLetter,
  type Span,
  type TimeScale,
  timeAxis,
} from "./time-axis.ts";

/** Of Okabe and Ito, which people with any colour vision tell apart. */
const lineColour = "#0072b2";
const left = 104;
const right = 24;
const top = 16;
/** Title and sentence above a panel, and what it is high. */
const headHeight = 76;
const plotHeight = 150;
const gap = 26;

/** The picture; its words are those of altOf. */
export function metricsSvg(chart: MetricChart): string {
  const x = scaleTime<number, number>()
    .domain([chart.fromMs, chart.toMs])
    .range([left, width - right]);
  const flags = flagsOf(chart.markers, x);
  const first = top + (flags.length === 0 ? 0 : flagHeight);
  const tops = chart.panels.map((_panel, index) => first + index * (headHeight + plotHeight + gap));
  const bottom = (tops.at(-1) ?? first) + headHeight + plotHeight;
  const spans = tops.map((at): Span => ({ top: at + headHeight, bottom: at + headHeight + plotHeight }));
  const parts = [
    ...flags.flatMap((flag) => flagParts(flag, spans, top)),
    ...spans.map((span) => onsetLine(x(chart.onsetMs), span)),
    ...chart.panels.flatMap((panel, index) => panelParts(panel, spans[index] ?? { top: 0, bottom: 0 }, x)),
    ...timeAxis(chart, x, bottom),
    ...legend(chart, bottom + axisHeight),
  ];
  return documentOf(bottom + axisHeight + legendLine * (chart.markers.length + 1) + top, parts);
}

// ---------- one metric ----------

function panelParts(panel: MetricPanel, span: Span, x: TimeScale): readonly string[] {
  const y = valueScale(panel, span);
  const latest = panel.points.at(-1);
  return [
    `<text x="${left - 84}" y="${span.top - headHeight + 24}" font-weight="700">${escaped(shortened(panel.title, width - 40, perLetter + 0.6))}</text>`,
    `<text x="${left - 84}" y="${span.top - headHeight + 54}" fill="${lineColour}">${escaped(shortened(panel.brief, width - 40, perLetter))}</text>`,
    ...gridLines(panel, y, span),
    ...limitLine(panel, y),
    `<path d="${pathOf(panel, x, y)}" fill="none" stroke="${lineColour}" stroke-width="4" stroke-linejoin="round"/>`,
    ...(latest === undefined
      ? []
      : [`<circle cx="${fixed(x(latest[0]))}" cy="${fixed(y(latest[1]))}" r="6" fill="${lineColour}"/>`]),
    ...beginning(panel, x, y),
    `<line x1="${left}" x2="${width - right}" y1="${span.bottom}" y2="${span.bottom}" stroke="${grey}" stroke-width="2"/>`,
  ];
}

/** From zero for what cannot be negative, so that a small change does not look large; the limit is in it where it is near. */
function valueScale({ points, limit }: MetricPanel, span: Span) {
  const values = points.map(([, value]) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const isNear = limit !== null && limit <= high * 2 && limit >= low - (high - low);
  const top = Math.max(high, isNear && limit !== null ? limit : high);
  const isFlatHigh = low > 0 && high - low < 0.2 * high;
  const bottom = low < 0 ? low : isFlatHigh ? low - (high - low) : 0;
  const room = top > bottom ? top : bottom + 1;
  return scaleLinear().domain([bottom, room]).nice(3).range([span.bottom, span.top]);
}
type ValueScale = ReturnType<typeof valueScale>;

function gridLines({ unit }: MetricPanel, y: ValueScale, span: Span): readonly string[] {
  return y
    .ticks(3)
    .filter((tick) => y(tick) >= span.top - 1)
    .map(
      (tick) =>
        `<line x1="${left}" x2="${width - right}" y1="${fixed(y(tick))}" y2="${fixed(y(tick))}" stroke="${faint}" stroke-width="1.5"/><text x="${left - 10}" y="${fixed(y(tick) + 8)}" text-anchor="end" fill="${grey}">${escaped(formatValue(tick, unit))}</text>`,
    );
}

function limitLine({ limit, unit }: MetricPanel, y: ValueScale): readonly string[] {
  const [low = 0, high = 0] = y.domain();
  if (limit === null || limit < low || limit > high) return [];
  return [
    `<line x1="${left}" x2="${width - right}" y1="${fixed(y(limit))}" y2="${fixed(y(limit))}" stroke="${ink}" stroke-width="2.5" stroke-dasharray="3 7"/>`,
    label(`limit ${formatValue(limit, unit)}`, {
      x: left + 8,
      y: y(limit) - 8,
      anchor: "start",
      colour: ink,
    }),
  ];
}

/** Where samples are missing there is no line. */
function pathOf({ points }: MetricPanel, x: TimeScale, y: ValueScale): string {
  const step = Math.min(...points.slice(1).map(([at], index) => at - (points[index]?.[0] ?? 0)));
  const pieces: (readonly [number, number])[][] = [];
  for (const [index, point] of points.entries()) {
    const before = points[index - 1];
    if (before === undefined || point[0] - before[0] > 2.5 * step) pieces.push([]);
    pieces.at(-1)?.push(point);
  }
  const draw = line<readonly [number, number]>(
    ([at]) => x(at),
    ([, value]) => y(value),
  );
  // A sample alone is a dot: a stroke without length is not drawn.
  return pieces.map((piece) => `${draw(piece) ?? ""}${piece.length === 1 ? "h0.1" : ""}`).join("");
}

/** A ring where the change began. */
function beginning({ beganAtMs, points }: MetricPanel, x: TimeScale, y: ValueScale): readonly string[] {
  const point = points.find(([at]) => beganAtMs !== null && at >= beganAtMs);
  if (point === undefined) return [];
  return [
    `<circle cx="${fixed(x(point[0]))}" cy="${fixed(y(point[1]))}" r="9" fill="#ffffff" stroke="${lineColour}" stroke-width="4"/>`,
  ];
}

// ---------- words ----------

/** Words over lines, on a plate that keeps them readable. */
function label(
  text: string,
  at: { readonly x: number; readonly y: number; readonly anchor: "start" | "end"; readonly colour: string },
): string {
  return `<text x="${fixed(at.x)}" y="${fixed(at.y)}" text-anchor="${at.anchor}" fill="${at.colour}" stroke="#ffffff" stroke-width="6" paint-order="stroke">${escaped(text)}</text>`;
}
