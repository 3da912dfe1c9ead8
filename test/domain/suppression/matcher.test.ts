import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatMatcher,
  matcherOperators,
  matchesAll,
  parseMatcher,
  parseMatchers,
  problemText,
} from "../../../src/domain/suppression/matcher.ts";

/** What is said of a text that is not a matcher. */
function problemOf(text: string): string {
  const read = parseMatchers(text);
  return "kind" in read ? `${problemText(read)}; ${read.remedy}` : "";
}

describe("a matcher", () => {
  test.each([
    ['service="web"', { name: "service", op: "=", value: "web" }],
    ["service=web", { name: "service", op: "=", value: "web" }],
    ['severity=~"high|critical"', { name: "severity", op: "=~", value: "high|critical" }],
    ['a != "x \\"y\\""', { name: "a", op: "!=", value: 'x "y"' }],
    [' a = "x" ', { name: "a", op: "=", value: "x" }],
    ["a=", { name: "a", op: "=", value: "" }],
    ['a=""', { name: "a", op: "=", value: "" }],
    ["a=b=c", { name: "a", op: "=", value: "b=c" }],
    ['a="two\nlines"', { name: "a", op: "=", value: "two\nlines" }],
    ["job:up=1", { name: "job:up", op: "=", value: "1" }],
    // Of backslashes only those before a quote, a backslash and an n are escapes, in quotes and without.
    ['pod=~"web-\\d+"', { name: "pod", op: "=~", value: "web-\\d+" }],
    ["pod=~web-\\d+", { name: "pod", op: "=~", value: "web-\\d+" }],
    ['pod=~"web-\\\\d+"', { name: "pod", op: "=~", value: "web-\\d+" }],
    ["pod=~web-\\\\d+", { name: "pod", op: "=~", value: "web-\\d+" }],
    ['path="C:\\temp"', { name: "path", op: "=", value: "C:\\temp" }],
    ['a="\\n"', { name: "a", op: "=", value: "\n" }],
    ["a=\\n", { name: "a", op: "=", value: "\n" }],
    ["a=b\\", { name: "a", op: "=", value: "b\\" }],
    ['a=b\\"c', { name: "a", op: "=", value: 'b"c' }],
    ["it=o'clock", { name: "it", op: "=", value: "o'clock" }],
  ])("%s is read", (text, matcher) => {
    expect(parseMatcher(text)).toEqual(matcher);
    expect(parseMatcher(formatMatcher(matcher as never))).toEqual(matcher);
  });

  test.each(["", "web", "=x", 'a=~"("', `a=~"${"x".repeat(201)}"`, 'a=~"(x+)+"', 'a=~"(a*)*b"'])(
    "%j is refused",
    (text) => {
      expect(parseMatcher(text)).toMatchObject({ kind: "wrong", text });
    },
  );

  test.each([
    ["", '"" is not a matcher; write for example team="payments"'],
    ["{}", '"{}" is not a matcher; write'],
    ['a="b', 'is not a matcher: a quote is left over; put the whole value into double quotes, \\" for one'],
    ['a="b"c', "a quote is left over"],
    ['a=b"', "a quote is left over"],
    ['a="b\\"', "a quote is left over"],
    ["a='b'", "a quote is left over"],
    ['a="b" c="d"', "a comma between matchers"],
    ["team=data platform", "its value has a blank; put the value into double quotes"],
    ["pod=~web-[0-9]{1,3}", '"3}" is not a matcher'],
    ['{a="b"', "is not a matcher"],
    ['a=~"("', "its pattern is no regular expression (unterminated group)"],
    ['a=~"(x+)+"', "its pattern repeats by + what holds a repeat itself; write it without"],
    ['a=~"x(?i)y"', "its pattern has the flags (?i); only (?i) and (?s) are taken, at the start"],
    ['a=~"(?m)y"', "its pattern has the flags (?m)"],
    [`a=~"${"x".repeat(201)}"`, "its pattern has 201 characters; use at most 200"],
  ])("%s: what is wrong is said, and what to write", (text, said) => {
    expect(problemOf(text)).toContain(said);
  });

  test.each([
    ['service=~"we"', false],
    ['service=~"we.*"', true],
    ['missing=""', true],
    ['missing!="x"', true],
    ['service!~"web|api"', false],
    ['service=~"(?i)WEB"', true],
  ])("%s on service=web is %s", (text, expected) => {
    const matcher = parseMatcher(text);
    expect(!("kind" in matcher) && matchesAll([matcher], { service: "web" })).toBe(expected);
  });
});

describe("several matchers in one text", () => {
  const a = { name: "alertname", op: "=", value: "NodeDown" };
  const b = { name: "cluster", op: "=~", value: "a,b" };

  test.each([
    ['alertname="NodeDown",cluster=~"a,b"', [a, b]],
    ['{alertname="NodeDown", cluster=~"a,b"}', [a, b]],
    [' { alertname = "NodeDown" , cluster =~ "a,b" , } ', [a, b]],
    ["alertname=NodeDown", [a]],
    ["{alertname=NodeDown}", [a]],
    [
      'quote="She said: \\"Hi, ladies!\\"",x=y',
      [
        { name: "quote", op: "=", value: 'She said: "Hi, ladies!"' },
        { name: "x", op: "=", value: "y" },
      ],
    ],
    ['pod=~"web-[0-9]{1,3}"', [{ name: "pod", op: "=~", value: "web-[0-9]{1,3}" }]],
    ["pod=~web-[0-9]{2}", [{ name: "pod", op: "=~", value: "web-[0-9]{2}" }]],
  ])("%s", (text, matchers) => {
    expect(parseMatchers(text)).toEqual(matchers);
  });

  test("whatever the values are, they are read again as they were", () => {
    const value = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 12 }),
      fc.stringMatching(/^["\\,n{}=~!' \n\t-]{0,12}$/),
    );
    const matcher = fc.record({
      name: fc.stringMatching(/^[A-Za-z_:][A-Za-z0-9_.:-]{0,8}$/),
      op: fc.constantFrom(...matcherOperators.filter((op) => !op.endsWith("~"))),
      value,
    });
    fc.assert(
      fc.property(fc.array(matcher, { minLength: 1, maxLength: 4 }), fc.boolean(), (matchers, hasBraces) => {
        const text = matchers.map(formatMatcher).join(", ");
        expect(parseMatchers(hasBraces ? `{${text}}` : text)).toEqual(matchers);
      }),
    );
  });

  test("any text is read or refused", () => {
    const text = fc.stringMatching(/^[a=~!"\\,{}()*+ ']{0,60}$/);
    fc.assert(fc.property(text, (each) => void parseMatchers(`a=${each}`)));
  });
});
