import { expect, test } from "vitest";
import { createBoundedMap } from "../../../src/domain/clustering/bounded-map.ts";

test("over the limit the oldest goes that was not used again, and it is counted", () => {
  const map = createBoundedMap(3, () => ({}));
  for (const key of ["a", "b", "c", "a", "d"]) map.recall(key);
  expect(["a", "b", "c", "d"].map((key) => map.get(key) !== undefined)).toEqual([true, false, true, true]);
  expect([map.size(), map.dropped()]).toEqual([3, 1]);
});

test("what is used all the time stays, however many others come and go", () => {
  const map = createBoundedMap(10, () => ({ times: 0 }));
  for (let index = 0; index < 10_000; index += 1) {
    map.recall("often").times += 1;
    map.recall(`once ${index}`);
  }
  expect(map.recall("often").times).toBe(10_000);
  expect([map.size(), map.dropped()]).toEqual([10, 9_991]);
});

test("when all are used, the oldest goes all the same", () => {
  const map = createBoundedMap(100, () => ({}));
  for (let round = 0; round < 2; round += 1)
    for (let index = 0; index < 100; index += 1) map.recall(`${index}`);
  map.recall("another");
  expect(map.size()).toBe(100);
  expect(map.get("another")).toBeDefined();
});

test("a full map takes what is new as quickly as an empty one", () => {
  const map = createBoundedMap(50_000, () => 0);
  const startedAt = performance.now();
  for (let index = 0; index < 200_000; index += 1) map.recall(`${index}`);
  // A walk over what was deleted would take minutes.
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});
