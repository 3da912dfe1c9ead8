import fc from "fast-check";
import { expect, test } from "vitest";
import { addElapsed, beginElapsed, readElapsed } from "../../../src/domain/bake/elapsed.ts";

const start = new Date("2026-03-02T10:00:00Z");
const hour = 3_600_000;
const later = (ms: number) => new Date(start.getTime() + ms);

test("time that somebody looked on adds up", () => {
  const once = addElapsed(beginElapsed(start), later(10_000), 30_000);
  expect(addElapsed(once, later(25_000), 30_000)).toMatchObject({ ms: 25_000, wentBack: false });
});

test("an hour that the clock skips, or that nobody looked, counts as one look", () => {
  expect(addElapsed(beginElapsed(start), later(hour), 30_000).ms).toBe(30_000);
});

test("a clock that steps back adds nothing, is remembered, and does not hold up what follows", () => {
  const back = addElapsed(beginElapsed(start), later(-hour), 30_000);
  expect(back).toMatchObject({ ms: 0, wentBack: true });
  expect(addElapsed(back, later(-hour + 10_000), 30_000)).toMatchObject({ ms: 10_000, wentBack: true });
});

test("two replicas whose clocks differ a little are no step back", () => {
  expect(addElapsed(beginElapsed(start), later(-1_500), 30_000).wentBack).toBe(false);
});

test("what was kept is read back, and anything else is nothing", () => {
  const kept = addElapsed(beginElapsed(start), later(10_000), 30_000);
  expect(readElapsed(JSON.parse(JSON.stringify(kept)))).toEqual(kept);
  for (const other of [undefined, null, 5, { ms: "5" }, { ...kept, at: "yesterday" }])
    expect(readElapsed(other)).toBeNull();
});

test("whatever the clock says, no look adds more than it may, and none takes away", () => {
  const looks = fc.array(fc.integer({ min: -2 * hour, max: 2 * hour }), { maxLength: 50 });
  fc.assert(
    fc.property(looks, fc.integer({ min: 1, max: 60_000 }), (times, maxStepMs) => {
      let elapsed = beginElapsed(start);
      for (const ms of times) {
        const next = addElapsed(elapsed, later(ms), maxStepMs);
        expect(next.ms).toBeGreaterThanOrEqual(elapsed.ms);
        expect(next.ms - elapsed.ms).toBeLessThanOrEqual(maxStepMs);
        elapsed = next;
      }
    }),
  );
});
