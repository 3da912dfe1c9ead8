import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonOf, parseJson, parseJsonText } from "../../../src/domain/text/json.ts";

function read(text: string): unknown {
  const result = parseJsonText(text);
  if (result.kind === "invalid") throw new Error(result.problem);
  return result.value;
}

test.each([
  ["1502709956288000110", "1502709956288000110"],
  ["-9007199254740993", "-9007199254740993"],
  ["9007199254740991", 9007199254740991],
  ["0.1234567890123456789", Number("0.1234567890123456789")],
  ["1e21", 1e21],
  ["12345678901234567.5", Number("12345678901234567.5")],
  ['"9007199254740993"', "9007199254740993"],
  ['{"a\\"1234567890123456789": 1234567890123456789}', { 'a"1234567890123456789': "1234567890123456789" }],
  [
    '["x\\\\", 1234567890123456789, "\\"1234567890123456789"]',
    ["x\\", "1234567890123456789", '"1234567890123456789'],
  ],
])("reads %s without losing a digit", (text, value) => {
  expect(read(text)).toEqual(value);
});

test.each([
  ["", "empty"],
  ["  \n", "empty"],
  ["{", "not JSON"],
  ["01234567890123456789", "not JSON"],
  ['{"a": 12345678901234567890x}', "not JSON"],
  ['["unterminated 12345678901234567890', "not JSON"],
  ["NaN", "not JSON"],
])("refuses %j as %s", (text, problem) => {
  expect(parseJsonText(text)).toMatchObject({ kind: "invalid", problem: expect.stringContaining(problem) });
});

test("agrees with JSON.parse but for whole numbers that it cannot hold", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const expected: unknown = JSON.parse(text, (_name, value: unknown) =>
        Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(Number(value)) < 1e21
          ? String(value)
          : value,
      );
      expect(read(text)).toEqual(expected);
    }),
  );
});

test("takes a byte order mark, and bytes that are not UTF-8", () => {
  expect(parseJson(Buffer.from("\ufeff[1]"))).toEqual({ kind: "json", value: [1] });
  expect(parseJson(Buffer.from([0x22, 0xff, 0x22]))).toEqual({ kind: "json", value: "\ufffd" });
});

test("reads only the bytes it is given of a larger buffer", () => {
  const pool = Buffer.from("xx[1]yy");
  expect(parseJson(pool.subarray(2, 5))).toEqual({ kind: "json", value: [1] });
});

test("of a key that occurs twice the last value stands, and __proto__ pollutes nothing", () => {
  expect(read('{"a": 1, "a": 2, "big": 9007199254740993}')).toEqual({ a: 2, big: "9007199254740993" });
  const value = read('{"__proto__": {"polluted": 1}, "big": 9007199254740993}');
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
});

test("reads any depth, and digits without end in linear time", () => {
  expect(parseJsonText(`${"[".repeat(100_000)}${"]".repeat(100_000)}`).kind).toBe("json");
  const startedAt = performance.now();
  expect(parseJsonText(`"${'\\"1'.repeat(300_000)}${"1".repeat(300_000)}`).kind).toBe("invalid");
  expect(parseJsonText(`["${'\\"1'.repeat(300_000)}", ${"1".repeat(300_000)}]`).kind).toBe("json");
  expect(performance.now() - startedAt).toBeLessThan(3_000);
});

test.each([
  ['{"state":"ok"}', { state: "ok" }],
  ["[1]", [1]],
  ['"text"', "text"],
  ["null", null],
  ["", null],
  ["ready", null],
  ['{"state":', null],
])("a text that may be anything is its JSON value, or null: %s", (text, value) => {
  expect(jsonOf(text)).toEqual(value);
});
