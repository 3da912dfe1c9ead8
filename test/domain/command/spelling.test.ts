import fc from "fast-check";
import { expect, test } from "vitest";
import { closest, editDistance } from "../../../src/domain/command/spelling.ts";

const commands = [
  "ack",
  "approve",
  "audit",
  "cancel",
  "deny",
  "deploy",
  "incidents",
  "resolve",
  "rollback",
  "silence",
];

test.each([
  ["deplyo", "deploy"],
  ["DEPLOY", "deploy"],
  ["depoy", "deploy"],
  ["aprove", "approve"],
  ["akc", "ack"],
  ["incident", "incidents"],
  ["inc", "incidents"],
  ["roll", "rollback"],
  ["rollbakc", "rollback"],
  ["xyzzy", null],
  ["terraform", null],
  ["", null],
])("%j is taken for %j", (typed, meant) => {
  expect(closest(typed, commands)).toBe(meant);
});

test("with nothing to choose from there is no suggestion", () => {
  expect(closest("deploy", [])).toBeNull();
});

test.each([
  ["", "", 0],
  ["abc", "abc", 0],
  ["abc", "acb", 1],
  ["abc", "ab", 1],
  ["kitten", "sitting", 3],
  ["ca", "abc", 3],
])("from %j to %j there are %i steps", (a, b, steps) => {
  expect(editDistance(a, b)).toBe(steps);
});

test("the distance is symmetric, and zero only for equal texts", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b) === 0).toBe(a === b);
    }),
  );
});
