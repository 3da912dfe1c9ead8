/** Charts for chat: SVG from a template, drawn to PNG with fonts of our own, so that every machine draws the same. */
import { scaleBand, scaleLinear } from "d3-scale";
import { curveStepAfter, line } from "d3-shape";
import type { DigestFacts } from "../domain/digest.ts";
import type { Charts, Log } from "../ports.ts";
import { alertsSvg } from "./charts/alerts.ts";
import { comparisonSvg } from "./charts/comparison.ts";
import { metricsSvg } from "./charts/metrics.ts";
import { toPng } from "./charts/png.ts";
import { documentOf, escaped, faint, fixed, grey, width } from "./charts/svg.ts";

type Bucket = DigestFacts["series"][number];

const height = 430;
const left = 64;
const right = 20;
const bars = { top: 62, bottom: 252 } as const;
const steps = { top: 312, bottom: 372 } as const;
/** Blue and vermilion of Okabe and Ito, which people with any colour vision tell apart. */
const alertColour = "#0072b2";
const incidentColour = "#d55e00";
/** Least distance between the middles of two labels of the time axis. */
const labelSpacing = 104;
const thousands = new Intl.NumberFormat("en-US");

/** Creates the drawer. Whatever keeps it from drawing is logged, and the message goes without a picture. */
export function createCharts(log: Log): Charts {
  async function draw(svg: string): Promise<Uint8Array | null> {
    try {
      return await toPng(svg);
    } catch (error) {
      log.warn({ error: String(error) }, "charts: could not draw; the message goes without a picture");
      return null;
    }
  }

  return {
    async timeline(facts) {
      // Two bars are no picture; the text says as much.
      if (facts.series.length < 3 || !facts.series.some(hasNews)) return null;
      return await draw(timelineSvg(facts));
    },
    metrics: (chart) => draw(metricsSvg(chart)),
    alerts: (chart) => draw(alertsSvg(chart)),
    comparison: (chart) => draw(comparisonSvg(chart)),
  };
}

/** Alerts as bars above, opened incidents as lollipops and their running total as a line below, one time axis. */
export function timelineSvg(facts: DigestFacts): string {
  const timezone = facts.timezone ?? "UTC";
  const x = scaleBand<number>()
    .domain(facts.series.map((_bucket, index) => index))
    .range([left, width - right])
    .padding(0.18);
  const parts = [
    ...alertBars(facts.series, x),
    ...incidentSteps(facts.series, x),
    ...timeAxis(facts, x, timezone),
  ];
  return documentOf(height, parts);
}

type Band = ReturnType<typeof scaleBand<number>>;

function alertBars(series: readonly Bucket[], x: Band): readonly string[] {
  const total = series.reduce((sum, bucket) => sum + bucket.alerts, 0);
  const y = countScale(Math.max(...series.map((bucket) => bucket.alerts)), bars);
  const shapes = series.map((bucket, index) => {
    const top = y(bucket.alerts);
    return bucket.alerts === 0
      ? ""
      : `<rect x="${fixed(x(index) ?? 0)}" y="${fixed(top)}" width="${fixed(x.bandwidth())}" height="${fixed(bars.bottom - top)}" rx="${fixed(Math.min(3, x.bandwidth() / 4))}" fill="${alertColour}"/>`;
  });
  return [heading("Alerts", total, 34, alertColour), ...gridLines(y, 4), ...shapes, baseLine(bars.bottom)];
}

function incidentSteps(series: readonly Bucket[], x: Band): readonly string[] {
  let running = 0;
  const totals = series.map((bucket) => {
    running += bucket.incidents;
    return running;
  });
  const y = countScale(Math.max(1, running), steps);
  const points = [
    [left, y(0)],
    ...totals.map((total, index) => [x(index) ?? 0, y(total)]),
    [width - right, y(running)],
  ].map(([at = 0, value = 0]): [number, number] => [at, value]);
  const path = line().curve(curveStepAfter)(points) ?? "";
  const dots = series.map((bucket, index) =>
    bucket.incidents === 0
      ? ""
      : `<circle cx="${fixed(x(index) ?? 0)}" cy="${fixed(y(totals[index] ?? 0))}" r="6" fill="#ffffff" stroke="${incidentColour}" stroke-width="4"/>`,
  );
  return [
    heading("Incidents opened", running, 294, incidentColour),
    ...gridLines(y, 1),
    baseLine(steps.bottom),
    `<path d="${path}" fill="none" stroke="${incidentColour}" stroke-width="4"/>`,
    ...dots,
  ];
}

