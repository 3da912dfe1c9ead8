import { describe, expect, test } from "vitest";
import { rankAnswers } from "../../../src/domain/causes.ts";
import { choiceOf, namedWeights } from "../../../src/domain/learning/cause-choices.ts";
import { judge, oddsOf } from "../../../src/domain/learning/choice-odds.ts";
import type { LabelledCause } from "../../../src/domain/learning/labels.ts";
import { shippedWeights, type Weights } from "../../../src/domain/weights.ts";
import { noon, sketchAlert } from "./judgement-build.ts";
import { changeBefore, motley, question } from "./labelled-build.ts";

const blunt: Weights = { ...shippedWeights, causes: { ...shippedWeights.causes, sharpness: 0.6 } };

function labelled(given: Partial<LabelledCause>): LabelledCause {
  return { question: question(), service: null, changeId: null, at: new Date(noon), ...given };
}

/** Names of the candidates that are right. */
function rightOf(row: LabelledCause): readonly string[] | null {
  const choice = choiceOf(row, shippedWeights);
  if (choice === null) return null;
  const right = choice.candidates.filter((_candidate, place) => choice.areRight[place]);
  return right.map(({ service, changeId }) => `${service} ${changeId}`).sort();
}

test.each([
  ["shipped", shippedWeights],
  ["blunt", blunt],
])("candidates have the probabilities of the answers that serve: %s weights", (_name, weights) => {
  for (const row of motley(60)) {
    const choice = choiceOf({ ...row, service: null, changeId: "none" }, weights);
    const served = rankAnswers(row.question, weights);
    if (choice === null) throw new Error("that no change is to blame is always an answer");
    const named = namedWeights(weights.causes);
    const odds = oddsOf(choice, Object.keys(named));
    const { probabilities } = judge(odds, Float64Array.from(Object.values(named)));
    expect(choice.candidates).toHaveLength(served.length);
    for (const [place, { service, changeId }] of choice.candidates.entries()) {
      const answer = served.find((cause) => cause.service === service && cause.changeId === changeId);
      expect(probabilities[place]).toBeCloseTo(answer?.confidence ?? -1, 10);
    }
    expect(served.reduce((sum, { confidence }) => sum + confidence, 0)).toBeCloseTo(1, 10);
  }
});

describe("right are", () => {
  const alerts = [sketchAlert({ service: "stock-a", at: 0 })];
  const changes = [changeBefore(5, { id: "c1", service: "stock-a" })];
  const asked = question({ alerts, changes });
  const nothing = "null null";

  test.each<[string, Partial<LabelledCause>, readonly string[] | null]>([
    ["the pair that is known", { service: "stock-a", changeId: "c1" }, ["stock-a c1"]],
    ["all pairs of a service", { service: "stock-a" }, ["stock-a c1", "stock-a null"]],
    ["all pairs of a change", { changeId: "c1" }, ["cart-a c1", "stock-a c1", "web-a c1"]],
    [
      "all answers without a change",
      { changeId: "none" },
      ["cart-a null", nothing, "stock-a null", "web-a null"],
    ],
    ["a service with no change", { service: "stock-a", changeId: "none" }, ["stock-a null"]],
    [
      "those of a service whose change is not in reach",
      { service: "stock-a", changeId: "gone" },
      ["stock-a c1", "stock-a null"],
    ],
    [
      "those of a change whose service nothing speaks of",
      { service: "moon", changeId: "c1" },
      ["cart-a c1", "stock-a c1", "web-a c1"],
    ],
    ["what names nothing, of a service that nothing speaks of", { service: "moon" }, [nothing]],
    ["none of a change that is not in reach", { changeId: "gone" }, null],
  ])("%s", (_case, label, expected) => {
    expect(rightOf(labelled({ question: asked, ...label }))).toEqual(expected);
  });

  test("a change among many that are likelier", () => {
    const many = Array.from({ length: 40 }, (_, i) =>
      changeBefore(3 + i, { id: `c${i}`, service: "stock-a" }),
    );
    const far = changeBefore(110, { id: "slow", service: "lone" });
    const row = labelled({ question: question({ alerts, changes: [...many, far] }), changeId: "slow" });
    expect(rightOf(row)).toContain("stock-a slow");
  });
});
