import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError, readConfig } from "../../src/config.ts";

function read(keys: string) {
  const folder = mkdtempSync(path.join(tmpdir(), "tocsin-config-"));
  const file = path.join(folder, "tocsin.yaml");
  const model = `backend: mlflow, environments: [staging, production], ${keys}`;
  writeFileSync(file, `models: { ranker: { ${model} } }\n`);
  try {
    const ranker = readConfig({ TOCSIN_CONFIG: file }).models.find(({ name }) => name === "ranker");
    if (ranker === undefined) throw new Error("no model");
    return ranker;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const minute = 60_000;

describe("what is said of a bake, a canary and the time that a rollout may take", () => {
  test("is taken, and what is not said has its default", () => {
    expect(read("bake: {}")).toMatchObject({ holdMs: 10 * minute, timeoutMs: null });
    expect(read("bake: {}").bakes.get("staging")).toEqual({
      windowMs: 30 * minute,
      onFail: "ask",
      checks: [],
    });
    const ranker = read(
      `timeoutMinutes: 45, canary: { holdMinutes: 5 }, bake: { minutes: 60, onFail: rollback,
       checks: [{ name: errors, query: 'errors{v="{{version}}"}', max: 0.1 }],
       environments: { staging: false, production: { minutes: 15 } } }`,
    );
    expect(ranker).toMatchObject({ holdMs: 5 * minute, timeoutMs: 45 * minute });
    expect([...ranker.bakes.keys()]).toEqual(["production"]);
    expect(ranker.bakes.get("production")).toMatchObject({
      windowMs: 15 * minute,
      onFail: "rollback",
      checks: [{ name: "errors", max: 0.1, min: null, holdMs: minute }],
    });
  });

  test.each([
    ["timeoutMinutes: 0", "timeoutMinutes: is 0; must be at least 1"],
    ["timeoutMinutes: 1441", "timeoutMinutes: is 1441; must be at most 1440"],
    ["timeoutMinutes: soon", 'timeoutMinutes: is "soon"; expected a number'],
    ["canary: 10", "canary: is 10; expected a block of keys"],
    ["canary: {}", "canary.holdMinutes: is missing; expected a number"],
    ["canary: { holdMinutes: 0 }", "canary.holdMinutes: is 0; must be at least 1"],
    ["canary: { holdMinutes: 2000 }", "canary.holdMinutes: is 2000; must be at most 1440"],
    ["canary: { holdMinutes: 5, steps: 3 }", 'canary: Unrecognized key: "steps"; correct or remove it'],
    ["bake: 30", "bake: is 30; expected a block of keys"],
    ["bake: { minutes: 0 }", "bake.minutes: is 0; must be at least 1"],
    ["bake: { minutes: 2000 }", "bake.minutes: is 2000; must be at most 1440"],
    ["bake: { onFail: page }", 'bake.onFail: is "page"; expected one of "ask", "rollback"'],
    ["bake: { window: 3 }", 'bake: Unrecognized key: "window"; correct or remove it'],
    ["bake: { environments: { prod: false } }", 'no environment "prod"; it has staging, production'],
    [
      "bake: { environments: { staging: true } }",
      "bake.environments.staging: is true; expected false or a block of keys",
    ],
    [
      "bake: { environments: { staging: { minutes: 0 } } }",
      "environments.staging.minutes: is 0; must be at least 1",
    ],
  ])("as %s is refused with the value and what to write", (keys, words) => {
    expect(() => read(keys)).toThrow(ConfigError);
    expect(() => read(keys)).toThrow(words);
  });

  test.each([
    ["query: up, max: 1", "checks.0.name: is missing; expected text"],
    ['name: "", query: up, max: 1', "checks.0.name: has 0 characters; must be at least 1"],
    ["name: a, max: 1", "checks.0.query: is missing; expected text"],
    ["name: a, query: 'up{a=\"{{modl}}\"}', max: 1", "has {{modl}}"],
    ["name: a, query: up", "checks.0: needs max or min"],
    ["name: a, query: up, min: 3, max: 1", "min 3 is above max 1: no value lies within; swap them"],
    ["name: a, query: up, max: high", 'checks.0.max: is "high"; expected a number'],
    ["name: a, query: up, max: 1, forSeconds: 5", "checks.0.forSeconds: is 5; must be at least 15"],
    ["name: a, query: up, max: 1, forSeconds: 7200", "checks.0.forSeconds: is 7200; must be at most 3600"],
  ])("with a check of %s is refused with the value and what to write", (check, words) => {
    expect(() => read(`bake: { checks: [{ ${check} }] }`)).toThrow(words);
  });

  test("with eleven checks is refused with the number", () => {
    const checks = Array.from({ length: 11 }, (_, n) => `{ name: c${n}, query: up, max: 1 }`);
    expect(() => read(`bake: { checks: [${checks.join(", ")}] }`)).toThrow("has more than 10 checks");
  });
});

describe("what a gate asks for", () => {
  test("is taken; tags are texts", () => {
    const { gates } = read("bake: {}, gates: [{ bakedIn: staging, tags: { signed: true, level: 3 } }]");
    expect(gates[0]).toMatchObject({
      bakedIn: "staging",
      tags: { signed: "true", level: "3" },
      servedIn: null,
    });
  });

  test.each([
    ["gates: [{ bakedIn: prod }]", 'names the environment "prod"; ranker has staging, production'],
    [
      "gates: [{ bakedIn: staging }]",
      'gates.0.bakedIn: nothing is watched in "staging"; set models.ranker.bake',
    ],
    ["bake: { environments: { staging: false } }, gates: [{ bakedIn: staging }]", "not to false there"],
    ["gates: [{ tags: [signed] }]", "gates.0.tags: is a list; expected a block of keys"],
    [
      "gates: [{ tags: { a: [b] } }]",
      "gates.0.tags.a: is a list; expected text or true or false or a number",
    ],
    ["gates: [{ servedIn: { environment: staging, hours: 0 } }]", "hours: is 0; must be more than 0"],
  ])("as %s is refused with the value and what to write", (keys, words) => {
    expect(() => read(keys)).toThrow(words);
  });
});

test("a number where a secret is expected is not repeated", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "tocsin-config-"));
  const file = path.join(folder, "tocsin.yaml");
  writeFileSync(file, "people: { ada: { name: 48151623, roles: [sre] } }\n");
  expect(() => readConfig({ TOCSIN_CONFIG: file })).toThrow("people.ada.name: is a number; expected text");
  rmSync(folder, { recursive: true, force: true });
});
