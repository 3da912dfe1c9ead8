import { expect, test } from "vitest";
import { pinsSchema } from "../../src/config/pins.ts";

test.each<[unknown, unknown]>([
  [undefined, { slack: ["pushpin"], discord: [] }],
  [{ discord: ["📌"] }, { slack: ["pushpin"], discord: ["📌"] }],
  [
    { slack: [], discord: ["our_pin"] },
    { slack: [], discord: ["our_pin"] },
  ],
])("pins of %j are %j", (given, read) => {
  expect(pinsSchema.parse(given)).toEqual(read);
});

test.each([
  [{ slack: [":pushpin:"] }, "without colons"],
  [{ discord: ["<:our_pin:123>"] }, "the emoji itself"],
  [{ teams: ["x"] }, "teams"],
])("%j is refused, and what would do is said", (given, words) => {
  const read = pinsSchema.safeParse(given);
  expect(read.success).toBe(false);
  expect(read.error?.message).toContain(words);
});
