import { Resvg } from "@resvg/resvg-js";
import { describe, expect, test } from "vitest";
import { alertsSvg } from "../../src/adapters/charts/alerts.ts";
import { comparisonSvg } from "../../src/adapters/charts/comparison.ts";
import { metricsSvg } from "../../src/adapters/charts/metrics.ts";
import { createCharts, timelineSvg } from "../../src/adapters/charts.ts";
import type { AlertTimeline } from "../../src/domain/alert/timeline.ts";
import type { MetricChart } from "../../src/domain/metrics/chart.ts";
import type { ComparisonChart } from "../../src/domain/rollout/comparison-chart.ts";
import { silentLog } from "../../src/ports.ts";
import { buildDigest } from "../fixtures/digest.ts";

const charts = createCharts(silentLog);

/** Width and height as the PNG's header says. */
function sizeOf(png: Uint8Array): readonly [number, number] {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  return [view.getUint32(16), view.getUint32(20)];
}

/** Share of pixels of a region that are not white, of the picture drawn again inside another. */
function inkIn(
  png: Uint8Array,
  region: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): number {
  const [width, height] = sizeOf(png);
  const data = Buffer.from(png).toString("base64");
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${region.width}" height="${region.height}" viewBox="${region.x} ${region.y} ${region.width} ${region.height}"><image width="${width}" height="${height}" href="data:image/png;base64,${data}"/></svg>`;
  const { pixels } = new Resvg(svg, { background: "#ffffff" }).render();
  let inked = 0;
  for (let index = 0; index < pixels.length; index += 4) if ((pixels[index] ?? 255) < 200) inked += 1;
  return inked / (pixels.length / 4);
}

async function draw(facts = buildDigest()): Promise<Uint8Array> {
  const png = await charts.timeline(facts);
  if (png === null) throw new Error("nothing was drawn");
  return png;
}

