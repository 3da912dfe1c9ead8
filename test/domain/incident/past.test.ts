import { describe, expect, test } from "vitest";
import {
  confirmedBefore,
  type Ending,
  endingText,
  isExplained,
  type PastIncident,
  whySimilar,
  worthShowing,
} from "../../../src/domain/incident/past.ts";
import { at, buildIncident } from "../build.ts";

const silent: Ending = { reason: null, confirmed: [], rollouts: [] };
const checkout = { service: "checkout", changeId: null, changeKind: null };

function past(id: number, similarity: number, ending: Ending = silent, resolvedBy = "tocsin"): PastIncident {
  const incident = buildIncident({ id, state: "resolved", resolvedAt: at(125), resolvedBy });
  return { incidentId: id, similarity, parts: [], incident, ending };
}

describe("which are shown", () => {
  test("very similar ones always, less similar ones only when it is known what they were", () => {
    const explained: Ending = { ...silent, reason: "restarted it" };
    const ranked = [past(4, 0.7), past(3, 0.5), past(2, 0.45, explained), past(1, 0.42)];
    expect(worthShowing(ranked).map(({ incidentId }) => incidentId)).toEqual([4, 2]);
    expect(worthShowing(Array.from({ length: 9 }, (_, index) => past(index, 0.9)))).toHaveLength(3);
  });
});

describe("how it ended", () => {
  test("what people confirmed, rolled back and wrote, in that order", () => {
    const ending: Ending = {
      reason: "rolled back the scorer",
      confirmed: [checkout],
      rollouts: [{ id: 3, title: "rollback scorer 42 → 41 in production" }],
    };
    expect(endingText(past(1, 1, ending, "oncall"))).toBe(
      "resolved after 2 h 5 min: cause confirmed: checkout; rollback scorer 42 → 41 in production; “rolled back the scorer”",
    );
    expect(isExplained(ending)).toBe(true);
  });

  test("a secret in what people wrote goes before the text is cut (issue 3)", () => {
    const secret = "Zq7vXw2Lp9Rt".repeat(3);
    for (let length = 120; length < 200; length += 1) {
      const ending = { ...silent, reason: `${"x".repeat(length)} ghp_${secret}` };
      expect(endingText(past(1, 1, ending, "oncall"))).not.toContain("Zq7");
    }
  });

  test("by itself, or by somebody who wrote nothing", () => {
    expect(endingText(past(1, 1))).toBe("ended by itself after 2 h 5 min");
    expect(endingText(past(1, 1, silent, "oncall"))).toBe("resolved after 2 h 5 min; nobody wrote why");
    expect(isExplained(silent)).toBe(false);
  });

  test("confirmed services go on to the ranking of causes; changes of another day do not", () => {
    const change = { service: null, changeId: "d-1", changeKind: "deploy" };
    const list = [past(2, 0.8, { ...silent, confirmed: [checkout, change] }), past(1, 0.7)];
    expect(confirmedBefore(list)).toEqual([{ service: "checkout", similarity: 0.8, incidentId: 2 }]);
  });
});

test("why they are similar leaves out what speaks against", () => {
  const parts = [
    { kind: "type", score: 0.5, because: "3 of 4 alert types (A)" },
    { kind: "first", score: 0.1, because: "same first service, db" },
    { kind: "common", score: -0.2, because: "what they share is common" },
  ] as const;
  expect(whySimilar({ parts })).toBe("3 of 4 alert types (A); same first service, db");
});
