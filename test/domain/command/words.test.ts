import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { repairTyping, tokenize } from "../../../src/domain/command/words.ts";

function words(line: string): readonly unknown[] {
  const split = tokenize(line);
  if (split.kind === "unclosed_quote") return ["unclosed", split.rest];
  return split.tokens.map((token) => (token.kind === "word" ? token.text : [token.name, token.value]));
}

describe("words and flags", () => {
  test.each([
    ["12", ["12"]],
    ["  12   rolled  back ", ["12", "rolled", "back"]],
    ['"two words" one', ["two words", "one"]],
    ["'two words'", ["two words"]],
    ["don't stop", ["don't", "stop"]],
    ["'tis fixed", ["'tis", "fixed"]],
    ['say "a \\"b\\" c"', ["say", 'a "b" c']],
    ["--for 2h", [["for", null], "2h"]],
    ["--for=2h", [["for", "2h"]]],
    ['--reason="load test"', [["reason", "load test"]]],
    [
      "--dry-run --no-list",
      [
        ["dry-run", null],
        ["no-list", null],
      ],
    ],
    ["a -- --b", ["a", "--b"]],
    ['"--b"', ["--b"]],
    ["-5 --5", ["-5", "--5"]],
    ['service="a b" team=x', ['service="a b"', "team=x"]],
    ['severity=~"high|critical"', ['severity=~"high|critical"']],
    ['never "closed', ["unclosed", '"closed']],
    ['service="a b', ["unclosed", 'service="a b']],
    ["", []],
  ])("%s", (line, expected) => {
    expect(words(line)).toEqual(expected);
  });

  test("end for any line, and lose no letter of unquoted words", () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z0-9=~|.:#@/]{1,12}$/), { maxLength: 20 }), (list) => {
        expect(words(list.join("  "))).toEqual(list);
      }),
    );
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (line) => void tokenize(line)));
  });
});

test.each([
  ["resolve 12 “rolled back” —cause checkout", 'resolve 12 "rolled back" --cause checkout'],
  ["deploy x –environment staging", "deploy x --environment staging"],
  ["deploy x —-environment staging", "deploy x --environment staging"],
  ["it’s fine – really", "it's fine – really"],
  ["pre—post", "pre—post"],
  ["ack\u00a012\u200b", "ack 12"],
  ["«a» „b“", '"a" "b"'],
])("typing is repaired: %s", (typed, repaired) => {
  expect(repairTyping(typed)).toBe(repaired);
});
