import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { explainerSchema } from "../../src/config/explainer.ts";
import type { Config } from "../../src/config.ts";
import { questionLimits } from "../../src/domain/explanation/tokens.ts";
import { budgetFindings } from "../../src/main/explaining.ts";

const { least, most } = questionLimits;

describe("a budget of tokens that no question fits in (issue 3)", () => {
  test.each(["tokensPerDay", "tokensPerIncident"])(
    "%s below the least is refused, with the remedy",
    (key) => {
      expect(explainerSchema.safeParse({ [key]: least }).success).toBe(true);
      const { error } = explainerSchema.safeParse({ [key]: least - 1 });
      expect(error?.issues.map(({ path, message }) => [path, message])).toEqual([
        [
          [key],
          `is ${least - 1}; must be at least ${least}, which the shortest question to a model takes; to ask none: use: template`,
        ],
      ]);
    },
  );

  test.each([
    ["no whole number", 9_000.5],
    ["a word", "many"],
  ])("what is %s is told as that", (_name, value) => {
    const { error } = explainerSchema.safeParse({ tokensPerDay: value });
    expect(error?.issues[0]?.message).not.toContain("at least");
  });

  test("the documentation names both limits", () => {
    const page = readFileSync("docs/explanations.md", "utf8");
    const [lower, upper] = [least, most].map((tokens) => tokens.toLocaleString("en-US"));
    expect(page).toContain(`A budget below ${lower} is refused at start, one below ${upper} is warned of`);
  });

  const config = (given: object, hasModel = true) =>
    ({
      openai: hasModel ? { apiKey: "k", baseUrl: null, model: "m" } : null,
      explainer: { ...explainerSchema.parse(given), timeoutMs: 1 },
      // The finding looks at nothing else.
    }) as unknown as Config;

  test("one in which only short questions fit is warned of, where a model is asked", () => {
    expect(budgetFindings(config({ tokensPerIncident: most - 1 }))).toEqual([
      {
        status: "warning",
        subject: "explainer",
        text: `tokensPerIncident is ${most - 1}, and a question takes up to ${most}: those that do not fit are not asked`,
        remedy: `set explainer.tokensPerIncident in tocsin.yaml to ${most} or more`,
      },
    ]);
    expect(budgetFindings(config({}))).toEqual([]);
    expect(budgetFindings(config({ tokensPerIncident: most }))).toEqual([]);
    expect(budgetFindings(config({ tokensPerIncident: least, use: "template" }))).toEqual([]);
    expect(budgetFindings(config({ tokensPerIncident: least }, false))).toEqual([]);
  });
});
