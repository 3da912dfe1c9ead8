import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError, type Environment, readConfig } from "../../src/config.ts";
import { templateProblem } from "../../src/domain/metrics/promql-template.ts";
import { shippedMetricQueries } from "../../src/domain/metrics/queries.ts";

function read(yaml: string, env: Environment = {}) {
  const file = path.join(mkdtempSync(path.join(tmpdir(), "tocsin-config-")), "tocsin.yaml");
  writeFileSync(file, yaml);
  return readConfig({ TOCSIN_CONFIG: file, PROMETHEUS_URL: "http://p:9090", ...env });
}

test("without an address there is nothing to ask", () => {
  expect(read("", { PROMETHEUS_URL: "" }).prometheus).toBeNull();
});

test("without settings the shipped queries are asked, without credentials", () => {
  expect(read("").prometheus).toEqual({
    url: "http://p:9090",
    auth: null,
    tenant: null,
    queries: shippedMetricQueries,
  });
  expect(
    shippedMetricQueries.map(({ query }) => templateProblem(query)).filter((problem) => problem !== null),
  ).toEqual([]);
});

test("credentials come from the environment alone", () => {
  const env = { TOKEN_OF_PROMETHEUS: "t0k" };
  expect(read("prometheus: { bearer: env:TOKEN_OF_PROMETHEUS }", env).prometheus?.auth).toEqual({
    kind: "bearer",
    token: "t0k",
  });
  expect(
    read("prometheus: { basic: { user: me, password: env:TOKEN_OF_PROMETHEUS } }", env).prometheus?.auth,
  ).toEqual({
    kind: "basic",
    user: "me",
    password: "t0k",
  });
});

test("queries of the file replace those that are shipped", () => {
  const yaml = `prometheus: { tenant: a, queries: [{ name: queue, query: 'q{app="{{service}}"}' }] }`;
  expect(read(yaml).prometheus).toMatchObject({
    tenant: "a",
    queries: [{ name: "queue", query: 'q{app="{{service}}"}', unit: "" }],
  });
});

describe("what is wrong is named with the remedy", () => {
  test.each<[string, string, Environment, RegExp]>([
    ["a token in the file", "prometheus: { bearer: hunter2 }", {}, /prometheus\.bearer: must be "env:NAME"/],
    [
      "a variable that is not set",
      "prometheus: { bearer: env:NOPE }",
      {},
      /prometheus\.bearer names .* NOPE, which is not set/,
    ],
    [
      "both kinds of credentials",
      "prometheus: { bearer: env:A, basic: { user: u, password: env:A } }",
      { A: "x" },
      /bearer or basic, not both/,
    ],
    [
      "a query without a place",
      "prometheus: { queries: [{ name: a, query: up }] }",
      {},
      /queries\.0\.query: has no \{\{service\}\}/,
    ],
    [
      "a place where a name could become code",
      "prometheus: { queries: [{ name: a, query: 'rate({{service}}_total[5m])' }] }",
      {},
      /outside of a label matcher/,
    ],
    ["an address that is none", "", { PROMETHEUS_URL: "http://[bad" }, /PROMETHEUS_URL is "http:\/\/\[bad"/],
  ])("%s", (_, yaml, env, message) => {
    expect(() => read(yaml, env)).toThrow(ConfigError);
    expect(() => read(yaml, env)).toThrow(message);
  });

  test("and no password of the address with it", () => {
    expect(() => read("", { PROMETHEUS_URL: "ftp://me:hunter2@p" })).toThrow(/ftp:\/\/…@p/);
  });
});
