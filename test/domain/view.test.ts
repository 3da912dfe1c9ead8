import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { duration, link, oneLine, safeUrl, shorten, shortenMiddle, truncate } from "../../src/domain/view.ts";

describe("text from outside", () => {
  test("is one line without control, bidirectional and zero-width characters", () => {
    expect(oneLine("a\u0000b\nc\u202Ed\u200Be\u2028f\tg", 100)).toBe("a b cde f g");
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

describe("a text that is shortened", () => {
  test.each([
    ["p99 latency of 2300 ms", 40, "p99 latency of 2300 ms"],
    ["p99 latency of 2300 ms", 21, "p99 latency of 2300 …"],
    ["p99 latency of 2300 ms", 17, "p99 latency of …"],
    ["recall 0.61, was 0.744 (18 % worse)", 28, "recall 0.61, was 0.744 …"],
    ["recall (18 % worse) on a Sunday", 24, "recall (18 % worse) on …"],
    ["a cat;\nand, a dog", 13, "a cat; and …"],
    ["abcdefghijklmnop", 8, "abcdefg…"],
    ["(nothing but a parenthesis)", 12, "(nothing bu…"],
    ["..0.a0 .0.. 00000a. a", 20, "..0.a0 .0 …"],
    ["................ end", 12, "...........…"],
  ])("%j to %i is %j", (text, max, expected) => {
    expect(shorten(text, max)).toBe(expected);
  });

  test("never halves a word or a number, and never grows beyond the mark of the cut", () => {
    const words = fc.array(fc.stringMatching(/^\.?[a-z0-9][a-z0-9.]{0,6}$/), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(words, fc.integer({ min: 20, max: 120 }), (list, max) => {
        const short = shorten(list.join(" "), max);
        expect(short.length).toBeLessThanOrEqual(max);
        const kept = short.replace(/ …$/, "").split(" ");
        const same = list.slice(0, kept.length).map((word) => word.replace(/\.+$/, ""));
        expect(kept.map((word) => word.replace(/\.+$/, ""))).toEqual(same);
      }),
    );
  });
});

test.each([
  ["checkout", "checkout"],
  ["arn:aws:ecs:eu-central-1:123456789012:service/shop/checkout", "arn:aws:ec…ervice/shop/checkout"],
])("the name %s is shortened in its middle", (name, short) => {
  expect(shortenMiddle(name, 32).length).toBeLessThanOrEqual(32);
  expect(shortenMiddle(name, 31)).toBe(short);
});
