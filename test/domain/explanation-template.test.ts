import { describe, expect, test } from "vitest";
import { templateExplanation } from "../../src/app/explain.ts";
import { writeTemplate } from "../../src/domain/explanation-template.ts";
import {
  buildCause,
  buildChange,
  buildFacts,
  buildQuestion,
  tracked,
} from "../fixtures/explanation-question.ts";
import { at, buildIncident } from "./build.ts";

function texts(claims: readonly { readonly text: string }[]): readonly string[] {
  return claims.map((claim) => claim.text);
}

test("a suspected rollout reads as an engineer would write it", () => {
  const draft = writeTemplate(buildQuestion());
  expect(texts(draft.summary)).toEqual([
    "checkout has been in trouble since 10:00 UTC; storefront is affected too.",
    "It began with high alert HighLatency on checkout: p99 latency 2.3 s for 5m.",
  ]);
  expect(texts(draft.causes)).toEqual([
    "Most likely the rollout of fraud-scorer at 09:56 UTC, “deploy fraud-scorer 41 to 42”, 4 min before the first alert (80 %): checkout calls fraud-scorer.",
    "What does not fit: no alert on fraud-scorer itself.",
    "Less likely: checkout (10 %).",
  ]);
  expect(draft.actions).toEqual([
    {
      text: "Roll back fraud-scorer in production to 41.",
      evidence: [2],
      command: "rollback fraud-scorer production",
    },
  ]);
});

test("one lone alert reads as one sentence, and no cause is pretended", () => {
  const facts = buildFacts();
  const draft = writeTemplate(
    buildQuestion({
      incident: buildIncident({ services: ["checkout"] }),
      alerts: facts.alerts.slice(0, 1),
      changes: [],
      topology: { edges: [], services: [] },
      causes: [buildCause({ service: "checkout", changeId: null, confidence: 1 })],
    }),
  );
  expect(texts(draft.summary)).toEqual([
    "High alert HighLatency on checkout: p99 latency 2.3 s for 5m (since 10:00 UTC).",
  ]);
  expect(texts(draft.causes)).toEqual([
    "Not enough evidence to name a cause: only checkout shows trouble, and no change was reported around the start.",
  ]);
  expect(texts(draft.actions)).toEqual(["Look at checkout first: high alert HighLatency on checkout."]);
});

test("no likely change is an answer, with its reasons", () => {
  const because = "every change is on services that nothing here calls";
  const none = buildCause({ service: null, changeId: null, terms: [{ name: "reach", score: 1, because }] });
  const draft = writeTemplate({ ...buildQuestion({ causes: [none] }), undo: [] });
  expect(texts(draft.causes)).toEqual([
    `No likely change: none of the changes reported around the start fits; ${because}.`,
  ]);
  expect(draft.causes[0]?.evidence.length).toBeGreaterThan(0);
  expect(texts(draft.actions)).toEqual(["Start with the earliest: high alert HighLatency on checkout."]);
});

test("without causes and changes it says that evidence is missing", () => {
  const draft = writeTemplate(buildQuestion({ causes: [], changes: [] }));
  expect(texts(draft.causes)).toEqual([
    "Not enough evidence to name a cause: no change was reported around the start and no service stands out.",
  ]);
});

test("a suspected service without alerts of its own is named by what calls it", () => {
  const silent = buildCause({ changeId: null, terms: [] });
  const draft = writeTemplate(buildQuestion({ causes: [silent], changes: [] }));
  expect(texts(draft.causes)).toEqual(["Most likely fraud-scorer (80 %). No change is blamed."]);
  expect(texts(draft.actions)).toEqual([
    "Look at fraud-scorer first: it has no alert of its own, but what calls it has.",
  ]);
});

test("a change of others is for people to take back; no command is offered for it", () => {
  const draft = writeTemplate(
    buildQuestion({ causes: [buildCause({ service: "storefront", changeId: "d-1" })] }),
  );
  expect(texts(draft.actions)).toEqual([
    "Check the deploy of storefront at 09:00 UTC with whoever made it, and take it back if it fits.",
    "Look at storefront first: critical alert HighErrorRate on storefront.",
  ]);
  expect(draft.actions.some((action) => action.command !== undefined)).toBe(false);
});

describe("words for confidence", () => {
  test.each([
    [0.99, "Most likely", "95 %"],
    [0.7, "Most likely", "70 %"],
    [0.5, "Probably", "50 %"],
    [0.2, "Possibly", "20 %"],
    [0.05, "Weak suspicion:", "5 %"],
  ])("%d", (confidence, word, percent) => {
    const text = writeTemplate(buildQuestion({ causes: [buildCause({ confidence })] })).causes[0]?.text ?? "";
    expect(text.startsWith(`${word} the rollout`)).toBe(true);
    expect(text).toContain(percent);
  });
});

test("a change after the first alert is said to be after it", () => {
  const late = buildChange({ at: at(2) });
  const draft = writeTemplate(buildQuestion({ changes: [late] }));
  expect(draft.causes[0]?.text).toContain("2 min after the first alert");
});

test("every claim cites evidence that exists", () => {
  const question = buildQuestion();
  const numbers = question.evidence.map((fact) => fact.number);
  const { summary, causes, actions } = writeTemplate(question);
  for (const claim of [...summary, ...causes, ...actions]) {
    expect(claim.evidence.length).toBeGreaterThan(0);
    expect(claim.evidence.every((number) => numbers.includes(number))).toBe(true);
  }
});

test("without evidence nothing is claimed", () => {
  expect(writeTemplate({ ...buildQuestion(), evidence: [] })).toEqual({
    summary: [],
    causes: [],
    actions: [],
  });
});

test("a first card can have its explanation before anything is stored", () => {
  const secret = "password=hunter22";
  const terms = [{ name: "x", score: 1, because: `the log says ${secret}` }];
  const { explanation, evidence } = templateExplanation(
    { ...buildFacts({ causes: [buildCause({ terms })], alerts: [tracked({ summary: secret })] }), undo: [] },
    at(1),
  );
  expect(evidence.map((fact) => fact.number)).toEqual(evidence.map((_fact, index) => index + 1));
  expect(explanation).toMatchObject({ explainer: "template", fallback: null, incidentId: 1, revision: 1 });
  expect(JSON.stringify([explanation, evidence])).not.toContain("hunter22");
});
