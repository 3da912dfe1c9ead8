import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { alertKey, fingerprint, severityOf, worstSeverity } from "../../src/domain/alert.ts";

describe("fingerprint", () => {
  test("does not depend on the order of labels", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string(), { minKeys: 1 }), (labels) => {
        const reversed = Object.fromEntries(Object.entries(labels).reverse());
        expect(fingerprint(reversed)).toBe(fingerprint(labels));
      }),
    );
  });

  test("differs when a name ends where a value begins", () => {
    expect(fingerprint({ a: "bc" })).not.toBe(fingerprint({ ab: "c" }));
    expect(fingerprint({ a: "1", b: "2" })).not.toBe(fingerprint({ a: "1b", "": "2" }));
    expect(fingerprint({ a: "x1:b1:y" })).not.toBe(fingerprint({ a: "x", b: "y" }));
  });

  test("two different label sets never share one", () => {
    const labels = fc.dictionary(fc.string({ minLength: 1, maxLength: 4 }), fc.string({ maxLength: 4 }), {
      minKeys: 1,
      maxKeys: 3,
    });
    fc.assert(
      fc.property(labels, labels, (a, b) => {
        const same = JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
        expect(fingerprint(a) === fingerprint(b)).toBe(same);
      }),
    );
  });

  test("no labels are refused", () => {
    expect(() => fingerprint({})).toThrow(/at least one identity label/);
  });
});

test("a key names one firing", () => {
  expect(alertKey({ fingerprint: "ab", startsAt: new Date("2026-01-05T08:05:51.020Z") })).toBe(
    "ab/2026-01-05T08:05:51.020Z",
  );
});

test.each([
  ["critical", "critical"],
  ["CRIT", "critical"],
  [" page ", "critical"],
  ["P1", "critical"],
  ["error", "high"],
  ["major", "high"],
  ["warn", "warning"],
  ["none", "info"],
  ["", "warning"],
  ["banana", "warning"],
] as const)("the word %j means %s", (word, severity) => {
  expect(severityOf(word)).toBe(severity);
});

test("a missing severity counts as warning, and none at all as info", () => {
  expect(severityOf(undefined)).toBe("warning");
  expect(worstSeverity([])).toBe("info");
  expect(worstSeverity(["info", "critical", "warning"])).toBe("critical");
});
