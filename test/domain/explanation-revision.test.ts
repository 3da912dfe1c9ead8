import { describe, expect, test } from "vitest";
import type { Explanation } from "../../src/domain/explanation.ts";
import {
  basisOf,
  causeIdentity,
  isShownDifferently,
  withTemplate,
} from "../../src/domain/explanation-revision.ts";
import { writeTemplate } from "../../src/domain/explanation-template.ts";
import { buildCause, buildQuestion } from "../fixtures/explanation-question.ts";
import { at, buildIncident } from "./build.ts";

const question = buildQuestion();

function explained(over: Partial<Explanation> = {}): Explanation {
  const made = { draft: writeTemplate(question), basis: basisOf(question), stored: null, at: at(1) };
  return { ...withTemplate(question, made), ...over };
}

describe("the basis", () => {
  test("stays while nothing that the text depends on changes", () => {
    const later = {
      ...question,
      incident: { ...question.incident, alertCount: 90, revision: 7, state: "acknowledged" },
    } as const;
    expect(basisOf(later)).toBe(basisOf(question));
    const jitter = buildQuestion({
      causes: [buildCause({ confidence: 0.821 }), ...question.causes.slice(1)],
    });
    expect(basisOf(jitter)).toBe(basisOf(question));
  });

  test.each([
    ["more evidence", { ...question, evidence: question.evidence.slice(1) }],
    ["another first cause", { ...question, causes: question.causes.toReversed() }],
    [
      "another confidence",
      { ...question, causes: [buildCause({ confidence: 0.5 }), ...question.causes.slice(1)] },
    ],
    ["another service", { ...question, incident: buildIncident({ services: ["cart"] }) }],
    ["an earlier start", { ...question, incident: { ...question.incident, startedAt: at(-1) } }],
    ["nothing to undo any more", { ...question, undo: [] }],
  ])("moves with %s", (_name, other) => {
    expect(basisOf(other)).not.toBe(basisOf(question));
  });
});

describe("what a card shows", () => {
  test("a first explanation is news, the same again is not", () => {
    expect(isShownDifferently(null, explained())).toBe(true);
    expect(isShownDifferently(explained(), explained({ at: at(9), basis: "other", revision: 5 }))).toBe(
      false,
    );
  });

  test.each<[string, Partial<Explanation>]>([
    ["a text", { summary: [{ text: "Other.", evidence: [1] }] }],
    ["a citation", { summary: explained().summary.map((claim) => ({ ...claim, evidence: [1] })) }],
    ["an action", { actions: [] }],
    ["the fallback line", { fallback: "rate limited (429)" }],
    ["the first cause", { ranked: [buildCause({ service: "cart" })] }],
  ])("differs with %s", (_name, over) => {
    expect(isShownDifferently(explained(), explained(over))).toBe(true);
  });
});

test("causes are the same answer by service and change, not by confidence", () => {
  expect(causeIdentity(buildCause())).toBe(causeIdentity(buildCause({ confidence: 0.1 })));
  expect(causeIdentity(buildCause())).not.toBe(causeIdentity(buildCause({ changeId: null })));
  expect(causeIdentity(undefined)).toBe("none");
  expect(causeIdentity(buildCause({ service: null, changeId: null }))).toBe("none");
});
