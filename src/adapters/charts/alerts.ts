/** When the alerts of an incident fired: one row for each service over one time axis, with what was changed when. */
import { scaleTime } from "d3-scale";
import { type AlertRow, type AlertTimeline, rowWords } from "../../domain/alert/timeline.ts";
import { documentOf, escaped, faint, fixed, grey, shortened, width } from "./svg.ts";
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

const barColour = "#0072b2";
const left = 24;
const right = 24;
const top = 16;
const rowHeight = 76;
const barHeight = 20;
/** A firing that is over at once is still seen. */
const leastBar = 5;

/** The picture; its words are those of alertTimelineAlt. */
export function alertsSvg(chart: AlertTimeline): string {
  const x = scaleTime<number, number>()
    .domain([chart.fromMs, chart.toMs])
    .range([left, width - right]);
  const flags = flagsOf(chart.markers, x);
  const first = top + (flags.length === 0 ? 0 : flagHeight);
  const bottom = first + chart.rows.length * rowHeight;
  const bars = chart.rows.map((_row, index): Span => {
    const end = first + (index + 1) * rowHeight - 10;
    return { top: end - barHeight, bottom: end };
  });
  const note = chart.leftOut === 0 ? 0 : legendLine;
  const parts = [
    ...chart.rows.flatMap((row, index) => rowParts(row, bars[index] ?? { top: 0, bottom: 0 }, x)),
    ...flags.flatMap((flag) => flagParts(flag, bars, top)),
    ...bars.map((bar) => onsetLine(x(chart.onsetMs), bar)),
    `<line x1="${left}" x2="${width - right}" y1="${bottom}" y2="${bottom}" stroke="${grey}" stroke-width="2"/>`,
    ...timeAxis(chart, x, bottom),
    ...legend(chart, bottom + axisHeight),
    ...(note === 0
      ? []
      : [
          `<text x="60" y="${bottom + axisHeight + legendLine * (chart.markers.length + 2) - 6}" fill="${grey}">and ${chart.leftOut} more services</text>`,
        ]),
  ];
  return documentOf(bottom + axisHeight + legendLine * (chart.markers.length + 1) + note + top, parts);
}

function rowParts(row: AlertRow, bar: Span, x: TimeScale): readonly string[] {
  const words = rowWords(row).replaceAll(" UTC", "");
  const service = shortened(row.service, (width - left - right) * 0.4, perLetter + 0.8);
  const room = width - left - right - (service.length + 1) * (perLetter + 0.8);
  return [
    `<text x="${left}" y="${bar.top - 12}"><tspan font-weight="700">${escaped(service)}</tspan><tspan dx="12" fill="${grey}">${escaped(shortened(words, room, perLetter - 1))}</tspan></text>`,
    `<rect x="${left}" y="${bar.top}" width="${width - left - right}" height="${barHeight}" fill="${faint}" opacity="0.45"/>`,
    ...row.spans.map(([from, to]) => {
      const wide = Math.max(leastBar, x(to) - x(from));
      return `<rect x="${fixed(x(from))}" y="${bar.top}" width="${fixed(wide)}" height="${barHeight}" rx="3" fill="${barColour}"/>`;
    }),
  ];
}
