import { describe, expect, test } from "vitest";
import type { MetricPoint } from "../../../src/domain/metrics/series.ts";
import { type BaselineOptions, learnBaseline, oddness, usual } from "../../../src/domain/watch/anomaly.ts";

const hour = 3_600_000;
const day = 24 * hour;
/** A Monday. */
const monday = Date.UTC(2026, 2, 2);
const plain: BaselineOptions = { floor: 0, scale: "plain", timezone: "UTC" };
const count: BaselineOptions = { ...plain, scale: "count" };

function noiseAt(index: number): number {
  const value = Math.sin(index * 12.9898) * 43_758.5453;
  return 2 * (value - Math.floor(value)) - 1;
}

/** A sample every ten minutes. */
function past(days: number, value: (ms: number, index: number) => number): readonly MetricPoint[] {
  return Array.from({ length: days * 144 }, (_, index): MetricPoint => {
    const ms = monday + index * 600_000;
    return [ms, value(ms, index)];
  });
}

function learned(points: readonly MetricPoint[], options = plain) {
  const result = learnBaseline(points, options);
  if (result.kind !== "baseline") throw new Error(result.because);
  return result.baseline;
}

const isWeekend = (ms: number) => [0, 6].includes(new Date(ms).getUTCDay());
const byDay = (ms: number) => 400 * (1 + 0.7 * Math.sin((2 * Math.PI * (ms % day)) / day));

describe("what is usual", () => {
  test("is learned per hour of the week once there are weeks of it", () => {
    const baseline = learned(
      past(28, (ms, index) => byDay(ms) * (isWeekend(ms) ? 0.5 : 1) + 8 * noiseAt(index)),
    );
    expect(baseline.season).toBe("week");
    const saturdayNoon = monday + 33 * day + 6 * hour;
    expect(baseline.at(saturdayNoon).middle).toBeCloseTo(340, -2);
    expect(oddness(680, baseline.at(saturdayNoon), "plain")).toBeGreaterThan(8);
    expect(Math.abs(oddness(680, baseline.at(saturdayNoon + 2 * day), "plain"))).toBeLessThan(2);
  });

  test("per hour of the day once there are days of it", () => {
    const baseline = learned(past(6, (ms, index) => byDay(ms) + 8 * noiseAt(index)));
    expect(baseline.season).toBe("day");
    // What is usual by day is odd by night.
    expect(oddness(680, baseline.at(monday + 7 * day + 18 * hour), "plain")).toBeGreaterThan(8);
    expect(Math.abs(oddness(680, baseline.at(monday + 7 * day + 6 * hour), "plain"))).toBeLessThan(2);
  });

  test("and plainly where there is less, or no season in it", () => {
    expect(learned(past(2, (ms) => byDay(ms))).season).toBe("none");
    expect(learned(past(28, (_ms, index) => 50 + noiseAt(index))).season).toBe("none");
  });

  test("is not moved by what was odd for hours", () => {
    const quiet = learned(past(10, (_ms, index) => 50 + noiseAt(index)));
    const once = learned(past(10, (ms, index) => (ms % (5 * day) < 5 * hour ? 900 : 50) + noiseAt(index)));
    expect(Math.abs(once.at(monday).middle - quiet.at(monday).middle)).toBeLessThan(1);
    expect(oddness(90, once.at(monday + 11 * day), "plain")).toBeGreaterThan(5);
  });

  test("has no step at full hours", () => {
    const baseline = learned(past(28, (ms) => byDay(ms)));
    const [before, after] = [
      baseline.at(monday + 30 * day + 9 * hour - 1),
      baseline.at(monday + 30 * day + 9 * hour + 1),
    ];
    expect(Math.abs(before.middle - after.middle)).toBeLessThan(1);
  });

  test("is not known from too little", () => {
    expect(learnBaseline(past(28, () => 1).slice(0, 59), plain)).toEqual({
      kind: "too little",
      because: "there are only 59 samples of the past",
    });
  });
});

describe("how odd", () => {
  test("a flat past makes nothing odd that is a few percent away, nor below the least difference", () => {
    const flat = learned(
      past(10, () => 100),
      { ...plain, floor: 5 },
    );
    expect(Math.abs(oddness(104, flat.at(monday), "plain"))).toBeLessThan(1);
    expect(oddness(140, flat.at(monday), "plain")).toBeGreaterThan(5);
    const zero = learned(
      past(10, () => 0),
      { ...plain, floor: 0.005 },
    );
    expect(oddness(0.004, zero.at(monday), "plain")).toBeLessThan(1);
    expect(oddness(0.31, zero.at(monday), "plain")).toBeGreaterThan(20);
  });

  test("counts are measured by their own spread: one alert where there are none is not odd, fifteen are", () => {
    const rare = learned(
      past(10, (_ms, index) => (index % 20 === 0 ? 1 : 0)),
      count,
    );
    expect(oddness(1, rare.at(monday), "count")).toBeLessThan(2);
    expect(oddness(15, rare.at(monday), "count")).toBeGreaterThan(5);
    const many = learned(
      past(10, (_ms, index) => 100 + Math.round(8 * noiseAt(index))),
      count,
    );
    expect(Math.abs(oddness(110, many.at(monday), "count"))).toBeLessThan(2);
  });

  test("what is usual is said in the unit of the metric", () => {
    const many = learned(
      past(10, (_ms, index) => 100 + Math.round(8 * noiseAt(index))),
      count,
    );
    const said = usual(many.at(monday), "count");
    expect(said.middle).toBeCloseTo(100, -1);
    expect(said.low).toBeLessThan(said.middle);
    expect(said.high).toBeGreaterThan(said.middle);
  });
});
