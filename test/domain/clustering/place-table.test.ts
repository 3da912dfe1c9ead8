import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createPlaceTable, hashOf } from "../../../src/domain/clustering/place-table.ts";

const steps = fc.array(
  fc.record({
    // Few that differ in their low bits alone, and many that want the same slot.
    hash: fc
      .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 6 }))
      .map(([low, high]) => low + high * 2 ** 40),
    place: fc.option(fc.nat(1_000_000), { nil: null }),
  }),
  { maxLength: 300 },
);

test("finds as a map would, whatever is put, put anew and removed", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const table = createPlaceTable();
      const plain = new Map<number, number>();
      for (const { hash, place } of list) {
        if (place === null) {
          table.remove(hash);
          plain.delete(hash);
        } else {
          table.put(hash, place);
          plain.set(hash, place);
        }
      }
      for (const { hash } of list) expect(table.find(hash)).toBe(plain.get(hash) ?? -1);
      table.clear();
      for (const { hash } of list) expect(table.find(hash)).toBe(-1);
    }),
  );
});

describe("the hash of a text", () => {
  test("is a whole number that a slot can keep", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        const hash = hashOf(text);
        expect(Number.isSafeInteger(hash) && hash > 0).toBe(true);
        expect(hashOf(`${text}`)).toBe(hash);
      }),
    );
  });

  test("differs for texts that differ little, and spreads over the slots", () => {
    const hashes = new Set<number>();
    const slots = new Set<number>();
    const count = 100_000;
    for (let index = 0; index < count; index += 1) {
      const hash = hashOf(`${index.toString(16).padStart(64, "0")}/2026-03-01T00:00:00.000Z`);
      hashes.add(hash);
      slots.add(hash % count);
    }
    expect(hashes.size).toBe(count);
    // Of so many thrown at random into as many slots, 1 - 1 / e find one that is empty.
    expect(slots.size / count).toBeCloseTo(1 - 1 / Math.E, 2);
  });
});
