import { describe, expect, test } from "vitest";
import {
  aliasOf,
  parseMlflowSettings,
  previousAliasOf,
} from "../../../../src/adapters/models/mlflow/settings.ts";

const url = "https://mlflow.example.com";
const environment = { MLFLOW_TOKEN: "t0ken", EMPTY: "", SPLIT: "a\nb" };
const parse = (given: unknown) => parseMlflowSettings("scorer", given, environment);

test("secrets come from the environment, and become one header", () => {
  expect(parse({ url }).authorization).toBeNull();
  expect(parse({ url, token: "env:MLFLOW_TOKEN" }).authorization).toBe("Bearer t0ken");
  const basic = { user: "tocsin", password: "env:MLFLOW_TOKEN" };
  expect(parse({ url, basic }).authorization).toBe(`Basic ${Buffer.from("tocsin:t0ken").toString("base64")}`);
});

test("what is left out has the usual value", () => {
  expect(parse({ url: "http://127.0.0.1:5000/mlflow?x=1#y" })).toEqual({
    url: "http://127.0.0.1:5000/mlflow/",
    authorization: null,
    registeredModel: "scorer",
    aliases: {},
    validation: { tag: "validation_status", value: "approved", required: false },
    monitoring: null,
    timeoutMs: 10_000,
  });
});

test.each<[string, unknown, string]>([
  ["no address", {}, "models.scorer.settings.url"],
  ["another scheme", { url: "file:///x" }, "must be the address of the server"],
  ["a password in the address", { url: "https://u:secret@h" }, "use basic"],
  ["a secret in clear text", { url, token: "t0ken" }, 'models.scorer.settings.token: must be "env:NAME"'],
  ["a variable that is not set", { url, token: "env:NOPE" }, "NOPE is not set"],
  ["a variable that is empty", { url, token: "env:EMPTY" }, "EMPTY is not set"],
  ["a value that would end the header", { url, token: "env:SPLIT" }, "the token holds"],
  [
    "two proofs",
    { url, token: "env:MLFLOW_TOKEN", basic: { user: "a", password: "env:MLFLOW_TOKEN" } },
    "not both",
  ],
  ["an alias that MLflow reads as a version", { url, aliases: { production: "v3" } }, "aliases.production"],
  ["a name with a quote", { url, registeredModel: "a' or '1" }, "registeredModel"],
  ["a key that does not exist", { url, stage: "Production" }, "stage"],
])("%s is refused, naming the setting", (_name, given, message) => {
  expect(() => parse(given)).toThrow(message);
});

test("no message holds a secret", () => {
  for (const given of [{ url: "https://u:hunter2@h" }, { url, token: "hunter2" }])
    expect(() => parse(given)).not.toThrow("hunter2");
});

describe("aliases", () => {
  test.each([
    ["production", {}, "champion", "previous"],
    ["staging", {}, "champion-staging", "previous-staging"],
    ["staging", { staging: "live" }, "live", "previous-live"],
    ["constructor", {}, "champion-constructor", "previous-constructor"],
  ])("of %s with %o are %s and %s", (place, aliases, alias, previous) => {
    expect(aliasOf({ aliases }, place)).toBe(alias);
    expect(previousAliasOf(alias)).toBe(previous);
  });
});
