import { describe, expect, test } from "vitest";
import { checkDraft } from "../../../src/domain/explanation/check.ts";
import { writeTemplate } from "../../../src/domain/explanation/template.ts";
import { buildCause, numberOf } from "../../fixtures/explanation-question.ts";
import { questionOf } from "../../fixtures/incident-stories.ts";
import { at } from "../build.ts";

/** Cart and checkout alert; web and portal, which call checkout, do not. */
const question = questionOf({
  alerts: [
    { name: "HighErrorRate", service: "cart", severity: "critical", summary: "5xx ratio is 34 %" },
    { name: "HighLatency", service: "checkout", summary: "p99 4.1 s", startsAt: at(1) },
  ],
  edges: [
    ["web", "checkout"],
    ["portal", "checkout"],
    ["checkout", "cart"],
  ],
  causes: [buildCause({ service: "cart", changeId: null, terms: [] })],
});
const errors = numberOf(question, "HighErrorRate");
const slow = numberOf(question, "HighLatency");
const callers = numberOf(question, "depend on cart");
const way = numberOf(question, "checkout calls cart");

function reasonFor(text: string, evidence: readonly number[]): string | undefined {
  return checkDraft({ summary: [{ text, evidence }], causes: [] }, question).dropped[0]?.reason;
}

describe("a sentence about callers stands", () => {
  test.each<[string, readonly number[]]>([
    ["web and portal depend on cart and have no alert.", [callers]],
    ["portal depends on cart, without an alert of its own so far.", [callers]],
    ["checkout calls cart and alerts too.", [callers, slow]],
    ["cart is called by checkout.", [callers]],
    ["cart fails since 10:00 UTC; web and portal depend on it and have no alert.", [errors, callers]],
    ["cart has been failing since 10:00 UTC, and web, which depends on it, has no alert.", [errors, callers]],
    ["web depends on cart, which is failing.", [errors, callers]],
    ["3 services depend on cart.", [callers]],
    ["Of the 3 callers of cart, 2 callers are without an alert.", [callers]],
    ["Of the 3 callers of cart, 2 have no alert.", [callers]],
    ["checkout is slow, and it depends on cart.", [callers, slow]],
  ])("%s", (text, evidence) => {
    expect(reasonFor(text, evidence)).toBeUndefined();
  });
});

describe("a sentence about callers falls", () => {
  test.each<[string, readonly number[], string]>([
    ["cart calls checkout.", [callers], 'says that "cart" calls "checkout"'],
    ["cart depends on web.", [callers], 'says that "cart" calls "web"'],
    ["web is called by cart.", [callers], 'says that "cart" calls "web"'],
    ["cart calls checkout.", [way], 'says that "cart" calls "checkout"'],
    ["web is affected by cart.", [callers], 'says how "web" fares'],
    ["web is not affected by cart.", [callers], 'says how "web" fares'],
    ["web and portal fail because of cart.", [callers], 'says how "web" fares'],
    ["checkout, web and portal are failing.", [callers, slow], 'says how "web" fares'],
    ["checkout and web alert.", [callers, slow], 'says that "web" alerts'],
    ["There are alerts on web and cart.", [callers, errors], 'says that "web" alerts'],
    ["Trouble in cart reaches web.", [callers], 'says how "web" fares'],
    ["web, which depends on cart, is broken.", [callers], 'says how "web" fares'],
    ["web depends on cart and is broken.", [callers], 'says how "web" fares'],
    ["Because cart fails, web is broken.", [callers, errors], 'says how "web" fares'],
    ["All callers of cart are failing.", [callers, errors], "says"],
    ["Its callers fail since cart fails.", [callers, errors], 'says how "callers" fares'],
    ["checkout depends on cart and has no alert.", [callers], 'says that "checkout" has no alert'],
    [
      "checkout, web and portal depend on cart without an alert.",
      [callers],
      'says that "checkout" has no alert',
    ],
    ["4 services depend on cart.", [callers], 'says "4 services'],
    [
      "3 callers of cart are without an alert, portal is one.",
      [slow, callers],
      'says that "3 callers" has no alert',
    ],
    ["2 services alert, which call cart.", [callers], 'says that "2 services" alerts'],
    ["The 3 callers of cart are failing.", [callers], 'says how "3 callers" fares'],
    ["search depends on cart.", [callers], 'says "search"'],
  ])("%s", (text, evidence, reason) => {
    expect(reasonFor(text, evidence) ?? "it stood").toContain(reason);
  });
});

test("the template's own sentence about callers would stand", () => {
  const [first] = writeTemplate(question).summary;
  expect(first?.text).toContain("portal and web depend on them and have no alert");
  const [, said = ""] = first?.text.split("; ") ?? [];
  expect(reasonFor(said, [callers])).toBeUndefined();
});
