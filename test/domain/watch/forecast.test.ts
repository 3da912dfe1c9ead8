import { describe, expect, test } from "vitest";
import type { MetricPoint } from "../../../src/domain/metrics/series.ts";
import { type Forecast, forecast } from "../../../src/domain/watch/forecast.ts";

const minute = 60_000;
const hour = 60 * minute;
const now = 72 * hour;

/** Between -1 and 1, the same for the same index. */
function noiseAt(index: number): number {
  const value = Math.sin(index * 12.9898) * 43_758.5453;
  return 2 * (value - Math.floor(value)) - 1;
}

/** Three days, a sample every five minutes, of what `value` gives for an hour. */
function look(
  value: (hours: number, index: number) => number,
  given: { limit?: number; direction?: "up" | "down" } = {},
): Forecast {
  const points = Array.from(
    { length: 72 * 12 + 1 },
    (_, index): MetricPoint => [index * 5 * minute, value(index / 12, index)],
  );
  return forecast({
    points,
    limit: given.limit ?? 0.95,
    direction: given.direction ?? "up",
    horizonMs: 8 * hour,
    trendMs: 6 * hour,
  });
}

describe("a limit that is coming nearer", () => {
  test("is named with the hour and an interval around it", () => {
    // 2 % an hour, 0.85 now: five hours left.
    const found = look((at, index) => 0.85 - 0.02 * (72 - at) + 0.002 * noiseAt(index));
    expect(found.kind).toBe("reaches");
    if (found.kind !== "reaches") return;
    expect(Math.abs(found.atMs - (now + 5 * hour))).toBeLessThan(15 * minute);
    expect(found.earliestMs).toBeLessThan(found.atMs);
    expect(found.latestMs).toBeGreaterThan(found.atMs);
    expect(found.latestMs - found.earliestMs).toBeLessThan(2 * hour);
    expect(found.perHour).toBeCloseTo(0.02, 3);
  });

  test("from above likewise: free space that goes to nothing", () => {
    const found = look((at, index) => 100 - 1.3 * at + noiseAt(index) / 4, {
      limit: 0,
      direction: "down",
    });
    expect(found.kind).toBe("reaches");
    if (found.kind === "reaches")
      expect(Math.abs(found.atMs - (now + 4.92 * hour))).toBeLessThan(20 * minute);
  });

  test("is seen soon after it began, past noise and odd samples", () => {
    const found = look((at, index) =>
      index % 31 === 0 ? 0.1 : (at < 70 ? 0.5 : 0.5 + (at - 70) * 0.06) + 0.002 * noiseAt(index),
    );
    expect(found.kind).toBe("reaches");
    if (found.kind === "reaches") expect(Math.abs(found.atMs - (now + 5.5 * hour))).toBeLessThan(30 * minute);
  });

  test("after one clean-up is forecast from there", () => {
    const found = look((at) => (at < 60 ? 0.3 + 0.01 * at : 0.3 + 0.05 * (at - 60)));
    expect(found).toMatchObject({ kind: "reaches" });
    if (found.kind === "reaches") expect(Math.abs(found.atMs - (now + hour))).toBeLessThan(10 * minute);
  });

  test("of a saw that this time goes beyond where it always turned is forecast", () => {
    const saw = (at: number) => 0.3 + 0.3 * ((at % 10) / 10);
    const found = look((at) => (at < 60 ? saw(at) : 0.3 + 0.045 * (at - 60)));
    expect(found.kind).toBe("reaches");
  });

  test("that is reached needs no forecast", () => {
    expect(look((at) => Math.min(1, at / 70))).toMatchObject({ kind: "reached" });
  });

  test.each([
    ["up", 1],
    ["down", 0.9],
  ] as const)("%s is reached however long it has been, and from the first sample on", (direction, value) => {
    expect(look(() => value, { direction })).toEqual({ kind: "reached", value });
    expect(look((at) => (at < 1 ? 0.93 + (0.93 - value) / 9 : value), { direction }).kind).toBe("reached");
    const points = [[0, value]] as const;
    expect(forecast({ points, limit: 0.95, direction, horizonMs: hour, trendMs: hour })).toEqual({
      kind: "reached",
      value,
    });
  });

  test("lies on the other side for what falls to it", () => {
    expect(look(() => 0.5, { limit: 0.95, direction: "down" }).kind).toBe("reached");
    expect(look(() => 0.5, { limit: 0.1, direction: "down" }).kind).toBe("clear");
    expect(look((at) => 0.9 - 0.01 * at, { limit: 0.1, direction: "down" }).kind).toBe("reaches");
  });
});

