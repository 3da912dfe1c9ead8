import { describe, expect, test } from "vitest";
import type { Change } from "../../../src/domain/change.ts";
import type { Cause } from "../../../src/domain/clustering/correlation.ts";
import { writeTemplate } from "../../../src/domain/explanation/template.ts";
import type { Claim } from "../../../src/domain/explanation.ts";
import { buildCause, buildChange, buildQuestion, numberOf } from "../../fixtures/explanation-question.ts";
import { at } from "../build.ts";

function texts(claims: readonly Claim[]): readonly string[] {
  return claims.map((claim) => claim.text);
}

describe("what else it may be", () => {
  const rival = (given: Partial<Cause>) => buildCause({ terms: [], ...given });
  /** What is said of the causes after the first sentence. */
  const rest = (...causes: readonly Cause[]) =>
    texts(writeTemplate(buildQuestion({ causes })).causes).slice(1);

  test("is not the suspected change felt elsewhere", () => {
    const first = rival({ confidence: 0.6 });
    const felt = rival({ service: "checkout", confidence: 0.2 });
    expect(rest(first, felt)).toEqual([]);
    expect(rest(first, felt, rival({ service: "storefront", changeId: null, confidence: 0.15 }))).toEqual([
      "Less likely: storefront (15 %).",
    ]);
  });

  test.each([
    [0.4, 0.4, "Just as likely"],
    [0.42, 0.38, "Just as likely"],
    [0.43, 0.42, "Almost as likely"],
    [0.45, 0.35, "Less likely"],
  ])("with %s against %s is told as what its number reads as", (one, other, word) => {
    const said = rest(
      rival({ service: "checkout", changeId: null, confidence: one }),
      rival({ service: "storefront", changeId: null, confidence: other }),
    );
    expect(said).toEqual([`${word}: storefront (${Math.round(other * 20) * 5} %).`]);
  });

  test("is all that tie, as far as three are worth a word", () => {
    const said = rest(
      rival({ service: "checkout", changeId: null, confidence: 0.3 }),
      rival({ service: "storefront", changeId: null, confidence: 0.3 }),
      rival({ service: "fraud-scorer", changeId: null, confidence: 0.3 }),
    );
    expect(said).toEqual(["Just as likely: storefront (30 %); fraud-scorer (30 %)."]);
  });

  test("is a change with its title, in all services together, besides a likelier service", () => {
    const said = rest(
      rival({ service: "checkout", changeId: null, confidence: 0.5 }),
      rival({ service: "storefront", changeId: null, confidence: 0.2 }),
      rival({ confidence: 0.08 }),
      rival({ service: "checkout", confidence: 0.07 }),
    );
    expect(said).toEqual([
      "Less likely: storefront (20 %); the rollout of fraud-scorer at 09:56 UTC (“deploy fraud-scorer 41 to 42”, 15 %).",
    ]);
  });

  test("may be likelier in all services together than the suspect in one", () => {
    const said = rest(
      rival({ service: "checkout", changeId: null, confidence: 0.3 }),
      rival({ confidence: 0.25 }),
      rival({ service: "storefront", confidence: 0.2 }),
    );
    expect(said).toEqual([
      "More likely, taken over all services: the rollout of fraud-scorer at 09:56 UTC (“deploy fraud-scorer 41 to 42”, 45 %).",
    ]);
  });
});

describe("a change that is no suspect", () => {
  const service = buildCause({ service: "checkout", changeId: null, confidence: 0.8, terms: [] });
  const late = { name: "change:after", score: -3, because: 'rollout "x" came 6 min after the first alert' };
  const story = (ranked: readonly Cause[], ...changes: readonly Change[]) =>
    writeTemplate(buildQuestion({ causes: [service, ...ranked], changes })).causes[0];

  test.each<[string, readonly Cause[], string]>([
    [
      "has its share where that is more than nothing",
      [buildCause({ confidence: 0.06, terms: [] })],
      "The one change reported around the start, the rollout of fraud-scorer at 09:56 UTC (“x”), is not a likely cause (5 %).",
    ],
    [
      "has the reason besides where there is one",
      [buildCause({ confidence: 0.06, terms: [late] })],
      "The one change reported around the start, the rollout of fraud-scorer at 09:56 UTC (“x”), is not a likely cause (5 %): it came 6 min after the first alert.",
    ],
    [
      "does not fit for a reason",
      [buildCause({ confidence: 0.001, terms: [late] })],
      "The one change reported around the start, the rollout of fraud-scorer at 09:56 UTC (“x”), does not fit: it came 6 min after the first alert.",
    ],
    [
      "is no likely cause where no reason is known",
      [],
      "The one change reported around the start, the rollout of fraud-scorer at 09:56 UTC (“x”), is not a likely cause.",
    ],
  ])("%s", (_name, ranked, sentence) => {
    const title = "x";
    expect(story(ranked, buildChange({ title }))?.text).toBe(`Most likely checkout (80 %). ${sentence}`);
  });

  test("that came after the first alert does not fit, also where the ranking left it out; it is cited", () => {
    const changes = [buildChange({ at: at(8) })];
    const question = buildQuestion({ causes: [service], changes });
    const [said] = writeTemplate(question).causes;
    expect(said?.text).toContain("does not fit: it came 8 min after the first alert.");
    expect(said?.evidence).toContain(numberOf(question, "deploy fraud-scorer 41 to 42"));
  });

  test("shares what is left with the others", () => {
    const other = buildChange({ id: "d-1", kind: "deploy", service: "storefront", rolloutId: null });
    const ranked = [
      buildCause({ confidence: 0.07, terms: [] }),
      buildCause({ changeId: "d-1", confidence: 0.04, terms: [] }),
    ];
    expect(story(ranked, buildChange(), other)?.text).toBe(
      "Most likely checkout (80 %). None of the 2 changes reported around the start is a likely cause (10 % together).",
    );
  });
});
