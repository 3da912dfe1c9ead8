import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  fillFields,
  fillText,
  isPlainValue,
  oddValue,
  type TemplateValues,
  unknownPlaceholder,
} from "../../../src/domain/rollout/operation-template.ts";

const values: TemplateValues = {
  operationId: "op-1",
  kind: "retrain",
  model: "scorer",
  environment: "production",
  from: "1",
  to: null,
  manifest: {
    commit: "4f2a",
    data: "transactions@2026-03-01",
    parameters: { depth: "7" },
    seed: null,
    image: null,
    rerunOf: null,
  },
  fence: 41,
};

describe("a template", () => {
  test.each([
    ["{model}-{environment}", { kind: "text", text: "scorer-production" }],
    ["at {manifest.commit}", { kind: "text", text: "at 4f2a" }],
    ["{manifest.parameters}", { kind: "text", text: '{"depth":"7"}' }],
    ["{manifest.parameters.depth}", { kind: "text", text: "7" }],
    ["{manifest.seed}", { kind: "nothing" }],
    ["{manifest.parameters.width}", { kind: "nothing" }],
    ["seed={manifest.seed}", { kind: "missing", placeholder: "manifest.seed" }],
    ["{version}", { kind: "nothing" }],
    ["no placeholder: {}", { kind: "text", text: "no placeholder: {}" }],
  ])("%s becomes %o", (text, filled) => {
    expect(fillText(text, values)).toEqual(filled);
  });

  test.each([
    ["{version}", null],
    ["{manifest.commit}", null],
    ["{manifest.parameters.a}", null],
    ["{manifest.parameters.}", "manifest.parameters."],
    ["{vresion}", "vresion"],
    ["{manifest.owner}", "manifest.owner"],
  ])("%s holds the unknown placeholder %s", (text, unknown) => {
    expect(unknownPlaceholder(text)).toBe(unknown);
  });

  test("never fills what a value holds", () => {
    fc.assert(
      fc.property(fc.string(), (model) => {
        expect(fillText("<{model}>", { ...values, model })).toEqual({ kind: "text", text: `<${model}>` });
      }),
    );
  });

  test("of many fields leaves out those without a value, and names the one that cannot be", () => {
    expect(fillFields({ a: "{model}", b: "{manifest.seed}" }, values)).toEqual({
      kind: "fields",
      fields: { a: "scorer" },
    });
    expect(fillFields({ a: "seed {manifest.seed}" }, values)).toMatchObject({ kind: "missing", field: "a" });
  });
});

test("an operation with an odd version is named with it", () => {
  expect(oddValue(values)).toBeNull();
  expect(oddValue({ ...values, to: "2; rm -rf ." })?.problem).toContain('"2; rm -rf ."');
});

test.each([
  ["1.2.3", true],
  ["models/scorer@sha256:ab", true],
  ["-x", false],
  ["--force", false],
  ["a b", false],
  ["a\nb", false],
  ["$(id)", false],
  ["", false],
])("%j may stand as an argument: %s", (text, expected) => {
  expect(isPlainValue(text)).toBe(expected);
});
