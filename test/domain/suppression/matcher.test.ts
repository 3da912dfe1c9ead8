import { describe, expect, test } from "vitest";
import { formatMatcher, matchesAll, parseMatcher } from "../../../src/domain/suppression/matcher.ts";

describe("a matcher", () => {
  test.each([
    ['service="web"', { name: "service", op: "=", value: "web" }],
    ["service=web", { name: "service", op: "=", value: "web" }],
    ['severity=~"high|critical"', { name: "severity", op: "=~", value: "high|critical" }],
    ['a != "x \\"y\\""', { name: "a", op: "!=", value: 'x "y"' }],
  ])("%s is read", (text, matcher) => {
    expect(parseMatcher(text)).toEqual(matcher);
    expect(parseMatcher(formatMatcher(matcher as never))).toEqual(matcher);
  });

  test.each(["", "web", "=x", 'a=~"("', `a=~"${"x".repeat(201)}"`, 'a=~"(x+)+"', 'a=~"(a*)*b"'])(
    "%j is refused",
    (text) => {
      expect(parseMatcher(text)).toBeNull();
    },
  );

  test.each([
    ['service=~"we"', false],
    ['service=~"we.*"', true],
    ['missing=""', true],
    ['missing!="x"', true],
    ['service!~"web|api"', false],
  ])("%s on service=web is %s", (text, expected) => {
    const matcher = parseMatcher(text);
    expect(matcher !== null && matchesAll([matcher], { service: "web" })).toBe(expected);
  });
});
