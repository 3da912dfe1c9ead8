import { describe, expect, test } from "vitest";
import type { Cause } from "../../../src/domain/clustering/correlation.ts";
import {
  answerName,
  candidateName,
  firstAnswer,
  storedAnswer,
  witnessesAmong,
} from "../../../src/domain/explanation/first-answer.ts";
import { materialOf, newsOf, withTemplate } from "../../../src/domain/explanation/revision.ts";
import { writeTemplate } from "../../../src/domain/explanation/template.ts";
import type { ExplanationQuestion } from "../../../src/domain/explanation.ts";
import { postmortemMarkdown } from "../../../src/domain/incident/postmortem-text.ts";
import { postmortemView } from "../../../src/domain/incident/postmortem-view.ts";
import { incidentView } from "../../../src/domain/incident/view.ts";
import { buildCause, buildQuestion, tracked } from "../../fixtures/explanation-question.ts";
import { at, buildIncident } from "../build.ts";
import { buildPostmortem } from "../incident/postmortem-build.ts";

const checkout = buildCause({ service: "checkout", changeId: null, confidence: 0.62, terms: [] });
const rollout = buildCause();
const nothing: Cause = { service: null, changeId: null, confidence: 0.5, score: 0, terms: [] };

/** Checkout alone alerts, and nothing else is known. */
function lone(causes: readonly Cause[] = [checkout]): ExplanationQuestion {
  return buildQuestion({ alerts: [tracked({ name: "HighLatency" })], changes: [], causes });
}

function explained(question: ExplanationQuestion) {
  const material = materialOf(question, null);
  return withTemplate(question, { draft: writeTemplate(question), stored: null, material, at: at(0) });
}

describe("the first answer (issue 3: not enough evidence is an answer)", () => {
  const alone = { alerts: ["checkout", "checkout"], others: [null, "db"] };
  test.each([
    ["nothing is ranked", undefined, alone, "not_enough", "not enough evidence"],
    ["the ranking itself says so", nothing, alone, "not_enough", "not enough evidence"],
    [
      "only its own alerts speak for a service",
      checkout,
      alone,
      "not_enough",
      "not enough evidence: only checkout is alerting",
    ],
    [
      "others alert, too",
      checkout,
      { ...alone, alerts: ["checkout", "web"] },
      "no_likely_change",
      "checkout, without a change",
    ],
    [
      "it was changed, or measured",
      checkout,
      { ...alone, others: ["checkout"] },
      "no_likely_change",
      "checkout, without a change",
    ],
    [
      "a person said so",
      { ...checkout, terms: [{ name: "verdict", score: 2.9, because: "Ada says so" }] },
      alone,
      "no_likely_change",
      "checkout, without a change",
    ],
    ["a change is blamed", rollout, alone, "change", "change rollout-7 on fraud-scorer"],
  ] as const)("%s", (_what, first, witnesses, kind, name) => {
    const answer = firstAnswer(first, witnesses);
    expect([answer.kind, answerName(answer)]).toEqual([kind, name]);
  });

  test("is the stored one, however much evidence came since; or that of a model's order", () => {
    const stored = explained(lone([checkout, rollout]));
    expect(storedAnswer(stored)).toEqual({ kind: "not_enough", only: checkout });
    expect(storedAnswer({ ...stored, modelOrder: [2, 1] })).toEqual({ kind: "change", cause: rollout });
    expect(storedAnswer(null)).toBeNull();
    expect(storedAnswer(explained(buildQuestion()))).toEqual({ kind: "change", cause: rollout });
  });

  test("in a list of candidates the lone service is told as what it is; others as ever", () => {
    const answer = firstAnswer(checkout, witnessesAmong(lone().evidence));
    expect([checkout, rollout, nothing].map((cause) => candidateName(cause, answer))).toEqual([
      "checkout, the only one alerting",
      "change rollout-7 on fraud-scorer",
      "not enough evidence",
    ]);
  });
});

describe("a lone service is a suspect nowhere", () => {
  const question = lone();
  const explanation = explained(question);

  test("on the card: no probable cause, and no question whether it was right", () => {
    const incident = buildIncident({ state: "resolved", resolvedAt: at(9), resolvedBy: "oncall" });
    const view = incidentView({ incident, alerts: [], explanation, nameOf: (id) => id });
    const text = JSON.stringify(view);
    expect(text).toContain("Not enough evidence to name a cause: only checkout is alerting");
    expect(text).not.toMatch(/Probable cause|Right cause|Wrong cause/);
    const found = incidentView({
      ...{ incident, alerts: [], nameOf: (id: string) => id },
      explanation: explained(buildQuestion()),
    });
    expect(JSON.stringify(found)).toMatch(/Probable cause.*Right cause/);
  });

  test("in the report, short and long", () => {
    const facts = buildPostmortem({ explanation });
    expect(JSON.stringify(postmortemView(facts, null).blocks)).toContain(
      '"not enough evidence: only checkout is alerting"',
    );
    expect(postmortemMarkdown(facts)).toContain(
      "Not enough evidence: only checkout is alerting. What was considered:\n\n### 1. checkout, the only one alerting: 62 %",
    );
  });

  test("in the thread: it is not what is suspected instead, and once others alert it is suspected for the first time", () => {
    const before = buildQuestion();
    const [suspected, alone] = [materialOf(before, null).answer, materialOf(question, null).answer];
    expect(newsOf(suspected, alone, question)?.text).toMatch(
      /^No longer suspects the rollout of fraud-scorer at .+: not enough evidence: only checkout is alerting\.$/,
    );
    const wide = buildQuestion({ changes: [], causes: [checkout] });
    const news = newsOf(alone, materialOf(wide, null).answer, wide);
    expect(news).toMatchObject({
      isNewCause: true,
      text: expect.stringMatching(/^Now suspects checkout \(60 %\)/),
    });
    expect(
      newsOf(alone, materialOf(lone([{ ...checkout, confidence: 0.9 }]), null).answer, lone()),
    ).toBeNull();
  });
});
