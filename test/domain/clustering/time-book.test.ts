import fc from "fast-check";
import { expect, test } from "vitest";
import { createTimeBook } from "../../../src/domain/clustering/time-book.ts";

const most = 5;
const adds = fc.array(
  fc.record({ key: fc.constantFrom("a", "b", "c"), at: fc.integer({ min: 0, max: 60 }) }),
  { maxLength: 40 },
);
const span = fc.record({ from: fc.integer({ min: -5, max: 60 }), until: fc.integer({ min: -5, max: 65 }) });

test("answers as plain lists of the newest times would", () => {
  fc.assert(
    fc.property(adds, span, fc.integer({ min: 0, max: 20 }), (list, { from, until }, nearMs) => {
      const book = createTimeBook(10, most);
      const plain = new Map<string, number[]>();
      for (const { key, at } of list) {
        book.add(key, at);
        const times = [...(plain.get(key) ?? []), at].sort((a, b) => a - b);
        plain.set(key, times.slice(-most));
      }
      for (const [key, times] of plain) {
        const place = book.find(key);
        if (place === null) throw new Error(`${key} is not in the book`);
        const within = times.filter((time) => time > from && time < until);
        expect(book.oldest(place)).toBe(times[0]);
        expect(book.countBetween(place, from, until)).toBe(within.length);
        for (const [other, others] of plain) {
          const near = within.filter((time) =>
            others.some((that) => Math.abs(that - time) <= nearMs && that < until),
          );
          expect(book.countNear(place, book.find(other) ?? -1, { from, until, nearMs })).toBe(near.length);
        }
      }
      expect(book.size()).toBe(plain.size);
    }),
    { numRuns: 400 },
  );
});

test("marks stay with their times while others come in before, after and beyond what is remembered", () => {
  const marked = fc.array(fc.record({ at: fc.integer({ min: 0, max: 30 }), isMarked: fc.boolean() }), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(marked, span, (list, { from, until }) => {
      const book = createTimeBook(10, most);
      let plain: { at: number; isMarked: boolean }[] = [];
      for (const entry of list) {
        const place = book.add("a", entry.at);
        plain = [...plain, { at: entry.at, isMarked: false }].sort((a, b) => a.at - b.at).slice(-most);
        if (!entry.isMarked) continue;
        book.mark(place, entry.at);
        const first = plain.find(({ at, isMarked }) => at === entry.at && !isMarked);
        if (first !== undefined) first.isMarked = true;
      }
      const place = book.find("a");
      if (place === null) return;
      const within = plain.filter(({ at, isMarked }) => isMarked && at > from && at < until);
      expect(book.countMarkedBetween(place, from, until)).toBe(within.length);
    }),
    { numRuns: 400 },
  );
});

test("a key that is let go leaves its place empty for the next", () => {
  const book = createTimeBook(2, most);
  for (const key of ["a", "a", "b", "c", "d"]) book.add(key, 7);
  expect([book.size(), book.dropped()]).toEqual([2, 2]);
  const place = book.find("d");
  expect(place === null ? null : book.countBetween(place, 0, 10)).toBe(1);
});

test("times that make room for others are counted while somebody may ask for them", () => {
  const book = createTimeBook(2, 3, 100);
  for (const at of [0, 10, 20, 105, 109, 111]) book.add("a", at);
  // 0 is too old to be asked for when 105 comes; 10 and 20 go within their time.
  expect(book.forgotten()).toBe(2);
});
