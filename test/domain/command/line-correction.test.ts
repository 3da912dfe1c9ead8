import { expect, test } from "vitest";
import { withKnownFlags, withValue } from "../../../src/domain/command/line-correction.ts";
import type { CommandOption, LineShape } from "../../../src/domain/command/options.ts";

const option = (name: string, type: CommandOption["type"] = "string"): CommandOption => ({
  key: name,
  name,
  summary: name,
  type,
  isRequired: false,
  choices: [],
  maxLength: null,
});
const shape: LineShape = {
  options: [option("model"), option("environment"), option("reason"), option("check", "boolean")],
  args: ["model", "reason"],
  rest: "reason",
};

test.each([
  ["scorer --enviroment production", "scorer --environment production"],
  ["scorer --enviroment=production --chekc", "scorer --environment=production --check"],
  ["scorer —enviroment “eu west”", 'scorer --environment "eu west"'],
  ['"--chekc" --chekc', '"--chekc" --check'],
  ["scorer --zzzzzz 1", null],
  ["scorer --environment production", null],
  ["scorer --chekc --check", null],
])("%s is put right as %s", (line, corrected) => {
  expect(withKnownFlags(line, shape)).toBe(corrected);
});

test.each([
  ["scorer --environment prodution", "scorer --environment production"],
  ["scorer --environment=prodution now", "scorer --environment=production now"],
  // The same word elsewhere is not the value.
  ["prodution --environment prodution", null],
])("in %s a value is put right as %s", (line, corrected) => {
  expect(withValue(line, shape, { key: "environment", from: "prodution", to: "production" })).toBe(corrected);
});
