import { expect, test } from "vitest";
import { answerView, commandActions, errorView } from "../../../src/domain/command/answer.ts";

test("an answer is one line, whatever it was made from", () => {
  const view = answerView(`a\nb ${"x".repeat(5_000)}`);
  expect(view.summary).toMatch(/^a b x/);
  expect(view.summary.length).toBeLessThanOrEqual(1_500);
  expect(view.title.length).toBeLessThanOrEqual(150);
});

test("an error says what is wrong and what to do, in its summary and in its blocks", () => {
  const view = errorView({
    title: "No",
    problem: "It is closed.",
    remedy: "Open it.",
    suggestions: ["open"],
  });
  expect(view).toMatchObject({ kind: "error", tone: "bad", summary: "It is closed. Open it." });
  expect(view.blocks).toHaveLength(2);
  expect(view.actions).toEqual([{ label: "/open", command: "open", style: "plain" }]);
});

test("buttons are few, different and short enough to be sent", () => {
  const lines = ["a", "a", "b".repeat(101), "c", "d", "e", "f", "g"];
  expect(commandActions(lines).map((action) => action.command)).toEqual(["a", "c", "d", "e", "f"]);
});
