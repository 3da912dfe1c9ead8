import { expect, test } from "vitest";
import { createPreparing } from "../../../src/adapters/store/prepared.ts";

test("a statement is prepared once it comes for the third time", () => {
  const { isWorth } = createPreparing();
  expect(["a", "b", "a", "a", "b", "a"].map(isWorth)).toEqual([false, false, false, true, false, true]);
});

test("statements that never come again take no plans, and those that do take a bounded number", () => {
  const { isWorth } = createPreparing({ prepared: 10, counted: 50 });
  for (let number = 0; number < 1_000; number += 1) expect(isWorth(`once ${number}`)).toBe(false);
  const thrice = Array.from({ length: 30 }, (_, number) => `again ${number}`).flatMap((text) =>
    [1, 2, 3].map(() => isWorth(text)),
  );
  expect(thrice.filter((isPrepared) => isPrepared)).toHaveLength(10);
});
