import { expect, test } from "vitest";
import { maskedWords } from "../../../src/domain/text/mask.ts";

test.each([
  ["disk /dev/sda1 is 93% full on node-7", "disk <*> is <*> full on node-<*>"],
  ["connection to 10.0.3.7:5432 refused after 30s", "connection to <*> refused after <*>"],
  ["user 'o brien' not found, it's gone", "user <*> not found it's gone"],
  ["trace 4bf92f3577b34da6a3ce929d0e0e4736 failed", "trace <*> failed"],
  ["job 123e4567-e89b-12d3-a456-426614174000 died", "job <*> died"],
  ["pod cart-7d4b9c6f5d-x2x9k restarted", "pod cart-<*> restarted"],
  ["GET https://shop.example.com/items?id=7 took 1.5e3ms", "GET <*> took <*>"],
  ["at 2026-03-01T12:00:00Z: p99=2.4s (usually 0.1s)", "at <*> p<*> <*> usually <*>"],
  ["address 0xdeadbeef and fe80::1", "address <*> and <*>"],
  ["added facade decade", "added facade decade"],
  ["", ""],
])("%s becomes %s", (text, masked) => {
  expect(maskedWords(text).join(" ")).toBe(masked);
});

test("long messages are cut", () => {
  expect(maskedWords("word ".repeat(1_000)).length).toBeLessThanOrEqual(60);
});

test("a message made to be slow to read is not", () => {
  const startedAt = performance.now();
  for (const evil of ["'".repeat(5_000), "a-".repeat(3_000), ":".repeat(5_000), `"${"\\".repeat(4_000)}`])
    maskedWords(evil);
  expect(performance.now() - startedAt).toBeLessThan(200);
});
