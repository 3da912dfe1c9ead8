/** A version beside the one that serves: one line for each metric, on a scale of its own, with the interval of the difference. */
import { scaleLinear } from "d3-scale";
import type { ComparisonChart } from "../../domain/rollout/comparison-chart.ts";
import type { MetricComparison } from "../../domain/rollout/metric-comparison.ts";
import { figure, signedFigure } from "../../domain/text/figure.ts";
import { documentOf, escaped, faint, fixed, grey, ink, shortened, width } from "./svg.ts";
import { perLetter } from "./time-axis.ts";

/** Blue and vermilion of Okabe and Ito; a square and a disc say the same again. */
const championColour = "#0072b2";
const challengerColour = "#d55e00";
const left = 24;
const right = 24;
const headHeight = 64;
const rowHeight = 118;
/** Room at both ends for the figures under the marks. */
const inset = 70;

/** The picture; its words are those of comparisonAlt. */
export function comparisonSvg(chart: ComparisonChart): string {
  const bottom = headHeight + chart.rows.length * rowHeight;
  const note =
    chart.leftOut === 0
      ? []
      : [`<text x="${left}" y="${bottom + 20}" fill="${grey}">and ${chart.leftOut} more metrics</text>`];
  return documentOf(bottom + (chart.leftOut === 0 ? 8 : 36), [
    ...legendParts(chart),
    ...chart.rows.flatMap((row, index) => rowParts(row, headHeight + index * rowHeight)),
    ...note,
  ]);
}

function legendParts({ champion, challenger }: ComparisonChart): readonly string[] {
  const half = (width - left - right) / 2;
  const room = half - 40;
  const middle = left + half;
  return [
    square(left + 10, 30),
    `<text x="${left + 30}" y="38">${escaped(shortened(`${champion}, serves now`, room, perLetter))}</text>`,
    disc(middle + 10, 30),
    `<text x="${middle + 30}" y="38">${escaped(shortened(`${challenger}, 95 % interval`, room, perLetter))}</text>`,
  ];
}

function rowParts(row: MetricComparison, top: number): readonly string[] {
  const { name, champion, challenger, interval, n } = row;
  const [low, high] = interval ?? [challenger - champion, challenger - champion];
  const shown = [champion, challenger, champion + low, champion + high];
  const [least, most] = [Math.min(...shown), Math.max(...shown)];
  const pad = most === least ? Math.max(Math.abs(most) * 0.05, 1e-9) : 0;
  const x = scaleLinear()
    .domain([least - pad, most + pad])
    .range([left + inset, width - right - inset]);
  const y = top + 62;
  const difference = signedFigure(challenger - champion);
  const certain = interval === null ? "too few to tell" : `${signedFigure(low)} to ${signedFigure(high)}`;
  const words = `${difference} (${certain}), n = ${n}`;
  const isLeft = champion <= challenger;
  return [
    `<text x="${left}" y="${top + 24}" font-weight="700">${escaped(shortened(name, 250, perLetter + 0.8))}</text>`,
    `<text x="${width - right}" y="${top + 24}" text-anchor="end" fill="${grey}">${escaped(shortened(words, width - left - right - 260, perLetter - 1))}</text>`,
    `<line x1="${left}" x2="${width - right}" y1="${y}" y2="${y}" stroke="${faint}" stroke-width="2"/>`,
    ...(interval === null ? [] : whisker(x(champion + low), x(champion + high), y)),
    square(x(champion), y),
    disc(x(challenger), y),
    ...(figure(champion) === figure(challenger)
      ? [under(`both ${figure(champion)}`, { x: x(champion), y, anchor: "middle" })]
      : [
          under(figure(champion), { x: x(champion), y, anchor: isLeft ? "end" : "start" }),
          under(figure(challenger), { x: x(challenger), y, anchor: isLeft ? "start" : "end" }),
        ]),
  ];
}

function whisker(from: number, to: number, y: number): readonly string[] {
  const end = (x: number) =>
    `<line x1="${fixed(x)}" x2="${fixed(x)}" y1="${y - 10}" y2="${y + 10}" stroke="${challengerColour}" stroke-width="4"/>`;
  return [
    `<line x1="${fixed(from)}" x2="${fixed(to)}" y1="${y}" y2="${y}" stroke="${challengerColour}" stroke-width="4"/>`,
    end(from),
    end(to),
  ];
}

function square(x: number, y: number): string {
  return `<rect x="${fixed(x - 9)}" y="${y - 9}" width="18" height="18" fill="#ffffff" stroke="${championColour}" stroke-width="5"/>`;
}

function disc(x: number, y: number): string {
  return `<circle cx="${fixed(x)}" cy="${y}" r="10" fill="${challengerColour}" stroke="#ffffff" stroke-width="2"/>`;
}

/** A figure under its mark, on the side away from the other mark. */
function under(
  text: string,
  at: { readonly x: number; readonly y: number; readonly anchor: "start" | "middle" | "end" },
): string {
  const dx = { start: -6, middle: 0, end: 6 }[at.anchor];
  return `<text x="${fixed(at.x + dx)}" y="${at.y + 38}" text-anchor="${at.anchor}" fill="${ink}" stroke="#ffffff" stroke-width="6" paint-order="stroke">${escaped(text)}</text>`;
}
