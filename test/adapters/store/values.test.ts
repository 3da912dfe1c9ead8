import fc from "fast-check";
import { expect, test } from "vitest";
import { cleanJson, cleanText, indexable, readTime, writeTime } from "../../../src/adapters/store/values.ts";

/** Strings in which everything that PostgreSQL refuses, and what looks like it, is likely. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom("\0", "\uD800", "\uDC00", "\\", "u0000", "\\u0000", '"', "\u001f", "🔔"),
      fc.string(),
    ),
  )
  .map((parts) => parts.join(""));

const isAccepted = (text: string) => !text.includes("\0") && !/\p{Surrogate}/u.test(text);

test("a cleaned text holds nothing that PostgreSQL refuses, and is the same where nothing was", () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const cleaned = cleanText(text);
      expect(isAccepted(cleaned)).toBe(true);
      if (isAccepted(text)) expect(cleaned).toBe(text);
      expect(cleaned).toHaveLength(text.length);
    }),
  );
});

test("cleaning a JSON text is cleaning every string in it", () => {
  fc.assert(
    fc.property(hostile, hostile, (key, value) => {
      const read: unknown = JSON.parse(cleanJson(JSON.stringify([key, { value, list: [value, 1, null] }])));
      const cleaned = cleanText(value);
      expect(read).toEqual([cleanText(key), { value: cleaned, list: [cleaned, 1, null] }]);
    }),
  );
});

test("a moment comes back to the millisecond, and an absurd one as the nearest that can be kept", () => {
  const kept = fc.date({
    min: new Date("0001-01-01T00:00:00Z"),
    max: new Date("9999-12-31T23:59:59.999Z"),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(kept, (at) => {
      // As PostgreSQL writes it.
      const text = writeTime(at)
        .replace("T", " ")
        .replace(/(\.000)?Z$/, "+00");
      expect(readTime(text)).toEqual(at);
    }),
  );
  expect(readTime("2026-01-31 14:30:00.5+05:30")).toEqual(new Date("2026-01-31T09:00:00.500Z"));
  expect(writeTime(new Date(8.64e15))).toBe("9999-12-31T23:59:59.999Z");
  expect(writeTime(new Date(-8.64e15))).toBe("0001-01-01T00:00:00.000Z");
});

test("a name for an index is short, and differs where the names differ", () => {
  const long = "🔔".repeat(5_000);
  expect(indexable("short")).toBe("short");
  expect(Buffer.byteLength(indexable(long))).toBeLessThan(2_600);
  expect(indexable(long, 128).length).toBeLessThanOrEqual(128);
  expect(indexable(long)).toBe(indexable(long));
  expect(indexable(`${long}a`)).not.toBe(indexable(`${long}b`));
  expect(isAccepted(indexable(`x${long}`))).toBe(true);
});
