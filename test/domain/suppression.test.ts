import { describe, expect, test } from "vitest";
import {
  formatMatcher,
  matchesAll,
  muteOf,
  parseMatcher,
  type Silence,
} from "../../src/domain/suppression.ts";
import { at } from "./build.ts";

function silence(given: Partial<Silence> = {}): Silence {
  return {
    id: 1,
    matchers: [{ name: "service", op: "=", value: "web" }],
    reason: "deploying",
    createdBy: "oncall",
    startsAt: at(0),
    endsAt: at(60),
    createdAt: at(0),
    ...given,
  };
}

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

describe("a silence", () => {
  const web = { service: "web" };

  test("mutes with its reason while it lasts, its end excluded", () => {
    expect(muteOf(web, [silence()], at(59))?.because).toBe(
      "silence 1 by oncall until 2026-03-01 11:00 UTC: deploying",
    );
    expect(muteOf(web, [silence()], at(60))).toBeNull();
    expect(muteOf(web, [silence({ startsAt: at(5) })], at(4))).toBeNull();
    expect(muteOf({ service: "api" }, [silence()], at(1))).toBeNull();
  });

  test("of two the one that lasts longer is named", () => {
    expect(muteOf(web, [silence({ id: 1 }), silence({ id: 2, endsAt: at(90) })], at(1))?.id).toBe(2);
  });
});
