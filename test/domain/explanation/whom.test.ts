import { describe, expect, test } from "vitest";
import { writeTemplate } from "../../../src/domain/explanation/template.ts";
import { whomOf } from "../../../src/domain/explanation/whom.ts";
import type { ExplanationQuestion } from "../../../src/domain/explanation.ts";
import { buildCause } from "../../fixtures/explanation-question.ts";
import { questionOf, type Story } from "../../fixtures/incident-stories.ts";
import { at } from "../build.ts";

/** Services that alert in this order, and who calls whom; the first cause blames `suspect`. */
function asked(
  alerting: readonly string[],
  edges: NonNullable<Story["edges"]>,
  suspect: string | null,
  incident: Story["incident"] = {},
): ExplanationQuestion {
  return questionOf({
    alerts: alerting.map((service, index) => ({ name: "Slow", service, startsAt: at(index) })),
    edges,
    causes: suspect === null ? [] : [buildCause({ service: suspect, changeId: null, terms: [] })],
    incident,
  });
}

function callersOf(service: string, callers: readonly string[]): NonNullable<Story["edges"]> {
  return callers.map((caller) => [caller, service] as const);
}

const five = ["a", "b", "c", "d", "e"];

describe("for whom it is broken", () => {
  test.each<[string, ExplanationQuestion, string | null]>([
    [
      "one",
      asked(["cart"], callersOf("cart", ["web"]), "cart"),
      "web depends on it and has no alert in this incident so far",
    ],
    [
      "two",
      asked(["cart"], callersOf("cart", ["web", "app"]), "cart"),
      "app and web depend on it and have no alert in this incident so far",
    ],
    [
      "five",
      asked(["cart"], callersOf("cart", five), "cart"),
      "a, b, c and 2 more depend on it and have no alert in this incident so far",
    ],
    [
      "the entry point before what is between",
      asked(["cart"], [...callersOf("cart", five), ["shop-front", "a"]], "cart"),
      "shop-front, b, c and 3 more depend on it and have no alert in this incident so far",
    ],
    [
      "of what several who are in trouble have in common",
      asked(["cart", "checkout"], [...callersOf("cart", ["checkout"]), ["web", "checkout"]], "cart"),
      "web depends on them and has no alert in this incident so far",
    ],
    [
      "only those without an alert; the others were named",
      asked(["cart", "a", "b"], callersOf("cart", five), "cart"),
      "c, d and e depend on them and have no alert in this incident so far",
    ],
    [
      "of a suspect that has no alert, by its name",
      asked(["a"], callersOf("db", five), "db"),
      "b, c, d and e depend on db, the suspect, and have no alert in this incident so far",
    ],
    [
      "two roots, together",
      asked(
        ["cart", "mail"],
        [...callersOf("cart", ["web", "app"]), ...callersOf("mail", ["web", "jobs"])],
        null,
      ),
      "app, web and jobs depend on them and have no alert in this incident so far",
    ],
    [
      "none that the fact names",
      asked(["cart", "a", "b", "c", "d", "e", "f"], callersOf("cart", [...five, "f", "g", "h"]), "cart"),
      "2 services depend on them and have no alert in this incident so far",
    ],
    ["all alert and were named", asked(["cart", "web"], callersOf("cart", ["web"]), "cart"), null],
    [
      "all alert, and what users touch was not named",
      asked(["cart", ...five], [...callersOf("cart", five.slice(0, 4)), ["e", "d"]], "cart"),
      "the outermost of them is e",
    ],
    [
      "all alert, and the last of five is named rather than counted",
      asked(["cart", "a", "b", "c", "web"], [...callersOf("cart", ["a", "b", "c"]), ["web", "c"]], "cart"),
      null,
    ],
    [
      "once it is over",
      asked(["cart"], callersOf("cart", ["web", "app"]), "cart", { state: "resolved", resolvedAt: at(9) }),
      "app and web depend on it and had no alert in this incident",
    ],
    ["nothing calls it", asked(["web"], callersOf("cart", ["web"]), "web"), null],
    ["no topology", asked(["cart"], [], "cart"), null],
  ])("%s", (_name, question, text) => {
    expect(whomOf(question)?.text ?? null).toBe(text);
  });

  test("where not all alerts were read, nobody is said to have none", () => {
    const question = asked(["cart"], callersOf("cart", ["web", "app"]), "cart");
    const dependents = (question.dependents ?? []).map((each) => ({
      ...each,
      services: each.services.map((service) => ({ ...service, state: "unknown" as const })),
    }));
    expect(whomOf({ ...question, dependents })?.text).toBe("app and web depend on it");
    const silent = asked(["a"], callersOf("db", ["a", "b"]), "db");
    const unread = (silent.dependents ?? []).map((each) => ({
      ...each,
      services: each.services.map((service) => ({ ...service, state: "unknown" as const })),
    }));
    expect(whomOf({ ...silent, dependents: unread })?.text).toBe("a and b depend on db, the suspect");
  });

  test("what alerts under another name, as by its pod, is in trouble all the same", () => {
    const question = asked(["cart"], callersOf("cart", ["web"]), "cart");
    const incident = { ...question.incident, services: ["cart-7d9f8b6c5d-x2k4q"] };
    expect(whomOf({ ...question, incident })?.text).toMatch(/^web depends on it and/);
  });

  test("where more were not looked at, the number is the least that there are", () => {
    const question = asked(["cart"], callersOf("cart", five), "cart");
    const dependents = (question.dependents ?? []).map((each) => ({ ...each, isCut: true }));
    expect(whomOf({ ...question, dependents })?.text).toMatch(/^a, b, c and at least 2 more depend on it/);
  });
});

describe("where it stands in the text", () => {
  test("it follows on who is in trouble, and cites the fact about callers", () => {
    const question = asked(
      ["cart", "checkout"],
      [
        ["checkout", "cart"],
        ["web", "checkout"],
      ],
      "cart",
      {
        reopenedCount: 1,
      },
    );
    const [first] = writeTemplate(question).summary;
    const callers = question.evidence.find(({ kind }) => kind === "callers")?.number;
    expect(first?.text).toBe(
      "cart and checkout have been in trouble since 10:00 UTC; web depends on them and has no alert in this incident so far. The incident was resolved and came back.",
    );
    expect(first?.evidence).toContain(callers);
  });

  test("of a lone alert it is a sentence of its own", () => {
    const question = asked(["cart"], callersOf("cart", ["web"]), "cart");
    const { summary } = writeTemplate(question);
    const callers = question.evidence.find(({ kind }) => kind === "callers")?.number;
    expect(summary[1]?.evidence).toEqual([callers]);
    expect(summary.map(({ text }) => text)).toEqual([
      "Slow (warning) on cart since 10:00 UTC.",
      "web depends on it and has no alert in this incident so far.",
    ]);
  });

  test("no service stands in neighbouring sentences for being in trouble and for depending on it", () => {
    const [first] = writeTemplate(asked(["cart", "a"], callersOf("cart", five), "cart")).summary;
    for (const name of ["cart", ...five])
      expect([...(first?.text ?? "").matchAll(new RegExp(`\\b${name}\\b`, "g"))].length).toBeLessThan(2);
  });
});
