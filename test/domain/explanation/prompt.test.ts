import { expect, test } from "vitest";
import { buildPrompt } from "../../../src/domain/explanation/prompt.ts";
import { buildQuestion, tracked } from "../../fixtures/explanation-question.ts";

function promptOf(alerts: number) {
  const summary = "the queue of orders is full and does not get any shorter ".repeat(4);
  const question = buildQuestion({
    alerts: Array.from({ length: alerts }, (_, n) =>
      tracked({ name: `QueueFull${n}`, service: `s-${n}`, summary }),
    ),
  });
  // As after many revisions: evidence is never taken away.
  const more = [1, 2, 3].flatMap((round) =>
    question.evidence.map((fact) => ({ ...fact, number: fact.number + round * 100 })),
  );
  return {
    facts: question.evidence.length + more.length,
    ...buildPrompt({ ...question, evidence: [...question.evidence, ...more] }),
  };
}

test("a prompt says how many facts it has no room for, and holds the others (issue 3)", () => {
  expect(promptOf(1).untold).toBe(0);
  const { facts, untold, user } = promptOf(40);
  expect(untold).toBeGreaterThan(0);
  expect(user.match(/"n":/g)).toHaveLength(facts - untold);
});
