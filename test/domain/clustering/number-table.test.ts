import fc from "fast-check";
import { expect, test } from "vitest";
import { createNumberTable } from "../../../src/domain/clustering/number-table.ts";

const steps = fc.array(
  fc.record({
    // Those that differ only beyond their lowest 32 bits want the same slot.
    key: fc
      .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 6 }))
      .map(([low, high]) => low + high * 2 ** 40),
    value: fc.option(fc.nat(1_000_000), { nil: null }),
  }),
  { maxLength: 300 },
);

test("finds as a map would, whatever is put, put anew and removed", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const table = createNumberTable();
      const plain = new Map<number, number>();
      for (const { key, value } of list) {
        if (value === null) {
          table.remove(key);
          plain.delete(key);
        } else {
          table.put(key, value);
          plain.set(key, value);
        }
      }
      for (const { key } of list) expect(table.find(key)).toBe(plain.get(key) ?? -1);
      table.clear();
      for (const { key } of list) expect(table.find(key)).toBe(-1);
    }),
  );
});
