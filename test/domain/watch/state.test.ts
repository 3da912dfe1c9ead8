import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Look, quiet, stepWatch } from "../../../src/domain/watch/state.ts";

const patience = { raiseAfter: 3, endAfter: 4 };
const words: Readonly<Record<string, Look>> = { b: "bad", m: "between", g: "good", u: "unknown" };

/** Events of a row of looks, one a minute: "3+" is raised at the third, "8-" ended at the eighth. */
function eventsOf(looks: string): string {
  let state = quiet;
  return [...looks]
    .flatMap((letter, index) => {
      const step = stepWatch(state, words[letter] ?? "unknown", index, patience);
      state = step.state;
      return step.event === null ? [] : [`${index + 1}${step.event === "raised" ? "+" : "-"}`];
    })
    .join(" ");
}

describe("a condition", () => {
  test.each([
    ["bbb", "3+"],
    ["bb", ""],
    ["bbgbbgbb", ""],
    ["bbmbb", ""],
    ["bbbgggg", "3+ 7-"],
    ["bbbgggbgggg", "3+ 11-"],
    ["bbbgggmgggg", "3+ 11-"],
    ["bbbbbbbbbb", "3+"],
    ["bubub", "5+"],
    ["bbbuuuuuuuu", "3+"],
    ["bbbguguggbb", "3+ 9-"],
    ["bbbggggbbb", "3+ 7- 10+"],
  ])("looked at as %s gives '%s'", (looks, events) => {
    expect(eventsOf(looks)).toBe(events);
  });

  test("never comes and goes faster than its patience, whatever is seen", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("b", "m", "g", "u"), { maxLength: 200 }), (letters) => {
        const marks = eventsOf(letters.join("")).split(" ").filter(Boolean);
        const places = marks.map((mark) => Number.parseInt(mark, 10));
        for (const [index, mark] of marks.entries()) {
          expect(mark.endsWith(index % 2 === 0 ? "+" : "-")).toBe(true);
          const least = index % 2 === 0 ? patience.raiseAfter : patience.endAfter;
          expect((places[index] ?? 0) - (places[index - 1] ?? 0)).toBeGreaterThanOrEqual(least);
        }
      }),
    );
  });
});
