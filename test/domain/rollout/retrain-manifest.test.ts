import { describe, expect, test } from "vitest";
import {
  emptyManifest,
  fillManifest,
  manifestChanges,
  manifestLine,
  missingFields,
  originDifferences,
  parseParameters,
  type RetrainManifest,
} from "../../../src/domain/rollout/retrain-manifest.ts";

const whole: RetrainManifest = {
  commit: "3f2a91c",
  data: "transactions@2026-11-01",
  parameters: { epochs: "20", lr: "0.1" },
  seed: 7,
  image: null,
  rerunOf: null,
};

test("what is given goes before what the model's defaults say, parameter by parameter", () => {
  const given = { ...emptyManifest, commit: "aaaaaaa", parameters: { epochs: "5" }, rerunOf: 3 };
  expect(fillManifest(given, { ...whole, rerunOf: 9 })).toEqual({
    ...whole,
    commit: "aaaaaaa",
    parameters: { epochs: "5", lr: "0.1" },
    rerunOf: 3,
  });
});

test("a seed of zero is a seed", () => {
  expect(missingFields({ ...emptyManifest, seed: 0 }, ["commit", "seed"])).toEqual(["commit"]);
  expect(fillManifest({ ...emptyManifest, seed: 0 }, whole).seed).toBe(0);
});

describe("what a training would change", () => {
  test.each([
    ["fills what nobody said", emptyManifest, whole, []],
    ["leaves all as it was", whole, whole, []],
    ["reads other data", whole, { ...whole, data: "transactions@2026-12-01" }, ["data"]],
    ["cannot take a seed", whole, { ...whole, seed: null }, ["seed"]],
    ["drops a parameter", whole, { ...whole, parameters: { epochs: "20" } }, ["the parameter lr"]],
    ["has parameters of its own", whole, { ...whole, parameters: { ...whole.parameters, depth: "3" } }, []],
  ])("%s", (_name, asked, instead, fields) => {
    expect(manifestChanges(asked, instead).map((change) => change.field)).toEqual(fields);
  });
});

describe("where a version came from", () => {
  test.each([
    ["nothing is known", { commit: null, data: null, parameters: {} }, []],
    ["the commit is told in full", { commit: "3f2a91c0d4", data: null, parameters: {} }, []],
    ["name and digest stand apart", { commit: null, data: "transactions 2026-11-01", parameters: {} }, []],
    [
      "another commit and another parameter",
      { commit: "bbbbbbb", data: null, parameters: { epochs: "5", depth: "3" } },
      ["commit bbbbbbb instead of 3f2a91c", "parameter epochs 5 instead of 20"],
    ],
    [
      "other data",
      { commit: null, data: "labels 9", parameters: {} },
      ["data labels 9 instead of transactions@2026-11-01"],
    ],
  ])("%s", (_name, origin, differences) => {
    expect(originDifferences(whole, origin)).toEqual(differences);
  });
});

describe("parameters on a line", () => {
  test("are names and values parted by spaces; a value may hold = and be empty", () => {
    expect(parseParameters(" epochs=20  lr=0.1 where=a=b note=")).toEqual({
      kind: "parameters",
      parameters: { epochs: "20", lr: "0.1", where: "a=b", note: "" },
    });
    expect(parseParameters("")).toEqual({ kind: "parameters", parameters: {} });
  });

  test.each([
    ["epochs", '"epochs" is not name=value'],
    ["=20", '"=20" is not name=value'],
    ["--epochs=20", '"--epochs=20" is not name=value'],
    ["epochs=1 epochs=2", "the parameter epochs is given twice"],
    [
      Array.from({ length: 51 }, (_, n) => `p${n}=1`).join(" "),
      "51 parameters are given; at most 50 are taken",
    ],
  ])("%s is refused", (text, problem) => {
    expect(parseParameters(text)).toEqual({ kind: "problem", problem });
  });

  test("named like what every object has stay parameters", () => {
    const parsed = parseParameters("__proto__=1 constructor=2");
    expect(parsed.kind === "parameters" && Object.keys(parsed.parameters)).toEqual([
      "__proto__",
      "constructor",
    ]);
  });
});

test("one line says what is known of it and nothing else", () => {
  expect(manifestLine({ ...whole, rerunOf: 12 })).toBe(
    "the same as rollout 12, commit 3f2a91c, data transactions@2026-11-01, seed 7, epochs=20, lr=0.1",
  );
});
