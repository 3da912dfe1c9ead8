import fc from "fast-check";
import { expect, test } from "vitest";
import { answerView, errorView } from "../../../src/domain/command/answer.ts";
import { referenceOf, referTo, withReference } from "../../../src/domain/command/reference.ts";

const wrong = errorView({ title: "No", problem: "It is no.", remedy: "Ask again." });

test("the same request has the same reference, however often it is delivered, and another has another", () => {
  expect(referenceOf("slack-1")).toBe(referenceOf("slack-1"));
  expect(referenceOf("slack-1")).not.toBe(referenceOf("slack-2"));
  fc.assert(fc.property(fc.string(), (key) => /^[0-9a-f]{8}$/.test(referenceOf(key))));
});

test("an error shows it in its small print, behind what stands there", () => {
  expect(withReference(wrong, "0badcafe")).toEqual({ ...wrong, footer: "reference 0badcafe" });
  expect(withReference({ ...wrong, footer: "incident 12" }, "0badcafe").footer).toBe(
    "incident 12 · reference 0badcafe",
  );
});

test("an answer that is no error stays as it is", () => {
  const answer = answerView("Done.");
  expect(withReference(answer, "0badcafe")).toBe(answer);
});

test("a line of text ends with it", () => {
  expect(referTo("Nobody answers.", "0badcafe")).toBe("Nobody answers. (reference 0badcafe)");
});
