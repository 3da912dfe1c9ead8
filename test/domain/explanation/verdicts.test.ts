import { describe, expect, test } from "vitest";
import { writeTemplate } from "../../../src/domain/explanation/template.ts";
import type { Claim } from "../../../src/domain/explanation.ts";
import { heedVerdicts, type Verdict } from "../../../src/domain/learning/feedback.ts";
import { buildCause, buildFacts, buildQuestion, tracked } from "../../fixtures/explanation-question.ts";
import { at } from "../build.ts";

function texts(claims: readonly Claim[]): readonly string[] {
  return claims.map((claim) => claim.text);
}

describe("what people say of this very incident", () => {
  const said = (over: Partial<Verdict>): Verdict => ({
    ...{ service: null, changeId: null, changeKind: null, isRight: true, person: "Ada", at: at(3) },
    ...over,
  });
  const tellAfter = (verdict: Verdict, given: Parameters<typeof buildQuestion>[0] = {}) => {
    const causes = heedVerdicts(buildFacts(given).causes, [verdict], (person) => person);
    return writeTemplate(buildQuestion({ ...given, causes }));
  };

  test("a service that nothing pointed at is the suspect, and nothing of an overruled one is to be done", () => {
    const draft = tellAfter(said({ service: "vault" }));
    expect(texts(draft.causes)).toEqual([
      "Most likely vault (95 %): Ada says that vault was the cause. None of the 2 changes reported around the start is a likely cause (5 % together).",
    ]);
    expect(draft.actions.map(({ text, command }) => [text, command])).toEqual([
      ["Look at vault first: Ada says that vault was the cause.", undefined],
    ]);
  });

  test("so is a change, by its id where nothing else is known of it", () => {
    const [claim] = tellAfter(said({ changeId: "dns-77" })).causes;
    expect(claim?.text).toBe("Most likely change dns-77 (95 %): Ada says that change dns-77 was the cause.");
  });

  test("a reported change is told as such", () => {
    const causes = [buildCause({ service: "checkout", changeId: null })];
    const draft = tellAfter(said({ service: "storefront", changeId: "d-1" }), { causes });
    expect(draft.causes[0]?.text).toMatch(/^Most likely the deploy of storefront at 09:00 UTC \(“v2.3.1”\)/);
  });

  test("where only one service alerts, their word is evidence enough", () => {
    const only = buildCause({ service: "checkout", changeId: null, confidence: 1 });
    const alerts = [tracked({ name: "HighLatency", summary: "p99 2 s" })];
    const draft = tellAfter(said({ service: "checkout" }), { causes: [only], alerts, changes: [] });
    expect(draft.causes[0]?.text).toMatch(
      /^Most likely checkout \(95 %\): Ada says that checkout was the cause/,
    );
  });

  test("what was refused is not to be undone, even where nothing likelier is known", () => {
    const causes = [buildCause({ confidence: 0.99 })];
    const draft = tellAfter(said({ changeId: "rollout-7", isRight: false }), { causes });
    expect(texts(draft.actions)).toEqual(["Start with the earliest alert, HighLatency (high) on checkout."]);
  });
});