test("is a PNG of the stated size", async () => {
  const png = await draw();
  expect([...png.slice(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  expect(sizeOf(png)).toEqual([1440, 860]);
});

describe("its words are really drawn, without any font of the machine", () => {
  test.each([
    ["the heading of the alerts", { x: 190, y: 30, width: 220, height: 50 }],
    ["the heading of the incidents", { x: 190, y: 550, width: 420, height: 50 }],
    ["the labels of the time axis", { x: 100, y: 760, width: 1300, height: 60 }],
    ["the numbers of the alerts' axis", { x: 40, y: 90, width: 75, height: 400 }],
    ["the time zone", { x: 1300, y: 30, width: 110, height: 50 }],
  ])("%s", async (_name, region) => {
    expect(inkIn(await draw(), region)).toBeGreaterThan(0.01);
  });

  test("and what is blank is blank, so that the test can fail", async () => {
    expect(inkIn(await draw(), { x: 600, y: 30, width: 300, height: 50 })).toBe(0);
  });
});

test("the same facts give the same picture", async () => {
  expect(await draw()).toEqual(await draw());
});

test.each([
  ["no intervals", []],
  ["too few intervals", buildDigest().series.slice(9, 11)],
  ["nothing in them", buildDigest().series.map((bucket) => ({ ...bucket, alerts: 0, incidents: 0 }))],
])("with %s there is no picture", async (_name, series) => {
  expect(await charts.timeline(buildDigest({ series }))).toBeNull();
});

describe("what it says", () => {
  test("totals, whole numbers only, and the zone of the schedule", () => {
    const svg = timelineSvg(buildDigest({ timezone: "Europe/Berlin" }));
    expect(svg).toContain(">Alerts: 42<");
    expect(svg).toContain(">Incidents opened: 2<");
    expect(svg).toContain(">Europe/Berlin<");
    expect(svg).toContain(">08:00<");
    expect(svg).not.toMatch(/>\d+\.\d+</);
  });

  test("dates when it covers more than two days, none overlapping", () => {
    const day = 86_400_000;
    const from = Date.UTC(2026, 10, 1);
    const series = Array.from({ length: 30 }, (_, index) => ({
      at: new Date(from + index * day).toISOString(),
      alerts: 1,
      incidents: 0,
    }));
    const svg = timelineSvg(
      buildDigest({
        series,
        from: new Date(from).toISOString(),
        to: new Date(from + 30 * day).toISOString(),
      }),
    );
    const places = [...svg.matchAll(/<text x="([\d.]+)"[^>]*>\d+ Nov</g)]
      .map((match) => Number(match[1]))
      .sort((a, b) => a - b);
    expect(places.length).toBeGreaterThan(3);
    const gaps = places.slice(1).map((place, index) => place - (places[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(104);
  });

  test("nothing from outside becomes markup", () => {
    expect(timelineSvg(buildDigest({ timezone: "UTC" })).match(/<script|&(?!#)/)).toBeNull();
  });
});

// ---------- metrics around an incident ----------

const minute = 60_000;
const onsetMs = Date.UTC(2026, 2, 1, 10, 3);
const fromMs = onsetMs - 60 * minute;
const toMs = onsetMs + 10 * minute;

function metricChart(given: Partial<MetricChart> = {}): MetricChart {
  const points = Array.from({ length: 281 }, (_, index): [number, number] => [
    fromMs + index * 15_000,
    index < 232 ? 0.2 : 2.4,
  ]);
  const panel = {
    title: "p99 latency of checkout",
    brief: "200 ms → 2.4 s at 10:01 UTC",
    sentence: "p99 latency of checkout rose from 200 ms to 2.4 s",
    unit: "seconds",
    points,
    beganAtMs: onsetMs - 2 * minute,
    limit: 1,
  };
  const markers = [{ atMs: onsetMs - 5 * minute, label: "deploy of checkout: v2" }];
  return { fromMs, toMs, onsetMs, panels: [panel], markers, ...given };
}

async function drawMetrics(chart = metricChart()): Promise<Uint8Array> {
  const png = await charts.metrics(chart);
  if (png === null) throw new Error("nothing was drawn");
  return png;
}

describe("a chart of metrics", () => {
  test("is 1440 wide and as high as its panels and changes need", async () => {
    expect(sizeOf(await drawMetrics())).toEqual([1440, 816]);
    const [panel] = metricChart().panels;
    const three = metricChart({ panels: panel === undefined ? [] : [panel, panel, panel] });
    expect(sizeOf(await drawMetrics(three))[1]).toBeGreaterThan(1_500);
  });

  test.each([
    ["the title", { x: 40, y: 80, width: 500, height: 60 }],
    ["the numbers of the change", { x: 40, y: 145, width: 500, height: 60 }],
    ["the axis of values", { x: 60, y: 240, width: 140, height: 260 }],
    ["the axis of times", { x: 200, y: 560, width: 1200, height: 60 }],
    ["the legend of the first alert", { x: 120, y: 610, width: 500, height: 60 }],
    ["the legend of the change", { x: 120, y: 690, width: 500, height: 60 }],
  ])("draws %s", async (_name, region) => {
    expect(inkIn(await drawMetrics(), region)).toBeGreaterThan(0.01);
  });

  test("says no letter smaller than a phone can show", () => {
    const sizes = [...metricsSvg(metricChart()).matchAll(/font-size="(\d+)"/g)].map((match) =>
      Number(match[1]),
    );
    expect(Math.min(...sizes) * (360 / 720)).toBeGreaterThanOrEqual(11);
  });

  test("leaves a gap where samples are missing", () => {
    const [panel] = metricChart().panels;
    const points = (panel?.points ?? []).filter((_, index) => index < 100 || index > 140);
    const gapped = metricsSvg(metricChart({ panels: panel === undefined ? [] : [{ ...panel, points }] }));
    const strokes = /<path d="([^"]+)"/.exec(gapped)?.[1]?.match(/M/g)?.length;
    expect(strokes).toBe(2);
  });

  test("puts letters of changes that came together beside one another", () => {
    const markers = [0, 10_000, 20_000].map((ms) => ({ atMs: onsetMs - 5 * minute + ms, label: "x" }));
    const svg = metricsSvg(metricChart({ markers }));
    const places = [
      ...svg.matchAll(
        /<text x="([\d.]+)" y="[\d.]+" text-anchor="middle" font-weight="700" fill="#ffffff">[ABC]</g,
      ),
    ]
      .map((match) => Number(match[1]))
      .slice(0, 3);
    expect(places[1] ?? 0).toBeGreaterThanOrEqual((places[0] ?? 0) + 30);
    expect(places[2] ?? 0).toBeGreaterThanOrEqual((places[1] ?? 0) + 30);
  });

  test("takes names from outside as text, whatever is in them", async () => {
    const [panel] = metricChart().panels;
    const hostile = '"><script>alert(1)</script>&\u0000\u0008\ud800';
    const chart = metricChart({
      panels: panel === undefined ? [] : [{ ...panel, title: hostile, brief: hostile, unit: hostile }],
      markers: [{ atMs: onsetMs, label: hostile }],
    });
    expect(metricsSvg(chart)).not.toMatch(/<script|\p{Cc}/u);
    expect((await drawMetrics(chart)).byteLength).toBeGreaterThan(5_000);
  });

  test.each([
    ["one sample", [[onsetMs, 5]]],
    [
      "all the same",
      [
        [fromMs, 7],
        [toMs, 7],
      ],
    ],
    [
      "zeros",
      [
        [fromMs, 0],
        [toMs, 0],
      ],
    ],
    [
      "negative values",
      [
        [fromMs, -3],
        [toMs, -9],
      ],
    ],
    [
      "huge values",
      [
        [fromMs, 1e18],
        [toMs, 3e20],
      ],
    ],
  ] as const)("is drawn of %s", async (_name, points) => {
    const [panel] = metricChart().panels;
    const own = points.map(([at, value]): [number, number] => [at, value]);
    const svg = metricsSvg(metricChart({ panels: panel === undefined ? [] : [{ ...panel, points: own }] }));
    expect(svg).not.toMatch(/NaN|Infinity/);
    expect((await drawMetrics()).byteLength).toBeGreaterThan(5_000);
  });
});

// ---------- alerts of an incident ----------

function alertChart(given: Partial<AlertTimeline> = {}): AlertTimeline {
  const row = { service: "checkout", alertCount: 4, worst: "critical", isFiring: true } as const;
  return {
    ...{ fromMs: onsetMs - 15 * minute, toMs: onsetMs + 60 * minute, onsetMs, leftOut: 0 },
    rows: [
      { ...row, spans: [[onsetMs, onsetMs + 60 * minute]] },
      {
        ...{ ...row, service: "payments", isFiring: false },
        spans: [
          [onsetMs + 5 * minute, onsetMs + 9 * minute],
          [onsetMs + 20 * minute, onsetMs + 20 * minute],
        ],
      },
    ],
    markers: [{ atMs: onsetMs - 5 * minute, label: "deploy of checkout: v2" }],
    ...given,
  };
}

async function drawAlerts(chart = alertChart()): Promise<Uint8Array> {
  const png = await charts.alerts(chart);
  if (png === null) throw new Error("nothing was drawn");
  return png;
}

describe("a chart of alerts", () => {
  test.each([
    ["the name of a service", { x: 48, y: 110, width: 220, height: 60 }],
    ["its bar", { x: 420, y: 190, width: 700, height: 40 }],
    ["the axis of times", { x: 48, y: 400, width: 1300, height: 70 }],
  ])("draws %s", async (_name, region) => {
    expect(inkIn(await drawAlerts(), region)).toBeGreaterThan(0.01);
  });

  test("shows a firing that was over at once", () => {
    const bars = [...alertsSvg(alertChart()).matchAll(/width="([\d.]+)" height="20" rx="3"/g)];
    expect(bars.map(([, wide]) => Number(wide)).every((wide) => wide >= 5)).toBe(true);
    expect(bars).toHaveLength(3);
  });

  test("has dates on its axis when it lasts for days", () => {
    const svg = alertsSvg(alertChart({ toMs: onsetMs + 5 * 1_440 * minute }));
    expect(svg).toMatch(/>03-0\d</);
    expect(svg.match(/>03-0\d</g)?.length ?? 0).toBeLessThanOrEqual(7);
  });

  test("takes names from outside as text, and cuts what does not fit", () => {
    const [row] = alertChart().rows;
    if (row === undefined) throw new Error("the fixture has rows");
    const svg = alertsSvg(alertChart({ rows: [{ ...row, service: `"><script>${"x".repeat(200)}` }] }));
    expect(svg).not.toContain("<script");
    expect(svg).toContain("…");
  });
});

// ---------- a version beside another ----------

function comparison(given: Partial<ComparisonChart> = {}): ComparisonChart {
  return {
    ...{ model: "fraud-scorer", champion: "41", challenger: "42", leftOut: 0 },
    rows: [
      { name: "auc", champion: 0.941, challenger: 0.957, interval: [0.011, 0.021], n: 4_200 },
      { name: "latency_p99_ms", champion: 240, challenger: 182, interval: [-66, -50], n: 900 },
      { name: "recall", champion: 0.7, challenger: 0.7, interval: null, n: 12 },
    ],
    ...given,
  };
}

describe("a chart of a version beside another", () => {
  test("is as high as its metrics need", async () => {
    const png = await charts.comparison(comparison());
    expect(png === null ? null : sizeOf(png)).toEqual([1440, 852]);
  });

  test("says figures, difference, interval and n in words of its own", () => {
    const svg = comparisonSvg(comparison());
    for (const words of [">0.941<", ">0.957<", "+0.016 (+0.011 to +0.021), n = 4200", "too few to tell"])
      expect(svg).toContain(words);
  });

  test("keeps every mark and figure on the page", () => {
    const svg = comparisonSvg(comparison());
    const places = [...svg.matchAll(/(?:cx|x|x1|x2)="(-?[\d.]+)"/g)].map(([, x]) => Number(x));
    expect(Math.min(...places)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...places)).toBeLessThanOrEqual(720);
  });

  test("draws equal figures, and none that are not numbers", () => {
    const row = { name: "a", champion: 0, challenger: 0, interval: null, n: 0 } as const;
    expect(comparisonSvg(comparison({ rows: [row] }))).not.toContain("NaN");
  });
});
