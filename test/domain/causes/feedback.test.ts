import { expect, test } from "vitest";
import { confirmedTerms, feedbackTerms, kindTerms } from "../../../src/domain/causes/feedback.ts";

function votes(right: number, wrong: number): number {
  const feedback = new Map([["service:cart", { right, wrong }]]);
  return feedbackTerms("service:cart", "cart", { feedback })[0]?.score ?? 0;
}

test("one vote says little, more say more, and none or a tie says nothing", () => {
  expect(votes(0, 0)).toBe(0);
  expect(votes(3, 3)).toBe(0);
  expect(votes(1, 0)).toBeCloseTo(Math.log(2), 9);
  expect(votes(2, 0)).toBeGreaterThan(votes(1, 0));
  expect(votes(0, 2)).toBeCloseTo(-votes(2, 0), 9);
});

test("no number of votes outweighs evidence", () => {
  expect(votes(1_000_000, 0)).toBe(1.5);
  expect(votes(0, 1_000_000)).toBe(-1.5);
});

test("votes on other changes of a kind count less than those on the suspect itself", () => {
  const feedback = new Map([["kind:flag", { right: 40, wrong: 2 }]]);
  expect(kindTerms("flag", { feedback })).toMatchObject([{ name: "feedback", score: 0.5 }]);
  expect(kindTerms("flag", { feedback })[0]?.because).toContain('kind "flag" as the cause 40 times');
  expect(kindTerms("deploy", { feedback })).toEqual([]);
});

test("earlier incidents count as much as they are alike, within a bound, and the most alike is named", () => {
  const score = (...similarities: number[]) => {
    const confirmed = similarities.map((similarity, i) => ({ service: "cart", similarity, incidentId: i }));
    return confirmedTerms("cart", { confirmed })[0];
  };
  expect(score()).toBeUndefined();
  expect(score(0.4)?.score).toBeLessThan(score(0.9)?.score ?? 0);
  expect(score(...Array.from({ length: 100 }, () => 1))?.score).toBe(1.5);
  expect(score(0.4, 0.9)?.because).toContain("incident 1, 90 % like");
  expect(confirmedTerms("other", { confirmed: [{ service: "cart", similarity: 1, incidentId: 1 }] })).toEqual(
    [],
  );
  expect(confirmedTerms("cart", {})).toEqual([]);
});
