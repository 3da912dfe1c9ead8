import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePattern } from "../../../src/domain/suppression/pattern.ts";

function matches(pattern: string, value: string): boolean | string {
  const compiled = compilePattern(pattern);
  return compiled.kind === "pattern" ? compiled.regex.test(value) : compiled.why;
}

/** Each as Go's regexp package answers for `^(?:pattern)$`. */
const asInRe2: readonly (readonly [pattern: string, value: string, isMatch: boolean])[] = [
  ["(?i)critical", "CRITICAL", true],
  ["(?i)critical|high", "High", true],
  ["^(?i)critical$", "Critical", true],
  ["(?is)a.b", "A\nB", true],
  ["a.b", "a\nb", false],
  ["a.b", "a\rb", true],
  ["10(\\.[0-9]{1,3}){3}", "10.1.22.333", true],
  ["10(\\.[0-9]{1,3}){3}", "10.1.22", false],
  ["(\\d{1,3}\\.){3}\\d{1,3}", "10.0.0.1", true],
  ["([a-f0-9]{1,4}:){7}[a-f0-9]{1,4}", "fe80:0:0:0:1:2:3:4", true],
  ["(\\d{3}-)+x", "123-456-x", true],
  ["web\\-1", "web-1", true],
  ["a\\_b\\/c\\@d", "a_b/c@d", true],
  ["[\\w-.]+", "a-b.c", true],
  ["[]a]+", "a]", true],
  ["[^]a]", "]", false],
  ["[a-]+", "a-", true],
  ["[[:alpha:]]+-[[:digit:]]", "web-1", true],
  ["[^[:^digit:]]", "1", true],
  ["[^[:^digit:]]", "x", false],
  ["[\\S]", "\u00a0", true],
  ["\\s", "\u00a0", false],
  ["\\pL+", "\u00e9a", true],
  ["\\p{Greek}", "\u03bb", true],
  ["\\P{^Lu}", "A", true],
  ["\\x41\\x{1F600}", "A\u{1f600}", true],
  ["\\Aa\\z", "a", true],
  ["\\Qa.b\\E+", "a.bb", true],
  ["\\Qa.b\\E", "axb", false],
  ["(?P<env>prod|test)-.*", "prod-1", true],
  ["a{,2}", "a{,2}", true],
  ["{x}", "{x}", true],
  ["x]", "x]", true],
];

describe("a pattern as Alertmanager takes it", () => {
  test.each(asInRe2)("%j on %j: %s", (pattern, value, isMatch) => {
    expect(matches(pattern, value)).toBe(isMatch);
  });

  test.each(["(?!test).*", "(?<!a)b", "\\u0041"])("%s, which only JavaScript has, is taken", (pattern) => {
    expect(compilePattern(pattern).kind).toBe("pattern");
  });

  test("punctuation that is escaped stands for itself, in brackets and outside", () => {
    const signs = Array.from("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
    for (const sign of signs) {
      expect(matches(`\\${sign}`, sign)).toBe(true);
      expect(matches(`[a\\${sign}b]`, sign)).toBe(true);
      expect(matches(`\\Q${sign}\\E`, sign)).toBe(true);
    }
  });
});

describe("a pattern that may take too long", () => {
  test.each([
    "(x+)+",
    "(a*)*b",
    "((x+)y?)+",
    "(?:a|b+)*",
    "([0-9]{1,3})*",
    "(\\.[0-9]{1,3})+",
    "((a{1,30}){1,30}){1,30}",
    "(.*a){20}",
    "(x+){4}y",
    "(\\d+\\.){3}\\d+",
    "(x{2,}y)*",
  ])("%s is refused", (pattern) => {
    expect(matches(pattern, "x")).toContain("what holds a repeat itself");
  });

  test.each(["(a{1,3}){10}b", "(a{1,4}){8}b", "(a{1,2}){16}b"])("%s is taken, and is quick", (pattern) => {
    const begun = performance.now();
    expect(matches(pattern, "a".repeat(1_000))).toBe(false);
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  test("is found also among brackets and escapes that only look like repeats", () => {
    expect(matches("(a\\+)+", "a+a+")).toBe(true);
    expect(matches("([+*])+", "+*")).toBe(true);
    expect(matches("(a[)]+)+", "a)")).toContain("what holds a repeat itself");
    expect(matches("(a\\)+)+", "a)")).toContain("what holds a repeat itself");
  });

  test("any text is compiled or refused, and says why", () => {
    const piece = fc.constantFrom(
      "(",
      ")",
      "[",
      "]",
      "{",
      "}",
      "*",
      "+",
      "?",
      "|",
      "\\",
      "^",
      "-",
      "a",
      "1",
      ",",
      ":",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const compiled = compilePattern(pieces.join(""));
        if (compiled.kind === "refused") expect(compiled.why.length).toBeGreaterThan(10);
      }),
    );
  });
});
