import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { duration, link, oneLine, safeUrl, truncate } from "../../src/domain/view.ts";

describe("text from outside", () => {
  test("is one line without control, bidirectional and zero-width characters", () => {
    expect(oneLine("a\u0000b\nc\u202Ed\u200Be\u2028f\tg", 100)).toBe("a b c d e f g");
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(oneLine(text, 50)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  test("is cut with an ellipsis and never within a character", () => {
    expect(truncate("abcdef", 4)).toBe("abc…");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 20 }), (text, max) => {
        const cut = truncate(text, max);
        expect(cut.length).toBeLessThanOrEqual(max);
        expect(cut.isWellFormed()).toBe(text.isWellFormed());
      }),
    );
  });
});

test.each([
  ["https://example.org/x?y=1", "https://example.org/x?y=1"],
  ["http://example.org", "http://example.org/"],
  ["javascript:alert(1)", null],
  ["https://user:pass@example.org", null],
  ["/relative", null],
  ["data:text/html,x", null],
  [`https://example.org/${"x".repeat(2001)}`, null],
])("the address %s is safe as %s", (url, safe) => {
  expect(safeUrl(url)).toBe(safe);
  expect(link("x", url).url ?? null).toBe(safe);
});

test.each([
  [0, "0 s"],
  [-5, "0 s"],
  [59_000, "59 s"],
  [60_000, "1 min"],
  [7_500_000, "2 h 5 min"],
  [90_000_000, "1 d 1 h"],
])("%s ms reads %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});