function countScale(max: number, area: { readonly top: number; readonly bottom: number }) {
  return scaleLinear()
    .domain([0, Math.max(1, max)])
    .nice(4)
    .range([area.bottom, area.top]);
}

function heading(label: string, total: number, y: number, colour: string): string {
  return `<rect x="${left}" y="${y - 17}" width="18" height="18" rx="4" fill="${colour}"/><text x="${left + 28}" y="${y}" font-weight="700">${label}: ${thousands.format(total)}</text>`;
}

/** Whole numbers only: half an alert would be read as a mistake. */
function gridLines(y: ReturnType<typeof countScale>, count: number): readonly string[] {
  const top = y.domain()[1] ?? 1;
  const ticks = count === 1 ? [top] : y.ticks(count).filter((tick) => Number.isInteger(tick) && tick > 0);
  return ticks.map(
    (tick) =>
      `<line x1="${left}" x2="${width - right}" y1="${fixed(y(tick))}" y2="${fixed(y(tick))}" stroke="${faint}" stroke-width="1.5"/><text x="${left - 10}" y="${fixed(y(tick) + 8)}" text-anchor="end" fill="${grey}">${short(tick)}</text>`,
  );
}

function baseLine(y: number): string {
  return `<line x1="${left}" x2="${width - right}" y1="${y}" y2="${y}" stroke="${grey}" stroke-width="2"/>`;
}

function timeAxis(facts: DigestFacts, x: Band, timezone: string): readonly string[] {
  const labels = timeLabels(facts, timezone).map(({ index, text }) => ({ at: x(index) ?? 0, text }));
  const kept: { readonly at: number; readonly text: string }[] = [];
  for (const label of labels) {
    const last = kept.at(-1);
    if (last === undefined || label.at - last.at >= labelSpacing) kept.push(label);
  }
  return [
    ...kept.map(
      ({ at, text }) =>
        `<line x1="${fixed(at)}" x2="${fixed(at)}" y1="${steps.bottom}" y2="${steps.bottom + 7}" stroke="${grey}" stroke-width="2"/><text x="${fixed(at)}" y="${steps.bottom + 30}" text-anchor="middle" fill="${grey}">${escaped(text)}</text>`,
    ),
    `<text x="${width - right}" y="34" text-anchor="end" fill="${grey}">${escaped(timezone)}</text>`,
  ];
}

/** Within two days the start of every interval, beyond that the first one of each day. */
function timeLabels(
  { from, to, series }: DigestFacts,
  timezone: string,
): readonly { readonly index: number; readonly text: string }[] {
  const format = axisFormat(new Date(to).getTime() - new Date(from).getTime(), timezone);
  const labels = series.map((bucket, index) => ({ index, text: format.format(new Date(bucket.at)) }));
  return labels.filter(({ index, text }) => index === 0 || labels[index - 1]?.text !== text);
}

/** Hours within two days, dates beyond. */
function axisFormat(spanMs: number, timezone: string): Intl.DateTimeFormat {
  const base = { timeZone: timezone, numberingSystem: "latn", calendar: "gregory" } as const;
  return spanMs <= 2 * 86_400_000 + 7_200_000
    ? new Intl.DateTimeFormat("en-GB", { ...base, hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
    : new Intl.DateTimeFormat("en-GB", { ...base, day: "numeric", month: "short" });
}

/** "950", "1.2k", "34k". */
function short(value: number): string {
  if (value < 1_000) return String(value);
  const [size, unit] = value < 1_000_000 ? [1_000, "k"] : [1_000_000, "M"];
  return `${Number((value / size).toPrecision(2))}${unit}`;
}

function hasNews(bucket: Bucket): boolean {
  return bucket.alerts > 0 || bucket.incidents > 0;
}
