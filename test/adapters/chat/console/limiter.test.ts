import { expect, test } from "vitest";
import { createLimiter } from "../../../../src/adapters/chat/console/limiter.ts";

const at = (ms: number) => new Date(1_000_000 + ms);

test("what is above the limit waits until the window ends", () => {
  const limiter = createLimiter({ limit: 2, windowMs: 1_000, maxKeys: 10 });
  expect(limiter.take("a", at(0))).toBe(0);
  expect(limiter.take("a", at(100))).toBe(0);
  expect(limiter.take("a", at(400))).toBe(600);
  expect(limiter.waitMs("a", at(999))).toBe(1);
  expect(limiter.take("a", at(1_000))).toBe(0);
  expect(limiter.waitMs("a", at(1_001))).toBe(0);
});

test("one key does not use up another's", () => {
  const limiter = createLimiter({ limit: 1, windowMs: 1_000, maxKeys: 10 });
  expect([limiter.take("a", at(0)), limiter.take("b", at(0)), limiter.take("a", at(1))]).toEqual([0, 0, 999]);
});

test("asking counts nothing", () => {
  const limiter = createLimiter({ limit: 1, windowMs: 1_000, maxKeys: 10 });
  expect([limiter.waitMs("a", at(0)), limiter.waitMs("a", at(0)), limiter.take("a", at(0))]).toEqual([
    0, 0, 0,
  ]);
});

test("memory is bounded: the key whose window began first is forgotten", () => {
  const limiter = createLimiter({ limit: 1, windowMs: 1_000, maxKeys: 2 });
  for (const key of ["a", "b", "c"]) limiter.take(key, at(0));
  expect([limiter.waitMs("a", at(1)), limiter.waitMs("b", at(1)), limiter.waitMs("c", at(1))]).toEqual([
    0, 999, 999,
  ]);
});
