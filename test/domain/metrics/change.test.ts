import { describe, expect, test } from "vitest";
import { findChange } from "../../../src/domain/metrics/change.ts";
import type { MetricPoint } from "../../../src/domain/metrics/series.ts";

const minute = 60_000;
const onsetMs = 60 * minute;
const window = { fromMs: 0, toMs: 70 * minute, stepMs: 15_000 };

/** Noise that is always the same: between -1 and 1. */
function noiseAt(index: number): number {
  const value = Math.sin(index * 12.9898) * 43_758.5453;
  return 2 * (value - Math.floor(value)) - 1;
}

/** A sample every 15 s of what `value` gives for a minute; NaN leaves one out. */
function series(value: (minutes: number, index: number) => number, toMinute = 70): readonly MetricPoint[] {
  return Array.from(
    { length: toMinute * 4 + 1 },
    (_, index): MetricPoint => [index * 15_000, value(index / 4, index)],
  ).filter(([, each]) => !Number.isNaN(each));
}

function change(
  value: (minutes: number, index: number) => number,
  given: { floor?: number; toMinute?: number } = {},
) {
  const { floor = 0, toMinute = 70 } = given;
  const points = series(value, toMinute);
  return findChange({ points, window: { ...window, toMs: toMinute * minute }, onsetMs, floor, holdMs: 0 });
}

describe("a change", () => {
  test("is told with its direction, its size and the minute it began", () => {
    const found = change((at, index) => (at < 55 ? 0.2 : 2.4) + 0.05 * noiseAt(index));
    expect(found).toMatchObject({ kind: "changed", direction: "up", beganAtMs: 55 * minute, isOver: false });
    if (found.kind !== "changed") return;
    expect(found.before).toBeCloseTo(0.2, 1);
    expect(found.after).toBeCloseTo(2.4, 1);
    expect(found.score).toBeGreaterThan(20);
  });

  test("downwards likewise", () => {
    expect(change((at, index) => (at < 58 ? 120 : 15) + 4 * noiseAt(index))).toMatchObject({
      kind: "changed",
      direction: "down",
      beganAtMs: 58 * minute,
    });
  });

  test("from nothing at all", () => {
    expect(change((at) => (at < 59 ? 0 : 0.31), { floor: 0.005 })).toMatchObject({
      kind: "changed",
      before: 0,
      after: 0.31,
      beganAtMs: 59 * minute,
    });
  });

  test("is seen a minute after it began", () => {
    expect(change((at) => (at < 60 ? 1 : 9), { toMinute: 61 })).toMatchObject({
      kind: "changed",
      beganAtMs: onsetMs,
    });
  });

  test("that ramps began where it left the usual", () => {
    const found = change((at, index) => (at < 50 ? 10 : 10 + (at - 50) * 4) + 0.2 * noiseAt(index));
    expect(found).toMatchObject({ kind: "changed", direction: "up" });
    if (found.kind === "changed") expect(Math.abs(found.beganAtMs - 50 * minute)).toBeLessThan(2 * minute);
  });

  test("that is over says so, with how far it went", () => {
    const found = change((at, index) => (at >= 52 && at < 64 ? 30 : 5) + 0.3 * noiseAt(index));
    expect(found).toMatchObject({ kind: "changed", isOver: true, beganAtMs: 52 * minute });
    if (found.kind === "changed") expect(found.extreme).toBeGreaterThan(29);
  });

  test.each([
    ["around the onset", 58, 63],
    ["before it", 47, 52],
    ["two minutes long", 59, 61],
  ])("that was soon over is told for as long as it lasted: %s (issue 3)", (_name, from, to) => {
    const found = change((at, index) => (at >= from && at < to ? 0.9 : 0.01) + 0.002 * noiseAt(index));
    expect(found).toMatchObject({
      ...{ kind: "changed", direction: "up", beganAtMs: from * minute, isOver: true },
      after: expect.closeTo(0.9, 1),
    });
  });

  test("downwards, too", () => {
    expect(change((at, index) => (at >= 58 && at < 62 ? 3 : 90) + noiseAt(index))).toMatchObject({
      ...{ kind: "changed", direction: "down", beganAtMs: 58 * minute, isOver: true },
    });
  });

  test("is not hidden by a few odd samples", () => {
    expect(
      change((at, index) => (index % 23 === 0 ? 400 : (at < 57 ? 10 : 40) + noiseAt(index))),
    ).toMatchObject({ kind: "changed", beganAtMs: 57 * minute });
  });
});

describe("no change is", () => {
  test.each([
    ["noise", (_at: number, index: number) => 100 + 20 * noiseAt(index)],
    ["a flat line", () => 5],
    ["a flat line at zero", () => 0],
    ["one odd sample at the alert", (at: number, index: number) => (at === 60 ? 900 : 100 + noiseAt(index))],
    ["less than a tenth of what is usual", (at: number) => (at < 55 ? 100 : 108)],
    ["a wave", (at: number, index: number) => 50 + 30 * Math.sin(at / 2) + noiseAt(index)],
    ["a change long before", (at: number, index: number) => (at < 10 ? 10 : 50) + noiseAt(index)],
    [
      "a burst like those before",
      (at: number, index: number) => ((at + 14) % 20 < 4 && at > 3 ? 100 : 10) + 0.1 * noiseAt(index),
    ],
    ["a minute at the alert", (at: number) => (at >= 59.5 && at < 60.5 ? 90 : 10)],
    ["over long before", (at: number) => (at >= 20 && at < 25 ? 90 : 10)],
    ["a job like the one before", (at: number) => (at % 50 >= 8 && at % 50 < 12 ? 90 : 10)],
    ["a drift that goes on as before", (at: number, index: number) => at + noiseAt(index)],
  ])("%s", (_name, value) => {
    expect(change(value).kind).toBe("steady");
  });

  test("a difference that nobody would call one", () => {
    const value = (at: number) => (at < 55 ? 0 : 0.0004);
    expect(change(value).kind).toBe("changed");
    expect(change(value, { floor: 0.005 }).kind).toBe("steady");
  });
});

describe("missing samples", () => {
  test("after the onset mean that it stopped", () => {
    expect(change((at) => (at > 57 ? Number.NaN : 7))).toMatchObject({
      kind: "stopped",
      lastAtMs: 57 * minute,
      before: 7,
    });
  });

  test("before it, that it appeared", () => {
    expect(change((at) => (at < 56 ? Number.NaN : 3))).toMatchObject({
      kind: "appeared",
      firstAtMs: 56 * minute,
      after: 3,
    });
  });

  test.each([
    ["none at all", () => Number.NaN],
    ["five", (at: number) => (at < 59 || at > 60 ? Number.NaN : 1)],
  ])("when there are %s are too little to say anything", (_name, value) => {
    expect(["too little", "appeared"]).toContain(change(value).kind);
    expect(change(value).kind).not.toBe("changed");
  });

  test("that ended long before the incident are too little, and no stop", () => {
    expect(change((at) => (at > 2 ? Number.NaN : 1)).kind).toBe("too little");
  });
});
