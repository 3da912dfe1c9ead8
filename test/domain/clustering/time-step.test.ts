import { expect, test } from "vitest";
import { sharedStepMs } from "../../../src/domain/clustering/time-step.ts";

const at = (text: string) => Date.parse(`2026-03-01T${text}Z`);

test.each([
  ["10:05:00", "10:10:00", 300_000],
  ["10:05:00", "10:05:00", 0],
  ["10:05:00", "10:11:00", 0],
  ["10:05:00.500", "10:10:00.500", 0],
])("two starts at %s and %s may seem %s ms apart only by their monitor", (a, b, step) => {
  expect(sharedStepMs(at(a), at(b))).toBe(step);
});
