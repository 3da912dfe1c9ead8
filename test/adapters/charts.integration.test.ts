import { Resvg } from "@resvg/resvg-js";
import { describe, expect, test } from "vitest";
import { createCharts, timelineSvg } from "../../src/adapters/charts.ts";
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
