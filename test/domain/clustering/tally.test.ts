import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createTally, createTallyBook } from "../../../src/domain/clustering/tally.ts";

const widthMs = 60_000;
const most = 5;

/** What a tally says, worked out from all that was added, each time anew. */
function countOf(times: readonly number[], from: number, until: number): number {
  let newest = Number.NEGATIVE_INFINITY;
  const kept: number[] = [];
  for (const bucket of times.map((at) => Math.floor(at / widthMs))) {
    if (bucket <= newest - most) continue;
    newest = Math.max(newest, bucket);
    kept.push(bucket);
  }
  const [low, high] = [Math.ceil(from / widthMs), Math.floor(until / widthMs)];
  return kept.filter((bucket) => bucket > newest - most && bucket >= low && bucket < high).length;
}

const minute = fc.integer({ min: 0, max: 12 });
const steps = fc.array(
  fc.record({
    place: fc.integer({ min: 0, max: 40 }),
    at: fc.integer({ min: 0, max: 12 * widthMs }),
    asked: fc.record({ from: minute, until: minute }),
  }),
  { maxLength: 60 },
);

test("what was counted at each place is counted there alone, in whole buckets, the last ones only", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const book = createTallyBook(widthMs, most);
      const times = new Map<number, number[]>();
      for (const { place, at, asked } of list) {
        const known = times.get(place) ?? [];
        times.set(place, known);
        known.push(at);
        book.add(place, at);
        const [from, until] = [asked.from * widthMs - 1, asked.until * widthMs + 1];
        for (const [other, theirs] of times)
          expect(book.between(other, from, until)).toBe(countOf(theirs, from, until));
      }
    }),
  );
});

describe("one tally", () => {
  test("says which is the first of its bucket", () => {
    const tally = createTally(widthMs, most);
    expect([0, 10, widthMs, 20].map(tally.add)).toEqual([true, false, true, false]);
  });

  test("does not count what is too old, nor a time that nothing can have begun at", () => {
    const tally = createTally(widthMs, most);
    const times = [10 * widthMs, 5 * widthMs, -1, Date.parse("0001-01-01"), Date.parse("9999-01-01")];
    expect(times.map(tally.add)).toEqual([true, false, false, false, false]);
    expect(tally.between(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)).toBe(1);
  });
});

test("a place that was cleared counts from nothing, also what was asked before", () => {
  const book = createTallyBook(widthMs, most);
  book.add(3, 0);
  expect(book.between(3, 0, widthMs)).toBe(1);
  book.clear(3);
  expect(book.between(3, 0, widthMs)).toBe(0);
  book.add(3, 0);
  expect(book.between(3, 0, widthMs)).toBe(1);
});
