import { expect, test } from "vitest";
import { createUsualPauses } from "../../../src/domain/clustering/usual-pauses.ts";

const minute = 60_000;
const start = Date.parse("2026-03-01T00:00:00Z");

/** Every part has an alert each `pause` minutes, `parts` of them, for so many minutes. */
function watched(parts: number, pause: number, minutes: number) {
  const pauses = createUsualPauses(1_000);
  for (let now = 0; now < minutes; now += pause)
    for (let part = 0; part < parts; part += 1) pauses.record(`part ${part}`, start + now * minute + part);
  return pauses;
}

test("after an hour a part's own alerts are counted, whatever the others do", () => {
  const pauses = watched(50, 2, 90);
  for (let now = 0; now < 90; now += 30) pauses.record("quiet", start + now * minute);
  expect(pauses.meanPauseMs("part 1", start + 90 * minute) / minute).toBeCloseTo(2, 0);
  expect(pauses.meanPauseMs("quiet", start + 90 * minute) / minute).toBeCloseTo(30, 0);
  expect(pauses.meanPauseMs("unheard of", start + 90 * minute)).toBe(Number.POSITIVE_INFINITY);
});

test("a storm in the first minutes of one part, or of few, is not taken for what is usual", () => {
  for (const parts of [1, 19]) {
    const pauses = watched(parts, 1, 10);
    expect(pauses.meanPauseMs("part 0", start + 10 * minute) / minute).toBeGreaterThan(6);
  }
});

test("where many parts are busy from the first minute, so is what is not known of one", () => {
  const pauses = watched(50, 1, 10);
  pauses.record("new", start);
  expect(pauses.meanPauseMs("part 0", start + 10 * minute) / minute).toBeLessThan(1);
  expect(pauses.meanPauseMs("new", start + 10 * minute) / minute).toBeLessThan(1);
});

test("a storm in one of many quiet parts says nothing of the others", () => {
  const pauses = watched(50, 30, 31);
  for (let now = 0; now < 30; now += 1)
    for (let alert = 0; alert < 20; alert += 1) pauses.record("stormy", start + now * minute + alert * 1_000);
  expect(pauses.meanPauseMs("part 0", start + 31 * minute) / minute).toBeGreaterThan(15);
});

test("the estimate passes without a leap from what the others do to what the part itself does", () => {
  const pauses = createUsualPauses(1_000);
  let before: number | null = null;
  for (let now = 0; now < 75; now += 1) {
    for (let part = 0; part < 30; part += 1)
      if ((now + part) % 3 === 0) pauses.record(`part ${part}`, start + now * minute);
    if (now % 12 === 0) pauses.record("slow", start + now * minute);
    if (now < 50) continue;
    const pause = pauses.meanPauseMs("slow", start + now * minute);
    if (before !== null) expect(Math.abs(pause - before) / before).toBeLessThan(0.25);
    before = pause;
  }
});
