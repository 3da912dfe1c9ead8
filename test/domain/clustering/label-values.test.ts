import { expect, test } from "vitest";
import { createLabelValues } from "../../../src/domain/clustering/label-values.ts";
import { createTallyBook } from "../../../src/domain/clustering/tally.ts";

const hourMs = 3_600_000;
const values = (max: number) => createLabelValues(max, createTallyBook(hourMs, 24));

test("equal values of different labels are counted apart", () => {
  const seen = values(10);
  seen.add("team", "core", 0);
  seen.add("team", "core", hourMs);
  seen.add("zone", "core", 0);
  expect(seen.between("team", "core", 0, 2 * hourMs)).toBe(2);
  expect(seen.between("zone", "core", 0, 2 * hourMs)).toBe(1);
  expect(seen.between("zone", "team", 0, 2 * hourMs)).toBe(0);
  expect(seen.between("unknown", "core", 0, 2 * hourMs)).toBe(0);
  expect(seen.size()).toBe(2);
});

test("over the limit, which is one for all labels, the value goes that was not seen again", () => {
  const seen = values(3);
  for (const [label, value] of [
    ["pod", "a"],
    ["team", "core"],
    ["pod", "b"],
    ["pod", "a"],
    ["zone", "eu"],
  ] as const)
    seen.add(label, value, 0);
  expect(seen.between("team", "core", 0, hourMs)).toBe(0);
  expect(seen.between("pod", "a", 0, hourMs)).toBe(2);
  expect([seen.size(), seen.dropped()]).toEqual([3, 1]);
});
