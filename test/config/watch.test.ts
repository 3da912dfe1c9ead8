import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError, readConfig } from "../../src/config.ts";
import { ruleHash } from "../../src/domain/watch/rule.ts";

function read(yaml: string) {
  const file = path.join(mkdtempSync(path.join(tmpdir(), "tocsin-config-")), "tocsin.yaml");
  writeFileSync(file, yaml);
  return readConfig({ TOCSIN_CONFIG: file });
}
const ruleOf = (text: string) => {
  const [rule] = read(`watch: [${text}]`).watch;
  if (rule === undefined) throw new Error("no rule");
  return rule;
};
const minute = 60_000;

test("there are no rules unless they are named, and each is off unless it is switched on", () => {
  expect(read("").watch).toEqual([]);
  expect(ruleOf("{ name: a, kind: forecast, query: x, limit: 1 }").isEnabled).toBe(false);
});

test("what is not said has its default", () => {
  expect(ruleOf("{ name: a, kind: forecast, query: x, limit: 1 }")).toMatchObject({
    horizonMs: 6 * 60 * minute,
    everyMs: 5 * minute,
    patience: { raiseAfter: 3, endAfter: 6 },
    severity: "warning",
  });
  expect(ruleOf("{ name: a, kind: anomaly, query: x }")).toMatchObject({
    what: { kind: "query", query: "x" },
    everyMs: minute,
    patience: { raiseAfter: 5, endAfter: 10 },
    deviations: 5,
    direction: "both",
    timezone: "UTC",
  });
  expect(ruleOf("{ name: a, kind: anomaly, query: x, timezone: Europe/Berlin }")).toMatchObject({
    timezone: "Europe/Berlin",
  });
  expect(ruleOf("{ name: a, kind: anomaly, alerts: {} }")).toMatchObject({
    what: { kind: "alerts", labels: {} },
    everyMs: 5 * minute,
    patience: { raiseAfter: 2, endAfter: 4 },
    deviations: 4,
    direction: "up",
  });
});

test("the trouble of a limit is at it and above; at it and below where that is said, or the limit is nothing", () => {
  const withLimit = (more: string) => ruleOf(`{ name: a, kind: forecast, query: x, ${more} }`);
  expect(withLimit("limit: 0.95")).toMatchObject({ direction: "up" });
  expect(withLimit("limit: -18")).toMatchObject({ direction: "up" });
  expect(withLimit("limit: 0")).toMatchObject({ direction: "down" });
  expect(withLimit("limit: 0, direction: up")).toMatchObject({ direction: "up" });
  expect(withLimit("limit: 10, direction: down")).toMatchObject({ direction: "down" });
});

test("a backtest stands while only labels, severity, name or the switch change, and no longer", () => {
  const base = "name: a, kind: forecast, query: x, limit: 1";
  const hash = ruleHash(ruleOf(`{ ${base} }`));
  expect(
    ruleHash(
      ruleOf(
        "{ name: b, kind: forecast, query: x, limit: 1, enabled: true, severity: info, labels: { a: b } }",
      ),
    ),
  ).toBe(hash);
  for (const other of [
    "limit: 2",
    "limit: 1, horizonHours: 7",
    "limit: 1, forMinutes: 60",
    "limit: 1, direction: down",
  ])
    expect(ruleHash(ruleOf(`{ name: a, kind: forecast, query: x, ${other} }`))).not.toBe(hash);
});

describe("what is wrong is named with the remedy", () => {
  test.each([
    ["{ name: a, kind: forecast, query: x }", /watch\.0\.limit/],
    ["{ name: a, kind: anomaly }", /needs a query, or alerts/],
    [
      "{ name: a, kind: anomaly, query: x, timezone: Mars }",
      /watch\.0\.timezone.*is "Mars"; expected an IANA name, for example "Europe\/Berlin"/s,
    ],
    ["{ name: a, kind: forecast, query: x, limit: 1, timezone: UTC }", /timezone/],
    ["{ name: a, kind: anomaly, query: x, alerts: {} }", /needs a query, or alerts/],
    ["{ name: a, kind: guess, query: x }", /watch\.0\.kind/],
    ["{ name: a, kind: forecast, query: x, limit: 1, direction: both }", /watch\.0\.direction/],
    ["{ name: a, kind: forecast, query: x, limit: 1, horizon: 6 }", /Unrecognized key: "horizon"/],
    ["{ name: a, kind: anomaly, query: x }, { name: a, kind: anomaly, query: y }", /two rules of one name/],
  ])("%s", (rules, message) => {
    expect(() => read(`watch: [${rules}]`)).toThrow(ConfigError);
    expect(() => read(`watch: [${rules}]`)).toThrow(message);
  });

  test("the bot's own source is nobody's to configure", () => {
    expect(() => read("sources: { tocsin: { use: alertmanager } }")).toThrow(
      /sources\.tocsin: .* choose another/,
    );
  });
});
