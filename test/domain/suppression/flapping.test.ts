import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  countFiring,
  endFiring,
  type Flapping,
  firstFiring,
  flappingText,
  isFlapping,
  isQuiet,
  maxStarts,
  settleDown,
} from "../../../src/domain/suppression/flapping.ts";
import { at } from "../build.ts";

const rule = { firings: 3, windowMs: 1_800_000, quietMs: 900_000 };

function firings(...minutes: readonly number[]): Flapping {
  const [first = 0, ...more] = minutes;
  return more.reduce((state, minute) => countFiring(state, at(minute), rule), firstFiring(at(first), rule));
}

describe("an alert that fires again and again", () => {
  test("flaps from the third firing within half an hour", () => {
    expect(isFlapping(firings(0, 10))).toBe(false);
    expect(firings(0, 10, 29)).toMatchObject({ since: at(29), count: 3, endedAt: null });
    expect(isFlapping(firings(0, 20, 30))).toBe(false);
  });

  test("is told with the firings of the last half hour, not with all of them", () => {
    expect(flappingText(firings(0, 5, 10, 15, 20, 25, 29))).toBe("flapping: 7 times in 30 min");
    expect(flappingText(firings(0, 5, 10, 32))).toBe("flapping: 3 times in 30 min");
    expect(firings(0, 5, 10, 32).count).toBe(4);
  });

  test("remembers a bounded number of them", () => {
    const many = firings(...Array.from({ length: 500 }, (_, index) => index / 100));
    expect(many.starts).toHaveLength(maxStarts);
    expect(many.count).toBe(500);
    expect(flappingText(many)).toBe("flapping: at least 100 times in 30 min");
  });

  test("settles when its last firing or end is long enough ago", () => {
    const state = firings(0, 5, 10);
    expect(isQuiet(state, at(24.9), rule)).toBe(false);
    expect(isQuiet(state, at(25), rule)).toBe(true);
    const ended = endFiring(state, at(10), at(20));
    expect(isQuiet(ended, at(34.9), rule)).toBe(false);
    expect(isQuiet(ended, at(35), rule)).toBe(true);
    expect(isFlapping(settleDown(ended))).toBe(false);
  });

  test("only the end of its newest firing is its end", () => {
    const state = firings(0, 5, 10);
    expect(endFiring(state, at(5), at(7))).toBe(state);
    expect(countFiring(endFiring(state, at(10), at(11)), at(12), rule).endedAt).toBeNull();
  });

  test("that settled flaps again at once while its firings are still too many", () => {
    expect(countFiring(settleDown(firings(0, 5, 10)), at(26), rule)).toMatchObject({
      since: at(26),
      count: 4,
    });
  });

  test("is the same in any order of reports, once it is held", () => {
    const minutes = fc.uniqueArray(fc.integer({ min: 11, max: 39 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(minutes, fc.func(fc.integer()), (later, rank) => {
        const held = firings(0, 5, 10);
        const take = (order: readonly number[]) =>
          order.reduce((state, minute) => countFiring(state, at(minute), rule), held);
        const shuffled = [...later].sort((a, b) => rank(a) - rank(b));
        expect(take(shuffled)).toEqual(take([...later].sort((a, b) => a - b)));
      }),
    );
  });
});