describe("no time is named", () => {
  test.each<readonly [string, (at: number, index: number) => number, Forecast["kind"]]>([
    ["flat", () => 0.5, "clear"],
    ["a rise that has come to rest", (at) => 0.5 + 0.08 * Math.min(4.2, Math.max(0, at - 66)), "clear"],
    ["noise far from the limit", (_at, index) => 0.5 + 0.05 * noiseAt(index), "clear"],
    ["a trend away from the limit", (at) => 0.9 - 0.01 * at, "clear"],
    [
      "a trend away from the limit that began beyond it",
      (at, index) => (at < 60 ? 0.5 : index > 72 * 12 - 3 ? 0.94 : 0.96 + 0.003 * (72 - at)),
      "clear",
    ],
    ["a trend too slow for the horizon", (at) => 0.3 + 0.004 * at, "clear"],
    ["wild noise near the limit", (_at, index) => 0.8 + 0.14 * noiseAt(index), "refused"],
    ["a jump to a new level", (at, index) => (at < 70 ? 0.4 : 0.8) + 0.004 * noiseAt(index), "refused"],
  ])("for %s", (_name, value, kind) => {
    expect(look(value).kind).toBe(kind);
  });

  test.each([
    ["a saw, in the middle of a tooth", (at: number) => 0.3 + 0.5 * (((at + 5) % 8) / 8), /saw/],
    [
      "a rise that is coming to rest",
      (at: number) => 0.5 + 0.08 * Math.min(4, Math.max(0, at - 66)),
      /too uncertain/,
    ],
  ])("for %s, and that is said", (_name, value, because) => {
    expect(look(value)).toEqual({ kind: "refused", because: expect.stringMatching(because) });
  });

  /** From 8 to 12 it rises by `swing`, from 17 to 19 it falls; now is nine in the morning. */
  const office =
    (swing: number, isOff = (_day: number) => false) =>
    (at: number, index: number) => {
      const hours = (at + 9) % 24;
      const share = isOff(Math.floor((at + 9) / 24)) ? 0 : Math.min(1, (hours - 8) / 4, (19 - hours) / 2);
      return 0.4 + swing * Math.max(0, share) + 0.002 * noiseAt(index);
    };

  test.each([
    // Between two and four hours before it turns.
    ["a wave by day", (at: number) => 0.65 + 0.25 * Math.sin((2 * Math.PI * (at + 2)) / 24)],
    ["a morning as every day", (at: number, index: number) => office(0.5)(at + 0.5, index)],
    [
      "a Monday as the Friday before it",
      (at: number, index: number) => office(0.5, (day) => day === 1 || day === 2)(at + 0.5, index),
    ],
  ])("for %s, which turns before the limit (issue 3)", (_name, value) => {
    expect(look(value)).toEqual({
      kind: "refused",
      because: expect.stringMatching(/on an earlier day, too/),
    });
    // From above likewise.
    const mirrored = (at: number, index: number) => 1 - value(at, index);
    expect(look(mirrored, { limit: 0.05, direction: "down" }).kind).toBe("refused");
  });

  test("unless it has gone beyond where it turned, or came to the limit from here (issue 3)", () => {
    const wave = (at: number) => 0.5 + 0.15 * Math.sin((2 * Math.PI * (at + 2)) / 24);
    expect(look((at) => wave(at) + 0.06 * Math.max(0, at - 69)).kind).toBe("reaches");
    const peaks = (at: number, index: number) => office(at < 48 ? 0.5 : 0.6)(at + 0.5, index);
    expect(look(peaks).kind).toBe("reaches");
  });

  test("from too few samples", () => {
    const points = Array.from({ length: 19 }, (_, index): MetricPoint => [index * minute, index]);
    expect(forecast({ points, limit: 30, direction: "up", horizonMs: hour, trendMs: hour })).toEqual({
      kind: "refused",
      because: "there are only 19 samples",
    });
  });
});
