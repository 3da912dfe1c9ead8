import { describe, expect, test } from "vitest";
import type { Cause } from "../../../src/domain/clustering/correlation.ts";
import { writeTemplate } from "../../../src/domain/explanation/template.ts";
import { buildCause, buildChange, buildQuestion } from "../../fixtures/explanation-question.ts";

describe("why a service is suspected, where only the kind of its alerts speaks for it", () => {
  const why = (...terms: Cause["terms"]) =>
    writeTemplate(buildQuestion({ causes: [buildCause({ service: "checkout", changeId: null, terms })] }))
      .causes[0]?.text;

  test("is that kind in words", () => {
    const term = { name: "kind:crash", score: 2.7, because: "crash alert on checkout: 33 % of targets down" };
    expect(why(term)).toContain(
      "Most likely checkout (80 %): it is down or restarting, and the trouble of others usually follows from that.",
    );
    const first = { name: "first", score: 0.5, because: "checkout was among the first to alert" };
    expect(why(term, first)).toContain("(80 %): it was among the first to alert.");
  });

  test("is that it has several, or that nothing is likelier", () => {
    expect(why({ name: "count", score: 1, because: "2 alerts on checkout" })).toContain(
      "(80 %): it has more than one alert.",
    );
    expect(why({ name: "kind:error", score: -0.7, because: "error alert on checkout" })).toContain(
      "(80 %): nothing speaks for it in particular, but nothing likelier was found.",
    );
  });
});

test.each([
  ["cart-db", "1 alerting service calls cart-db", "1 caller of cart-db is alerting"],
  ["cart-db", "2 alerting services call cart-db", "2 callers of cart-db are alerting"],
])("who calls %s is said once: %s", (service, because, sentence) => {
  const count = Number.parseInt(because, 10);
  const terms = [
    { name: "change:calledBy", score: 0.85, because },
    {
      name: "explains",
      score: 0.45,
      because: `${count} ${count === 1 ? "caller" : "callers"} of ${service} ${count === 1 ? "is" : "are"} alerting`,
    },
  ];
  const changes = [buildChange({ service })];
  const draft = writeTemplate(buildQuestion({ causes: [buildCause({ service, terms })], changes }));
  expect(draft.causes[0]?.text.endsWith(`(80 %): ${sentence}.`)).toBe(true);
});

test("callers of what was changed are not taken for callers of another service that is suspected", () => {
  const terms = [{ name: "change:calledBy", score: 0.85, because: "1 alerting service calls cart-db" }];
  const changes = [buildChange({ service: "cart-db" })];
  const causes = [buildCause({ service: "checkout", terms })];
  const [claim] = writeTemplate(buildQuestion({ causes, changes })).causes;
  expect(claim?.text.endsWith(": 1 caller of cart-db is alerting.")).toBe(true);
});
