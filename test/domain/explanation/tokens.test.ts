import { expect, test } from "vitest";
import {
  questionLimits,
  questionTokens,
  tokensOf,
  upToHundred,
} from "../../../src/domain/explanation/tokens.ts";
import { buildQuestion, tracked } from "../../fixtures/explanation-question.ts";

test("a character of Chinese is a token, three of English are", () => {
  expect([tokensOf("latency rises"), tokensOf("\u5ef6\u9072\u4e0a\u5347"), tokensOf("")]).toEqual([5, 4, 0]);
});

test("every question takes more than the least, and one in English at most the most (issue 3)", () => {
  const summary = "the queue of orders is full and does not get any shorter ".repeat(4);
  const alerts = Array.from({ length: 200 }, (_, n) =>
    tracked({ name: `Q${n}`, service: `s-${n}`, summary }),
  );
  const question = buildQuestion({ alerts });
  const more = [1, 2, 3].flatMap((round) =>
    question.evidence.map((fact) => ({ ...fact, number: fact.number + round * 1_000 })),
  );
  const long = questionTokens({ ...question, evidence: [...question.evidence, ...more] });
  expect(questionTokens(buildQuestion())).toBeGreaterThanOrEqual(questionLimits.least);
  expect(long).toBeLessThanOrEqual(questionLimits.most);
  expect(long).toBeGreaterThan(0.85 * questionLimits.most);
});

test("people are told hundreds", () => {
  expect([upToHundred(9_433), upToHundred(9_400), upToHundred(1)]).toEqual([9_500, 9_400, 100]);
});
