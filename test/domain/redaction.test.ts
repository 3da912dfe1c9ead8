import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { redact } from "../../src/domain/redaction.ts";
import { secretSamples } from "../fixtures/secrets.ts";

describe("secrets", () => {
  test("the table holds at least forty kinds", () => {
    expect(new Set(secretSamples().map((sample) => sample.name)).size).toBeGreaterThanOrEqual(40);
  });

  test.each(secretSamples())("$name is removed", ({ text, secret }) => {
    expect(text).toContain(secret);
    const { text: clean, kinds } = redact(text);
    expect(clean).not.toContain(secret);
    expect(clean).toContain("[redacted ");
    expect(kinds.length).toBeGreaterThan(0);
  });

  test.each(secretSamples())("$name is removed in the middle of JSON", ({ text, secret }) => {
    const { text: clean } = redact(JSON.stringify({ summary: text, next: "stays" }));
    expect(clean).not.toContain(JSON.stringify(secret).slice(1, -1));
  });

  test("what surrounds a secret stays", () => {
    const { text } = redact(
      "checkout cannot reach postgres://app:hunter2@db.internal:5432/orders since 10:02",
    );
    expect(text).toBe(
      "checkout cannot reach postgres://app:[redacted connection password]@db.internal:5432/orders since 10:02",
    );
  });

  test("a value equal to its name is removed, and the name stays", () => {
    expect(redact("db_pass=pass").text).toBe("db_pass=[redacted secret]");
  });

  test("removing twice changes nothing more", () => {
    for (const { text } of secretSamples()) {
      const once = redact(text).text;
      expect(redact(once).text).toBe(once);
    }
  });
});

describe("ordinary text", () => {
  test.each([
    "HighErrorRate on checkout: 5xx ratio 12.5 % for 5m (threshold 1 %)",
    "pod checkout-7d9f8b6c5d-x2k4q restarted 4 times in 10 minutes",
    "commit 3f2a9c1b7d8e4f60a1b2c3d4e5f60718293a4b5c deployed to production",
    "trace 4bf92f3577b34da6a3ce929d0e0e4736 took 1203 ms",
    "request 123e4567-e89b-12d3-a456-426614174000 failed at 2026-01-05T08:05:51.020Z",
    "node ip-10-0-12-7.eu-west-1.compute.internal is NotReady",
    "max_tokens=4096, 1200 tokens used, tokenizer: bpe",
    "by design: queue depth 12000000 over 5 minutes",
    "token is expired, password: required, secret=none",
    "https://grafana.example.org/d/abc/def?orgId=1&from=1700000000000&to=1700000360000",
    "disk /var/lib/postgresql is 93% full; 1234567890123 bytes free of 98765432109876",
    "basic authentication and bearer authentication are both refused",
  ])("%s", (text) => {
    expect(redact(text)).toEqual({ text, kinds: [] });
  });
});

describe("contacts", () => {
  const text = "call +49 30 1234567 or write to oncall@example.org about 10.0.0.1:8080 at 10:02";

  test("are kept unless asked for", () => {
    expect(redact(text).text).toBe(text);
  });

  test("are removed on request", () => {
    expect(redact(text, "remove").text).toBe(
      "call [redacted telephone number] or write to [redacted e-mail address] about 10.0.0.1:8080 at 10:02",
    );
  });
});

test("hostile text of a hundred thousand characters takes well under a second", () => {
  const hostile = [
    "a".repeat(100_000),
    "password".repeat(12_500),
    "key-".repeat(25_000),
    "-----BEGIN PRIVATE KEY-----".repeat(3_700),
    "a://b:".repeat(16_000),
    "1 ".repeat(50_000),
    "secret ".repeat(14_000),
    "eyJaaaaaa.".repeat(10_000),
    randomBytes(75_000).toString("base64"),
  ];
  for (const text of hostile) {
    const started = performance.now();
    redact(text, "remove");
    expect(performance.now() - started).toBeLessThan(1_500);
  }
});
