import fc from "fast-check";
import { expect, test } from "vitest";
import { hashOf } from "../../../src/domain/clustering/text-hash.ts";

test("is a whole number that a slot can keep", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      const hash = hashOf(text, 7);
      expect(Number.isSafeInteger(hash) && hash > 0).toBe(true);
      expect(hashOf(`${text}`, 7)).toBe(hash);
      expect(hashOf(text, 8)).not.toBe(hash);
    }),
  );
});

test("differs for texts that differ little, and spreads over the slots", () => {
  const hashes = new Set<number>();
  const slots = new Set<number>();
  const count = 100_000;
  for (let index = 0; index < count; index += 1) {
    const hash = hashOf(`${index.toString(16).padStart(64, "0")}/2026-03-01T00:00:00.000Z`, 0);
    hashes.add(hash);
    slots.add(hash % count);
  }
  expect(hashes.size).toBe(count);
  // Of so many thrown at random into as many slots, 1 - 1 / e find one that is empty.
  expect(slots.size / count).toBeCloseTo(1 - 1 / Math.E, 2);
});
