import { describe, expect, test } from "vitest";
import { redact } from "../../../src/domain/text/redaction.ts";
import { afterCut, endOf, startOf } from "../../../src/domain/text/whole-words.ts";

describe("text cut before secrets are looked for", () => {
  test.each([
    ["one two three", 13, "one two three"],
    ["one two three", 12, "one two …"],
    ['{"a":"one"}', 8, '{"a":"…'],
    ["x".repeat(50), 20, "…"],
  ])("%s within %i characters from its start", (text, max, kept) => {
    expect(startOf(text, max)).toBe(kept);
  });

  test.each([
    ["one two three", 13, "one two three"],
    ["one two three", 8, "… three"],
    ["x".repeat(50), 20, "…"],
  ])("%s within %i characters from its end", (text, max, kept) => {
    expect(endOf(text, max)).toBe(kept);
  });

  test("the first word after a cut may be half of one", () => {
    expect(afterCut("x2k4q failed")).toBe("… failed");
  });

  test("no cut leaves a part of a secret, wherever it falls (issue 3)", () => {
    const secret = Array.from({ length: 20 }, (_, index) => `Zq${index}`).join("");
    const text = `dial failed: postgres://app:${secret}@db refused, again`;
    for (let max = 1; max < text.length; max += 1)
      for (const cut of [startOf(text, max), endOf(text, max)])
        expect(redact(cut).text).not.toMatch(/Zq\d+Zq/);
  });

  test("a text without blanks takes no time", () => {
    const started = performance.now();
    startOf("x".repeat(1_000_000), 999_999);
    endOf("x".repeat(1_000_000), 999_999);
    expect(performance.now() - started).toBeLessThan(500);
  });
});
